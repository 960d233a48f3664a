"""Chunks of simulated futures: demand, what is out, the dispatch of every hour, sums.

A chunk's numbers depend on the seed and its samples only, never on other chunks: the same bytes
come out for any number of workers. One chunk may draw several versions of the same samples (another
plan, repairs later, one uncertainty drawn anew), which share all random numbers that they can, so
that they are compared sample by sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.flow.model import HourlyShortage, Stages
from gridtool.flow.stage_dispatch import StageDispatch
from gridtool.forecast.control import control_supply
from gridtool.forecast.metrics.model import ControlledSums, Layout, SampleSums
from gridtool.forecast.metrics.sums import sum_samples
from gridtool.forecast.model import DemandModel, FittedModel
from gridtool.forecast.simulate.futures import FutureInputs, draw_futures
from gridtool.forecast.simulate.storage import StorageDispatch
from gridtool.forecast.simulate.storage_levels_kernel import Fleet
from gridtool.forecast.streams import FRESH

__all__ = ["Chunk", "ChunkInputs", "Draw", "PremiseInputs", "Simulator"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PremiseInputs:
    """What the futures of one premise are drawn from and dispatched on.

    ``class_share`` (B, 2, C) is that of :func:`gridtool.flow.class_shares.class_shares`,
    ``fleet`` the storages of the case, None where there are none. ``control`` asks for the control
    variate of samples of which nothing is drawn anew.
    """

    class_share: FloatArray
    futures: FutureInputs
    fleet: Fleet | None = None
    control: bool = False


@dataclass(frozen=True, kw_only=True)
class ChunkInputs:
    """Everything a worker needs, alike for all chunks; ``peak_mw`` is the reference peak."""

    premises: Mapping[str, PremiseInputs]
    layout: Layout
    demand: DemandModel
    peak_mw: float
    seed: int


@dataclass(frozen=True, slots=True)
class Draw:
    """One version of the samples: a premise, and the uncertainties that are drawn anew."""

    premise: str
    fresh: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples ``first`` to ``first + n - 1`` in each of the versions ``draws``."""

    first: int
    n: int
    draws: tuple[Draw, ...]


class Simulator:
    """Simulates chunks; what its dispatchers learn of the network lives from chunk to chunk."""

    def __init__(self, inputs: ChunkInputs) -> None:
        self._inputs = inputs
        self._draw_demand = _prepare_demand(inputs)
        self._dispatchers: dict[int, Callable[[Stages, FloatArray], HourlyShortage]] = {}

    def __call__(self, chunk: Chunk) -> tuple[SampleSums, ...]:
        """The sums of each version of the chunk's samples."""
        factors: dict[int, FloatArray] = {}
        found = []
        for draw in chunk.draws:
            first = chunk.first + (FRESH if "demand" in draw.fresh else 0)
            if first not in factors:
                paths = self._draw_demand(chunk.n, seed=self._inputs.seed, first=first)
                factors[first] = paths / self._inputs.peak_mw
            hourly = self._dispatch(draw, factors[first], first=chunk.first)
            sums = sum_samples(hourly, factors[first], layout=self._inputs.layout)
            premise = self._inputs.premises[draw.premise]
            if premise.control and not draw.fresh:
                sums = _add_control(sums, premise.futures, factors[first], first=chunk.first)
            found.append(sums)
        return tuple(found)

    def _dispatch(self, draw: Draw, factor: FloatArray, *, first: int) -> HourlyShortage:
        premise = self._inputs.premises[draw.premise]
        case = premise.futures.case
        dispatch = self._dispatchers.get(id(case))
        if dispatch is None:
            dispatch = self._dispatchers[id(case)] = _make_dispatch(premise)
        stages = draw_futures(
            premise.futures, first=first, n=len(factor), fresh=draw.fresh - {"demand"}
        )
        return dispatch(stages, factor)


def _add_control(
    sums: SampleSums, futures: FutureInputs, factor: FloatArray, *, first: int
) -> SampleSums:
    """The sums with their control variate, or without it where it cannot be computed."""
    try:
        control = control_supply(futures, factor, first=first)
    except AnalysisError:
        return sums
    return ControlledSums(**vars(sums), control_mwh=control)


def _make_dispatch(premise: PremiseInputs) -> Callable[[Stages, FloatArray], HourlyShortage]:
    """The dispatch of the premise's network, which keeps what it learns from call to call."""
    case = premise.futures.case
    if premise.fleet is None:
        return StageDispatch(case, premise.class_share).shortage
    stored = StorageDispatch(case, premise.class_share, fleet=premise.fleet)
    return lambda stages, factor: stored.shortage(stages, factor).shortage


def _prepare_demand(inputs: ChunkInputs) -> Callable[..., FloatArray]:
    """Draws paths over the layout's grid."""
    grid = inputs.layout.grid
    if isinstance(inputs.demand, FittedModel):
        return inputs.demand.prepare(grid).draw
    return partial(inputs.demand.simulate, grid=grid)
