"""The outage log beside a history: when less was served than wanted, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.schema import Column, TableSchema
from gridtool.formats.typed import read_table

__all__ = ["OUTAGES", "Outage", "lay_outages", "read_outages", "sum_outages"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
HOUR = timedelta(hours=1)

OUTAGES = TableSchema(
    name="outages",
    meaning="Times in which less was served than wanted; they may overlap.",
    key=(),
    columns=(
        Column(name="from", kind="timestamp", meaning="first instant"),
        Column(name="to", kind="timestamp", meaning="first instant after it"),
        Column(
            name="shed_mw",
            kind="float",
            unit="MW",
            required=False,
            minimum=0.0,
            meaning="mean load shed, if known; of overlapping rows it adds up",
        ),
        Column(name="note", kind="text", required=False, meaning="for people"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Less was served than wanted from ``start`` to ``end`` (aware UTC)."""

    start: datetime
    end: datetime
    shed_mw: float | None


def read_outages(path: str | Path, *, zone: ZoneInfo) -> tuple[Outage, ...]:
    """The rows of an outage log: columns ``from``, ``to``, and if known ``shed_mw``, ``note``.

    Parameters
    ----------
    zone
        Of times without an offset.

    Raises
    ------
    HistoryError
        With every finding.
    """
    frame, _ = read_table(path, OUTAGES, zone=zone, error=HistoryError)
    outages: list[Outage] = []
    issues: list[Issue] = []
    rows = zip(frame["from"], frame["to"], frame["shed_mw"], strict=True)
    for number, (start, end, shed) in enumerate(rows, start=1):
        if end <= start:
            message = f"outage {number} ends before it begins"
            issues.append(
                Issue(
                    message=message, file=Path(path).name, field="to", value=f"{end:%Y-%m-%d %H:%M}"
                )
            )
        known = None if np.isnan(shed) else float(shed)
        outages.append(Outage(start=start.to_pydatetime(), end=end.to_pydatetime(), shed_mw=known))
    refuse_on_errors(issues, error=HistoryError, subject=Path(path).name)
    return tuple(outages)


def sum_outages(outages: tuple[Outage, ...], edges: npt.NDArray[np.datetime64]) -> FloatArray:
    """Energy shed in the periods between ``edges`` (n + 1,), MWh, (n,).

    A period without outages has zero; one that holds an outage of unknown size NaN.
    """
    bounds = edges.astype("datetime64[s]").astype(np.int64)
    shed = np.zeros(len(bounds) - 1)
    for outage in outages:
        begun = np.maximum(bounds[:-1], outage.start.timestamp())
        ended = np.minimum(bounds[1:], outage.end.timestamp())
        inside = np.maximum(ended - begun, 0.0) / HOUR.total_seconds()
        mw = np.nan if outage.shed_mw is None else outage.shed_mw
        shed[inside > 0] += mw * inside[inside > 0]
    return shed


def lay_outages(
    outages: tuple[Outage, ...], *, start: datetime, hours: int
) -> tuple[BoolArray, FloatArray]:
    """Hours that an outage touches, and the mean load shed in them; NaN where nothing says so.

    An hour that also holds an outage of unknown size has no known load shed.
    """
    short = np.zeros(hours, dtype=np.bool_)
    unknown = np.zeros(hours, dtype=np.bool_)
    shed = np.zeros(hours)
    for outage in outages:
        begun = max((outage.start - start) / HOUR, 0.0)
        ended = min((outage.end - start) / HOUR, float(hours))
        if ended <= begun:
            continue
        touched = np.arange(int(begun), int(np.ceil(ended)))
        short[touched] = True
        if outage.shed_mw is None:
            unknown[touched] = True
        else:
            share = np.minimum(touched + 1, ended) - np.maximum(touched, begun)
            shed[touched] += outage.shed_mw * share
    return short, np.where(short & ~unknown, shed, np.nan)
