"""A control variate of the simulated shortage: what is expected before any unit fails.

For each sample its own demand path, import limits, repairs and further damage are kept, and the
forced outages of units are integrated instead of drawn. The result has the same mean as the
simulated supply shortage, and moves with it: ``simulated - control`` varies only with the draws of
outages (and with the network), so that

    mean of (simulated - control) over n samples + expected control

has less variance than the plain mean wherever demand, import and repairs matter more than outages.
The mean of the control is the supply shortage of the preview over futures and paths that no sample
has; its error is known from batches of them. What the preview leaves out (the network, outages of
branches) it leaves out of both sides alike, and picks demands and imports without bias, so that
the estimate has no bias either.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.forecast.metrics.controlled import KnownMean
from gridtool.forecast.model import DemandModel
from gridtool.forecast.preview import count_paths, expect_supply
from gridtool.forecast.preview_kernel import expect_given_samples
from gridtool.forecast.preview_supply import SupplyCourse, follow_supply
from gridtool.forecast.simulate.futures import FutureInputs
from gridtool.forecast.simulate.import_limits import draw_import_limits
from gridtool.forecast.streams import FRESH
from gridtool.timegrid import TimeGrid

__all__ = ["APART", "control_supply", "expect_control"]

FloatArray = npt.NDArray[np.float64]

APART = 2 * FRESH
"""Number of the first future and path from which the control's mean is known; no sample has it."""


def control_supply(
    inputs: FutureInputs,
    factor: FloatArray,
    *,
    first: int,
    fresh: frozenset[str] = frozenset(),
) -> FloatArray:
    """Expected supply shortage of each sample by month, MWh (n, M), given all but outages.

    Parameters
    ----------
    inputs
        Of the simulated futures.
    factor : (n, H)
        Demand of samples ``first`` to ``first + n - 1``.
    fresh
        Groups of uncertainties drawn anew, as of the simulated futures.

    Raises
    ------
    AnalysisError
        If damage touches more units than can be enumerated, or their capacities have no common
        step.
    """
    n = len(factor)
    supply = follow_supply(inputs, first=first, n=n, fresh=fresh)
    _refuse_rounded(supply)
    begin = first + (FRESH if "imports" in fresh else 0)
    limit = draw_import_limits(
        inputs.allocation,
        np.arange(begin, begin + n, dtype=np.uint64),
        seed=inputs.seed,
        change_mw=inputs.import_change_mw,
    )
    months = np.diff(inputs.month_first)
    return expect_given_samples(
        supply.course,
        supply.steady,
        supply.weak,
        supply.kinds,
        (
            np.ascontiguousarray(factor, dtype=np.float64),
            limit,
            np.repeat(np.arange(len(months)), months),
        ),
    )


def expect_control(
    inputs: FutureInputs,
    demand: DemandModel,
    *,
    grid: TimeGrid,
    peak_mw: float,
    futures: int,
) -> KnownMean:
    """Mean of :func:`control_supply` by month, from futures and paths that no sample has.

    Parameters
    ----------
    peak_mw
        Demand at the reference peak.
    futures
        Executions of the repairs that are mixed.

    Raises
    ------
    AnalysisError
        As :func:`control_supply`.
    """
    paths = demand.simulate(count_paths(grid), grid=grid, seed=inputs.seed, first=APART)
    supply, short = expect_supply(inputs, paths / peak_mw, first=APART, n=futures)
    _refuse_rounded(supply)
    return KnownMean(batches=np.add.reduceat(short[:, 1], inputs.month_first[:-1], axis=1))


def _refuse_rounded(supply: SupplyCourse) -> None:
    if supply.rounded:
        raise AnalysisError("capacities have no common step; those of samples would differ")
