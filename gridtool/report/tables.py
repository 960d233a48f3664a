"""Named tables and charts: what every result is turned into before it is printed or written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

__all__ = ["Chart", "NamedTable"]


@dataclass(frozen=True, kw_only=True)
class NamedTable:
    """A table of results with a name for files and a title for people.

    ``frame`` has machine column names with unit suffixes and a plain index; ``headings`` says
    how a column is headed in a terminal (default: the name with the unit in brackets) and
    ``decimals`` how many digits are shown there. CSV and JSON always carry full precision.
    ``note`` is one sentence under the table. Columns missing from ``terminal_columns`` (when
    given) are left out on the terminal only, and so are rows after the first ``terminal_rows``
    (None: all are shown; 0: the table is for files, not for the terminal). ``blanks`` holds, by
    column and row, what the terminal shows in place of ``-`` where a cell is empty.
    """

    name: str
    title: str
    frame: pd.DataFrame
    headings: Mapping[str, str] = field(default_factory=dict)
    decimals: Mapping[str, int] = field(default_factory=dict)
    terminal_columns: tuple[str, ...] | None = None
    terminal_rows: int | None = None
    note: str = ""
    blanks: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart in characters. It is printed after the table ``after``, else after all tables."""

    title: str
    text: str
    after: str = ""
