"""Scores of one run: its samples against what came, by month of the horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.scoring.scores import crps, hold_interval, place_quantiles
from gridtool.forecast.model import CITY
from gridtool.jobs.scoring.files import KeptRun
from gridtool.jobs.scoring.truth import Truth
from gridtool.timegrid import TimeGrid

__all__ = [
    "DEMAND",
    "DISTRICTS_OFF",
    "ENERGY",
    "HOURS_OFF",
    "INTERVALS",
    "DayTruth",
    "Score",
    "lay_days",
    "score_run",
    "score_values",
    "weigh_off",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

DEMAND, ENERGY, HOURS_OFF, DISTRICTS_OFF = "demand", "energy", "hours_off", "hours_off_districts"
"""Quantities: MW of each hour; MWh of the month; hours off a day in the city, in its districts."""
INTERVALS = (50, 80, 90)
"""Central intervals whose coverage is told, in percent."""
LEAST_HOURS = 24
LEAST_DAYS = 7
"""A month of which fewer are known is not scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a run's forecast of a quantity held in one month of its horizon.

    ``figures`` holds count (of hours, months or districts), truth (mean), crps, bias (mean of
    median less truth; above 0 the forecast was high), crps_pct and bias_pct (of the mean truth),
    held_50, held_80, held_90 (share of the truths within the central interval).
    """

    quantity: str
    lead_month: int
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTruth:
    """What came by local day of a run's horizon.

    Attributes
    ----------
    demand_mwh : (days,)
        In the forecast's MWh; NaN for days begun before the horizon or not wholly known.
    hours_off : (days,)
        For an ordinary customer, if protected ones were spared; NaN where unknown.
    whole : (days,) bool
        Days that lie wholly within the horizon.
    """

    demand_mwh: FloatArray
    hours_off: FloatArray
    whole: BoolArray


def score_values(truth: FloatArray, samples: FloatArray) -> dict[str, float]:
    """Scores of samples (n, k) against truths (k,), means over the k."""
    ordered = np.sort(samples, axis=0)
    middle = place_quantiles(ordered, np.array([0.5]))[0]
    mean = float(truth.mean())
    found = {
        "count": float(len(truth)),
        "truth": mean,
        "crps": float(crps(truth, ordered).mean()),
        "bias": float((middle - truth).mean()),
    }
    if mean > 0:
        found |= {f"{name}_pct": 100 * found[name] / mean for name in ("crps", "bias")}
    for percent in INTERVALS:
        held = hold_interval(truth, ordered, share=percent / 100)
        found[f"held_{percent}"] = float(held.mean())
    return found


def lay_days(truth: Truth, grid: TimeGrid, *, scale: float, ordinary_share: float) -> DayTruth:
    """What came by day of ``grid``."""
    days, count = grid.day_index, len(grid.days)
    demand = np.bincount(days, weights=truth.demand_on(grid) * scale, minlength=count)
    shed = np.bincount(days, weights=truth.shed_on(grid) * scale, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        off = np.where(demand > 0, 24.0 * shed / (demand * ordinary_share), np.nan)
    whole = np.ones(count, dtype=np.bool_)
    first, last = grid.local[0], grid.end.astimezone(grid.zone)
    whole[0] = first.hour == 0 and first.minute == 0
    whole[-1] = whole[-1] and last.date() > grid.days[-1]
    return DayTruth(
        demand_mwh=np.where(whole, demand, np.nan),
        hours_off=np.where(whole, off, np.nan),
        whole=whole,
    )


def score_run(kept: KeptRun, truth: Truth) -> tuple[Score, ...]:
    """Every score that ``truth`` allows, by quantity and month of the horizon."""
    grid, facts = kept.facts.grid, kept.facts
    days = lay_days(
        truth, grid, scale=facts.scale, ordinary_share=facts.ordinary_share.get(CITY, np.nan)
    )
    first = np.flatnonzero(np.diff(grid.day_index, prepend=-1))
    month_of_day = grid.month_index[first]
    hourly = truth.demand_on(grid) * facts.scale
    found: list[Score] = []
    for month in range(len(grid.months)):
        within = month_of_day == month
        found += _score_hours(kept, hourly, month=month)
        found += _score_energy(kept, days, at=within & np.isfinite(days.demand_mwh), month=month)
        found += _score_off(kept, truth, days, at=within & np.isfinite(days.hours_off), month=month)
    return tuple(found)


def _score_hours(kept: KeptRun, hourly: FloatArray, *, month: int) -> list[Score]:
    at = (kept.facts.grid.month_index == month) & np.isfinite(hourly)
    if at.sum() < LEAST_HOURS:
        return []
    figures = score_values(hourly[at], kept.demand_mw[:, at])
    return [Score(quantity=DEMAND, lead_month=month + 1, figures=figures)]


def _score_energy(kept: KeptRun, days: DayTruth, *, at: BoolArray, month: int) -> list[Score]:
    if at.sum() < LEAST_DAYS:
        return []
    total = np.array([days.demand_mwh[at].sum()])
    figures = score_values(total, kept.day_mwh[:, at].sum(axis=1)[:, None])
    return [Score(quantity=ENERGY, lead_month=month + 1, figures=figures)]


def _score_off(
    kept: KeptRun, truth: Truth, days: DayTruth, *, at: BoolArray, month: int
) -> list[Score]:
    """Hours off in the city, as stated, else by the load shed; and in districts, as stated."""
    facts, lead = kept.facts, month + 1
    places, name = list(facts.ordinary_share), facts.grid.months[month]
    stated = {
        place: truth.stated[name, place]
        for place in places
        if (name, place) in truth.stated and _is_whole(facts.grid, month)
    }
    found = []
    if CITY in stated:
        city = kept.month_off[:, month, [places.index(CITY)]]
        figures = score_values(np.array([stated[CITY]]), city)
        found.append(Score(quantity=HOURS_OFF, lead_month=lead, figures=figures))
    elif at.sum() >= LEAST_DAYS:
        came = np.average(days.hours_off[at], weights=days.demand_mwh[at])
        figures = score_values(np.array([came]), weigh_off(kept, at)[:, None])
        found.append(Score(quantity=HOURS_OFF, lead_month=lead, figures=figures))
    districts = [place for place in stated if place != CITY]
    if districts:
        values = kept.month_off[:, month, [places.index(place) for place in districts]]
        figures = score_values(np.array([stated[place] for place in districts]), values)
        found.append(Score(quantity=DISTRICTS_OFF, lead_month=lead, figures=figures))
    return found


def weigh_off(kept: KeptRun, days: BoolArray) -> FloatArray:
    """Hours off a day of each sample over some days: 24 x unserved / demand of them all, (n,)."""
    demand = kept.day_mwh[:, days]
    found: FloatArray = (kept.day_off[:, days] * demand).sum(axis=1) / demand.sum(axis=1)
    return found


def _is_whole(grid: TimeGrid, month: int) -> bool:
    """Whether the horizon holds the whole month: what is stated of it is of all its days."""
    first = grid.local[0]
    return month > 0 or (first.day == 1 and first.hour == 0)
