"""Supply months ahead without its forced outages: what damage and repairs leave, by future.

The futures are those of the simulation (:mod:`gridtool.forecast.simulate.futures`), drawn without
outages and import limits: between two events of a future only demand, and units that fail, change.
What fails is then taken as a distribution instead of being drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.flow.case import CompiledCase
from gridtool.flow.model import Stages, Topology
from gridtool.flow.topology import topology_of
from gridtool.forecast.adequacy.convolve import common_step
from gridtool.forecast.adequacy.convolve_kernel import SteadyUnits
from gridtool.forecast.adequacy.transient import availability_from_up
from gridtool.forecast.preview_kernel import Course, WeakUnits
from gridtool.forecast.simulate.futures import FutureInputs, draw_futures

__all__ = ["SupplyCourse", "follow_supply"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

MOST_WEAK = 12
"""Most units that damage touches; their combinations double with each."""
MOST_CELLS = 1000
"""Most steps of the largest unit; where capacities are finer, each is laid on the nearest step."""


@dataclass(frozen=True, kw_only=True)
class SupplyCourse:
    """Sources and reachable demand of n futures as compiled loops take them.

    Attributes
    ----------
    kinds : (q, 4)
        Distinct demand reached, infeed, demand that feeders cannot take, and demand cut off
        from every source, MW at factor 1.
    notes
        What is approximate, in words; empty where nothing is.
    """

    course: Course
    steady: SteadyUnits
    weak: WeakUnits
    kinds: FloatArray
    hours: int
    notes: tuple[str, ...]

    def mean_by_hour(self, column: int, *, batches: int) -> FloatArray:
        """Mean of a column of ``kinds`` over each batch of futures, by hour (B, H).

        The batches are those of :func:`gridtool.forecast.preview_kernel.expect_over_futures`.
        """
        course = self.course
        futures = len(course.first_of_row)
        lengths = np.diff(np.append(course.first_of_row, len(course.end)))
        batch = np.repeat(np.arange(futures) % batches, lengths)
        first = np.concatenate([[0], course.end[:-1]])
        first[course.first_of_row] = 0
        value = self.kinds[course.kind, column]
        change = np.zeros((batches, self.hours + 1))
        np.add.at(change, (batch, first), value)
        np.add.at(change, (batch, course.end), -value)
        total = np.maximum(np.round(np.cumsum(change, axis=1)[:, :-1], 6), 0.0)
        if futures < batches:
            return np.asarray(np.tile(total.sum(axis=0) / futures, (batches, 1)))
        return np.asarray(total / np.bincount(np.arange(futures) % batches)[:, None])


def follow_supply(
    inputs: FutureInputs, *, first: int, n: int, fresh: frozenset[str] = frozenset()
) -> SupplyCourse:
    """The supply of futures ``first`` to ``first + n - 1``.

    Raises
    ------
    AnalysisError
        If damage touches more units than can be enumerated.
    """
    case = inputs.case
    stages = draw_futures(_without_outages(inputs), first=first, n=n, fresh=fresh)
    reached = _reach(case, stages)
    kinds, kind = np.unique(reached.columns, axis=0, return_inverse=True)
    units = np.flatnonzero(~case.source_infeed & (case.source_max_mw > 0))
    rating = case.source_max_mw[units]
    left = stages.source_mw[:, units] * reached.lit[:, units]
    firm = np.all(left == rating, axis=0)
    if (~firm).sum() > MOST_WEAK:
        raise AnalysisError(
            f"damage touches {int((~firm).sum())} units, more than the {MOST_WEAK} whose "
            "combinations the preview follows"
        )
    chains = _find_chains(inputs, units)
    month = np.repeat(np.arange(len(inputs.available)), np.diff(inputs.month_first))
    available = np.ascontiguousarray(inputs.available[:, units].T[:, month])
    step, rounded = _choose_step(np.append(left.ravel(), rating))
    steps, whole = _count_steps(left, step), _count_steps(rating, step)
    notes = (f"capacities laid on steps of {step:.3g} MW",) if rounded else ()
    return SupplyCourse(
        course=Course(
            first_of_row=np.flatnonzero(np.diff(stages.row, prepend=-1)),
            end=stages.end,
            kind=kind.ravel().astype(np.int64),
            demand_mw=np.ascontiguousarray(reached.columns[:, 0]),
            infeed_mw=np.ascontiguousarray(reached.columns[:, 1]),
        ),
        steady=SteadyUnits(
            steps=whole[firm],
            up=_up_by_hour(chains[firm], hours=len(month)) * available[firm],
            step_mw=step,
            cells=int(np.maximum(steps.max(axis=0, initial=0), whole).sum()) + 1,
        ),
        weak=WeakUnits(
            steps=np.ascontiguousarray(steps[:, ~firm]),
            back=_find_returns(stages, stages.source_mw[:, units[~firm]]),
            up=chains[~firm, 1] / chains[~firm].sum(axis=1),
            fade=(1.0 - chains[~firm].sum(axis=1))[:, None] ** np.arange(len(month)),
            available=np.ascontiguousarray(available[~firm]),
        ),
        kinds=kinds,
        hours=len(month),
        notes=(*reached.notes, *notes),
    )


def _without_outages(inputs: FutureInputs) -> FutureInputs:
    """The same futures with nothing forced out, no import limit and all units in season."""
    outages, allocation, none = inputs.outages, inputs.allocation, slice(0, 0)
    unlimited = np.full(len(allocation.low_mw), np.inf)
    return replace(
        inputs,
        outages=replace(
            outages,
            part=outages.part[none],
            p_fail=outages.p_fail[none],
            p_repair=outages.p_repair[none],
            stream=outages.stream[none],
        ),
        allocation=replace(allocation, low_mw=unlimited, likely_mw=unlimited, high_mw=unlimited),
        available=np.ones_like(inputs.available),
    )


def _up_by_hour(chains: FloatArray, *, hours: int) -> FloatArray:
    """Chance to be up at each hour of units that are up now (S, H)."""
    up = np.ones((len(chains), hours))
    for row, (fail, repair) in enumerate(chains.tolist()):
        up[row] = availability_from_up(up[row], p_fail=fail, p_repair=repair)
    return up


@dataclass(frozen=True, kw_only=True)
class _Reach:
    """What is left in each stage: ``columns`` (k, 4) of ``SupplyCourse.kinds``, ``lit`` (k, G)."""

    columns: FloatArray
    lit: BoolArray
    notes: tuple[str, ...]


def _reach(case: CompiledCase, stages: Stages) -> _Reach:
    states = [topology_of(case, shares) for shares in stages.part_shares]
    total = float(case.demand_mw.sum())
    lit = np.array([state.source_max_mw > 0 for state in states])
    reached = np.array([_reached_demand(state) for state in states])
    taken = np.array([float(state.connectable_mw.sum()) for state in states])
    at = stages.parts
    infeed = (stages.source_mw * lit[at])[:, case.source_infeed].sum(axis=1)
    columns = np.column_stack([reached[at], infeed, total - taken[at], taken[at] - reached[at]])
    apart = max((_count_islands(case, state) for state in states), default=1)
    note = "islands with sources of their own are taken as one"
    return _Reach(columns=np.round(columns, 9), lit=lit[at], notes=(note,) if apart > 1 else ())


def _reached_demand(state: Topology) -> float:
    """Demand at factor 1 that feeders can take and that some source can reach."""
    node = state.node_of_busbar
    alive = np.zeros(len(node), dtype=np.bool_)
    on = node >= 0
    alive[on] = state.energised[node[on]]
    return float(state.connectable_mw[alive].sum())


def _count_islands(case: CompiledCase, state: Topology) -> int:
    node = state.node_of_busbar[case.source_busbar]
    return len(set(state.island_of_node[node[(node >= 0) & (state.source_max_mw > 0)]].tolist()))


def _find_chains(inputs: FutureInputs, units: IntArray) -> FloatArray:
    """Chances to fail and to be repaired of each unit (m, 2); 0 and 1 for one that never fails."""
    outages = inputs.outages
    first_source = inputs.case.part_cuts[2]
    chain = {int(part): at for at, part in enumerate(outages.part)}
    found = np.tile([0.0, 1.0], (len(units), 1))
    for row, unit in enumerate(units.tolist()):
        at = chain.get(first_source + unit)
        if at is not None:
            found[row] = outages.p_fail[at], outages.p_repair[at]
    return found


def _choose_step(values_mw: FloatArray) -> tuple[float, bool]:
    """Step that all capacities are multiples of, and whether it had to be coarser."""
    values = np.unique(values_mw[values_mw > 0])
    step = common_step(values)
    finest = float(values.max(initial=1.0)) / MOST_CELLS
    return (finest, True) if step is None or step < finest else (step, False)


def _count_steps(values_mw: FloatArray, step_mw: float) -> IntArray:
    return np.asarray(np.rint(values_mw / step_mw), dtype=np.int64)


def _find_returns(stages: Stages, left_mw: FloatArray) -> IntArray:
    """Hour from which each unit has been giving something without a break (k, m)."""
    begins = np.diff(stages.row, prepend=-1) != 0
    before = np.vstack([np.zeros((1, left_mw.shape[1])), left_mw[:-1]])
    fresh = (left_mw > 0) & (before <= 0) & ~begins[:, None]
    # Hours rise within a future, so the last return is the largest so far, kept apart by row.
    offset = (np.cumsum(begins) * (int(stages.end.max(initial=0)) + 1))[:, None]
    latest = np.maximum.accumulate(offset + np.where(fresh, stages.first[:, None], 0), axis=0)
    return np.asarray(latest - offset, dtype=np.int64)
