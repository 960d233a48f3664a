"""Scales of residual days and level from how truth lay among paths at past origins.

Two things are asked of the paths: that 80 % of the hours lie within their 80 % interval, and
that the energy of months scatters around their mean as their standard deviation says. For each
a factor is found, by which the paths would have to be wider:

- hours: the 80 % quantile of the distance from the median, in units of the half width of the
  interval on that side. It is the factor of split conformal prediction with normalised scores
  (Romano, Patterson and Candès 2019, "Conformalized quantile regression"; origins in the place
  of the calibration set), as the mean logarithm over origins;
- energy: the root mean square of the months' deviations in standard deviations.

Origins are few and their hours err together, so both are noisy. How noisy is read from the
paths: each is put in the truth's place in turn, which gives the mean and the standard error
``e`` of the logarithm that chance alone gives a right model; where the origins disagree by more,
``e`` is the standard error of their mean. The logarithm ``m`` of the truth is
shrunk by ``max(0, 1 - e**2 / m**2)``, the empirical Bayes estimate with a variance of
``m**2 - e**2`` for what is truly wrong (Efron and Morris 1973, "Stein's estimation rule and its
competitors"): what chance explains is left alone.

The two factors become scales of the two parts that can be scaled, so that the variances of
hours and of months' energy, of which weather has its own share, come out as asked. Residual days
are hardly ever narrowed: errors within the sample do not overstate those ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import lsq_linear

from gridtool.forecast.demand.model import Calibration

__all__ = ["OriginSpread", "choose_scales", "measure_spread", "shrink_factor"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
SHARE = 0.8
LEVEL_BOUNDS = (0.5, 2.5)
RESIDUAL_BOUNDS = (0.8, 2.5)
LEAST_MONTH_H = 168


@dataclass(frozen=True, kw_only=True)
class OriginSpread:
    """What one origin says of the spread of n paths.

    Attributes
    ----------
    hours : (n + 1,)
        Logarithm of the factor that the hours ask for: by the truth, then by each path.
    energy : (n + 1,)
        Sum over months of the squared deviation of log energy in standard deviations, likewise.
    months
        How many.
    hour_variances, energy_variances : (3,)
        Variance of log demand, mean over hours, and of months' log energy, mean over months:
        of weather, level and residual days.
    """

    hours: FloatArray
    energy: FloatArray
    months: int
    hour_variances: FloatArray
    energy_variances: FloatArray


def measure_spread(
    truth: FloatArray,
    paths: FloatArray,
    *,
    without_level: FloatArray,
    without_residual: FloatArray,
    month: IntArray,
) -> OriginSpread | None:
    """Measure one origin; None if no month of it is known well enough.

    Parameters
    ----------
    truth : (h,)
        Demand as it came, NaN where unknown.
    paths, without_level, without_residual : (n, h)
        Paths drawn from the same random numbers, as they are and with one part left out.
    month : (h,)
        Month of each hour.
    """
    known = np.isfinite(truth)
    kept = [m for m in np.unique(month) if (known & (month == m)).sum() >= LEAST_MONTH_H]
    known &= np.isin(month, kept)
    if not kept:
        return None
    members = np.concatenate([truth[None, known], paths[:, known]])
    flat, smooth = without_level[:, known], without_residual[:, known]
    within = [month[known] == m for m in kept]
    energies = [_log_energy(rows, within) for rows in (members, flat, smooth)]
    mean, sd = energies[0][1:].mean(axis=0), energies[0][1:].std(axis=0)
    logs = [np.log(rows) for rows in (members, flat, smooth)]
    return OriginSpread(
        hours=_log_factor(logs[0]),
        energy=(((energies[0] - mean) / sd) ** 2).sum(axis=1),
        months=len(kept),
        hour_variances=_part_variances(logs[0][1:], *logs[1:]),
        energy_variances=_part_variances(energies[0][1:], *energies[1:]),
    )


def choose_scales(spreads: Sequence[OriginSpread]) -> Calibration:
    """The calibration that the origins ask for; n must be the same for all of them."""
    count = len(spreads)
    months = sum(own.months for own in spreads)
    hours = np.sum([_shift(own.hours, k, count) for k, own in enumerate(spreads)], axis=0) / count
    energy = np.sum([_shift(own.energy, k, count) for k, own in enumerate(spreads)], axis=0)
    hour_factor, hour_se = shrink_factor(hours, between=[own.hours[0] for own in spreads])
    energy_factor, energy_se = shrink_factor(
        np.log(energy / months) / 2,
        between=[np.log(own.energy[0] / own.months) / 2 for own in spreads],
    )
    level, residual = _solve_scales(
        np.mean([own.hour_variances for own in spreads], axis=0),
        np.mean([own.energy_variances for own in spreads], axis=0),
        hour_factor=hour_factor,
        energy_factor=energy_factor,
    )
    words = (
        f"over {count} past origin{'s' if count > 1 else ''} the hours ask for intervals "
        f"{hour_factor:.2f} times as wide (give or take {hour_se:.0%}), the "
        f"energy of months for {energy_factor:.2f} times ({energy_se:.0%}): "
    )
    if hour_factor == energy_factor == 1.0:
        words += "no more than chance, so nothing is scaled"
    else:
        words += f"residual days are scaled by {residual:.2f}, the level by {level:.2f}"
    return Calibration(residual_scale=residual, level_scale=level, origins=count, words=words)


def shrink_factor(logs: FloatArray, *, between: Sequence[float] = ()) -> tuple[float, float]:
    """The factor asked for by the first of ``logs`` (n + 1,), shrunk by how the others scatter.

    Parameters
    ----------
    between
        What each origin asks for, as a logarithm.

    Returns
    -------
    factor
    standard_error
        Of its logarithm.
    """
    chance = logs[1:]
    found, error = float(logs[0] - chance.mean()), float(chance.std())
    if len(between) > 1:
        error = max(error, float(np.std(between, ddof=1)) / len(between) ** 0.5)
    if abs(found) <= error:
        return 1.0, error
    return float(np.exp(found * (1 - (error / found) ** 2))), error


def _log_factor(logs: FloatArray) -> FloatArray:
    """Logarithm of the conformal factor of each member (n + 1, h), the paths from row 1 on."""
    tail = (1 - SHARE) / 2
    low, middle, high = np.quantile(logs[1:], [tail, 0.5, 1 - tail], axis=0)
    apart = logs - middle
    score = np.where(apart > 0, apart / (high - middle), apart / (low - middle))
    factor: FloatArray = np.log(np.quantile(score, SHARE, axis=1))
    return factor


def _log_energy(rows: FloatArray, within: Sequence[npt.NDArray[np.bool_]]) -> FloatArray:
    """Logarithm of energy by member and month, shape (n, months)."""
    energy: FloatArray = np.stack([rows[:, at].sum(axis=1) for at in within], axis=1)
    return np.asarray(np.log(energy))


def _part_variances(whole: FloatArray, flat: FloatArray, smooth: FloatArray) -> FloatArray:
    """Variances of weather, level and residual days; what they share counts as weather."""
    level = (whole - flat).var(axis=0).mean()
    residual = (whole - smooth).var(axis=0).mean()
    return np.array([whole.var(axis=0).mean() - level - residual, level, residual])


def _shift(members: FloatArray, place: int, count: int) -> FloatArray:
    """Paths of one number share random numbers between origins: put others together."""
    paths = len(members) - 1
    return np.append(members[:1], np.roll(members[1:], place * max(1, paths // count)))


def _solve_scales(
    hours: FloatArray, energy: FloatArray, *, hour_factor: float, energy_factor: float
) -> tuple[float, float]:
    """Scales of level and residual days that widen hours and energy by their factors."""
    if hour_factor == energy_factor == 1.0:
        return 1.0, 1.0
    rows, wanted = [], []
    for variances, factor in ((hours, hour_factor), (energy, energy_factor)):
        whole = variances.sum()
        rows.append(variances[1:] / whole)
        wanted.append(factor**2 - variances[0] / whole)
    bounds = np.square(np.array([LEVEL_BOUNDS, RESIDUAL_BOUNDS]).T)
    found = lsq_linear(np.array(rows), np.array(wanted), bounds=bounds)
    level, residual = np.sqrt(found.x)
    return float(level), float(residual)
