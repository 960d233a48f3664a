"""The look that all charts share: one place for colours, type, axes and titles.

Colours are those of Okabe and Ito, which people who do not tell red from green can tell apart.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

__all__ = [
    "BLUE",
    "DARK",
    "GREY",
    "ORANGE",
    "RED",
    "Spec",
    "date_axis",
    "finish",
    "key_layer",
    "mw_axis",
    "rows_of",
    "stack",
    "wrap_lines",
]

Spec = dict[str, Any]
"""A Vega-Lite chart as plain values."""

BLUE, ORANGE, RED, GREY = "#0072B2", "#E69F00", "#D55E00", "#8A8A8A"
DARK, _INK, _PALE = "#4A4A4A", "#222222", "#E4E4E4"
_WIDTH = 780
_TITLE_WIDTH = 92
_NOTE_WIDTH = 125
_DIGITS = 6


def rows_of(frame: pd.DataFrame) -> alt.InlineData:
    """The rows of ``frame`` for a chart: numbers to six digits, dates as text.

    A local time is written as if it were UTC and drawn on a scale of UTC, so that it looks the
    same wherever the chart is opened.
    """
    return alt.InlineData(values=[_plain_row(row) for row in frame.to_dict("records")])


def date_axis(field: str, *, title: str, **settings: Any) -> alt.X:
    """A horizontal axis of local dates."""
    return alt.X(
        f"{field}:T",
        scale=alt.Scale(type="utc", nice=False),
        axis=alt.Axis(title=title, labelOverlap=True, tickCount=10, **settings),
    )


def mw_axis(field: str, *, title: str, zero: bool = False) -> alt.Y:
    """A vertical axis of numbers with spaces between thousands."""
    return alt.Y(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(zero=zero, nice=True),
        axis=alt.Axis(labelExpr="replace(format(datum.value, ','), /,/g, ' ')", tickCount=6),
    )


def key_layer(colours: Mapping[str, str]) -> alt.Chart:
    """A layer that draws nothing and explains ``colours``."""
    rows = alt.InlineData(values=[{"key": word} for word in colours])
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    key = alt.Color("key:N", scale=scale, legend=alt.Legend(title=None, symbolOpacity=1))
    layer: alt.Chart = alt.Chart(rows).mark_point(opacity=0, filled=True).encode(color=key)
    return layer


def finish(layers: Sequence[alt.Chart], *, title: str, note: str = "", height: int = 250) -> Spec:
    """Layers on each other as one chart with its message above."""
    chart = alt.layer(*layers).properties(
        width=_WIDTH,
        height=height,
        title=alt.TitleParams(
            text=wrap_lines(title, _TITLE_WIDTH),
            subtitle=wrap_lines(note, _NOTE_WIDTH) or alt.Undefined,
        ),
    )
    return _with_look(chart)


def stack(specs: Sequence[Spec]) -> Spec:
    """Charts under each other as one.

    Raises
    ------
    ValueError
        If there is none.
    """
    if not specs:
        raise ValueError("there is nothing to draw")
    if len(specs) == 1:
        return specs[0]
    shared = ("$schema", "config", "datasets")
    parts = [{key: value for key, value in spec.items() if key not in shared} for spec in specs]
    return {
        "$schema": specs[0]["$schema"],
        "config": specs[0]["config"],
        "datasets": {name: rows for spec in specs for name, rows in spec["datasets"].items()},
        "vconcat": parts,
        "spacing": 36,
        "resolve": {"scale": {"color": "independent"}, "legend": {"color": "independent"}},
    }


def wrap_lines(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width``, a number never parted from its thousands or unit."""
    joined = re.sub(r"(?<=\d) (?=\d{3}(?!\d)|%|°C|[MG]W)", "\u00a0", text)
    return textwrap.wrap(joined, width, break_on_hyphens=False)


def _with_look(chart: alt.LayerChart | alt.FacetChart) -> Spec:
    spec: Spec = chart.configure(
        font="Liberation Sans, Arial, sans-serif",
        background="white",
        padding=16,
        axis=alt.AxisConfig(
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            labelColor=_INK,
            titleColor=_INK,
            gridColor=_PALE,
            domainColor=GREY,
        ),
        legend=alt.LegendConfig(
            orient="top", labelFontSize=12, symbolType="square", labelLimit=400, columns=5
        ),
        title=alt.TitleConfig(
            anchor="start",
            frame="group",
            fontSize=15,
            color=_INK,
            subtitleFontSize=12,
            subtitleColor="#555555",
            offset=10,
        ),
        view=alt.ViewConfig(stroke=None),
    ).to_dict()
    return spec


def _plain_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%dT%H:%M}Z"
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
