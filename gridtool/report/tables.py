"""Named tables: what every result is turned into before it is printed or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

__all__ = ["NamedTable"]


@dataclass(frozen=True, kw_only=True)
class NamedTable:
    """A table of results with a name for files and a title for people.

    ``frame`` has machine column names with unit suffixes and a plain index; ``headings`` says
    how a column is headed in a terminal (default: the name with the unit in brackets) and
    ``decimals`` how many digits are shown there. CSV and JSON always carry full precision.
    ``note`` is one sentence under the table. Columns missing from ``terminal_columns`` (when
    given) are left out on the terminal only.
    """

    name: str
    title: str
    frame: pd.DataFrame
    headings: Mapping[str, str] = field(default_factory=dict)
    decimals: Mapping[str, int] = field(default_factory=dict)
    terminal_columns: tuple[str, ...] | None = None
    note: str = ""
