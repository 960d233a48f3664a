"""Load shed: what a column and an outage log say together, and what of it cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue
from gridtool.forecast.history.quality import QualityFinding, list_findings, note_runs
from gridtool.forecast.history.read_outages import Outage, lay_outages

__all__ = ["ShedLoad", "join_shed"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class ShedLoad:
    """Load shed by hour, (n,) or None, and hours known to be short, (n,) bool."""

    shed_mw: FloatArray | None
    short: BoolArray
    findings: tuple[QualityFinding, ...] = ()
    issues: tuple[Issue, ...] = ()


def join_shed(
    column: FloatArray | None,
    outages: tuple[Outage, ...],
    *,
    load_mw: FloatArray,
    start: datetime,
    file: str,
) -> ShedLoad:
    """Join both; the column's figure goes before the log's.

    More load shed than was ever served is no load shed: the hour stays short, the figure is left
    out. A figure below zero says nothing of the hour.
    """
    short, logged = lay_outages(outages, start=start, hours=len(load_mw))
    if column is None and not outages:
        return ShedLoad(shed_mw=None, short=short)
    shed = logged if column is None else np.where(np.isfinite(column), column, logged)
    served = load_mw[np.isfinite(load_mw)]
    most = float(np.quantile(served, 0.999)) if len(served) else np.inf
    with np.errstate(invalid="ignore"):
        below, above = shed < 0, shed > most
        short |= shed > 0
    findings = note_runs(
        above,
        "shed above demand",
        rule=f"more load shed than was ever served ({most:,.0f} MW, 99.9 % of the hours)",
        start=start,
        masked=True,
    )
    issues = list_findings(findings, "more load shed than was ever served, left out", file=file)
    negative = note_runs(
        below, "negative shed", rule="load shed below zero", start=start, masked=True
    )
    issues += list_findings(negative, "load shed below zero, left out", file=file)
    if outages and not short.any():
        message = "no outage of the log lies within the history"
        issues.append(Issue(message=message, file=file, severity="warning"))
    return ShedLoad(
        shed_mw=np.where(below | above, np.nan, shed),
        short=short,
        findings=(*findings, *negative),
        issues=tuple(issues),
    )
