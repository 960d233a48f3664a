"""YAML without its traps: no aliases, tags or repeated keys, and every scalar stays text.

``010``, ``no``, ``12:30`` and ``1_000`` come out as written; the schema types them later.
"""

from __future__ import annotations

from typing import Any

import yaml

from gridtool.errors import InputError, Issue
from gridtool.formats.text import find_invisible

__all__ = ["LineMapping", "load", "load_text"]

_LONGEST = 2_000_000
_MOST_NODES = 500_000
_MISSING = frozenset({"", "~", "null", "Null", "NULL"})


class LineMapping(dict[str, Any]):
    """A mapping that knows the line it starts on."""

    row: int = 0


def load(text: str) -> object:
    """``load_text`` for text without a file name."""
    return load_text(text, file="YAML")


def load_text(
    text: str, *, file: str, max_depth: int = 12, error: type[InputError] = InputError
) -> object:
    """Lists, :class:`LineMapping` and text; a plain ``null``, ``~`` or nothing is "".

    Raises
    ------
    InputError
        As ``error``: not YAML, more than one document, aliases, anchors, tags, repeated or
        nested keys, nested deeper than ``max_depth``, invisible characters, too large.
    """
    if len(text) > _LONGEST:
        issue = Issue(message=f"has more than {_LONGEST} characters", file=file, hint="use CSV")
        raise error(issue, subject=file)
    builder = _Builder(max_depth)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event)
    except _Refused as problem:
        issue = Issue(message=str(problem), file=file, row=problem.row)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        row = mark.line + 1 if mark else None
        issue = Issue(message=f"is not YAML: {problem.problem}", file=file, row=row)
    except (yaml.YAMLError, ValueError, OverflowError):
        issue = Issue(message="is not YAML: it has a character or escape YAML refuses", file=file)
    else:
        issues = [
            Issue(message=found.message, file=file, row=row, hint=found.hint)
            for row, scalar in builder.escaped
            for found in find_invisible(scalar, name=file)
        ]
        if issues:
            raise error(issues, subject=file)
        return builder.root
    raise error(issue, subject=file)


class _Refused(Exception):
    def __init__(self, message: str, row: int) -> None:
        self.row = row
        super().__init__(message)


class _Builder:
    """Builds from parser events with a stack of its own, so that depth cannot break it."""

    def __init__(self, max_depth: int) -> None:
        self.root: object = ""
        self.escaped: list[tuple[int, str]] = []
        self._max_depth = max_depth
        self._stack: list[list[Any] | LineMapping] = []
        self._keys: list[str | None] = []
        self._documents = 0
        self._nodes = 0

    def take(self, event: yaml.Event) -> None:
        row = (event.start_mark.line if event.start_mark else 0) + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise _Refused("has more than one document", row)
        elif isinstance(event, yaml.NodeEvent):
            self._take_node(event, row)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._stack.pop()
            self._keys.pop()

    def _take_node(self, event: yaml.NodeEvent, row: int) -> None:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise _Refused(f"has more than {_MOST_NODES} values", row)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _Refused("has an anchor or alias (& or *), which are not accepted", row)
        tag = getattr(event, "tag", None)  # aliases, refused above, have none
        if tag not in (None, "!"):
            raise _Refused(f"has the tag {tag}, which is not accepted", row)
        if isinstance(event, yaml.ScalarEvent):
            self._place(self._scalar(event, row), row)
            return
        if len(self._stack) >= self._max_depth:
            raise _Refused(f"is nested deeper than {self._max_depth}", row)
        child: list[Any] | LineMapping
        if isinstance(event, yaml.SequenceStartEvent):
            child = []
        else:
            child = LineMapping()
            child.row = row
        self._place(child, row)
        self._stack.append(child)
        self._keys.append(None)

    def _scalar(self, event: yaml.ScalarEvent, row: int) -> str:
        if event.style == '"':
            self.escaped.append((row, event.value))
        if event.style is None and event.value in _MISSING:
            return ""
        return str(event.value)

    def _place(self, value: object, row: int) -> None:
        if not self._stack:
            self.root = value
            return
        parent = self._stack[-1]
        if isinstance(parent, list):
            parent.append(value)
            return
        key = self._keys[-1]
        if key is not None:
            parent[key] = value
            self._keys[-1] = None
        elif not isinstance(value, str):
            raise _Refused("has a list or mapping as a key", row)
        elif value in parent:
            raise _Refused(f"has the key {value!r} twice", row)
        else:
            self._keys[-1] = value
