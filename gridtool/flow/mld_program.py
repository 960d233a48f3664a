"""Columns and rows of the maximum load delivery, for one network or for many periods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.flow.mld_case import DcCase

__all__ = ["NetworkColumns", "ProgramBuilder", "Solution", "Switches", "add_network"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
INF = float("inf")
_INTERRUPTS = (
    highspy.cb.HighsCallbackType.kCallbackMipInterrupt,
    highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt,
)
_OPTIMAL = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty)


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Columns, objective and proven upper bound of a maximisation; ``optimal`` if they meet."""

    columns: FloatArray
    objective: float
    bound: float
    optimal: bool


@dataclass
class ProgramBuilder:
    """A linear or mixed-integer maximisation, written column by column and row by row."""

    gain: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def add_column(
        self, lower: float, upper: float, *, gain: float = 0.0, whole: bool = False
    ) -> int:
        """A column; its position."""
        self.gain.append(gain)
        self.lower.append(lower)
        self.upper.append(upper)
        if whole:
            self.whole.append(len(self.gain) - 1)
        return len(self.gain) - 1

    def add_row(self, lower: float, upper: float, terms: Sequence[tuple[int, float]]) -> None:
        """``lower <= sum of value * column <= upper``."""
        for column, value in terms:
            self.index.append(column)
            self.value.append(value)
        self.starts.append(len(self.index))
        self.row_lower.append(lower)
        self.row_upper.append(upper)

    def model(self, options: Mapping[str, object]) -> highspy.Highs:
        """The program in HiGHS, one thread and a fixed seed."""
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.gain), len(self.row_lower)
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_ = np.array(self.gain)
        lp.col_lower_, lp.col_upper_ = np.array(self.lower), np.array(self.upper)
        lp.row_lower_, lp.row_upper_ = np.array(self.row_lower), np.array(self.row_upper)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.array(self.starts, dtype=np.int32)
        lp.a_matrix_.index_ = np.array(self.index, dtype=np.int32)
        lp.a_matrix_.value_ = np.array(self.value)
        if self.whole:
            kinds = [highspy.HighsVarType.kContinuous] * len(self.gain)
            for column in self.whole:
                kinds[column] = highspy.HighsVarType.kInteger
            lp.integrality_ = kinds
        highs = highspy.Highs()
        for name, value in {
            "output_flag": False,
            "threads": 1,
            "random_seed": 0,
            # HiGHS 1.14 can call a worse solution optimal after presolve (HiGHS issue 2957).
            "presolve": "off",
            **options,
        }.items():
            highs.setOptionValue(name, value)
        highs.passModel(lp)
        return highs

    def solve(
        self,
        *,
        start: FloatArray | None = None,
        node_limit: int | None = None,
        time_limit_s: float | None = None,
        gap: float = 1e-6,
        stop: Callable[[], bool] | None = None,
    ) -> Solution:
        """The best solution found; ``start`` may give a first one.

        ``stop`` is asked now and then whether to end with what there is.

        Raises
        ------
        AnalysisError
            If no solution is found.
        """
        options: dict[str, object] = {"mip_rel_gap": gap, "mip_feasibility_tolerance": 1e-7}
        if node_limit is not None:
            options["mip_max_nodes"] = node_limit
        if time_limit_s is not None:
            options["time_limit"] = time_limit_s
        highs = self.model(options)
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = start.tolist()
            highs.setSolution(solution)
        if stop is not None:
            _watch(highs, stop)
        highs.run()
        found = highs.getInfo()
        optimal = highs.getModelStatus() in _OPTIMAL
        if not optimal and not (self.whole and found.primal_solution_status == 2):
            word = highs.modelStatusToString(highs.getModelStatus())
            raise AnalysisError(f"the load delivery program ended with status {word!r}")
        objective = float(found.objective_function_value)
        return Solution(
            columns=np.array(highs.getSolution().col_value),
            objective=objective,
            bound=float(found.mip_dual_bound) if self.whole else objective,
            optimal=optimal,
        )


def _watch(highs: highspy.Highs, stop: Callable[[], bool]) -> None:
    """Let HiGHS ask ``stop`` whether to end."""

    def ask(_kind: object, _message: object, _out: object, answer: Any, _user: object) -> None:
        if answer is not None and stop():
            answer.user_interrupt = True

    highs.setCallback(ask, None)
    for kind in _INTERRUPTS:
        highs.startCallback(kind)


@dataclass(frozen=True, kw_only=True)
class Switches:
    """Columns that switch elements, by position; what is not named is in service.

    ``strict_minimum`` makes a generator that is switched on give at least its least output;
    without it a unit may stand still whatever its least output is.
    """

    bus: Mapping[int, int] = field(default_factory=dict)
    gen: Mapping[int, int] = field(default_factory=dict)
    branch: Mapping[int, int] = field(default_factory=dict)
    storage: Mapping[int, int] = field(default_factory=dict)
    strict_minimum: bool = False


@dataclass(frozen=True, kw_only=True)
class NetworkColumns:
    """Positions of the columns of one network in a program.

    ``flow_rows`` are the rows that tie the flow of a branch that is not switched to its angles.
    """

    load: IntArray
    shunt: IntArray
    gen: IntArray
    flow: IntArray
    angle: IntArray
    energy: IntArray
    flow_rows: IntArray


def add_network(
    program: ProgramBuilder,
    case: DcCase,
    *,
    switches: Switches,
    load_gain: FloatArray,
    shunt_gain: float = 0.0,
    energy_before: Sequence[int] | None = None,
) -> NetworkColumns:
    """One network in one period: its columns and rows.

    Parameters
    ----------
    load_gain : (D,)
        What a load served in full counts in the objective.
    energy_before : sequence of columns, optional
        Energy of each storage at the end of the period before; the case's if not given.
    """
    balance: list[list[tuple[int, float]]] = [[] for _ in case.bus_ids]
    load = _add_shares(program, case.load_bus, case.load_pu, load_gain, switches, balance)
    shunt_gains = np.full(len(case.shunt_bus), shunt_gain)
    shunt = _add_shares(program, case.shunt_bus, case.shunt_pu, shunt_gains, switches, balance)
    gen = _add_generators(program, case, switches, balance)
    angle, flow, flow_rows = _add_branches(program, case, switches, balance)
    energy = _add_storages(program, case, switches, balance, energy_before)
    for terms in balance:
        program.add_row(0.0, 0.0, terms)
    return NetworkColumns(
        load=load,
        shunt=shunt,
        gen=gen,
        flow=flow,
        angle=angle,
        energy=energy,
        flow_rows=flow_rows,
    )


def _add_shares(
    program: ProgramBuilder,
    buses: IntArray,
    drawn: FloatArray,
    gains: FloatArray,
    switches: Switches,
    balance: list[list[tuple[int, float]]],
) -> IntArray:
    """Shares served of loads or shunts, nothing at a bus that is switched off."""
    columns = []
    for bus, power, gain in zip(buses.tolist(), drawn.tolist(), gains.tolist(), strict=True):
        column = program.add_column(0.0, 1.0, gain=gain)
        balance[bus].append((column, power))
        if bus in switches.bus:
            program.add_row(-INF, 0.0, [(column, 1.0), (switches.bus[bus], -1.0)])
        columns.append(column)
    return np.array(columns, dtype=np.int64)


def _add_generators(
    program: ProgramBuilder,
    case: DcCase,
    switches: Switches,
    balance: list[list[tuple[int, float]]],
) -> IntArray:
    columns = []
    for k, bus in enumerate(case.gen_bus.tolist()):
        low, high = float(case.gen_min[k]), max(0.0, float(case.gen_max[k]))
        column = program.add_column(min(0.0, low), high)
        low = low if switches.strict_minimum else min(0.0, low)
        if k in switches.gen:
            program.add_row(-INF, 0.0, [(column, 1.0), (switches.gen[k], -high)])
            program.add_row(0.0, INF, [(column, 1.0), (switches.gen[k], -low)])
        balance[bus].append((column, -1.0))
        columns.append(column)
    return np.array(columns, dtype=np.int64)


def _add_branches(
    program: ProgramBuilder,
    case: DcCase,
    switches: Switches,
    balance: list[list[tuple[int, float]]],
) -> tuple[IntArray, IntArray, IntArray]:
    """Angles, flows and their rows; a branch switched off leaves its angle difference free."""
    fixed = set(case.reference.tolist())
    angles = [
        program.add_column(0.0, 0.0) if k in fixed else program.add_column(-INF, INF)
        for k in range(len(case.bus_ids))
    ]
    loose = _loosest_angle(case)
    flows, rows = [], []
    for k in range(len(case.branch_ids)):
        start, end = int(case.branch_from[k]), int(case.branch_to[k])
        b, low, high = (float(part[k]) for part in (case.branch_b, case.flow_low, case.flow_high))
        switched = k in switches.branch
        column = program.add_column(min(low, 0.0) if switched else low, high)
        terms = [(column, 1.0), (angles[start], -b), (angles[end], b)]
        if switched:
            z, slack = switches.branch[k], abs(b) * loose
            program.add_row(-INF, slack, [*terms, (z, slack)])
            program.add_row(-slack, INF, [*terms, (z, -slack)])
            program.add_row(-INF, 0.0, [(column, 1.0), (z, -high)])
            program.add_row(0.0, INF, [(column, 1.0), (z, -low)])
        else:
            rows.append(len(program.row_lower))
            program.add_row(0.0, 0.0, terms)
        balance[start].append((column, 1.0))
        balance[end].append((column, -1.0))
        flows.append(column)
    found = (angles, flows, rows)
    return tuple(np.array(part, dtype=np.int64) for part in found)  # type: ignore[return-value]


def _loosest_angle(case: DcCase) -> float:
    """More than two connected buses can differ: the largest limits along a spanning tree."""
    with np.errstate(divide="ignore", invalid="ignore"):
        by_flow = np.maximum(np.abs(case.flow_low), np.abs(case.flow_high)) / np.abs(case.branch_b)
    largest = np.sort(np.fmin(by_flow, case.angle_rad))[::-1]
    return float(largest[: max(len(case.bus_ids) - 1, 1)].sum())


def _add_storages(
    program: ProgramBuilder,
    case: DcCase,
    switches: Switches,
    balance: list[list[tuple[int, float]]],
    energy_before: Sequence[int] | None,
) -> IntArray:
    """Power drawn, charge, discharge and energy; never charging and discharging at once."""
    energies = []
    for k, storage in enumerate(case.storages):
        drawn = program.add_column(-storage.thermal, storage.thermal)
        charge = program.add_column(0.0, storage.charge)
        discharge = program.add_column(0.0, storage.discharge)
        charging = program.add_column(0.0, 1.0, whole=True)
        energy = program.add_column(0.0, storage.energy_rating)
        program.add_row(-INF, 0.0, [(charge, 1.0), (charging, -storage.charge)])
        program.add_row(-INF, storage.discharge, [(discharge, 1.0), (charging, storage.discharge)])
        program.add_row(
            storage.loss, storage.loss, [(drawn, 1.0), (discharge, 1.0), (charge, -1.0)]
        )
        hours = case.time_elapsed_h
        change = [
            (energy, 1.0),
            (charge, -hours * storage.charge_efficiency),
            (discharge, hours / storage.discharge_efficiency),
        ]
        if energy_before is None:
            program.add_row(storage.energy, storage.energy, change)
        else:
            program.add_row(0.0, 0.0, [*change, (energy_before[k], -1.0)])
        if k in switches.storage:
            z = switches.storage[k]
            program.add_row(-INF, 0.0, [(charge, 1.0), (z, -storage.charge)])
            program.add_row(-INF, 0.0, [(discharge, 1.0), (z, -storage.discharge)])
            program.add_row(-INF, 0.0, [(drawn, 1.0), (z, -storage.thermal)])
            program.add_row(0.0, INF, [(drawn, 1.0), (z, storage.thermal)])
        balance[storage.bus].append((drawn, 1.0))
        energies.append(energy)
    return np.array(energies, dtype=np.int64)
