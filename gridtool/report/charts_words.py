"""The messages of the demand model's charts: a frame in, a sentence with numbers out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gridtool.forecast.demand.model import LevelBreak
from gridtool.units import format_quantity

__all__ = [
    "note_history",
    "say_ahead",
    "say_cover",
    "say_history",
    "say_level",
    "say_profile",
    "say_response",
]

_VISIBLE_PCT = 0.05


def say_history(frame: pd.DataFrame) -> str:
    """What the history shows: its span, and how much of it was not served."""
    first, last = frame["date"].iloc[0], frame["date"].iloc[-1]
    unserved = float(frame["unserved_mwh"].sum())
    hours = int(frame["guessed_hours"].sum())
    span = f"{first:%B %Y} to {last:%B %Y}"
    if unserved <= 0 and not hours:
        return f"Demand from {span}: no hours known or found to be short"
    served = float((frame["served_mw"] * frame["days"] * 24).sum())
    return (
        f"Demand from {span}: {format_quantity(unserved / 1000, decimals=0)} GWh wanted but not "
        f"served ({100 * unserved / (served + unserved):.1f} %), "
        f"{format_quantity(hours, decimals=0)} hours are estimates"
    )


def note_history(frame: pd.DataFrame, *, breaks: int) -> str:
    """What the marks of the history's chart are."""
    parts = []
    if (frame["guessed_hours"] > 0).any():
        parts.append("Ticks at the foot: days with hours that are estimated.")
    if breaks:
        parts.append("Dashed: the level of demand moved.")
    missing = int(frame["missing_hours"].sum())
    if missing:
        parts.append(f"{format_quantity(missing, decimals=0)} hours are missing.")
    return " ".join(parts)


def say_ahead(frame: pd.DataFrame, past: pd.DataFrame | None, *, of: str) -> str:
    """When the months ahead are highest, and how they lie to the year before."""
    top = frame.iloc[int(frame["p50"].argmax())]
    what = "The highest hour comes" if of == "peak" else "Weekly mean demand is highest"
    low, high = (format_quantity(top[name], decimals=0) for name in ("p10", "p90"))
    text = (
        f"{what} in the week of {top['date']:%d %B %Y}: "
        f"{format_quantity(top['p50'], decimals=0)} MW, in 8 of 10 futures {low} to {high} MW"
    )
    if past is None or past.empty:
        return text
    last = past[past["back"] == past["back"].min()]
    both = last.merge(frame[["date", "p50"]], on="date")
    if both.empty:
        return text
    change = 100 * (both["p50"].mean() / both["value_mw"].mean() - 1)
    word = "above" if change > 0 else "below"
    if abs(change) < _VISIBLE_PCT:
        return f"{text}; the middle lies where it lay a year before"
    return f"{text}; the middle lies {abs(change):.1f} % {word} a year before"


def say_response(frame: pd.DataFrame) -> str:
    """Slopes of the fitted curve from its lowest point to both ends."""
    lowest = frame.iloc[int(frame["fitted_mw"].argmin())]
    parts = []
    for side, word in ((frame.iloc[0], "colder"), (frame.iloc[-1], "warmer")):
        degrees = abs(float(side["temp_c"] - lowest["temp_c"]))
        if degrees >= 2:
            slope = float(side["fitted_mw"] - lowest["fitted_mw"]) / degrees
            shown = format_quantity(slope, decimals=0 if slope >= 10 else 1)
            parts.append(f"each degree {word} adds {shown} MW")
    if not parts:
        return "Working days' demand hardly depends on the temperature"
    return (
        f"Working days need least at {lowest['temp_c']:.0f} °C, "
        f"{format_quantity(lowest['fitted_mw'], decimals=0)} MW; on average " + " and ".join(parts)
    )


def say_profile(frame: pd.DataFrame) -> str:
    """When an ordinary week is highest and lowest."""
    top = frame.iloc[int(frame["p50_mw"].argmax())]
    season = frame[frame["season"] == top["season"]]
    low = season.iloc[int(season["p50_mw"].argmin())]
    day = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    hour = int(top["hour_of_week"])
    other = int(low["hour_of_week"])
    return (
        f"An ordinary week from {top['season']} is highest on {day[hour // 24]} at "
        f"{hour % 24}:00 with {format_quantity(top['p50_mw'], decimals=0)} MW; the lowest hour, "
        f"{day[other // 24]} at {other % 24}:00, is {100 * low['p50_mw'] / top['p50_mw']:.0f} % "
        "of it"
    )


def say_level(frame: pd.DataFrame, breaks: Sequence[LevelBreak]) -> str:
    """How the level of demand moved and how well it is known ahead."""
    past = frame[~frame["ahead"]]
    now = float(past["level_pct"].iloc[-1])
    text = "The level of demand"
    if len(past) > 52:
        change = 100 * (now / float(past["level_pct"].iloc[-53]) - 1)
        word = "higher" if change > 0 else "lower"
        text += f" is {abs(change):.1f} % {word} than a year before"
    else:
        text += f" is at {now:.1f} % of its mean"
    last = frame[frame["ahead"]].iloc[-1]
    half = (last["high_pct"] - last["low_pct"]) / 2
    text += f"; half a year ahead it is known to ±{half:.1f} %"
    if breaks:
        largest = max(breaks, key=lambda found: abs(found.step))
        text += (
            f"; its largest step, {100 * np.expm1(largest.step):+.1f} %, came on "
            f"{largest.at:%d %B %Y}"
        )
    return text


def say_cover(model: pd.DataFrame) -> str:
    """Whether the intervals of the past held what they promised."""
    share = model["share"].to_numpy()
    inside = 100 * float(share[1:-1].sum())
    expected = 100 * (len(share) - 2) / len(share)
    if inside < expected - 10:
        word = "its intervals were too narrow"
    elif inside > expected + 10:
        word = "its intervals were too wide"
    else:
        word = "its intervals could be taken as they are"
    return (
        f"In the past {inside:.0f} % of the hours came to lie within the middle {expected:.0f} % "
        f"of the forecast: {word}"
    )
