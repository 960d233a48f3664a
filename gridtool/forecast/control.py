"""A control variate of the simulated shortage: what is expected before any unit fails.

For each sample its own demand path, import limits, repairs and further damage are kept, and the
forced outages of units are integrated instead of drawn. The result has the same mean as the
simulated supply shortage, and moves with it: ``simulated - control`` varies only with the draws of
outages (and with the network), so that

    mean of (simulated - control) over n samples + expected control

has less variance than the plain mean wherever demand, import and repairs matter more than outages.
The expected control is the supply shortage of :func:`gridtool.forecast.preview.preview_shortage`,
taken with another seed so that its error is independent.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.forecast.preview_kernel import expect_given_samples
from gridtool.forecast.preview_supply import follow_supply
from gridtool.forecast.simulate.futures import FutureInputs
from gridtool.forecast.simulate.import_limits import draw_import_limits
from gridtool.forecast.streams import FRESH

__all__ = ["adjust_mean", "control_supply"]

FloatArray = npt.NDArray[np.float64]


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
        If damage touches more units than can be enumerated.
    """
    n = len(factor)
    supply = follow_supply(inputs, first=first, n=n, fresh=fresh)
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


def adjust_mean(
    simulated: FloatArray, control: FloatArray, *, expected: FloatArray, expected_se: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean of ``simulated`` by month with the help of its control, and its standard error.

    Parameters
    ----------
    simulated, control : (n, M)
        The same samples.
    expected, expected_se : (M,)
        Mean of the control known from elsewhere, and its standard error; independent of the
        samples.
    """
    apart = simulated - control
    error = apart.var(axis=0, ddof=1) / len(apart)
    return apart.mean(axis=0) + expected, np.asarray(np.sqrt(error + expected_se**2))
