"""Conditions on a run's figures, as --fail-on states them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from gridtool.jobs.runs.model import ChainAnswer

__all__ = ["Limit", "find_crossed"]


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
    answer: ChainAnswer, limits: Iterable[Limit], *, known: dict[str, float]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The conditions that are met, and the names that nothing is called.

    By the headline figure of that name, else by any row of a table's column.

    Parameters
    ----------
    known
        Figures beside the answer's.
    """
    figures = {**known, **answer.headline}
    rows: list[dict[str, Any]] | None = None
    crossed, unknown = [], []
    for limit in limits:
        if limit.name in figures:
            met, there = limit.crossed(figures[limit.name]), True
        else:
            rows = list(_list_rows(answer)) if rows is None else rows
            values = [row[limit.name] for row in rows if limit.name in row]
            numbers = [float(value) for value in values if isinstance(value, (int, float))]
            met, there = any(map(limit.crossed, numbers)), bool(values)
        if not there:
            unknown.append(limit.name)
        elif met:
            crossed.append(limit.text)
    return tuple(crossed), tuple(unknown)


def _list_rows(answer: ChainAnswer) -> Iterator[dict[str, Any]]:
    content = answer.files.get("result.json")
    if content is None:
        return
    for table in json.loads(content)["data"].values():
        if isinstance(table, list):
            yield from (row for row in table if isinstance(row, dict))
