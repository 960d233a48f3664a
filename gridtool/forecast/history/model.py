"""Histories of demand: by hour, and by longer periods."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.history.quality import QualityFinding

__all__ = ["History", "PeriodHistory"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class History:
    """Hourly demand and temperature from ``start`` (aware UTC, on the hour) on.

    Attributes
    ----------
    load_mw : (n,)
        Mean load served in the hour that begins at the time; NaN where missing or left out.
    temp_c : (n,) or None
        Temperature; NaN where missing.
    shed_mw : (n,) or None
        Mean load shed in the hour as measured or reported, NaN where unknown; None where the file
        says nothing of it.
    short : (n,) bool or None
        Hours in which less was served than wanted: by an outage log or a shed column, or because
        the load dips for hours or is held at a limit; None where nothing is known of it.
    zone
        Time zone of the local days that the demand follows.
    clock
        How the file's times were understood, in words.
    warnings
        Everything found on the way that did not refuse the history.
    findings
        What the rules of quality found, place by place; ``warnings`` counts them by kind.
    understood
        How the file was read: (subject, in words), as columns, units, step.
    set_aside
        What the file promises but cannot be used, in words: a model fitted without it is weaker
        than the file seems to allow. None where all of it serves.
    """

    start: datetime
    load_mw: FloatArray
    temp_c: FloatArray | None
    zone: ZoneInfo
    shed_mw: FloatArray | None = None
    short: BoolArray | None = None
    clock: str = "UTC"
    origin: str = ""
    sha256: str = ""
    warnings: tuple[Issue, ...] = ()
    findings: tuple[QualityFinding, ...] = ()
    understood: tuple[tuple[str, str], ...] = ()
    set_aside: str | None = None

    @property
    def hours(self) -> int:
        """Number of hours from the first to the last, gaps included."""
        return len(self.load_mw)

    @property
    def end(self) -> datetime:
        """First instant after the last hour, UTC."""
        return self.start + self.hours * HOUR

    @property
    def load_start(self) -> datetime:
        """First hour whose demand is known, UTC: temperature may begin years before."""
        known = np.flatnonzero(np.isfinite(self.load_mw))
        return self.start + int(known[0]) * HOUR if len(known) else self.end

    def until(self, moment: datetime) -> History:
        """What was known at ``moment`` (aware): the hours that were over by then.

        Raises
        ------
        HistoryError
            If nothing was.
        """
        hours = int((moment - self.start) // HOUR)
        if hours <= 0:
            raise _begins_later(self.start, moment, origin=self.origin)
        if hours >= self.hours:
            return self
        return replace(
            self,
            load_mw=self.load_mw[:hours],
            temp_c=None if self.temp_c is None else self.temp_c[:hours],
            shed_mw=None if self.shed_mw is None else self.shed_mw[:hours],
            short=None if self.short is None else self.short[:hours],
            findings=_found_by(self.findings, moment),
        )


@dataclass(frozen=True, kw_only=True)
class PeriodHistory:
    """Energy by local day, week, month or year: a history without hours.

    Attributes
    ----------
    edges : (n + 1,) datetime64[s]
        UTC instants that bound the periods, each where the one before ends.
    energy_mwh : (n,)
        Energy served in the period; NaN where missing.
    temp_c : (n,) or None
        Mean temperature; NaN where missing.
    shed_mwh : (n,) or None
        Energy shed in the period, NaN where unknown.
    findings, understood, set_aside
        As of :class:`History`.
    """

    step: Literal["day", "week", "month", "year"]
    edges: npt.NDArray[np.datetime64]
    energy_mwh: FloatArray
    temp_c: FloatArray | None
    zone: ZoneInfo
    shed_mwh: FloatArray | None = None
    clock: str = "UTC"
    origin: str = ""
    sha256: str = ""
    warnings: tuple[Issue, ...] = ()
    findings: tuple[QualityFinding, ...] = ()
    understood: tuple[tuple[str, str], ...] = ()
    set_aside: str | None = None

    @property
    def start(self) -> datetime:
        """First instant of the first period, UTC."""
        return _instant(self.edges[0])

    @property
    def end(self) -> datetime:
        """First instant after the last period, UTC."""
        return _instant(self.edges[-1])

    @property
    def periods(self) -> int:
        """Number of periods from the first to the last, gaps included."""
        return len(self.energy_mwh)

    def until(self, moment: datetime) -> PeriodHistory:
        """What was known at ``moment`` (aware): the periods that were over by then.

        Raises
        ------
        HistoryError
            If none was.
        """
        instant = np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "s")
        periods = int(np.searchsorted(self.edges, instant, side="right")) - 1
        if periods <= 0:
            raise _begins_later(self.start, moment, origin=self.origin)
        if periods >= self.periods:
            return self
        return replace(
            self,
            edges=self.edges[: periods + 1],
            energy_mwh=self.energy_mwh[:periods],
            temp_c=None if self.temp_c is None else self.temp_c[:periods],
            shed_mwh=None if self.shed_mwh is None else self.shed_mwh[:periods],
            findings=_found_by(self.findings, moment),
        )


def _begins_later(start: datetime, moment: datetime, *, origin: str) -> HistoryError:
    return HistoryError(
        Issue(
            message=f"the history begins at {start:%Y-%m-%d %H:%M} UTC, after "
            f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            file=origin or None,
            hint="give an earlier history or a later --as-of",
        )
    )


def _found_by(findings: tuple[QualityFinding, ...], moment: datetime) -> tuple[QualityFinding, ...]:
    return tuple(finding for finding in findings if finding.first < moment)


def _instant(edge: np.datetime64) -> datetime:
    return datetime.fromtimestamp(int(edge.astype("datetime64[s]").astype(np.int64)), tz=UTC)
