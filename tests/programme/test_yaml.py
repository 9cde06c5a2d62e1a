"""The quick reading of a programme's files and the careful one are the same."""

from __future__ import annotations

from typing import Any

import pytest
import yaml as pyyaml

from isms_workflow.programme import yaml
from isms_workflow.programme.load import shipped


def outline(node: pyyaml.Node) -> Any:
    """Tags, lines and values."""
    if isinstance(node, pyyaml.MappingNode):
        return node.tag, node.start_mark.line, [(outline(key), outline(value)) for key, value in node.value]
    if isinstance(node, pyyaml.SequenceNode):
        return node.tag, node.start_mark.line, [outline(each) for each in node.value]
    return node.tag, node.start_mark.line, node.value


@pytest.mark.parametrize("text", [*shipped().values(), "at: 17:30\nday: 2026-13-99\ncount: 010\nso: yes\n"],
                         ids=[*shipped(), "times"])
def test_both_loaders_read_the_same(text: str) -> None:
    """The same values of the same kinds, on the same lines."""
    (quick, value), (careful, wanted) = (yaml._composed(loader(text)) for loader in (yaml._QuickLoader, yaml._Loader))
    assert quick is not None
    assert careful is not None
    assert (outline(quick), value) == (outline(careful), wanted)


@pytest.mark.parametrize("mark", ["[", "- ", "? "])
def test_what_is_nested_without_end_is_refused(mark: str) -> None:
    """libyaml's own way of composing it would end the process."""
    read, problems = yaml.read("deep.yaml", mark * 100_000)
    assert read is None
    assert [each.what.startswith("maximum recursion depth exceeded") for each in problems] == [True]
