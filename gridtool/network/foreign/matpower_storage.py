"""The storage table of a MATPOWER case as PowerModels extends the format.

Source of the columns: PowerModels.jl documentation, "Storage Data"; no part of MATPOWER itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from gridtool.network.foreign.findings import Findings
from gridtool.network.foreign.matpower_text import MatpowerTable, MatpowerText

__all__ = ["STORAGE_COLUMNS", "Storage", "read_storage"]

STORAGE_COLUMNS = (
    *("storage_bus", "ps", "qs", "energy", "energy_rating", "charge_rating", "discharge_rating"),
    *("charge_efficiency", "discharge_efficiency", "thermal_rating", "qmin", "qmax", "r", "x"),
    *("p_loss", "q_loss", "status"),
)
_POSITIVE = ("charge_efficiency", "discharge_efficiency")
_NOT_NEGATIVE = (
    *("energy", "energy_rating", "charge_rating", "discharge_rating", "thermal_rating"),
    "p_loss",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """A row of ``mpc.storage``: MWh, MW and MVA; ``row`` counts from 1."""

    row: int
    bus: int
    energy_mwh: float
    energy_rating_mwh: float
    charge_mw: float
    discharge_mw: float
    charge_efficiency: float
    discharge_efficiency: float
    thermal_mva: float
    loss_mw: float
    in_service: bool
    damaged: bool = False


def read_storage(
    text: MatpowerText, buses: frozenset[int], findings: Findings
) -> tuple[Storage, ...]:
    """The storage of a case, with its damage; what does not fit is an error in ``findings``."""
    table = text.tables.get("storage", MatpowerTable())
    if not table.rows:
        return ()
    if len(table.rows[0]) < len(STORAGE_COLUMNS):
        findings.error(
            f"mpc.storage has {len(table.rows[0])} columns",
            row=table.lines[0],
            accepted=f"at least {len(STORAGE_COLUMNS)}: {', '.join(STORAGE_COLUMNS)}",
        )
        return ()
    damaged = _read_marks(text, len(table.rows), findings)
    found = []
    for row, (values, line) in enumerate(zip(table.rows, table.lines, strict=True), start=1):
        if _is_known(values[0], buses, line, findings):
            cells = dict(zip(STORAGE_COLUMNS, values, strict=False))
            storage = _read_row(cells, row, line, findings)
            found.append(replace(storage, damaged=damaged[row - 1]))
    return tuple(found)


def _is_known(bus: float, buses: frozenset[int], line: int, findings: Findings) -> bool:
    if bus in buses:
        return True
    findings.error(
        "cannot be used",
        row=line,
        field="mpc.storage, column 1 (storage_bus)",
        value=f"{bus:g}",
        accepted="a number of mpc.bus",
    )
    return False


def _read_row(cells: dict[str, float], row: int, line: int, findings: Findings) -> Storage:
    for column, value in cells.items():
        least = 1e-6 if column in _POSITIVE else 0.0 if column in _NOT_NEGATIVE else -math.inf
        most = 1.0 if column in _POSITIVE else 1e12
        if not least <= value <= most:
            findings.error(
                "cannot be used",
                row=line,
                field=f"mpc.storage, column {STORAGE_COLUMNS.index(column) + 1} ({column})",
                value=f"{value:g}",
                accepted="above 0 up to 1" if column in _POSITIVE else "0 or more, finite",
            )
    return Storage(
        row=row,
        bus=int(cells["storage_bus"]),
        energy_mwh=cells["energy"],
        energy_rating_mwh=cells["energy_rating"],
        charge_mw=cells["charge_rating"],
        discharge_mw=cells["discharge_rating"],
        charge_efficiency=cells["charge_efficiency"],
        discharge_efficiency=cells["discharge_efficiency"],
        thermal_mva=cells["thermal_rating"],
        loss_mw=cells["p_loss"],
        in_service=cells["status"] > 0.0,
    )


def _read_marks(text: MatpowerText, rows: int, findings: Findings) -> list[bool]:
    table = text.tables.get("storage_damage", MatpowerTable())
    if not table.rows:
        return [False] * rows
    if len(table.rows) != rows:
        findings.error(
            f"mpc.storage_damage has {len(table.rows)} rows",
            row=table.lines[0],
            accepted=f"{rows}, one for each row of mpc.storage",
        )
        return [False] * rows
    column = table.column_names.index("damaged") if "damaged" in table.column_names else 0
    marks = []
    for values, line in zip(table.rows, table.lines, strict=True):
        marked = values[column] if column < len(values) else -1.0
        if marked not in (0.0, 1.0):
            findings.error(
                "cannot be used",
                row=line,
                field=f"mpc.storage_damage, column {column + 1}",
                value=f"{marked:g}",
                accepted="0 or 1",
            )
        marks.append(marked == 1.0)
    return marks
