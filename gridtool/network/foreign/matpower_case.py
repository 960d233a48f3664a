"""The tables of a MATPOWER case, typed and checked (version 2; User's Manual, appendix B)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gridtool.network.foreign.findings import Findings, listed
from gridtool.network.foreign.matpower_storage import Storage, read_storage
from gridtool.network.foreign.matpower_text import MatpowerTable, MatpowerText

__all__ = ["Branch", "Bus", "Generator", "MatpowerCase", "read_case"]

_READ = ("bus", "gen", "branch", "storage")
_DAMAGE = {"bus_damage": "bus", "gen_damage": "gen", "branch_damage": "branch"}
_IGNORED = (
    "gencost",
    "areas",
    "bus_name",
    "gentype",
    "genfuel",
    "version",
    "baseMVA",
    "time_elapsed",
    "name",
    "storage_damage",
)
_REFUSED = ("dcline", "busdc", "convdc", "branchdc", "load", "ne_branch", "switch")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "bus": (
        *("bus_i", "type", "Pd", "Qd", "Gs", "Bs", "area", "Vm", "Va", "baseKV", "zone"),
        *("Vmax", "Vmin"),
    ),
    "gen": (*("bus", "Pg", "Qg", "Qmax", "Qmin", "Vg", "mBase", "status", "Pmax", "Pmin"),),
    "branch": (
        *("fbus", "tbus", "r", "x", "b", "rateA", "rateB", "rateC", "ratio", "angle", "status"),
    ),
}
_OPTIONAL: dict[str, tuple[str, ...]] = {"branch": ("angmin", "angmax")}
_LIMITS = frozenset({"Qmax", "Qmin", "Pmax", "Pmin", "rateA", "rateB", "rateC", "Vmax", "Vmin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus:
    """A row of ``mpc.bus``: MW and Mvar drawn; shunts at 1 p.u.; type 1 to 4; limits in p.u."""

    number: int
    type: int
    pd_mw: float
    qd_mvar: float
    gs_mw: float
    bs_mvar: float
    va_degree: float
    base_kv: float
    zone: str
    name: str | None
    vmax_pu: float = math.inf
    vmin_pu: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """A row of ``mpc.gen``; ``row`` counts from 1."""

    row: int
    bus: int
    pg_mw: float
    qg_mvar: float
    qmax_mvar: float
    qmin_mvar: float
    vg_pu: float
    pmax_mw: float
    in_service: bool
    pmin_mw: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A row of ``mpc.branch``; per unit on ``base_mva``; ``rate_mva`` 0 is unlimited.

    The angle limits are those of the columns angmin and angmax, 0 where the case has none.
    """

    row: int
    from_bus: int
    to_bus: int
    r_pu: float
    x_pu: float
    b_pu: float
    rate_mva: float
    ratio: float
    angle_degree: float
    in_service: bool
    angle_min_degree: float = 0.0
    angle_max_degree: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MatpowerCase:
    """A whole case. ``damaged`` holds ``(bus, gen, branch or storage, bus number or row)``."""

    name: str
    base_mva: float
    buses: tuple[Bus, ...]
    generators: tuple[Generator, ...]
    branches: tuple[Branch, ...]
    damaged: tuple[tuple[str, int], ...]
    storages: tuple[Storage, ...] = ()


def read_case(text: MatpowerText, findings: Findings, *, ignore_extras: bool) -> MatpowerCase:
    """Type the tables of ``text``; every cell that does not fit is an error in ``findings``."""
    _check_members(text, findings, ignore_extras=ignore_extras)
    base_mva = text.values.get("baseMVA")
    if not isinstance(base_mva, float) or not 0.0 < base_mva <= 1e6:
        findings.error(
            "cannot be used",
            field="mpc.baseMVA",
            value=base_mva,
            accepted="a number above 0 up to 1e6",
        )
        base_mva = 1.0
    buses = _read_buses(text, findings)
    numbers = {bus.number for bus in buses}
    generators = _read_generators(text, numbers, findings)
    branches = _read_branches(text, numbers, findings)
    counted = {
        "bus": [bus.number for bus in buses],
        "gen": [gen.row for gen in generators],
        "branch": [branch.row for branch in branches],
    }
    storages = read_storage(text, frozenset(numbers), findings)
    marked = tuple(("storage", storage.row) for storage in storages if storage.damaged)
    return MatpowerCase(
        name=text.name,
        base_mva=base_mva,
        buses=buses,
        generators=generators,
        branches=branches,
        damaged=_read_damage(text, counted, findings) + marked,
        storages=storages,
    )


def _check_members(text: MatpowerText, findings: Findings, *, ignore_extras: bool) -> None:
    if str(text.values.get("version", "2")) not in ("2", "2.0"):
        findings.error(
            "cannot be used", field="mpc.version", value=text.values["version"], accepted="'2'"
        )
    filled = [name for name, table in text.tables.items() if table.rows] + list(text.texts)
    unknown: list[str] = []
    for name in filled:
        if name in _REFUSED and not ignore_extras:
            findings.error(
                "has no counterpart here",
                field=f"mpc.{name}",
                row=text.tables[name].lines[0] if name in text.tables else None,
                hint="remove it, or ask to ignore extras",
            )
        elif name in _REFUSED:
            findings.assume(f"left aside as asked: {name}, which has no counterpart here")
        elif name not in (*_READ, *_DAMAGE, *_IGNORED):
            unknown.append(name)
    if unknown:
        findings.assume(f"tables left aside, unknown here: {listed(sorted(unknown))}")


class _Cells:
    """The cells of one row by column name; findings name line and column."""

    def __init__(self, table: str, values: Sequence[float], line: int, findings: Findings) -> None:
        self.table = table
        self.columns = _COLUMNS[table] + _OPTIONAL.get(table, ())
        self.values = dict(zip(self.columns, values, strict=False))
        self.line = line
        self.findings = findings

    def number(self, column: str) -> float:
        value = self.values[column]
        if math.isfinite(value) and abs(value) < 1e12:
            return value
        if column in _LIMITS:
            return value if math.isinf(value) else math.copysign(math.inf, value)
        self.refuse(column, "a finite number")
        return 1.0

    def whole(self, column: str, *, least: int = 0, most: int = 10_000_000) -> int:
        value = self.values[column]
        if math.isfinite(value) and value == int(value) and least <= value <= most:
            return int(value)
        self.refuse(column, f"a whole number from {least} to {most}")
        return least

    def bus(self, column: str, numbers: set[int]) -> int:
        number = self.values[column]
        if number not in numbers:
            self.refuse(column, "a number of mpc.bus")
            return -1
        return int(number)

    def refuse(self, column: str, accepted: str) -> None:
        position = self.columns.index(column) + 1
        self.findings.error(
            "cannot be used",
            row=self.line,
            field=f"mpc.{self.table}, column {position} ({column})",
            value=f"{self.values[column]:g}",
            accepted=accepted,
        )


def _rows(text: MatpowerText, name: str, findings: Findings) -> list[_Cells]:
    table = text.tables.get(name)
    if table is None:
        findings.error(f"has no mpc.{name}", hint="is it a MATPOWER case?")
        return []
    if not table.rows:
        return []
    if len(table.rows[0]) < len(_COLUMNS[name]):
        findings.error(
            f"mpc.{name} has {len(table.rows[0])} columns",
            row=table.lines[0],
            accepted=f"at least {len(_COLUMNS[name])}, from {_COLUMNS[name][0]} on",
        )
        return []
    return [
        _Cells(name, values, line, findings)
        for values, line in zip(table.rows, table.lines, strict=True)
    ]


def _read_buses(text: MatpowerText, findings: Findings) -> tuple[Bus, ...]:
    buses: list[Bus] = []
    seen: set[int] = set()
    rows = _rows(text, "bus", findings)
    names: list[str] = text.texts.get("bus_name", [])
    if len(names) != len(rows):
        names = []
    for position, cells in enumerate(rows):
        number = cells.whole("bus_i")
        if number in seen:
            cells.refuse("bus_i", "each number once")
            continue
        seen.add(number)
        kind, base_kv = cells.whole("type", least=1, most=4), cells.number("baseKV")
        if base_kv < 0.0:
            cells.refuse("baseKV", "0 or more")
        buses.append(
            Bus(
                number=number,
                type=kind,
                pd_mw=cells.number("Pd"),
                qd_mvar=cells.number("Qd"),
                gs_mw=cells.number("Gs"),
                bs_mvar=cells.number("Bs"),
                va_degree=cells.number("Va"),
                base_kv=base_kv,
                zone=f"{cells.number('zone'):g}",
                name=names[position].strip() or None if names else None,
                vmax_pu=cells.number("Vmax"),
                vmin_pu=cells.number("Vmin"),
            )
        )
    return tuple(buses)


def _read_generators(
    text: MatpowerText, numbers: set[int], findings: Findings
) -> tuple[Generator, ...]:
    generators: list[Generator] = []
    for row, cells in enumerate(_rows(text, "gen", findings), start=1):
        vg_pu = cells.number("Vg")
        if vg_pu <= 0.0:
            cells.refuse("Vg", "above 0")
        generators.append(
            Generator(
                row=row,
                bus=cells.bus("bus", numbers),
                pg_mw=cells.number("Pg"),
                qg_mvar=cells.number("Qg"),
                qmax_mvar=cells.number("Qmax"),
                qmin_mvar=cells.number("Qmin"),
                vg_pu=vg_pu,
                pmax_mw=cells.number("Pmax"),
                in_service=cells.number("status") > 0.0,
                pmin_mw=cells.number("Pmin"),
            )
        )
    return tuple(generators)


def _read_branches(text: MatpowerText, numbers: set[int], findings: Findings) -> tuple[Branch, ...]:
    branches: list[Branch] = []
    for row, cells in enumerate(_rows(text, "branch", findings), start=1):
        branch = Branch(
            row=row,
            from_bus=cells.bus("fbus", numbers),
            to_bus=cells.bus("tbus", numbers),
            r_pu=cells.number("r"),
            x_pu=cells.number("x"),
            b_pu=cells.number("b"),
            rate_mva=cells.number("rateA"),
            ratio=cells.number("ratio"),
            angle_degree=cells.number("angle"),
            in_service=cells.number("status") > 0.0,
            angle_min_degree=cells.number("angmin") if "angmin" in cells.values else 0.0,
            angle_max_degree=cells.number("angmax") if "angmax" in cells.values else 0.0,
        )
        if branch.from_bus == branch.to_bus != -1:
            cells.refuse("tbus", "another bus than fbus")
        if branch.r_pu == 0.0 == branch.x_pu:
            cells.refuse("x", "a branch with an impedance")
        if branch.rate_mva < 0.0:
            cells.refuse("rateA", "0 for unlimited, or above")
        if branch.ratio != 0.0 and not 0.5 <= branch.ratio <= 2.0:
            cells.refuse("ratio", "0 for a line, or 0.5 to 2")
        branches.append(branch)
    return tuple(branches)


def _read_damage(
    text: MatpowerText, counted: dict[str, list[int]], findings: Findings
) -> tuple[tuple[str, int], ...]:
    damaged: list[tuple[str, int]] = []
    for name, kind in _DAMAGE.items():
        table = text.tables.get(name, MatpowerTable())
        numbers = counted[kind]
        if table.rows and len(table.rows) != len(numbers):
            findings.error(
                f"mpc.{name} has {len(table.rows)} rows",
                row=table.lines[0],
                accepted=f"{len(numbers)}, one for each row of mpc.{kind}",
            )
            continue
        column = table.column_names.index("damaged") if "damaged" in table.column_names else 0
        for number, values, line in zip(numbers, table.rows, table.lines, strict=False):
            marked = values[column] if column < len(values) else -1.0
            if marked not in (0.0, 1.0):
                findings.error(
                    "cannot be used",
                    row=line,
                    field=f"mpc.{name}, column {column + 1}",
                    value=f"{marked:g}",
                    accepted="0 or 1",
                )
            elif marked:
                damaged.append((kind, number))
    return tuple(damaged)
