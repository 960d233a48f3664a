"""Log levels of weeks and months: seasons, temperature and a slow level in one state space.

A structural time series (Harvey 1989; Durbin and Koopman 2012, chapter 3): a local level, two
annual waves and two temperature terms are the state of a Kalman filter with a diffuse start, so
that what is unknown of each after few periods is part of the spread ahead. Two variances are
estimated by statsmodels; that they are estimated from few periods is paid for with Student's
distribution. Against exponential smoothing ETS(A,N,A) it has the smaller pinball loss on monthly
totals of New York and Victoria, and unlike it stands gaps and one year alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.periods_ahead import PeriodsAhead
from gridtool.forecast.demand.periods_weather import PeriodWeather, fit_weather
from gridtool.forecast.streams import component_number, open_stream

__all__ = ["PeriodLevels", "annual_waves", "fit_levels"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WAVES = 2
HEATING_BELOW_C, COOLING_ABOVE_C = 15.0, 18.0
ENOUGH_YEARS = 1.9
LEAST_STEP, LEAST_STEP_SHORT = 0.01, 0.02
"""Standard deviation of the level's step in a month: at least, and with less than two years, in
which a walking level cannot be told from seasons, exactly."""
MONTH_DAYS = 30.44
LEAST_NOISE = 0.003
LEAST_DEGREES = 3
LEAST_TERM = 0.05
"""A temperature term that varies less than this, in tens of degrees, is left out."""
_LEVELS = component_number("demand")


@dataclass(frozen=True, kw_only=True)
class PeriodLevels:
    """What is known of the level, the waves and the temperature effect at the history's end.

    Attributes
    ----------
    mean : (k,)
        Level, sines and cosines, temperature terms.
    cov : (k, k)
    step_sd, noise_sd
        Of the level from period to period, and of a period alone.
    degrees
        Degrees of freedom of the variances.
    weather
        None without temperature.
    terms : tuple of int
        Which temperature terms there are: 0 heating, 1 cooling.
    words
        How it was estimated.
    """

    mean: FloatArray
    cov: FloatArray
    step_sd: float
    noise_sd: float
    degrees: int
    weather: PeriodWeather | None
    terms: tuple[int, ...]
    words: str
    notes: tuple[str, ...] = ()

    @property
    def waves(self) -> int:
        """Number of annual waves."""
        return (len(self.mean) - 1 - len(self.terms)) // 2

    def prepare(self, ahead: PeriodsAhead) -> Callable[..., FloatArray]:
        """Draws log levels of the periods ahead: ``draw(n, seed=, first=)`` gives (n, P)."""
        waves = annual_waves(ahead.year_part, number=self.waves)

        def draw(n: int, *, seed: int, first: int = 0) -> FloatArray:
            levels = np.empty((n, len(ahead.lead)))
            for row in range(n):
                stream = open_stream(seed, first + row, component=_LEVELS)
                terms = waves
                if self.weather is not None:
                    temp_c = self.weather.draw(ahead, share=float(stream.random()))
                    effect = _temperature_terms(temp_c)[:, list(self.terms)]
                    terms = np.concatenate([waves, effect], axis=1)
                levels[row] = self.follow(stream, terms=terms, unit=ahead.lead - 1)
            return levels

        return draw

    def follow(
        self, stream: np.random.Generator, *, terms: FloatArray, unit: IntArray
    ) -> FloatArray:
        """One course ahead, (P,).

        Parameters
        ----------
        terms : (P, k - 1)
            Waves and temperature terms.
        unit : (P,)
            Number of the fitted period in which each lies, 0 for the first after the history.
        """
        states, reach = len(self.mean), int(unit[-1]) + 1
        normal = stream.standard_normal(states + 2 * reach)
        wide = np.sqrt(self.degrees / stream.chisquare(self.degrees))
        values, vectors = self.factors
        state = self.mean + wide * (vectors @ (values * normal[:states]))
        walk = self.step_sd * np.cumsum(normal[states : states + reach])
        noise = self.noise_sd * normal[states + reach :]
        course: FloatArray = state[0] + terms @ state[1:] + (wide * (walk + noise))[unit]
        return course

    @property
    def factors(self) -> tuple[FloatArray, FloatArray]:
        """Standard deviations (k,) and directions (k, k) of what is unknown of the state."""
        values, vectors = np.linalg.eigh(self.cov)
        return np.sqrt(np.maximum(values, 0.0)), vectors


def annual_waves(year_part: FloatArray, *, number: int) -> FloatArray:
    """Sines and cosines of the year, (n, 2 number)."""
    turn = 2 * np.pi * year_part
    waves = [f(k * turn) for k in range(1, number + 1) for f in (np.sin, np.cos)]
    return np.array(waves).reshape(2 * number, len(turn)).T


def fit_levels(
    log_level: FloatArray,
    *,
    year_part: FloatArray,
    temp_c: FloatArray | None,
    period_days: float,
    waves: int = WAVES,
) -> PeriodLevels:
    """Fit to periods (n,), NaN where unknown.

    Parameters
    ----------
    year_part : (n,)
        Part of the year over in the middle of each period.
    temp_c : (n,) or None
        Mean temperature, NaN where unknown.
    """
    weather, design = None, annual_waves(year_part, number=waves)
    terms: tuple[int, ...] = ()
    if temp_c is not None:
        weather = fit_weather(temp_c, year_part=year_part)
        log_level = np.where(np.isfinite(temp_c), log_level, np.nan)
        effect = _temperature_terms(weather.fill(temp_c))
        terms = tuple(np.flatnonzero(effect.std(axis=0) > LEAST_TERM).tolist())
        design = np.concatenate([design, effect[:, list(terms)]], axis=1)
        weather = weather if terms else None
    known = int(np.isfinite(log_level).sum())
    years = known * period_days / 365.25
    few = years < ENOUGH_YEARS
    monthly = LEAST_STEP_SHORT if few else LEAST_STEP
    least_step = monthly * np.sqrt(period_days / MONTH_DAYS)
    centre = float(np.nanmean(log_level))
    filtered, params, words = _filter(
        log_level - centre, design, least_step=least_step, estimate=not few
    )
    mean = np.array(filtered.filtered_state[:, -1])
    mean[0] += centre
    return PeriodLevels(
        mean=mean,
        cov=np.array(filtered.filtered_state_cov[:, :, -1]),
        step_sd=float(np.sqrt(params[1])),
        noise_sd=float(np.sqrt(params[0])),
        degrees=max(known - 1 - design.shape[1], LEAST_DEGREES),
        weather=weather,
        terms=terms,
        words=words,
    )


def _temperature_terms(temp_c: FloatArray) -> FloatArray:
    """Tens of degrees of heating and of cooling, (n, 2)."""
    heating = np.maximum(HEATING_BELOW_C - temp_c, 0.0)
    cooling = np.maximum(temp_c - COOLING_ABOVE_C, 0.0)
    return np.stack([heating, cooling], axis=1) / 10.0


def _filter(
    values: FloatArray, design: FloatArray, *, least_step: float, estimate: bool
) -> tuple[Any, FloatArray, str]:
    """Filtered states, the variances of noise and of the level's step, and words.

    The level's step is ``least_step`` at least, exactly that unless it is to be estimated. Where
    the likelihood has no maximum that can be found, half of the variance of what waves and
    temperature leave is taken for noise and the level's step is the least.
    """
    from statsmodels.tsa.statespace.structural import UnobservedComponents  # only to fit

    exog = design if design.shape[1] else None
    model = UnobservedComponents(values, level="llevel", exog=exog, mle_regression=False)
    assumed = {} if estimate else {"sigma2.level": least_step**2}
    words = "local level" if estimate else "level with a step of 2 % a month assumed"
    for method in ("lbfgs", "nm"):
        with warnings.catch_warnings(), model.fix_params(assumed):
            warnings.simplefilter("ignore")  # convergence is checked below, and said
            fitted = model.fit(disp=0, maxiter=500, method=method)
        if fitted.mle_retvals["converged"]:
            params = np.maximum(np.asarray(fitted.params), [LEAST_NOISE**2, least_step**2])
            return model.filter(params), params, words
    known = np.isfinite(values)
    left = values[known] - design[known] @ np.linalg.lstsq(design[known], values[known])[0]
    params = np.array([0.5 * float(np.var(left)), least_step**2])
    return model.filter(params), params, "level, variances assumed: no estimate converged"
