"""The one door to the demand models: the one that a history can carry."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.demand.model import DemandEvent, SpecialDays
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.model import FittedModel

__all__ = ["MODELS", "fit_history"]

MODELS = ("auto",)
"""Names of the models, by which one can be asked for."""
NO_DAYS = SpecialDays()


def fit_history(
    history: History | PeriodHistory,
    *,
    zone: ZoneInfo | None = None,
    peak_mw: float | None = None,
    special_days: SpecialDays = NO_DAYS,
    events: Sequence[DemandEvent] = (),
    model: str = "auto",
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

    Raises
    ------
    HistoryError
        If the history is too short, or cannot carry the model asked for.
    """
    if model not in MODELS:
        raise HistoryError(
            Issue(message="no such demand model", value=model, accepted=", ".join(MODELS))
        )
    if isinstance(history, PeriodHistory):
        raise HistoryError(
            Issue(
                message=f"the history holds {history.step}s, not hours",
                file=history.origin or None,
                accepted="a step of an hour or less",
            )
        )
    return fit_demand(history, zone=zone, peak_mw=peak_mw, special_days=special_days, events=events)
