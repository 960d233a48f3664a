"""Conditions on a run's figures, as --fail-on states them, and the exit code that follows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

__all__ = ["Limit", "choose_exit_code", "find_crossed"]

OK, USAGE, FALLBACK, THRESHOLD = 0, 2, 6, 10
"""Exit codes, as gridtool.cli.exits documents them."""


class Limit(Protocol):
    """A condition such as ``hours_off_p90>8``."""

    @property
    def text(self) -> str:
        """As it was given."""
        ...

    @property
    def name(self) -> str:
        """Of the figure."""
        ...

    def crossed(self, value: float) -> bool:
        """Whether ``value`` meets it."""
        ...


def find_crossed(
    limits: Iterable[Limit], *, figures: Mapping[str, float], content: bytes | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The conditions that are met, and the names that nothing is called.

    By the headline figure of that name, else by any row of a table's column.

    Parameters
    ----------
    figures
        The headline, by name.
    content
        Of ``result.json``; None where there is none.
    """
    rows: list[dict[str, Any]] | None = None
    crossed, unknown = [], []
    for limit in limits:
        if limit.name in figures:
            met, there = limit.crossed(figures[limit.name]), True
        else:
            rows = list(_list_rows(content)) if rows is None else rows
            values = [row[limit.name] for row in rows if limit.name in row]
            numbers = [float(value) for value in values if isinstance(value, (int, float))]
            met, there = any(map(limit.crossed, numbers)), bool(values)
        if not there:
            unknown.append(limit.name)
        elif met:
            crossed.append(limit.text)
    return tuple(crossed), tuple(unknown)


def choose_exit_code(*, crossed: tuple[str, ...], unknown: tuple[str, ...], weak: bool) -> int:
    """Of a run that published what was asked, or something weaker in its place."""
    return THRESHOLD if crossed else FALLBACK if weak else USAGE if unknown else OK


def _list_rows(content: bytes | None) -> Iterator[dict[str, Any]]:
    if content is None:
        return
    for table in json.loads(content)["data"].values():
        if isinstance(table, list):
            yield from (row for row in table if isinstance(row, dict))
