"""What tells one history from another: hashes of the years a model has seen.

The hash of the file alone changes with every hour appended; hashes by year tell a history that
grew from one that was revised.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.forecast.history.model import History, PeriodHistory

__all__ = ["HistoryMark", "YearMark", "find_changes", "mark_history"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearMark:
    """The part of a history that begins in one UTC year.

    Attributes
    ----------
    known
        Periods whose demand is known.
    energy_mwh
        Their energy.
    sha256
        Of all values of the part: demand, temperature, shed load, hours known to be short.
    """

    year: int
    known: int
    energy_mwh: float
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryMark:
    """The history a model was fitted to: step, zone of its days, span in UTC, and hashes.

    ``sha256`` is the hash of the file, empty for a history that came from none.
    """

    step: str
    zone: ZoneInfo
    start: datetime
    end: datetime
    origin: str
    sha256: str
    years: tuple[YearMark, ...]


def mark_history(history: History | PeriodHistory) -> HistoryMark:
    """The mark of ``history``."""
    starts, columns = _columns(history)
    year = _years(starts)
    return HistoryMark(
        step=history.step if isinstance(history, PeriodHistory) else "hour",
        zone=history.zone,
        start=history.start,
        end=history.end,
        origin=PurePath(history.origin).name,
        sha256=history.sha256,
        years=tuple(_mark_part(columns, year == one, year=int(one)) for one in np.unique(year)),
    )


def find_changes(mark: HistoryMark, history: History | PeriodHistory) -> tuple[str, ...]:
    """What of the part that the model saw is otherwise in ``history``, in words.

    Empty for a history that only grew.
    """
    step = history.step if isinstance(history, PeriodHistory) else "hour"
    if step != mark.step:
        return (f"the history is by {step} now; the model was fitted to one by {mark.step}",)
    starts, columns = _columns(history)
    seen = (starts >= _moment(mark.start)) & (starts < _moment(mark.end))
    year = _years(starts)
    found = []
    for old in mark.years:
        part = seen & (year == old.year)
        now = _mark_part(columns, part, year=old.year)
        if now.sha256 != old.sha256:
            found.append(_describe_change(old, now, step=mark.step))
    return tuple(found)


def _describe_change(old: YearMark, now: YearMark, *, step: str) -> str:
    if not now.known:
        return f"{old.year} is no longer in the history"
    text = f"{old.year} was revised since the fit: "
    if now.known != old.known:
        text += f"{old.known} {step}s were known, {now.known} are now; "
    if old.energy_mwh > 0 and now.energy_mwh != old.energy_mwh:
        change = 100 * (now.energy_mwh / old.energy_mwh - 1)
        return text + (
            f"its energy was {old.energy_mwh:,.0f} MWh and is {now.energy_mwh:,.0f} MWh "
            f"({change:+.2f} %)"
        )
    if now.known != old.known:
        return text.removesuffix("; ")
    return text + "demand adds up to the same, other values or hours differ"


def _columns(
    history: History | PeriodHistory,
) -> tuple[npt.NDArray[np.datetime64], tuple[FloatArray | None, ...]]:
    """Starts of the periods (n,), and the columns: energy in MWh first."""
    if isinstance(history, PeriodHistory):
        starts = history.edges[:-1].astype("datetime64[s]")
        return starts, (history.energy_mwh, history.temp_c, history.shed_mwh)
    hours = np.arange(history.hours).astype("timedelta64[h]")
    short = None if history.short is None else history.short.astype(np.float64)
    return (
        _moment(history.start) + hours,
        (history.load_mw, history.temp_c, history.shed_mw, short),
    )


def _mark_part(
    columns: tuple[FloatArray | None, ...], part: npt.NDArray[np.bool_], *, year: int
) -> YearMark:
    digest = hashlib.sha256()
    for column in columns:
        digest.update(b"|" if column is None else _canonical_bytes(column[part]))
    demand = np.asarray(columns[0])[part]
    known = np.isfinite(demand)
    return YearMark(
        year=year,
        known=int(known.sum()),
        energy_mwh=float(demand[known].sum()),
        sha256=digest.hexdigest(),
    )


def _canonical_bytes(values: FloatArray) -> bytes:
    """Little-endian float64 with one kind of NaN and one zero."""
    plain = np.where(np.isnan(values), np.nan, values) + 0.0
    return b"+" + plain.astype("<f8").tobytes()


def _moment(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "s")


def _years(starts: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    years: npt.NDArray[np.int64] = starts.astype("datetime64[Y]").astype(np.int64) + 1970
    return years
