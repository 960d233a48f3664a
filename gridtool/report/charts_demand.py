"""Charts of a demand history and its model: a frame in, a Vega-Lite chart as plain values out.

The title of each says what is to be seen, in words with numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from gridtool.forecast.demand.model import LevelBreak
from gridtool.report.charts import (
    BLUE,
    DARK,
    GREY,
    ORANGE,
    RED,
    Spec,
    date_axis,
    finish,
    key_layer,
    mw_axis,
    rows_of,
)
from gridtool.report.charts_words import (
    note_history,
    say_ahead,
    say_cover,
    say_history,
    say_level,
    say_profile,
    say_response,
)

__all__ = [
    "chart_ahead",
    "chart_cover",
    "chart_history",
    "chart_level",
    "chart_profile",
    "chart_response",
]

_WEEKDAYS = "['Mon','Tue','Wed','Thu','Fri','Sat','Sun']"
_MW = "demand [MW]"
_EIGHT, _FIVE, _MIDDLE = "8 of 10 futures (P10 to P90)", "5 of 10 (P25 to P75)", "middle (P50)"
_SPANS = {1: "daily", 7: "weekly", 30: "monthly", 31: "monthly", 365: "yearly", 366: "yearly"}


def chart_history(frame: pd.DataFrame, *, breaks: Sequence[LevelBreak] = ()) -> Spec:
    """Served demand, what would have been wanted, and the days in which hours are estimates.

    Parameters
    ----------
    frame
        Of :func:`gridtool.report.plot_frames.frame_history`.
    """
    span = _SPANS.get(round(float(frame["days"].median())), "period's")
    short = frame[(frame["guessed_hours"] > 0) | (frame["unserved_mwh"] > 0)]
    colours = {"served": BLUE}
    layers = []
    base = alt.Chart(rows_of(frame.assign(label=frame["date"].dt.strftime("%a %d %b %Y"))))
    x = date_axis("date", title="local date")
    if len(short):
        colours |= {"wanted but not served (estimate)": ORANGE}
        layers.append(
            base.mark_area(opacity=0.8).encode(
                x=x,
                y=mw_axis("served_mw", title=f"{span} mean {_MW}"),
                y2="wanted_mw:Q",
                color=alt.value(colours["wanted but not served (estimate)"]),
            )
        )
    layers.append(
        base.mark_line(strokeWidth=1.1).encode(
            x=x,
            y=mw_axis("served_mw", title=f"{span} mean {_MW}"),
            color=alt.value(colours["served"]),
            tooltip=["label:N", "served_mw:Q", "wanted_mw:Q", "guessed_hours:Q"],
        )
    )
    layers += _mark_days(frame, "guessed_hours", colour=ORANGE)
    layers += _mark_breaks(breaks)
    return finish(
        [*layers, key_layer(colours)],
        title=say_history(frame),
        note=note_history(frame, breaks=len(breaks)),
        height=260,
    )


def chart_ahead(frame: pd.DataFrame, *, past: pd.DataFrame | None = None, of: str = "mean") -> Spec:
    """The months ahead as a fan, with the same weeks of past years.

    Parameters
    ----------
    frame, past
        Of :func:`gridtool.report.plot_frames.frame_fan` and ``frame_past_years``.
    of
        ``mean`` or ``peak``: what of each week is shown.
    """
    what = "highest hour of the week" if of == "peak" else "weekly mean"
    colours = {_EIGHT: "#9CC9E3", _FIVE: "#4D9FCB", _MIDDLE: "#003F63"}
    base = alt.Chart(rows_of(frame.assign(label=frame["date"].dt.strftime("week of %d %b %Y"))))
    x = date_axis("date", title="week beginning, local date", format="%d %b %y")
    title = f"{what}, {_MW}"
    layers = [
        base.mark_area(opacity=1).encode(
            x=x, y=mw_axis(low, title=title), y2=f"{high}:Q", color=alt.value(colours[word])
        )
        for low, high, word in (("p10", "p90", _EIGHT), ("p25", "p75", _FIVE))
    ]
    if past is not None and len(past):
        colours["past years, same weeks"] = DARK
        layers.append(
            alt.Chart(rows_of(past))
            .mark_line(strokeWidth=1, opacity=0.9, strokeDash=[3, 2])
            .encode(
                x=x,
                y=mw_axis("value_mw", title=title),
                detail="back:N",
                color=alt.value(colours["past years, same weeks"]),
                tooltip=["year:N", "value_mw:Q"],
            )
        )
    layers.append(
        base.mark_line(strokeWidth=2.2).encode(
            x=x,
            y=mw_axis("p50", title=title),
            color=alt.value(colours[_MIDDLE]),
            tooltip=["label:N", *(f"{name}:Q" for name in ("p10", "p25", "p50", "p75", "p90"))],
        )
    )
    return finish([*layers, key_layer(colours)], title=say_ahead(frame, past, of=of))


def chart_response(frame: pd.DataFrame) -> Spec:
    """Demand by temperature: what the model fitted, and what was observed.

    Parameters
    ----------
    frame
        Of :func:`gridtool.report.plot_frames.frame_response`.
    """
    colours = {
        "the model": BLUE,
        "observed: median, 8 of 10 days": GREY,
    }
    base = alt.Chart(rows_of(frame))
    x = alt.X("temp_c:Q", title="mean temperature of the day [°C]", scale=alt.Scale(zero=False))
    title = f"mean {_MW} of working days"
    observed = alt.value(colours["observed: median, 8 of 10 days"])
    layers = [
        base.mark_rule(strokeWidth=1.6).encode(
            x=x, y=mw_axis("low_mw", title=title), y2="high_mw:Q", color=observed
        ),
        base.mark_point(filled=True, size=34, opacity=1).encode(
            x=x,
            y=mw_axis("observed_mw", title=title),
            color=observed,
            tooltip=["temp_c:Q", "days:Q", "observed_mw:Q", "fitted_mw:Q"],
        ),
        base.mark_line(strokeWidth=2.4).encode(
            x=x, y=mw_axis("fitted_mw", title=title), color=alt.value(colours["the model"])
        ),
    ]
    return finish([*layers, key_layer(colours)], title=say_response(frame))


def chart_profile(frame: pd.DataFrame) -> Spec:
    """An ordinary week by hour, in the cold and in the warm half of the year.

    Parameters
    ----------
    frame
        Of :func:`gridtool.report.plot_frames.frame_profile`.
    """
    colours = {"October to March": BLUE, "April to September": RED}
    colours = {name: colours[name] for name in colours if name in set(frame["season"])}
    x = alt.X(
        "hour_of_week:Q",
        title="hour of the week, local time",
        scale=alt.Scale(domain=[0, 168], nice=False),
        axis=alt.Axis(
            values=list(range(0, 168, 12)),
            labelExpr=f"datum.value % 24 == 0 ? {_WEEKDAYS}[datum.value / 24] : '12:00'",
        ),
    )
    layers = []
    for name in colours:
        part = alt.Chart(rows_of(frame[frame["season"] == name]))
        layers.append(
            part.mark_area(opacity=0.22).encode(
                x=x,
                y=mw_axis("p10_mw", title=_MW),
                y2="p90_mw:Q",
                color=alt.value(colours[name]),
            )
        )
        layers.append(
            part.mark_line(strokeWidth=1.8).encode(
                x=x, y=mw_axis("p50_mw", title=_MW), color=alt.value(colours[name])
            )
        )
    return finish(
        [*layers, key_layer(colours)],
        title=say_profile(frame),
        note="Line: the middle of the weeks; band: 8 of 10 weeks.",
    )


def chart_level(frame: pd.DataFrame, *, breaks: Sequence[LevelBreak] = ()) -> Spec:
    """The level of demand that calendar and weather leave, its steps, and how it may move on.

    Parameters
    ----------
    frame
        Of :func:`gridtool.report.plot_frames.frame_level`.
    """
    colours = {"level as estimated": BLUE, "months ahead: 8 of 10 futures": "#9CC9E3"}
    x = date_axis("date", title="local date")
    title = "level [% of the last year's]"
    past, ahead = frame[~frame["ahead"]], frame[frame["ahead"]]
    layers = [
        alt.Chart(rows_of(ahead))
        .mark_area(opacity=1)
        .encode(
            x=x,
            y=mw_axis("low_pct", title=title),
            y2="high_pct:Q",
            color=alt.value(colours["months ahead: 8 of 10 futures"]),
        ),
        alt.Chart(rows_of(past))
        .mark_line(strokeWidth=1.8)
        .encode(
            x=x,
            y=mw_axis("level_pct", title=title),
            color=alt.value(colours["level as estimated"]),
        ),
        *_mark_breaks(breaks),
    ]
    return finish(
        [*layers, key_layer(colours)],
        title=say_level(frame, breaks),
        note="What is left of demand once calendar and weather are taken out: growth, people "
        "who come and go, steps after damage.",
        height=200,
    )


def chart_cover(pit: pd.DataFrame) -> Spec:
    """Where demand came to lie among the forecasts made of it in the past.

    Parameters
    ----------
    pit
        Of :class:`gridtool.forecast.demand.scoring.backtest_model.Backtest`: ``method``,
        ``from_pct``,
        ``to_pct``, ``share``.
    """
    model = pit[pit["method"] == "model"].copy()
    model["share_pct"] = 100 * model["share"]
    model["tenth"] = [
        f"{low:.0f}-{high:.0f} %"
        for low, high in zip(model["from_pct"], model["to_pct"], strict=True)
    ]
    base = alt.Chart(rows_of(model))
    even = alt.Chart(alt.InlineData(values=[{"share_pct": 100 / len(model)}]))
    layers = [
        base.mark_bar(color=BLUE).encode(
            x=alt.X(
                "tenth:O",
                sort=None,
                title="where demand lay in the forecast, from its lowest to its highest futures",
                axis=alt.Axis(labelAngle=0),
            ),
            y=mw_axis("share_pct", title="share of the hours [%]", zero=True),
        ),
        even.mark_rule(color=ORANGE, strokeDash=[6, 3], strokeWidth=2).encode(y="share_pct:Q"),
    ]
    return finish(
        layers,
        title=say_cover(model),
        note="Dashed: a forecast whose intervals are right. Higher at both ends: too narrow; "
        "higher in the middle: too wide; to one side: demand was forecast too low (right) or "
        "too high (left).",
        height=200,
    )


def _mark_days(frame: pd.DataFrame, field: str, *, colour: str) -> list[alt.Chart]:
    """Ticks at the foot of the chart for the rows in which ``field`` is above zero."""
    marked = frame.loc[frame[field] > 0, ["date", field]]
    if marked.empty:
        return []
    chart = alt.Chart(rows_of(marked)).mark_tick(
        color=colour, thickness=1.5, height=9, orient="vertical"
    )
    return [chart.encode(x=date_axis("date", title="local date"), y=alt.value("height"))]


def _mark_breaks(breaks: Sequence[LevelBreak]) -> list[alt.Chart]:
    """A rule with its size for every step of the level."""
    if not breaks:
        return []
    frame = pd.DataFrame(
        {
            "date": [pd.Timestamp(found.at).tz_localize(None).normalize() for found in breaks],
            "label": [f"{100 * np.expm1(found.step):+.1f} %" for found in breaks],
        }
    )
    base = alt.Chart(rows_of(frame))
    x = date_axis("date", title="local date")
    return [
        base.mark_rule(color=RED, strokeDash=[5, 3], strokeWidth=1.4).encode(x=x),
        base.mark_text(color=RED, align="left", dx=4, dy=6, baseline="top", fontSize=12).encode(
            x=x, y=alt.value(0), text="label:N"
        ),
    ]
