"""YAML with places: every value's line, so that an error can name it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from isms_workflow.programme.errors import Problem

Path = tuple[str | int, ...]

DEEPEST = 50
"""Levels of one value within another; a programme has seven."""

MOST_VALUES = 100_000
"""Values in one file, its aliases written out: a hundred times the longest that is shipped."""


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


class _Refused(yaml.YAMLError):
    """Good YAML that no programme is: it stands for more than what its text shows."""

    def __init__(self, event: yaml.Event, what: str) -> None:
        super().__init__(what)
        assert event.start_mark is not None  # it was read from a text
        self.line = event.start_mark.line + 1


class _Bounded(yaml.composer.Composer):
    """Knows how much each value holds once its aliases are written out, and stops before that is more than can be read."""

    _depth = 0
    _held: dict[yaml.Node, tuple[int, int]]

    def compose_document(self) -> yaml.Node | None:
        """The nodes of a document. Raises `_Refused`."""
        self._depth, self._held = 0, {}
        return super().compose_document()

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """A node with all that is in it, or the one that an alias names; how many values and levels that makes is kept."""
        event = self.peek_event()  # type: ignore[attr-defined]  # the parser's, which it is mixed with
        self._depth += 1
        self._check(1, 1, event)
        node = super().compose_node(parent, index)
        assert node is not None  # it is one of the sorts of YAML
        if isinstance(event, yaml.AliasEvent):
            if node not in self._held:  # it isn't at its end yet
                raise _Refused(event, f"the alias *{event.anchor} stands within what it names: write out what is meant")
        else:
            inside = [self._held[each] for each in _children(node)]
            self._held[node] = (1 + sum(count for count, _ in inside), 1 + max((levels for _, levels in inside), default=0))
        self._check(*self._held[node], event)
        self._depth -= 1
        return node

    def _check(self, count: int, levels: int, event: yaml.Event) -> None:
        if self._depth - 1 + levels > DEEPEST:
            raise _Refused(event, f"is nested more than {DEEPEST} levels deep: no programme is")
        if count > MOST_VALUES:
            raise _Refused(event, f"stands for more than {MOST_VALUES:,} values once its aliases are written out: write less")


def _children(node: yaml.Node) -> Iterable[yaml.Node]:
    """The nodes right within it."""
    if isinstance(node, yaml.MappingNode):
        return (part for pair in node.value for part in pair)
    return node.value if isinstance(node, yaml.SequenceNode) else ()


class _Loader(_Plain, _Bounded, yaml.SafeLoader):
    """Slow, and says best what is wrong."""


class _QuickLoader(_Plain, _Bounded, yaml.CSafeLoader):
    """libyaml, which is much quicker: each service reads the whole programme when it starts.

    Its own composer would end the process over a thousand brackets.
    """

    def __init__(self, text: str) -> None:
        yaml.CSafeLoader.__init__(self, text)
        yaml.composer.Composer.__init__(self)


def read(file: str, text: str) -> tuple[Document | None, list[Problem]]:
    """A file's values with their lines; or the problems of its syntax, repeated keys among them."""
    try:
        root, value, repeated = _composed_quickly(text)
    except _Refused as error:
        return None, [Problem(file, error.line, "", str(error))]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return None, [Problem(file, mark.line + 1 if mark else 0, "", f"{error.problem or error}: is no YAML")]
    except yaml.reader.ReaderError as error:
        line = text[:error.position].count("\n") + 1
        return None, [Problem(file, line, "", f"a character that can't be ({error.reason}): take it out")]
    except ValueError as error:  # a tagged value that isn't what its tag says
        return None, [Problem(file, 0, "", f"{error}: is no YAML that can be read")]
    if root is None or not isinstance(value, dict):
        return None, [Problem(file, 1, "", "is empty or no mapping: write `name: value` lines")]
    twice = sorted((key.start_mark.line + 1, key.value) for key in repeated)
    problems = [Problem(file, line, name, "stands here twice: keep one") for line, name in twice]
    lines: dict[Path, int] = {}
    _walk(root, (), lines)
    return (None, problems) if problems else (Document(file, value, lines), [])


_Composed = tuple[yaml.Node | None, Any, tuple[yaml.ScalarNode, ...]]
"""The nodes of a text, for their places, its values, and the keys that repeat another of their mapping."""


def _composed_quickly(text: str) -> _Composed:
    """What is wrong in the quick loader's eyes is read again by the other, for its words."""
    try:
        return _composed(_QuickLoader(text))
    except _Refused:
        raise
    except (yaml.YAMLError, ValueError):
        return _composed(_Loader(text))


def _composed(loader: _Loader | _QuickLoader) -> _Composed:
    """All of it from one reading."""
    try:
        root = loader.get_single_node()
        if root is None:
            return None, None, ()
        repeated = tuple(_repeated(root, set()))  # first: the values are made by writing what a mapping merges before its own
        return root, loader.construct_document(root), repeated
    finally:
        loader.dispose()


def _repeated(node: yaml.Node, looked_at: set[yaml.Node]) -> Iterator[yaml.ScalarNode]:
    """The keys that stand in their own mapping once more; what has an alias is looked at once.

    One that a mapping says anew of what it merges is none: it overrides that.
    """
    if node in looked_at:
        return
    looked_at.add(node)
    if isinstance(node, yaml.MappingNode):
        known: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in known:
                yield key
            known.add(key.value)
    for part in _children(node):
        yield from _repeated(part, looked_at)


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        pairs = {str(key.value): (key, value) for key, value in node.value}  # the last counts: what is merged stands before
        for name, (key, value) in pairs.items():
            lines[(*path, name)] = key.start_mark.line + 1
            _walk(value, (*path, name), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*path, index), lines)
