"""Storages of a generating system from a CSV file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from gridtool.errors import Issue
from gridtool.forecast.adequacy.model import chain_chances
from gridtool.forecast.adequacy.read_units import find_refused, type_table
from gridtool.forecast.adequacy.storage import Storage
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.schema import Column, TableSchema
from gridtool.formats.spelling import list_words

__all__ = ["STORAGES", "read_storages"]


def _efficiency(name: str, meaning: str) -> Column:
    return Column(
        name=name, kind="float", meaning=meaning, required=False, default=1.0, above=0, maximum=1
    )


def _hours(name: str, meaning: str) -> Column:
    return Column(name=name, kind="float", unit="h", meaning=meaning, required=False, above=0)


STORAGES = TableSchema(
    name="storages",
    meaning="storages of a generating system; power is counted at the grid's side",
    key=("storage",),
    columns=(
        Column(name="storage", kind="id", meaning="id of the storage"),
        Column(name="charge_mw", kind="float", unit="MW", meaning="most it takes", minimum=0),
        Column(name="discharge_mw", kind="float", unit="MW", meaning="most it gives", above=0),
        Column(name="energy_mwh", kind="float", unit="MWh", meaning="most it holds", minimum=0),
        Column(
            name="area",
            kind="id",
            meaning="area of the load it stands in; needed with interfaces",
            required=False,
        ),
        _efficiency("charge_efficiency", "energy stored for what is taken"),
        _efficiency("discharge_efficiency", "energy given for what is taken from the store"),
        Column(
            name="loss_per_hour",
            kind="float",
            meaning="share of the stored energy lost in an hour",
            required=False,
            default=0.0,
            minimum=0,
            maximum=1,
        ),
        Column(
            name="initial_share",
            kind="float",
            meaning="share of energy_mwh stored at the first hour",
            required=False,
            default=0.0,
            minimum=0,
            maximum=1,
        ),
        _hours("mttf_h", "mean time up to a failure; needs mttr_h; empty: it never fails"),
        _hours("mttr_h", "mean time to repair; needs mttf_h"),
    ),
)


def read_storages(path: Path, *, areas: Collection[str]) -> tuple[tuple[Storage, ...], list[Issue]]:
    """The storages of a file, and warnings.

    Parameters
    ----------
    areas
        That the load tells apart; without interfaces a storage may stand in any.

    Raises
    ------
    InputError
        With all findings of the file.
    """
    typed, issues = type_table(path, STORAGES, renamed={"region": "area"})
    refused = find_refused(issues)
    storages = []
    for row, values in typed:
        if row in refused:
            continue
        found = _check_row(values, file=path.name, row=row, areas=areas)
        issues += found
        if not found:
            storages.append(_make_storage(values))
    return tuple(storages), refuse_on_errors(issues, subject="storages")


def _check_row(
    values: dict[str, Any], *, file: str, row: int, areas: Collection[str]
) -> list[Issue]:
    issues = []
    for one, other in (("mttf_h", "mttr_h"), ("mttr_h", "mttf_h")):
        if values.get(one) is not None and values.get(other) is None:
            issues.append(
                Issue(
                    message=f"{one} without {other}",
                    file=file,
                    row=row,
                    field=one,
                    value=f"{values[one]:g}",
                    hint=f"give {other} too",
                )
            )
    area = values.get("area") or ""
    if area not in areas and (area or len(areas) > 1):
        issues.append(
            Issue(
                message="the load has no such area",
                file=file,
                row=row,
                field="area",
                value=area,
                accepted=list_words(tuple(areas), limit=30),
            )
        )
    return issues


def _make_storage(values: dict[str, Any]) -> Storage:
    mttf, mttr = values.get("mttf_h"), values.get("mttr_h")
    fail, repair = (0.0, 1.0) if mttf is None or mttr is None else chain_chances(mttf, mttr)
    return Storage(
        id=values["storage"],
        area=values.get("area") or "",
        charge_mw=values["charge_mw"],
        discharge_mw=values["discharge_mw"],
        energy_mwh=values["energy_mwh"],
        charge_efficiency=values.get("charge_efficiency", 1.0),
        discharge_efficiency=values.get("discharge_efficiency", 1.0),
        loss_per_hour=values.get("loss_per_hour", 0.0),
        initial_share=values.get("initial_share", 0.0),
        p_fail=fail,
        p_repair=repair,
    )
