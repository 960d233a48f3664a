"""Fit the demand model of a history of days, weeks, months or years, and shape it to hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.model import DemandEvent, SpecialDays
from gridtool.forecast.demand.periods.ahead import PeriodsAhead, cover_edges
from gridtool.forecast.demand.periods.days import fit_day_levels
from gridtool.forecast.demand.periods.demand import PeriodDemand, wanted_energy
from gridtool.forecast.demand.periods.levels import fit_levels
from gridtool.forecast.demand.periods.model import FittedPeriods, LevelSource
from gridtool.forecast.demand.periods.peak import LOAD_FACTORS, reference_peak, sharpen
from gridtool.forecast.demand.periods.profile import declare_levels, walk_levels
from gridtool.forecast.demand.periods.shape import HourShape, shape_hours
from gridtool.forecast.demand.periods.words import describe_periods, say_of_periods
from gridtool.forecast.history.model import PeriodHistory

__all__ = ["LEAST_PROFILE_D", "PERIOD_DAYS", "carries_profile_only", "fit_periods"]

FloatArray = npt.NDArray[np.float64]
NO_DAYS = SpecialDays()
HOUR = timedelta(hours=1)
PERIOD_DAYS = {"day": 1.0, "week": 7.0, "month": 30.44, "year": 365.25}
YEAR_D, YEAR_H = 365.25, 8766
LEAST_DAYS, LEAST_DAYS_WITHOUT_WEATHER, LEAST_SEASONS_D = 90, 360, 355
LEAST_PROFILE_D = 80
"""Least length of a history from which a year's energy is told by a profile."""
PROFILE_REACH_H = 2 * YEAR_H
BAND = 0.35
"""Levels stay within the history's extremes, widened by this."""
WIDE_BAND = 1.5
LEAST_TEMP = 0.5
_USED_TEMP = "temperature in less than half of the {step}s: not used"


@dataclass(frozen=True, kw_only=True)
class _Past:
    """The periods as they are fitted."""

    periods: PeriodsAhead
    energy_per_level: FloatArray
    log_level: FloatArray
    level_sd: float
    temp_c: FloatArray | None
    weaker: str | None


@dataclass(frozen=True, kw_only=True)
class _Size:
    """The shape, its highest hour in the last year, over its mean hour, and words."""

    shape: HourShape
    peak_mw: float
    peak_ratio: float
    words: str


def fit_periods(
    history: PeriodHistory,
    *,
    zone: ZoneInfo | None = None,
    network_profile: Mapping[str, float] | None = None,
    special_days: SpecialDays = NO_DAYS,
    events: Sequence[DemandEvent] = (),
    peak_mw: float | None = None,
    profile_only: bool = False,
    learned: FloatArray | None = None,
) -> FittedPeriods:
    """Fit the model that the periods carry.

    Days: one regression, with 90 days and temperature or 360 days without. Weeks and months: a
    level, seasons and temperature in a state space, with a year or more. Years, or less than
    that: the classes' profiles with the energy known.

    Parameters
    ----------
    zone
        Time zone of the local days, if not the one the history was read with.
    network_profile
        Share of energy by class of customers; None: a mean city.
    special_days
        Local dates on which people live otherwise, past and ahead.
    events
        What the planner states of demand, past and ahead.
    peak_mw
        Highest hour of a year. With yearly totals of the same size the shape is made as sharp
        as energy and peak together ask for; otherwise paths are scaled so that the highest hour
        of the shaped last year becomes this. None keeps the history's own size.
    profile_only
        Use of the history no more than its energy.
    learned : (3, 24) or None
        What hours told of the shape, as of
        :func:`gridtool.forecast.demand.periods.shape_learned.learn_shape`.

    Raises
    ------
    HistoryError
        If the history is too short for any model.
    """
    zone = zone or history.zone
    shape = HourShape.of(network_profile, zone=zone, special_days=special_days)
    shape = replace(shape, learned=learned)
    profile = profile_only or carries_profile_only(history)
    moments = _moments(history)
    periods = cover_edges(moments, zone=zone)
    demand = wanted_energy(history, events=events, day=periods.day)
    past = _lay_out(history, demand, periods=periods, shape=shape, seasons=profile)
    sized = _find_size(history, past, shape=shape, seasons=profile, peak_mw=peak_mw)
    if sized.shape is not shape:
        past = _lay_out(history, demand, periods=periods, shape=sized.shape, seasons=profile)
    source = (
        _fit_profile(history, past, shape=sized.shape)
        if profile
        else _fit_source(history, past, shape=shape)
    )
    at = np.flatnonzero(np.isfinite(past.log_level))
    known, start = past.log_level[at], moments[int(at[0])]  # temperature may begin before
    band = WIDE_BAND if profile else BAND
    return FittedPeriods(
        step="year" if profile else history.step,
        source=source,
        shape=sized.shape,
        seasons=profile,
        end=history.end,
        reach_h=_reach(start, history.end, profile=profile),
        band=(float(known.min()) - band, float(known.max()) + band),
        reference_peak_mw=sized.peak_mw,
        factor=1.0 if peak_mw is None else peak_mw / sized.peak_mw,
        description=describe_periods(
            history,
            start=start,
            words=source.words,
            whose=_name_shape(network_profile, learned=learned),
            seasons=profile,
            size=sized.words,
        ),
        said=(
            *demand.notes,
            *source.notes,
            *say_of_periods(
                history,
                peak_ratio=sized.peak_ratio,
                seasons=profile,
                weather=past.temp_c is not None,
            ),
        ),
        weaker=past.weaker,
        events=tuple(events),
    )


def _name_shape(network_profile: Mapping[str, float] | None, *, learned: FloatArray | None) -> str:
    """Whose hours the shape is made of, in words."""
    if learned is not None:
        return "the hours that are known"
    if network_profile is not None:
        return "the network's classes of customers"
    return "a mean city"


def carries_profile_only(history: PeriodHistory) -> bool:
    """Whether a history holds too little for seasons of its own.

    Raises
    ------
    HistoryError
        If it holds too little for anything.
    """
    known = np.flatnonzero(np.isfinite(history.energy_mwh) & (history.energy_mwh > 0))
    days = PERIOD_DAYS[history.step] * (known[-1] - known[0] + 1 if len(known) else 0)
    if days < LEAST_PROFILE_D:
        raise HistoryError(
            Issue(
                message=f"the history holds {days:.0f} days of demand",
                file=history.origin or None,
                accepted=f"at least {LEAST_PROFILE_D} days, or the energy of a year",
            )
        )
    if history.step == "year":
        return True
    if history.step == "day":
        least = LEAST_DAYS if _usable_temp(history) else LEAST_DAYS_WITHOUT_WEATHER
        return bool(days < least)
    return bool(days < LEAST_SEASONS_D)


def _usable_temp(history: PeriodHistory) -> bool:
    known = np.isfinite(history.energy_mwh)
    return history.temp_c is not None and bool(
        np.isfinite(history.temp_c[known]).mean() >= LEAST_TEMP
    )


def _moments(history: PeriodHistory) -> list[datetime]:
    """The edges of the periods, aware UTC."""
    seconds = history.edges.astype("datetime64[s]").astype(np.int64)
    return [datetime.fromtimestamp(int(edge), tz=UTC) for edge in seconds]


def _lay_out(
    history: PeriodHistory,
    demand: PeriodDemand,
    *,
    periods: PeriodsAhead,
    shape: HourShape,
    seasons: bool,
) -> _Past:
    """Log levels of the periods: their energy against that of the shape."""
    shaped = shape_hours(shape, periods, by_day=history.step == "day", seasons=seasons)
    usable = _usable_temp(history)
    weaker = history.set_aside
    if history.temp_c is not None and not usable and history.step != "year":
        words = _USED_TEMP.format(step=history.step)
        weaker = words if weaker is None else f"{weaker}; {words}"
    return _Past(
        periods=periods,
        energy_per_level=shaped.energy_per_level,
        log_level=np.log(demand.energy_mwh / shaped.energy_per_level),
        level_sd=demand.level_sd,
        temp_c=history.temp_c if usable else None,
        weaker=weaker,
    )


def _fit_source(history: PeriodHistory, past: _Past, *, shape: HourShape) -> LevelSource:
    if history.step == "day":
        return fit_day_levels(
            past.log_level,
            past=past.periods,
            temp_c=past.temp_c,
            special_days=shape.special_days,
            level_sd=past.level_sd,
        )
    return fit_levels(
        past.log_level,
        year_part=past.periods.year_part,
        temp_c=past.temp_c,
        period_days=PERIOD_DAYS[history.step],
    )


def _fit_profile(history: PeriodHistory, past: _Past, *, shape: HourShape) -> LevelSource:
    if history.step == "year":
        return walk_levels(past.log_level)
    known = np.isfinite(past.log_level)
    weight = past.energy_per_level[known]
    mean = float(np.average(past.log_level[known], weights=weight))
    return declare_levels(
        mean,
        words=f"{int(known.sum())} {history.step}s",
        season_sd=shape.season_doubt(past.periods.calendar),
    )


def _reach(start: datetime, end: datetime, *, profile: bool) -> int:
    length = int((end - start) / HOUR)
    return max(length, PROFILE_REACH_H) if profile else length


def _find_size(
    history: PeriodHistory,
    past: _Past,
    *,
    shape: HourShape,
    seasons: bool,
    peak_mw: float | None,
) -> _Size:
    """The highest hour of the last year, of a shape as sharp as energy and peak ask for."""
    by_day = history.step == "day"

    def peak_of(shape: HourShape) -> float:
        shaped = shape_hours(shape, past.periods, by_day=by_day, seasons=seasons)
        energy = past.log_level + np.log(past.energy_per_level / shaped.energy_per_level)
        return reference_peak(shape, past.periods, energy, by_day=by_day, seasons=seasons)

    mean = _recent_mean(history, past)
    words = ""
    low, high = LOAD_FACTORS
    if peak_mw is not None and history.step == "year" and low <= mean / peak_mw <= high:
        shape = sharpen(shape, peak_of, peak_mw=peak_mw)
        words = f"as sharp as energy and a peak of {peak_mw:,.0f} MW ask for"
    peak = peak_of(shape)
    if peak_mw is not None and not words:
        words = f"scaled from a peak of {peak:,.0f} MW to the network's {peak_mw:,.0f} MW"
    return _Size(shape=shape, peak_mw=peak, peak_ratio=peak / mean, words=words)


def _recent_mean(history: PeriodHistory, past: _Past) -> float:
    """Mean demand of the last year's known periods, MW."""
    energy = np.exp(past.log_level) * past.energy_per_level
    recent = slice(-max(1, round(YEAR_D / PERIOD_DAYS[history.step])), None)
    known = np.isfinite(energy[recent])
    if not known.any():
        recent, known = slice(None), np.isfinite(energy)
    return float(energy[recent][known].sum() / past.periods.hours[recent][known].sum())
