"""The one door to the demand models: the one that a history can carry, or the one asked for.

From the most that a history may hold to the least:

- ``full``: a year or more of hours with temperature
- ``short``: three months or more of hours with temperature
- ``no-weather``: a year or more of hours without temperature
- ``days``, ``weeks``, ``months``: daily, weekly or monthly energy, shaped to hours
- ``profile``: the energy of a year, or of less than the others need, with typical profiles

Hours too gappy to be fitted, or too few without temperature, leave their days; they are shaped by
what their hours tell.

A history can be fitted as one that holds less than it does, never as one that holds more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.choose_hours import as_short, check_hours, find_flaw
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.demand.model import DemandEvent, SpecialDays
from gridtool.forecast.demand.periods.ahead import Step
from gridtool.forecast.demand.periods.coarsen import coarsen_days, sum_hours
from gridtool.forecast.demand.periods.fit import fit_periods
from gridtool.forecast.demand.periods.shape import HourShape
from gridtool.forecast.demand.periods.shape_learned import learn_shape
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.model import FittedModel

__all__ = ["MODELS", "fit_history"]

MODELS = ("auto", "full", "short", "no-weather", "days", "weeks", "months", "profile")
"""Names of the models, by which one can be asked for."""
_HOURLY = MODELS[1:4]
_STEP_OF: dict[str, Step] = {"days": "day", "weeks": "week", "months": "month"}
NO_DAYS = SpecialDays()


def fit_history(
    history: History | PeriodHistory,
    *,
    zone: ZoneInfo | None = None,
    peak_mw: float | None = None,
    special_days: SpecialDays = NO_DAYS,
    events: Sequence[DemandEvent] = (),
    model: str = "auto",
    network_profile: Mapping[str, float] | None = None,
) -> FittedModel:
    """Fit the demand model that the history allows, or the one asked for by name.

    Parameters
    ----------
    zone
        Time zone of the local days, if not the one the history was read with.
    peak_mw
        Scale the paths so that the highest hour of the history's last twelve months becomes
        this, MW. None keeps the history's own size.
    special_days
        Local dates on which people live otherwise, past and ahead.
    events
        What the planner states of demand, past and ahead.
    model
        One of :data:`MODELS`.
    network_profile
        Share of energy by class of customers, as of
        :func:`gridtool.forecast.demand.periods.shape_network.network_mix`, which shapes a
        history without hours; None: a mean city.

    Raises
    ------
    HistoryError
        If the history is too short, or cannot carry the model asked for.
    """
    if model not in MODELS:
        raise HistoryError(
            Issue(message="no such demand model", value=model, accepted=", ".join(MODELS))
        )
    zone, learned = zone or history.zone, None
    if isinstance(history, History):
        shape = HourShape.of(network_profile, zone=zone, special_days=special_days)
        words = find_flaw(history, zone=zone) if model == "auto" else None
        if model in _HOURLY:
            history = _hours_as_asked(history, model=model, zone=zone)
        if words is None and model in ("auto", *_HOURLY):
            return fit_demand(
                history, zone=zone, peak_mw=peak_mw, special_days=special_days, events=events
            )
        learned = learn_shape(shape, history, zone=zone).learned
        history = _label(sum_hours(history, shape=shape, zone=zone), words=words)
    if model != "auto":
        history = _coarsen_as_asked(history, model=model)
    return fit_periods(
        history,
        zone=zone,
        network_profile=network_profile,
        special_days=special_days,
        events=events,
        peak_mw=peak_mw,
        profile_only=model == "profile",
        learned=learned,
    )


def _hours_as_asked(history: History, *, model: str, zone: ZoneInfo) -> History:
    """The hours that the model asked for is fitted to."""
    check_hours(history, model=model, zone=zone)
    if model == "short":
        return as_short(history)
    return history if model == "full" else replace(history, temp_c=None)


def _label(days: PeriodHistory, *, words: str | None) -> PeriodHistory:
    """Days that stand for hours that cannot be used, with the reason."""
    if words is None:
        return days
    words = f"{words}: its days are fitted, and shaped to hours"
    return replace(
        days, set_aside=words if days.set_aside is None else f"{days.set_aside}; {words}"
    )


def _coarsen_as_asked(history: PeriodHistory, *, model: str) -> PeriodHistory:
    """The periods that the model asked for is fitted to.

    Raises
    ------
    HistoryError
        If they are finer than the history's, or cannot be summed from them.
    """
    if model == "profile" or _STEP_OF.get(model) == history.step:
        return history
    step = _STEP_OF.get(model)
    if step is None or history.step != "day":
        carried = ["auto", "profile"]
        carried += [name for name, own in _STEP_OF.items() if history.step in (own, "day")]
        raise HistoryError(
            Issue(
                message=f"the history holds {history.step}s: it cannot carry the model {model!r}",
                file=history.origin or None,
                accepted=", ".join(name for name in MODELS if name in carried),
                hint="ask for one of these, or give a finer history",
            )
        )
    return coarsen_days(history, step=step)
