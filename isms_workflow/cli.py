"""`isms`: errors are sentences, exit code 1; a command line that can't be understood, 2."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from operator import itemgetter

from cyclopts import App, CycloptsError
from pydantic import ValidationError
from pydantic_settings import SettingsError

from isms_workflow.errors import IsmsError
from isms_workflow.settings import SettingsUnreadable

REFUSED, MISUNDERSTOOD = 1, 2

COMMANDS = {
    "up": "running:up", "portal": "running:portal", "clock": "running:clock", "deliver": "running:deliver",
    "worker": "running:worker", "backup": "database:backup", "restore": "database:restore", "doctor": "doctor:doctor",
    "db": "database:app", "programme": "programme:app", "people": "people:app", "systems": "systems:app",
    "cycle": "cycles:app", "incidents": "incident_files:app", "escalation": "escalation:app", "actions": "actions:app",
    "obligations": "obligations:app", "on-call": "on_call:app", "sources": "sources:app", "deadlines": "deadlines:app",
    "outbox": "outbox:app", "ways": "ways:app", "audit": "audit:app", "prefect": "prefect:app",
}
"""Where each command stands in `isms_workflow.commands`; it is imported when it is asked for, since services are started by
their commands, and what only others need would be most of their start."""


def build(asked: str | None = None) -> App:
    """The whole command; unless one of its commands is asked for, each of them says what it does."""
    app = App(name="isms", version=metadata.version("isms-workflow"),
              help="The ISMS workflow engine. What a person decides, they decide in the portal or by its API.")
    for name, place in COMMANDS.items():
        app.command(f"isms_workflow.commands.{place}", name=name)
    app.command("isms_workflow.commands.demo:demo", help="Run a small believable company in a data folder of its own.")  # read only when it is asked for: it imports Prefect and the flows
    if asked not in (*COMMANDS, "demo"):
        itemgetter(*COMMANDS)(app)
    return app


def run(tokens: Sequence[str]) -> int:
    """Carries a command line out; its exit code. What is refused is said on standard error, without a traceback."""
    try:
        code = build(next(iter(tokens), None))(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    except (CycloptsError, ValidationError, SettingsError, SettingsUnreadable) as error:
        return _said(_misunderstood(error), MISUNDERSTOOD)
    except IsmsError as error:
        return _said(str(error), REFUSED)
    except BrokenPipeError:  # whoever read our lines has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    except OSError as error:
        return _said(_of_file(error), REFUSED)
    except KeyboardInterrupt:
        return 130
    return code if isinstance(code, int) else 0


def main() -> None:
    """The entry point `isms`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("apscheduler", "alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    sys.exit(run(sys.argv[1:]))


def _said(sentence: str, code: int) -> int:
    sys.stderr.write(sentence.strip() + "\n")
    return code


def _misunderstood(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return f"The settings can't be used: {_settings(error)}"
    if isinstance(error, SettingsError):
        return f'The settings can\'t be used: {error}. A list is written as JSON, such as ["10.0.0.1"].'
    return str(error)


def _of_file(error: OSError) -> str:
    """What is wrong with which file; anything else is a mistake of ours, and its traceback is needed."""
    if error.filename is None:
        raise error
    return f"{error.filename}: {error.strerror}. Nothing was done; name another place, or put this one right."


def _settings(error: ValidationError) -> str:
    """Which setting holds what, and what would be right; never a value that may be a secret."""
    return "; ".join(f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors(
        include_url=False, include_input=False)) + ". Look at the environment variables ISMS_* and at isms.toml."


if __name__ == "__main__":
    main()
