"""The AC load delivery as a nonlinear program with exact derivatives.

Columns: angles and magnitudes of the buses, their shares (or violations), active and reactive
output of the generators, and the shares of generators, loads and shunts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gridtool.flow.mld_ac_arcs import ArcFlows, Arcs, flows_of, make_arcs
from gridtool.flow.mld_ac_case import AcCase
from gridtool.flow.mld_ac_islands import island_of_buses

__all__ = ["AcColumns", "AcProgram", "make_ac_program", "unit_gain"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
ComplexArray = npt.NDArray[np.complex128]
INF = float("inf")


@dataclass(frozen=True, kw_only=True)
class AcColumns:
    """Positions of the columns by what they are; ``count`` of them in all."""

    angle: IntArray
    magnitude: IntArray
    bus: IntArray
    active: IntArray
    reactive: IntArray
    gen: IntArray
    load: IntArray
    shunt: IntArray
    count: int


@dataclass(frozen=True, kw_only=True)
class AcProgram:
    """Maximise ``gain @ x`` within column bounds, linear rows, balances and ratings.

    With ``soft`` the bus columns are voltages beyond their limits, p.u.; otherwise the share of
    the bus that is kept.
    """

    case: AcCase
    arcs: Arcs
    columns: AcColumns
    soft: bool
    gain: FloatArray
    lower: FloatArray
    upper: FloatArray
    rows: sparse.csr_matrix
    row_lower: FloatArray
    row_upper: FloatArray

    def balances(self, x: FloatArray) -> tuple[FloatArray, sparse.csr_matrix]:
        """Active, then reactive power out of every bus (2 B,), 0 when balanced; its Jacobian."""
        flows, case, at = self._flows(x), self.case, self.columns
        count = len(case.bus_ids)
        v, z = x[at.magnitude[case.shunt_bus]], x[at.shunt]
        out = np.zeros(count, dtype=complex)
        np.add.at(out, self.arcs.near, flows.power)
        np.add.at(out, case.load_bus, case.load_pu * x[at.load])
        np.add.at(out, case.shunt_bus, case.shunt_pu * v**2 * z)
        np.subtract.at(out, case.gen_bus, x[at.active] + 1j * x[at.reactive])
        terms = (
            (np.repeat(self.arcs.near, 4), self.arcs.columns.ravel(), flows.gradient.ravel()),
            (case.load_bus, at.load, case.load_pu),
            (case.shunt_bus, at.shunt, case.shunt_pu * v**2),
            (case.shunt_bus, at.magnitude[case.shunt_bus], 2.0 * case.shunt_pu * v * z),
            (case.gen_bus, at.active, np.full(len(case.gen_bus), -1.0 + 0.0j)),
            (case.gen_bus, at.reactive, np.full(len(case.gen_bus), -1.0j)),
        )
        row, column, value = (np.concatenate([part[k] for part in terms]) for k in range(3))
        slope = sparse.csr_matrix((value, (row, column)), shape=(count, at.count))
        jacobian = sparse.vstack([slope.real, slope.imag], format="csr")
        return np.concatenate([out.real, out.imag]), jacobian

    def loadings(self, x: FloatArray) -> tuple[FloatArray, sparse.csr_matrix]:
        """Squared flow less squared rating of the arcs with a rating, and the Jacobian."""
        flows, rated = self._flows(x), self._rated
        power = flows.power[rated]
        slope = 2.0 * (power.conj()[:, None] * flows.gradient[rated]).real
        row = np.repeat(np.arange(len(rated)), 4)
        jacobian = sparse.csr_matrix(
            (slope.ravel(), (row, self.arcs.columns[rated].ravel())),
            shape=(len(rated), self.columns.count),
        )
        return np.abs(power) ** 2 - self.arcs.rate[rated] ** 2, jacobian

    def hessian(
        self, x: FloatArray, *, balance: FloatArray, loading: FloatArray
    ) -> sparse.csr_matrix:
        """Of the balances (2 B,) and loadings, weighted with their multipliers."""
        flows, case, at, rated = self._flows(x), self.case, self.columns, self._rated
        price = balance[: len(case.bus_ids)] - 1j * balance[len(case.bus_ids) :]
        blocks = (price[self.arcs.near][:, None, None] * flows.hessian).real
        gradient = flows.gradient[rated]
        curve = flows.power[rated].conj()[:, None, None] * flows.hessian[rated]
        curve += gradient.conj()[:, :, None] * gradient[:, None, :]
        blocks[rated] += 2.0 * loading[:, None, None] * curve.real
        cells = self.arcs.columns
        drawn = (price[case.shunt_bus] * case.shunt_pu).real
        bus = at.magnitude[case.shunt_bus]
        cross = 2.0 * drawn * x[bus]
        row = np.concatenate([np.repeat(cells, 4, axis=1).ravel(), bus, bus, at.shunt])
        column = np.concatenate([np.tile(cells, (1, 4)).ravel(), bus, at.shunt, bus])
        value = np.concatenate([blocks.ravel(), 2.0 * drawn * x[at.shunt], cross, cross])
        return sparse.csr_matrix((value, (row, column)), shape=(at.count, at.count))

    def _flows(self, x: FloatArray) -> ArcFlows:
        return flows_of(self.arcs, angle=x[self.columns.angle], magnitude=x[self.columns.magnitude])

    @property
    def _rated(self) -> IntArray:
        return np.flatnonzero(np.isfinite(self.arcs.rate))


def unit_gain(case: AcCase, *, soft: bool = False) -> float:
    """What a generator or shunt kept counts: ten times the largest weighted load.

    With ``soft``, what 1 p.u. of voltage beyond its limits costs: ten times the largest weight.
    """
    if soft:
        return 10.0 * (float(np.abs(case.load_weight).max(initial=0.0)) or 1.0)
    return 10.0 * float((case.load_weight * np.abs(case.load_pu.real)).max(initial=0.0))


def make_ac_program(case: AcCase, *, unit: float, soft: bool = False) -> AcProgram:
    """The load delivery of ``case``; with ``soft`` its redispatch with soft voltage limits.

    Source of objective and rows: PowerModelsRestoration.jl, ``build_mld`` and
    ``build_restoration_redispatch`` for ACPPowerModel. In the redispatch all elements are on, but
    a generator may stand still whatever its least output, as where repairs are ordered.

    Parameters
    ----------
    unit
        Of :func:`unit_gain` for the whole case, of which this may be an island.
    """
    at = _make_columns(case)
    lower, upper = _bound_columns(case, at, soft=soft)
    rows, row_lower, row_upper = _make_rows(case, at, soft=soft)
    return AcProgram(
        case=case,
        arcs=make_arcs(case),
        columns=at,
        soft=soft,
        gain=_make_gain(case, at, unit=unit, soft=soft),
        lower=lower,
        upper=upper,
        rows=rows,
        row_lower=row_lower,
        row_upper=row_upper,
    )


def _make_columns(case: AcCase) -> AcColumns:
    buses, gens = len(case.bus_ids), len(case.gen_ids)
    sizes = [buses, buses, buses, gens, gens, gens, len(case.load_ids), len(case.shunt_ids)]
    ends = np.cumsum([0, *sizes]).tolist()
    parts = [np.arange(start, end) for start, end in pairwise(ends)]
    angle, magnitude, bus, active, reactive, gen, load, shunt = parts
    return AcColumns(
        angle=angle,
        magnitude=magnitude,
        bus=bus,
        active=active,
        reactive=reactive,
        gen=gen,
        load=load,
        shunt=shunt,
        count=ends[-1],
    )


def _make_gain(case: AcCase, at: AcColumns, *, unit: float, soft: bool) -> FloatArray:
    gain = np.zeros(at.count)
    gain[at.load] = case.load_weight * np.abs(case.load_pu.real)
    if soft:
        gain[at.bus] = -unit
    else:
        gain[at.bus], gain[at.gen], gain[at.shunt] = 10.0 * unit, unit, unit
    return gain * case.time_elapsed_h


def _bound_columns(case: AcCase, at: AcColumns, *, soft: bool) -> tuple[FloatArray, FloatArray]:
    lower, upper = np.full(at.count, -INF), np.full(at.count, INF)
    fixed = _fixed_angles(case)
    lower[at.angle[fixed]] = upper[at.angle[fixed]] = 0.0
    for columns in (at.magnitude, at.bus, at.gen, at.load, at.shunt):
        lower[columns] = 0.0
    for columns in (at.gen, at.load, at.shunt):
        upper[columns] = 1.0
    if soft:
        lower[at.gen] = 1.0
        low, high = np.minimum(case.gen_low, 0.0), np.maximum(case.gen_high, 0.0)
        for columns, part in ((at.active, 0), (at.reactive, 1)):
            lower[columns], upper[columns] = low[:, part], high[:, part]
    else:
        upper[at.bus] = 1.0
    return lower, upper


def _fixed_angles(case: AcCase) -> IntArray:
    """Reference buses, and in an island without one the bus with the largest generator."""
    island = island_of_buses(case)
    size = np.zeros(len(case.bus_ids))
    np.maximum.at(size, case.gen_bus, case.gen_high[:, 0])
    led = set(island[case.reference].tolist())
    fixed = case.reference.tolist()
    for bus in np.argsort(-size, kind="stable").tolist():
        if int(island[bus]) not in led:
            led.add(int(island[bus]))
            fixed.append(bus)
    return np.array(sorted(set(fixed)), dtype=np.int64)


_Part = tuple[list[tuple[IntArray, FloatArray]], FloatArray, FloatArray]
"""Columns and values of the terms of some rows, and the rows' lower and upper limits."""


def _make_rows(
    case: AcCase, at: AcColumns, *, soft: bool
) -> tuple[sparse.csr_matrix, FloatArray, FloatArray]:
    """Angle differences, voltages and outputs within what their share or violation allows."""
    ones = np.ones(len(case.branch_ids))
    ends = [(at.angle[case.branch_from], ones), (at.angle[case.branch_to], -ones)]
    parts: list[_Part] = [(ends, case.angle_low, case.angle_high)]
    parts += _rows_of_voltages(case, at, soft=soft)
    if not soft:
        parts += _rows_of_generators(case, at)
    matrices = []
    for terms, lower, _ in parts:
        row = np.concatenate([np.arange(len(lower))] * len(terms))
        column = np.concatenate([columns for columns, _ in terms])
        value = np.concatenate([values for _, values in terms])
        matrices.append(sparse.csr_matrix((value, (row, column)), shape=(len(lower), at.count)))
    return (
        sparse.vstack(matrices, format="csr"),
        np.concatenate([lower for _, lower, _ in parts]),
        np.concatenate([upper for _, _, upper in parts]),
    )


def _rows_of_voltages(case: AcCase, at: AcColumns, *, soft: bool) -> list[_Part]:
    ones, zero = np.ones(len(case.bus_ids)), np.zeros(len(case.bus_ids))
    free = np.full(len(case.bus_ids), INF)
    if soft:
        return [
            ([(at.magnitude, ones), (at.bus, -ones)], -free, case.v_high),
            ([(at.magnitude, ones), (at.bus, ones)], case.v_low, free),
        ]
    return [
        ([(at.magnitude, ones), (at.bus, -case.v_high)], -free, zero),
        ([(at.magnitude, ones), (at.bus, -case.v_low)], zero, free),
    ]


def _rows_of_generators(case: AcCase, at: AcColumns) -> list[_Part]:
    parts: list[_Part] = []
    for columns, part in ((at.active, 0), (at.reactive, 1)):
        for limit, sign in ((case.gen_high[:, part], 1.0), (case.gen_low[:, part], -1.0)):
            limited = np.flatnonzero(np.isfinite(limit))
            terms = [
                (columns[limited], np.full(len(limited), sign)),
                (at.gen[limited], -sign * limit[limited]),
            ]
            parts.append((terms, np.full(len(limited), -INF), np.zeros(len(limited))))
    return parts
