"""A model of days, weeks, months or years in words."""

from __future__ import annotations

from datetime import datetime

from gridtool.forecast.history.model import PeriodHistory

__all__ = ["describe_periods", "say_of_periods"]

MONTH_D = 30.44
_STEP_NAMES = {"day": "daily", "week": "weekly", "month": "monthly", "year": "yearly"}


def describe_periods(
    history: PeriodHistory,
    *,
    start: datetime,
    words: str,
    whose: str,
    seasons: bool,
    size: str,
) -> str:
    """The model, what its shape is, and how much history it has.

    Parameters
    ----------
    start
        Of the first period whose energy is known.
    words
        Of the source of levels.
    whose
        Whose hours the shape is made of.
    seasons
        The year's course is that of the profiles.
    size
        How it comes to the network's size.
    """
    kind = "energy with typical profiles" if seasons else _STEP_NAMES[history.step] + " model"
    years = (history.end - start).days / 365.25
    length = f"{years:.1f} years" if years >= 1 else f"{12 * years:.0f} months"
    end = history.end.astimezone(history.zone)
    held = f"{length} of {_STEP_NAMES[history.step]} history to {end:%Y-%m-%d}"
    parts = [f"{kind}: {words}", f"hours shaped as those of {whose}", held, size]
    return "; ".join(part for part in parts if part)


def say_of_periods(
    history: PeriodHistory, *, peak_ratio: float, seasons: bool, weather: bool
) -> tuple[str, ...]:
    """What a reader of a forecast must know of demand that was never measured by the hour.

    Parameters
    ----------
    peak_ratio
        Highest hour of the last year over its mean.
    weather
        Temperature is used.
    """
    step = history.step
    shaped = (
        f"the history holds {step}s: hours are shaped by profiles, their energy by {step} is the "
        f"history's; the year's highest hour is taken as {peak_ratio:.2f} of its mean hour, give "
        "or take a tenth"
    )
    said = [shaped]
    if seasons:
        said.append(
            "the history is too short for seasons of its own: the year's course is that of "
            "typical profiles, and intervals are declared, not estimated"
            if step != "year"
            else "yearly energy tells of no seasons: the year's course is that of typical profiles"
        )
    elif not weather and step == "day":
        said.append("no temperature: the weather is in the spread of the days alone")
    return tuple(said)
