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
from gridtool.flow.model import Stages
from gridtool.forecast.adequacy.convolve import common_step
from gridtool.forecast.adequacy.convolve_kernel import SteadyUnits
from gridtool.forecast.adequacy.transient import availability_from_up
from gridtool.forecast.preview_kernel import Course, Kinds, WeakUnits
from gridtool.forecast.preview_reach import reach_stages
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
    lost_mw, cut_off_mw : (q,)
        Demand that feeders cannot take, and that no source can reach, at factor 1, by kind.
    rounded
        Whether capacities had to be laid on a coarser step.
    notes
        What is approximate, in words; empty where nothing is.
    """

    course: Course
    steady: SteadyUnits
    weak: WeakUnits
    kinds: Kinds
    lost_mw: FloatArray
    cut_off_mw: FloatArray
    hours: int
    rounded: bool
    notes: tuple[str, ...]

    def mean_by_hour(self, of_kind: FloatArray, *, batches: int) -> FloatArray:
        """Mean of a value by kind (q,) over each batch of futures, by hour (B, H).

        The batches are those of :func:`gridtool.forecast.preview_kernel.expect_over_futures`.
        """
        course = self.course
        futures = len(course.first_of_row)
        lengths = np.diff(np.append(course.first_of_row, len(course.end)))
        batch = np.repeat(np.arange(futures) % batches, lengths)
        first = np.concatenate([[0], course.end[:-1]])
        first[course.first_of_row] = 0
        value = of_kind[course.kind]
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
    units = np.flatnonzero(~case.source_infeed & (case.source_max_mw > 0))
    chains = _find_chains(inputs, units)
    never = (chains[:, 0] <= 0) & inputs.available[:, units].all(axis=0)
    sure = np.zeros(len(case.source_ids), dtype=np.bool_)
    sure[units[never]] = True
    reached = reach_stages(case, stages, sure=sure)
    failing, chains = units[~never], chains[~never]
    rating, left = case.source_max_mw[failing], reached.left_mw[:, failing]
    firm = np.all(left == rating, axis=0)
    if (~firm).sum() > MOST_WEAK:
        raise AnalysisError(
            f"damage touches {int((~firm).sum())} units, more than the {MOST_WEAK} whose "
            "combinations the preview follows"
        )
    month = np.repeat(np.arange(len(inputs.available)), np.diff(inputs.month_first))
    available = np.ascontiguousarray(inputs.available[:, failing].T[:, month])
    step, rounded = _choose_step(np.append(left.ravel(), rating))
    steps, whole = _count_steps(left, step), _count_steps(rating, step)
    notes = (f"capacities laid on steps of {step:.3g} MW",) if rounded else ()
    return SupplyCourse(
        course=Course(
            first_of_row=np.flatnonzero(np.diff(stages.row, prepend=-1)),
            end=stages.end,
            kind=reached.kind,
        ),
        steady=SteadyUnits(
            steps=whole[firm],
            up=_up_by_hour(chains[firm], hours=len(month)) * available[firm],
            step_mw=step,
            cells=int(np.maximum(steps.max(axis=0, initial=0), whole).sum()) + 1,
        ),
        weak=WeakUnits(
            steps=np.ascontiguousarray(steps[:, ~firm]),
            back=_find_returns(stages, stages.source_mw[:, failing[~firm]]),
            up=chains[~firm, 1] / chains[~firm].sum(axis=1),
            fade=(1.0 - chains[~firm].sum(axis=1))[:, None] ** np.arange(len(month)),
            available=np.ascontiguousarray(available[~firm]),
        ),
        kinds=reached.kinds,
        lost_mw=reached.lost_mw,
        cut_off_mw=reached.cut_off_mw,
        hours=len(month),
        rounded=rounded,
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
