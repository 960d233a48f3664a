"""Times in the past to forecast from, and what was known then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.choose import fit_history
from gridtool.forecast.demand.model import DemandEvent, SpecialDays
from gridtool.forecast.demand.scoring.backtest_truth import Truth
from gridtool.forecast.history.model import History
from gridtool.forecast.model import FittedModel
from gridtool.timegrid import TimeGrid

__all__ = ["OriginForecast", "fit_origins", "months_grid", "place_origins", "shift_months"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
LEAST_HISTORY = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class OriginForecast:
    """The model as it would have been fitted at ``origin`` (aware UTC), and what came.

    Attributes
    ----------
    known
        The history up to the origin.
    grid
        The months ahead.
    truth_mw : (grid.hours,)
        Demand as it came; NaN where unknown or itself a guess.
    served_mw : (grid.hours,)
        See :class:`gridtool.forecast.demand.scoring.backtest_truth.Truth`.
    """

    origin: datetime
    known: History
    model: FittedModel
    grid: TimeGrid
    truth_mw: FloatArray
    served_mw: FloatArray


def fit_origins(
    history: History,
    truth: Truth,
    *,
    origins: Sequence[datetime],
    months: int,
    special_days: SpecialDays,
    events: Sequence[DemandEvent] = (),
    load_months: int | None = None,
    model: str = "auto",
) -> Iterator[OriginForecast]:
    """Fit the model at each origin to what was known then.

    Events that begin later are not known. With ``load_months`` only so many local months of
    load before the origin are, but all of the temperature.
    """
    for origin in origins:
        known = history.until(origin)
        if load_months is not None:
            known = _forget_load(known, before=shift_months(origin, -load_months, history.zone))
        grid = months_grid(origin, months=months, zone=history.zone)
        first = int((origin - history.start) / HOUR)
        yield OriginForecast(
            origin=origin,
            known=known,
            model=fit_history(
                known,
                special_days=special_days,
                events=tuple(event for event in events if event.start < origin),
                model=model,
            ),
            grid=grid,
            truth_mw=truth.load_mw[first : first + grid.hours],
            served_mw=truth.served_mw[first : first + grid.hours],
        )


def place_origins(
    start: datetime,
    end: datetime,
    *,
    zone: ZoneInfo,
    months: int,
    origins: int,
    step_months: int | None = None,
    least: timedelta = LEAST_HISTORY,
    file: str = "",
) -> list[datetime]:
    """First instants of local months with ``months`` after them, the latest possible, in order.

    Parameters
    ----------
    start, end
        Of the history.
    step_months
        How far origins are apart; None: ``months``, so that no hour is forecast twice.
    least
        History that each origin must have before it.

    Raises
    ------
    HistoryError
        If there is none.
    """
    local = end.astimezone(zone)
    latest = datetime(local.year, local.month, 1, tzinfo=zone).astimezone(UTC)
    found: list[datetime] = []
    while len(found) < origins:
        origin = shift_months(latest, -months - (step_months or months) * len(found), zone)
        if origin - start < least:
            break
        found.append(origin)
    if not found:
        raise HistoryError(
            Issue(
                message=f"the history is too short to look back {months} months",
                file=file or None,
                accepted=f"at least {least.days} days before {months} whole months",
                hint="look back fewer months, or give a longer history",
            )
        )
    return found[::-1]


def months_grid(origin: datetime, *, months: int, zone: ZoneInfo) -> TimeGrid:
    """The hours of ``months`` local months from ``origin`` on."""
    return TimeGrid(origin, int((shift_months(origin, months, zone) - origin) / HOUR), zone)


def shift_months(moment: datetime, months: int, zone: ZoneInfo) -> datetime:
    """First instant of the local month that lies ``months`` after that of ``moment``, UTC."""
    local = moment.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    return datetime(year, month + 1, 1, tzinfo=zone).astimezone(UTC)


def _forget_load(known: History, *, before: datetime) -> History:
    """The history with its temperature, but with load only from ``before`` on."""
    hours = min(known.hours, max(0, int((before - known.start) / HOUR)))
    if not hours:
        return known
    unknown = np.full(hours, np.nan)
    shed, short = known.shed_mw, known.short
    return replace(
        known,
        load_mw=np.concatenate([unknown, known.load_mw[hours:]]),
        shed_mw=None if shed is None else np.concatenate([unknown, shed[hours:]]),
        short=None if short is None else np.concatenate([np.zeros(hours, bool), short[hours:]]),
    )
