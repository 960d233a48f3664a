"""What the districts of a city took, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.history.model import History, PeriodHistory

__all__ = ["DistrictHistory", "join_districts"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class DistrictHistory:
    """Demand of every district from ``start`` (aware UTC, on the hour) on.

    Attributes
    ----------
    districts
        Ids or names, D of them, as the file has them.
    load_mw : (D, n)
        Hourly means; a longer period's for each of its hours. NaN where unknown.
    step
        Of the file: ``hour``, ``day``, ``week``, ``month`` or ``year``.
    notes
        What was found on the way, in words.
    """

    districts: tuple[str, ...]
    start: datetime
    load_mw: FloatArray
    zone: ZoneInfo
    step: str = "hour"
    origin: str = ""
    notes: tuple[str, ...] = ()

    @property
    def end(self) -> datetime:
        """First instant after the last hour, UTC."""
        return self.start + int(self.load_mw.shape[1]) * HOUR

    def until(self, moment: datetime) -> DistrictHistory:
        """The hours that were over at ``moment`` (aware)."""
        hours = max(int((moment - self.start) // HOUR), 0)
        return replace(self, load_mw=self.load_mw[:, :hours])


def join_districts(
    histories: Mapping[str, History | PeriodHistory], *, file: str
) -> DistrictHistory:
    """Histories by district laid side by side on one row of hours.

    A period's mean stands in each of its hours. Where one district begins later or ends earlier
    than another it is unknown.

    Raises
    ------
    HistoryError
        If their steps differ: a day and a month say different things of the same hour.
    """
    steps = {_step_of(history) for history in histories.values()}
    if len(steps) != 1:
        raise HistoryError(
            Issue(
                message=f"districts have different steps: {', '.join(sorted(steps)) or 'none'}",
                file=file,
                accepted="one step for all",
            ),
            subject="history",
        )
    start = min(history.start for history in histories.values())
    end = max(history.end for history in histories.values())
    load = np.full((len(histories), int((end - start) // HOUR)), np.nan)
    for row, history in enumerate(histories.values()):
        hourly = _hours_of(history)
        first = int((history.start - start) // HOUR)
        load[row, first : first + len(hourly)] = hourly
    return DistrictHistory(
        districts=tuple(histories),
        start=start,
        load_mw=load,
        zone=next(iter(histories.values())).zone,
        step=steps.pop(),
    )


def _step_of(history: History | PeriodHistory) -> str:
    return "hour" if isinstance(history, History) else history.step


def _hours_of(history: History | PeriodHistory) -> FloatArray:
    """Mean MW of each hour, (n,)."""
    if isinstance(history, History):
        return history.load_mw
    lengths = np.diff(history.edges).astype("timedelta64[s]").astype(np.int64) // 3600
    hourly: FloatArray = np.repeat(history.energy_mwh / lengths, lengths)
    return hourly
