"""A network as the maximum load delivery of PowerModelsRestoration.jl sees it.

Source: PowerModels.jl and PowerModelsRestoration.jl (BSD-3), their DC formulation: the flow of a
branch is ``x / (r^2 + x^2)`` times the angle difference, taps and phase shifts are left out,
missing angle limits are 60 degrees, reference buses stand at angle 0. Elements out of service are
left out; quantities are per unit on ``base_mva``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gridtool.errors import NetworkError
from gridtool.flow.case import CompiledCase
from gridtool.formats.text import read_bytes
from gridtool.network.foreign.findings import Findings
from gridtool.network.foreign.matpower_case import Branch, MatpowerCase, read_case
from gridtool.network.foreign.matpower_damage import check_damage_tables
from gridtool.network.foreign.matpower_storage import Storage
from gridtool.network.foreign.matpower_text import MatpowerText, parse_matpower

__all__ = [
    "DcCase",
    "MatpowerFile",
    "StoragePlace",
    "angle_limits",
    "case_of_compiled",
    "case_of_matpower",
    "rating",
    "read_matpower_file",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_REFERENCE, _ISOLATED = 3, 4
_DEFAULT_ANGLE_RAD = 1.0472
"""PowerModels' limit of the angle difference where a case states none: 60 degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoragePlace:
    """A storage in service: per unit, energies in per-unit hours; ``bus`` is a position."""

    id: str
    bus: int
    energy: float
    energy_rating: float
    charge: float
    discharge: float
    charge_efficiency: float
    discharge_efficiency: float
    thermal: float
    loss: float


@dataclass(frozen=True, kw_only=True)
class DcCase:
    """B buses, D loads, S shunts, G generators, L branches; buses are positions.

    Attributes
    ----------
    load_pu : (D,)
        Active power drawn; its magnitude counts as served.
    load_weight : (D,)
    shunt_pu : (S,)
        Active power drawn at nominal voltage.
    branch_b : (L,)
        Flow per radian of angle difference.
    flow_low, flow_high : (L,)
        What rating and angle limits leave of the flow.
    branch_rate : (L,)
        Rating, infinite where there is none.
    angle_rad : (L,)
        Largest angle difference the branch can have while in service.
    time_elapsed_h
        Length of a period for the energy of the storage.
    """

    name: str
    base_mva: float
    bus_ids: tuple[str, ...]
    reference: IntArray
    load_ids: tuple[str, ...]
    load_bus: IntArray
    load_pu: FloatArray
    load_weight: FloatArray
    shunt_ids: tuple[str, ...]
    shunt_bus: IntArray
    shunt_pu: FloatArray
    gen_ids: tuple[str, ...]
    gen_bus: IntArray
    gen_min: FloatArray
    gen_max: FloatArray
    branch_ids: tuple[str, ...]
    branch_from: IntArray
    branch_to: IntArray
    branch_b: FloatArray
    flow_low: FloatArray
    flow_high: FloatArray
    angle_rad: FloatArray
    branch_rate: FloatArray
    storages: tuple[StoragePlace, ...] = ()
    time_elapsed_h: float = 1.0

    @property
    def demand_pu(self) -> float:
        """Weighted magnitude of all loads."""
        return float(self.load_weight @ np.abs(self.load_pu))


@dataclass(frozen=True, kw_only=True)
class MatpowerFile:
    """A case file read: tables, storage, length of a period, and what was assumed."""

    case: MatpowerCase
    storages: tuple[Storage, ...]
    time_elapsed_h: float
    assumptions: tuple[str, ...]


_UNKNOWN = ("dcline", "busdc", "convdc", "branchdc", "load", "ne_branch", "switch")


def read_matpower_file(path: Path | str) -> MatpowerFile:
    """A MATPOWER file with the tables that PowerModels adds: damage, storage, time elapsed.

    Raises
    ------
    NetworkError
        With all findings about the file.
    """
    path = Path(path)
    findings = Findings(path.name)
    content = read_bytes(path, error=NetworkError)
    try:
        words = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = content.decode("latin-1")  # outside ASCII only comments and names
    text = parse_matpower(words, findings)
    _refuse_unknown(text, findings)
    check_damage_tables(text, findings)
    inner = Findings(path.name)
    case = read_case(text, inner, ignore_extras=True)
    findings.errors += inner.errors
    elapsed = text.values.get("time_elapsed", 1.0)
    if not isinstance(elapsed, float) or not 0.0 < elapsed < 1e6:
        findings.error(
            "cannot be used", field="mpc.time_elapsed", value=elapsed, accepted="hours above 0"
        )
        elapsed = 1.0
    findings.raise_errors()
    return MatpowerFile(
        case=case, storages=case.storages, time_elapsed_h=elapsed, assumptions=findings.told()
    )


def _refuse_unknown(text: MatpowerText, findings: Findings) -> None:
    for name in _UNKNOWN:
        table = text.tables.get(name)
        if table is not None and table.rows:
            findings.error(
                "has no counterpart here",
                field=f"mpc.{name}",
                row=table.lines[0],
                hint="remove it: the reference's DC model would count it",
            )


def case_of_matpower(file: MatpowerFile) -> DcCase:
    """The DC case of a file, damage not applied."""
    case = file.case
    base = case.base_mva
    place = {bus.number: k for k, bus in enumerate(case.buses)}
    alive = {bus.number for bus in case.buses if bus.type != _ISOLATED}
    loads = [b for b in case.buses if b.number in alive and (b.pd_mw or b.qd_mvar)]
    shunts = [b for b in case.buses if b.number in alive and (b.gs_mw or b.bs_mvar)]
    gens = [g for g in case.generators if g.in_service and g.bus in alive]
    branches = [b for b in case.branches if b.in_service and {b.from_bus, b.to_bus} <= alive]
    limits = [_branch_limits(branch, base) for branch in branches]
    return DcCase(
        name=case.name,
        base_mva=base,
        bus_ids=tuple(str(bus.number) for bus in case.buses),
        reference=_ints(place[b.number] for b in case.buses if b.type == _REFERENCE),
        load_ids=tuple(str(b.number) for b in loads),
        load_bus=_ints(place[b.number] for b in loads),
        load_pu=_floats(b.pd_mw / base for b in loads),
        load_weight=np.ones(len(loads)),
        shunt_ids=tuple(str(b.number) for b in shunts),
        shunt_bus=_ints(place[b.number] for b in shunts),
        shunt_pu=_floats(b.gs_mw / base for b in shunts),
        gen_ids=tuple(str(g.row) for g in gens),
        gen_bus=_ints(place[g.bus] for g in gens),
        gen_min=_floats(g.pmin_mw / base for g in gens),
        gen_max=_floats(g.pmax_mw / base for g in gens),
        branch_ids=tuple(str(b.row) for b in branches),
        branch_from=_ints(place[b.from_bus] for b in branches),
        branch_to=_ints(place[b.to_bus] for b in branches),
        branch_b=_floats(limit[0] for limit in limits),
        flow_low=_floats(limit[1] for limit in limits),
        flow_high=_floats(limit[2] for limit in limits),
        angle_rad=_floats(limit[3] for limit in limits),
        branch_rate=_floats(limit[4] for limit in limits),
        storages=tuple(
            _place_storage(storage, place, base)
            for storage in file.storages
            if storage.in_service and storage.bus in alive
        ),
        time_elapsed_h=file.time_elapsed_h,
    )


def _branch_limits(branch: Branch, base_mva: float) -> tuple[float, ...]:
    """Susceptance, least and greatest flow, largest angle difference and rating of a branch."""
    b = branch.x_pu / (branch.r_pu**2 + branch.x_pu**2)
    low, high = angle_limits(branch)
    rate = rating(branch, base_mva)
    least, most = sorted((b * low, b * high))
    return b, max(least, -rate), min(most, rate), max(abs(low), abs(high)), rate


def angle_limits(branch: Branch) -> tuple[float, float]:
    """Least and largest angle difference as PowerModels corrects them, radians."""
    low, high = (
        math.radians(min(max(angle, -1e4), 1e4))
        for angle in (branch.angle_min_degree, branch.angle_max_degree)
    )
    if low == 0.0 == high:
        return -_DEFAULT_ANGLE_RAD, _DEFAULT_ANGLE_RAD
    low = -_DEFAULT_ANGLE_RAD if low <= -math.pi / 2.0 else low
    return low, _DEFAULT_ANGLE_RAD if high >= math.pi / 2.0 else high


def rating(branch: Branch, base_mva: float) -> float:
    """Rating of a branch, p.u.; infinite where the case states none."""
    return branch.rate_mva / base_mva if 0.0 < branch.rate_mva < math.inf else math.inf


def _place_storage(storage: Storage, place: dict[int, int], base: float) -> StoragePlace:
    return StoragePlace(
        id=str(storage.row),
        bus=place[storage.bus],
        energy=storage.energy_mwh / base,
        energy_rating=storage.energy_rating_mwh / base,
        charge=storage.charge_mw / base,
        discharge=storage.discharge_mw / base,
        charge_efficiency=storage.charge_efficiency,
        discharge_efficiency=storage.discharge_efficiency,
        thermal=storage.thermal_mva / base,
        loss=storage.loss_mw / base,
    )


def case_of_compiled(compiled: CompiledCase, *, name: str) -> DcCase:
    """The same view of a network of ours: susceptances from r and x, ratings whole."""
    base = compiled.base_mva
    busbar = compiled.busbar_in_service
    lines = np.flatnonzero(
        compiled.branch_in_service & busbar[compiled.branch_from] & busbar[compiled.branch_to]
    )
    r, x = compiled.branch_r_pu[lines], compiled.branch_x_pu[lines]
    susceptance = x / np.maximum(r**2 + x**2, 1e-14)
    rate = compiled.branch_rating_mva[lines] / base
    flow = np.minimum(np.abs(susceptance) * _DEFAULT_ANGLE_RAD, rate)
    feeders = np.flatnonzero((compiled.feeder_peak_mw > 0.0) & busbar[compiled.feeder_busbar])
    sources = np.flatnonzero((compiled.source_max_mw > 0.0) & busbar[compiled.source_busbar])
    none = np.zeros(0)
    return DcCase(
        name=name,
        base_mva=base,
        bus_ids=compiled.busbar_ids,
        reference=np.zeros(0, np.int64),
        load_ids=tuple(compiled.feeder_ids[k] for k in feeders),
        load_bus=compiled.feeder_busbar[feeders],
        load_pu=compiled.feeder_peak_mw[feeders] / base,
        load_weight=np.ones(len(feeders)),
        shunt_ids=(),
        shunt_bus=none.astype(np.int64),
        shunt_pu=none,
        gen_ids=tuple(compiled.source_ids[k] for k in sources),
        gen_bus=compiled.source_busbar[sources],
        gen_min=np.zeros(len(sources)),
        gen_max=compiled.source_max_mw[sources] / base,
        branch_ids=tuple(compiled.branch_ids[k] for k in lines),
        branch_from=compiled.branch_from[lines],
        branch_to=compiled.branch_to[lines],
        branch_b=susceptance,
        flow_low=-flow,
        flow_high=flow,
        angle_rad=np.full(len(lines), _DEFAULT_ANGLE_RAD),
        branch_rate=rate,
    )


def _ints(values: object) -> IntArray:
    return np.array(list(values), dtype=np.int64)  # type: ignore[call-overload]


def _floats(values: object) -> FloatArray:
    return np.array(list(values), dtype=np.float64)  # type: ignore[call-overload]
