"""What a reader must settle before anything electrical: ids and references between tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from gridtool.errors import Issue
from gridtool.formats import nearest
from gridtool.network.schema import ASSET_TABLES, TABLES, table_schema

__all__ = ["FIRST_ROW", "check_structure"]

Tables = Mapping[str, pd.DataFrame]

FIRST_ROW = 2
"""Line of a table's first row in its file: the header is line 1."""

_SWITCHED = ("lines", "transformers", "impedances")


def check_structure(tables: Tables) -> list[Issue]:
    """Findings on ids used twice over tables and references to rows that are not there."""
    return [*_check_ids(tables), *_check_references(tables), *_check_bay_elements(tables)]


def _check_ids(tables: Tables) -> list[Issue]:
    """Asset ids are unique over all tables, because reports name assets by id alone."""
    owner: dict[str, str] = {}
    issues = []
    for table in ASSET_TABLES:
        for position, key in enumerate(tables[table].index):
            asset = str(key)
            if asset in owner:
                issues.append(
                    Issue(
                        message=f"this id is already used in {owner[asset]}.csv",
                        file=f"{table}.csv",
                        row=position + FIRST_ROW,
                        field="id",
                        value=asset,
                        ids=(asset,),
                        hint="ids are unique over all tables",
                    )
                )
            owner.setdefault(asset, table)
    return issues


def _check_references(tables: Tables) -> list[Issue]:
    issues = []
    for schema in TABLES:
        for column in schema.columns:
            if column.references is not None:
                keys = {str(key) for key in tables[column.references].index}
                cells = _cells(tables[schema.name], column.name)
                issues += [
                    _missing(schema.name, position, column.name, value, keys=keys)
                    for position, value in enumerate(cells)
                    if value not in keys
                ]
    return issues


def _check_bay_elements(tables: Tables) -> list[Issue]:
    elements = {str(key) for table in _SWITCHED for key in tables[table].index}
    return [
        _missing("bays", position, "element", value, keys=elements)
        for position, value in enumerate(_cells(tables["bays"], "element"))
        if value not in elements
    ]


def _cells(frame: pd.DataFrame, column: str) -> list[str]:
    return [str(value) for value in frame[column]]


def _missing(table: str, position: int, field: str, value: str, *, keys: set[str]) -> Issue:
    column = table_schema(table).column(field)
    close = nearest(value, sorted(keys))
    return Issue(
        message=f"is not in {column.references or ', '.join(_SWITCHED)}",
        file=f"{table}.csv",
        row=position + FIRST_ROW,
        field=field,
        value=value,
        hint=f"did you mean {close}?" if close else None,
    )
