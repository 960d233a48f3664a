"""Tables of a pandapower network typed by their declaration, every finding with its cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridtool.network.foreign.findings import Findings, listed
from gridtool.network.foreign.ids import unsafe_character
from gridtool.network.foreign.pandapower_schema import KEPT, MOST_INDEX, Field

__all__ = ["PandapowerNetwork", "RawTable", "Row", "type_tables"]

_LONGEST_TEXT = 256
_MOST = 1e15
_NOTHING = 1e-30
"""Smaller numbers are 0: no quantity is that small, and solvers stop at underflow."""

Row = Mapping[str, Any]
"""One typed row: its columns, and its row number under ``index``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A table as the file has it: cells are numbers, booleans, text or None."""

    name: str
    columns: tuple[str, ...]
    index: Sequence[object]
    cells: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PandapowerNetwork:
    """Typed tables of a pandapower network, by row number.

    ``tables`` has every table of :data:`~gridtool.network.foreign.pandapower_schema.KEPT`.
    """

    name: str
    f_hz: float
    sn_mva: float
    tables: Mapping[str, Mapping[int, Row]]


def type_tables(
    raw: Iterable[RawTable], findings: Findings
) -> dict[str, dict[int, dict[str, Any]]]:
    """Type the known columns of the kept tables; note every cell that does not fit."""
    given = {table.name: table for table in raw}
    typed: dict[str, dict[int, dict[str, Any]]] = {}
    unknown: list[str] = []
    for name, fields in KEPT.items():
        table = given.get(name)
        typed[name] = _type_table(table, fields, findings) if table else {}
        if table and table.cells:
            unknown += [f"{name}.{column}" for column in table.columns if column not in fields]
    if typed["bus"] or ("bus" in given and not given["bus"].cells):
        _check_buses(typed, findings)  # a refused bus table would make every reference an error
    carrying = [column for column in unknown if column.partition(".")[2] not in _NOTHING_LOST]
    if carrying:
        findings.assume(f"columns left aside: {listed(sorted(carrying))}")
    return typed


_NOTHING_LOST = frozenset(
    (
        "alpha",
        "controllable",
        "current_source",
        "curve_style",
        "geo",
        "id_characteristic_table",
        "id_q_capability_characteristic",
        "in_ka",
        "max_loading_percent",
        "max_p_mw",
        "max_q_mvar",
        "max_step",
        "max_vm_pu",
        "min_p_mw",
        "min_q_mvar",
        "min_vm_pu",
        "oltc",
        "origin_id",
        "reactive_capability_curve",
        "slack_weight",
        "sn_mva",
        "std_type",
        "tap_max",
        "tap_min",
        "temperature_degree_celsius",
        "type",
        "vector_group",
        *("endtemp_degree", "rx_max", "rx_min", "s_sc_max_mva", "s_sc_min_mva", "x0x_max"),
        *("r0x0_max", "r0_ohm_per_km", "x0_ohm_per_km", "c0_nf_per_km", "g0_us_per_km"),
        *("cos_phi_n", "efficiency_n_percent", "lrc_pu", "rx"),
        *("in_service", "min_loading_percent", "tap_phase_shifter_degree"),
    )
)
"""Known columns without a bearing on the power flow of the base case or its limits."""


def _type_table(
    table: RawTable, fields: Mapping[str, Field], findings: Findings
) -> dict[int, dict[str, Any]]:
    index = _row_numbers(table, findings)
    if index is None:
        return {}
    columns: dict[str, list[Any]] = {}
    positions = {column: position for position, column in enumerate(table.columns)}
    for column, field in fields.items():
        if column in positions:
            cells = [row[positions[column]] for row in table.cells]
            columns[column] = _type_column(
                f"{table.name}[{{}}].{column}", field, index, cells, findings
            )
        elif field.required and index:
            findings.error(
                f"the table {table.name} has no column {column!r}", field=f"{table.name}.{column}"
            )
            columns[column] = [_filler(field)] * len(index)
        else:
            columns[column] = [field.default] * len(index)
    names = list(columns)
    return {
        number: {"index": number, **dict(zip(names, values, strict=True))}
        for number, values in zip(index, zip(*columns.values(), strict=True), strict=True)
    }


def _row_numbers(table: RawTable, findings: Findings) -> list[int] | None:
    if len(set(table.columns)) != len(table.columns):
        findings.error("a column appears twice", field=table.name)
        return None
    if len(table.index) != len(table.cells):
        findings.error(
            f"{len(table.index)} row numbers for {len(table.cells)} rows", field=table.name
        )
        return None
    numbers: list[int] = []
    seen: set[int] = set()
    for given, row in zip(table.index, table.cells, strict=True):
        number = _whole(given)
        if number is None or not 0 <= number <= MOST_INDEX:
            findings.error(
                "row number out of range",
                field=f"{table.name}[{given}]",
                value=given,
                accepted=f"whole numbers from 0 to {MOST_INDEX}",
            )
        elif number in seen:
            findings.error("row number twice", field=f"{table.name}[{number}]", value=number)
        elif len(row) != len(table.columns):
            findings.error(
                f"{len(row)} cells for {len(table.columns)} columns",
                field=f"{table.name}[{number}]",
            )
        else:
            seen.add(number)
            numbers.append(number)
    return numbers if len(numbers) == len(table.cells) else None


def _type_column(
    place: str, field: Field, index: Sequence[int], cells: Sequence[object], findings: Findings
) -> list[Any]:
    parse = _PARSERS[field.kind]
    typed: list[Any] = []
    for number, cell in zip(index, cells, strict=True):
        if cell is None or cell != cell:  # NaN: missing, as pandas writes it to Excel  # noqa: PLR0124
            if field.required:
                findings.error("is missing", field=place.format(number))
                typed.append(_filler(field))
            else:
                typed.append(field.default)
            continue
        value = parse(cell)
        complaint = _complaint(field, value) if value is not None else _ACCEPTED[field.kind]
        if complaint is None:
            typed.append(value)
        else:
            findings.error(
                "cannot be used", field=place.format(number), value=cell, accepted=complaint
            )
            typed.append(_filler(field))
    return typed


def _complaint(field: Field, value: Any) -> str | None:
    if field.kind == "text":
        return None
    if field.minimum is not None and value < field.minimum:
        return f"at least {field.minimum:g}"
    if field.above is not None and value <= field.above:
        return f"above {field.above:g}"
    return None


def _filler(field: Field) -> Any:
    """Stands for a refused cell, so that the rest of the file can still be checked."""
    return {"number": 1.0, "whole": 1, "flag": False, "text": "", "bus": -1}[field.kind]


def _number(cell: object) -> float | None:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    if not abs(cell) < _MOST:
        return None
    return float(cell) if abs(cell) >= _NOTHING else 0.0


def _whole(cell: object) -> int | None:
    number = _number(cell)
    return int(number) if number is not None and number == int(number) else None


def _flag(cell: object) -> bool | None:
    """True and False; 1 and 0 as Excel and old files have them; never a text."""
    if isinstance(cell, bool):
        return cell
    return bool(cell) if isinstance(cell, int | float) and cell in (0, 1) else None


def _text(cell: object) -> str | None:
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return None
    whole = _whole(cell)
    text = cell if isinstance(cell, str) else str(cell if whole is None else whole)
    return None if len(text) > _LONGEST_TEXT or unsafe_character(text) else text


_PARSERS: dict[str, Callable[[object], Any]] = {
    "number": _number,
    "whole": _whole,
    "bus": _whole,
    "flag": _flag,
    "text": _text,
}
_ACCEPTED = {
    "number": "a finite number",
    "whole": "a whole number",
    "bus": "a row number of the bus table",
    "flag": "true or false",
    "text": f"up to {_LONGEST_TEXT} characters, none of them control or invisible characters",
}


def _check_buses(typed: Mapping[str, Mapping[int, Mapping[str, Any]]], findings: Findings) -> None:
    buses = typed["bus"]
    for name, fields in KEPT.items():
        columns = [column for column, field in fields.items() if field.kind == "bus"]
        for number, row in typed[name].items():
            for column in columns:
                if row[column] not in buses and row[column] != -1:
                    findings.error(
                        "there is no such bus",
                        field=f"{name}[{number}].{column}",
                        value=row[column],
                        accepted="a row number of the bus table",
                    )
