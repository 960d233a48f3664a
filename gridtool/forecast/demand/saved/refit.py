"""Whether a saved demand model should be fitted again, and why, in words with numbers."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gridtool.errors import HistoryError
from gridtool.forecast.demand.saved.mark import HistoryMark, find_changes
from gridtool.forecast.demand.saved.refit_fit import compare_with_model
from gridtool.forecast.demand.saved.write import SavedModel
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.model import FittedModel
from gridtool.timegrid import TimeGrid

__all__ = ["refit_reasons"]

_MOST_NEW_MONTHS = 3
_NEW_SHARE = 0.1
_MONTH_H = 730.5
HOUR = timedelta(hours=1)


def refit_reasons(
    model: FittedModel,
    history: History | PeriodHistory,
    *,
    months: int = 6,
    gridtool_version: str = "",
) -> tuple[str, ...]:
    """Why ``model`` should be fitted again now that ``history`` is known; empty if it need not.

    - a part of the history that the model saw was revised, or is gone
    - three whole months came since, or a tenth of what it saw where that is less
    - demand since the fit lies outside the model's own intervals on more days than chance would
      leave, given that days resemble those before them
    - the level of the last four weeks is another one
    - the program that fitted it was another version
    - the next ``months`` months are beyond its reach

    Parameters
    ----------
    model
        As :func:`gridtool.forecast.demand.saved.read_model.read_model` gives it.
    history
        All that is known now, from its beginning on.
    gridtool_version
        Of the program that asks; empty if that does not matter.
    """
    found: list[str] = []
    saved = model if isinstance(model, SavedModel) else SavedModel(model=model)
    if gridtool_version and saved.gridtool_version not in ("", gridtool_version):
        found.append(
            f"the model was fitted by gridtool {saved.gridtool_version}; this is {gridtool_version}"
        )
    if saved.mark is None:
        return (*found, "the model does not say what history it was fitted to")
    found += find_changes(saved.mark, history)
    if history.end < saved.mark.end:
        found.append(
            f"the history ends on {history.end:%Y-%m-%d}, before the model's own "
            f"({saved.mark.end:%Y-%m-%d})"
        )
        return tuple(found)
    found += _count_new_months(saved.mark, history)
    found += compare_with_model(saved.model, history, after=saved.mark.end)
    found += _check_reach(saved, history, months=months)
    return tuple(found)


def _count_new_months(mark: HistoryMark, history: History | PeriodHistory) -> list[str]:
    """Said where enough whole local months came since the fit."""
    new = _whole_months(mark.end, history.end, zone=history.zone)
    seen = (mark.end - mark.start) / HOUR / _MONTH_H
    if new < min(_MOST_NEW_MONTHS, max(1, round(_NEW_SHARE * seen))):
        return []
    last = history.end.astimezone(history.zone)
    words = "month is" if new == 1 else "months are"
    saw = f"{new} whole {words} new since the fit, which saw {seen:.0f}"
    return [f"{saw}: the history now ends on {last:%Y-%m-%d}"]


def _whole_months(start: datetime, end: datetime, *, zone: ZoneInfo) -> int:
    """Local calendar months that lie within [``start``, ``end``)."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    begun = (first.day, first.hour) > (1, 0)
    return max(0, 12 * (last.year - first.year) + last.month - first.month - int(begun))


def _check_reach(saved: SavedModel, history: History | PeriodHistory, *, months: int) -> list[str]:
    start = history.end.replace(minute=0, second=0, microsecond=0)
    grid = TimeGrid(start, round(months * _MONTH_H), history.zone)
    try:
        saved.check_reach(grid)
    except HistoryError as error:
        why = error.issues[0].message
        return [f"the {months} months after the history are beyond the model's reach: {why}"]
    return []
