"""The quick reading of a programme's files and the careful one are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml

from isms_workflow.programme import yaml
from isms_workflow.programme.errors import ProgrammeRefused
from isms_workflow.programme.load import load, shipped


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
    (quick, value, _), (careful, wanted, _) = (yaml._composed(loader(text)) for loader in (yaml._QuickLoader, yaml._Loader))
    assert quick is not None
    assert careful is not None
    assert (outline(quick), value) == (outline(careful), wanted)


LEVELS, VALUES = "is nested more than 50 levels deep", "stands for more than 100,000 values once its aliases are written out"
WITHIN = "the alias *x stands within what it names: write out what is meant"
LAUGHS = "a0: &a0 [ha]\n" + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(9))
CHAIN = "a0: &a0 [ha]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}]\n" for n in range(3000))

ENDLESS = {  # text: (the line that is named, what is said of it)
    "a list within itself": ("a: &x [*x]\n", 1, WITHIN),
    "a mapping within itself": ("kind: pdca\nphases: &x\n  - id: plan\n    steps: *x\n", 4, WITHIN),
    "a mapping merged into itself": ("a: &x\n  b: 1\n  <<: *x\n", 3, WITHIN),
    "a list as its own key": ("? &x [*x]\n: 1\n", 1, WITHIN),
    "a hundred thousand brackets": ("[" * 100_000, 1, LEVELS), "as many dashes": ("- " * 100_000, 1, LEVELS),
    "as many keys": ("? " * 100_000, 1, LEVELS), "mappings in mappings": ("a:\n  " + "{b: " * 60, 2, LEVELS),
    "aliases in aliases, one each": (CHAIN, 49, LEVELS), "aliases in aliases, ten each": (LAUGHS, 6, VALUES),
    "very many values": (f"a: 1\nb: [{'1, ' * 100_000}]\n", 2, VALUES),
}


@pytest.mark.parametrize(("text", "line", "says"), ENDLESS.values(), ids=ENDLESS)
def test_what_has_no_end_is_refused_with_its_line(text: str, line: int, says: str) -> None:
    """Before it is read as values: none of it ends the process, fills the memory, or is an error of Python's."""
    found, problems = yaml.read("deep.yaml", text)
    assert found is None
    assert [(each.file, each.line, each.what.startswith(says)) for each in problems] == [("deep.yaml", line, True)], problems


def test_aliases_that_have_an_end_are_read() -> None:
    """A programme may say a thing once, and merge it."""
    found, problems = yaml.read("short.yaml", "a: &x {b: [1, 2]}\nc: *x\nd: {<<: *x, e: 3}\n")
    assert problems == []
    assert found is not None
    assert found.value == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": {"b": [1, 2], "e": 3}}


MERGED: dict[str, tuple[str, dict[str, Any], dict[yaml.Path, int]]] = {  # text: (what d is, the lines of some values)
    "over what it merges": ("a: &x\n  b: {c: 1}\n  e: 2\nd:\n  <<: *x\n  b:\n    f: 3\n", {"b": {"f": 3}, "e": 2},
                            {("d", "b"): 6, ("d", "b", "f"): 7, ("d", "b", "c"): 6, ("d", "e"): 3}),
    "before what it merges": ("a: &x\n  b: 1\nd:\n  b: 2\n  <<: *x\n", {"b": 2}, {("d", "b"): 4}),
    "of two that are merged the first": ("a: &x\n  b: 1\nc: &y\n  b: 2\n  e: 3\nd: {<<: [*x, *y]}\n", {"b": 1, "e": 3},
                                         {("d", "b"): 2, ("d", "e"): 5}),
    "over what that merges itself": ("a: &x\n  b: 1\nc: &y\n  <<: *x\n  b: 2\nd:\n  <<: *y\n  b: 3\n", {"b": 3}, {("d", "b"): 8}),
}


@pytest.mark.parametrize(("text", "value", "lines"), MERGED.values(), ids=MERGED)
@pytest.mark.parametrize("loader", [yaml._QuickLoader, yaml._Loader], ids=["quick", "careful"])
def test_what_a_mapping_says_itself_overrides_what_it_merges(monkeypatch: pytest.MonkeyPatch, loader: Any, text: str,
                                                             value: dict[str, Any], lines: dict[yaml.Path, int]) -> None:
    """As YAML has it; a value's line is where the one that counts is written."""
    monkeypatch.setattr(yaml, "_QuickLoader", loader)
    found, problems = yaml.read("short.yaml", text)
    assert problems == []
    assert found is not None
    assert found.value["d"] == value
    assert {path: found.line(path) for path in lines} == lines


TWICE: dict[str, tuple[str, list[tuple[int, str]]]] = {  # text: the lines and keys that are named
    "a key": ("a: 1\nb: 2\na: 3\n", [(3, "a")]),
    "several keys, in mappings in lists too": ("a: 1\nc:\n  - b: 2\n    b: 3\na: 4\na: 5\n", [(4, "b"), (5, "a"), (6, "a")]),
    "a key beside one that is merged": ("a: &x\n  b: 1\nd:\n  <<: *x\n  b: 2\n  b: 3\n", [(6, "b")]),
    "a key of what is merged": ("a: &x\n  b: 1\n  b: 2\nd:\n  <<: *x\n  b: 3\n", [(3, "b")]),
    "a key of what stands there to be merged only": ("d:\n  <<:\n    - b: 1\n      b: 2\n", [(4, "b")]),
    "the merging itself": ("a: &x\n  b: 1\nd:\n  <<: *x\n  <<: {c: 1}\n", [(5, "<<")]),
}


@pytest.mark.parametrize(("text", "named"), TWICE.values(), ids=TWICE)
def test_a_key_that_stands_twice_in_a_mapping_is_refused_with_its_line(text: str, named: list[tuple[int, str]]) -> None:
    """Merged or not: one of the two would be lost without a word."""
    found, problems = yaml.read("short.yaml", text)
    assert found is None
    assert [(each.line, each.field) for each in problems] == named
    assert {each.what for each in problems} == {"stands here twice: keep one"}


def test_a_folder_with_such_a_file_is_refused_with_its_name(tmp_path: Path) -> None:
    """As every programme that is wrong."""
    for name, text in {**shipped(), "pdca.yaml": "a: &x [*x]\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(ProgrammeRefused, match=r"pdca\.yaml:1: the alias \*x stands within what it names"):
        load(tmp_path)
