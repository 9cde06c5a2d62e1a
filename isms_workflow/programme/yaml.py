"""YAML with places: every value's line, so that an error can name it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from isms_workflow.programme.errors import Problem

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A file's values, and the line of each by its path."""

    file: str
    value: Any
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


PLAIN_STRINGS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:timestamp")


class _Plain(yaml.resolver.Resolver):
    """Strings for times and dates.

    `17:30` is no number of base 60 here, and a day that doesn't exist is refused by the model, with its line.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012  # as the class above has it
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in PLAIN_STRINGS]
        for first, resolvers in yaml.resolver.Resolver.yaml_implicit_resolvers.items()
    }


_Plain.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))


class _Loader(_Plain, yaml.SafeLoader):
    """Slow, and says best what is wrong."""


class _QuickLoader(_Plain, yaml.composer.Composer, yaml.CSafeLoader):
    """libyaml, which is much quicker: each service reads the whole programme when it starts.

    Its own composer would end the process over a thousand brackets; Python's raises RecursionError.
    """

    def __init__(self, text: str) -> None:
        yaml.CSafeLoader.__init__(self, text)
        yaml.composer.Composer.__init__(self)


def read(file: str, text: str) -> tuple[Document | None, list[Problem]]:
    """A file's values with their lines; or the problems of its syntax, repeated keys among them."""
    try:
        root, value = _composed_quickly(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return None, [Problem(file, mark.line + 1 if mark else 0, "", f"{error.problem or error}: is no YAML")]
    except yaml.reader.ReaderError as error:
        line = text[:error.position].count("\n") + 1
        return None, [Problem(file, line, "", f"a character that can't be ({error.reason}): take it out")]
    except (ValueError, RecursionError) as error:  # a tagged value that isn't what its tag says, or a thousand brackets
        return None, [Problem(file, 0, "", f"{error}: is no YAML that can be read")]
    if root is None or not isinstance(value, dict):
        return None, [Problem(file, 1, "", "is empty or no mapping: write `name: value` lines")]
    lines: dict[Path, int] = {}
    problems: list[Problem] = []
    _walk(file, root, (), lines, problems)
    return (None, problems) if problems else (Document(file, value, lines), [])


def _composed_quickly(text: str) -> tuple[yaml.Node | None, Any]:
    """What is wrong in the quick loader's eyes is read again by the other, for its words."""
    try:
        return _composed(_QuickLoader(text))
    except (yaml.YAMLError, ValueError, RecursionError):
        return _composed(_Loader(text))


def _composed(loader: _Loader | _QuickLoader) -> tuple[yaml.Node | None, Any]:
    """The nodes, for their places, and the values, from one reading."""
    try:
        root = loader.get_single_node()
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _walk(file: str, node: yaml.Node, path: Path, lines: dict[Path, int], problems: list[Problem]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            line = key.start_mark.line + 1
            if name in seen:
                problems.append(Problem(file, line, name, "stands here twice: keep one"))
            seen.add(name)
            lines[(*path, name)] = line
            _walk(file, value, (*path, name), lines, problems)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(file, value, (*path, index), lines, problems)
