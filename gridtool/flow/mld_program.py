"""Columns and rows of the maximum load delivery, for one network or for many periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gridtool.flow.milp import ProgramBuilder
from gridtool.flow.mld_case import DcCase

__all__ = ["NetworkColumns", "Switches", "add_network"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
INF = float("inf")


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
            rows.append(len(program.block.row_lower))
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
