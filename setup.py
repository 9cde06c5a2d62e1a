"""Puts the shipped programme and the deployments into the wheel, so that it works from any folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


class WithShippedFiles(build_py):
    """`config/` becomes `isms_workflow/_config`, `prefect.yaml` becomes `isms_workflow/_prefect.yaml`."""

    def run(self) -> None:
        """Builds as usual, then copies what stands at the top of the checkout."""
        super().run()
        if self.editable_mode:
            return
        package = Path(self.build_lib) / "isms_workflow"
        for path in (ROOT / "config").rglob("*.yaml"):
            target = package / "_config" / path.relative_to(ROOT / "config")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        shutil.copyfile(ROOT / "prefect.yaml", package / "_prefect.yaml")


setup(cmdclass={"build_py": WithShippedFiles})
