"""Tables declared once: columns with kind, unit, limits and meaning.

The readers type text cells by these declarations, the writers order columns by them, and the
format documents are tested against them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Column", "TableSchema"]

Kind = Literal["id", "text", "float", "int", "bool", "choice", "timestamp", "list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. ``unit`` is for people; the name carries it as a suffix.

    ``required`` columns must be present and every cell filled. An absent optional column or an
    empty cell takes ``default`` (None stays missing: NaN, or None for text).
    ``references`` names the table whose key the cell must be found in. ``list`` cells hold ids
    or words separated by spaces or ``|``.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    required: bool = True
    default: str | float | bool | None = None
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    references: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """A table: its columns in file order and the columns that make a row unique.

    An ``optional`` table may be absent from a package and is then empty.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    optional: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in file order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column called ``name``; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
