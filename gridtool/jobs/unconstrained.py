"""The demand behind what was served, as a fitted model sees it."""

from __future__ import annotations

import numpy as np

from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.censored.unconstrain import unconstrain
from gridtool.forecast.demand.days.special_days import settle_kinds
from gridtool.forecast.demand.fitted import FittedDemand
from gridtool.forecast.demand.model import Unconstrained
from gridtool.forecast.history.model import History
from gridtool.forecast.model import FittedModel
from gridtool.jobs.history_options import GivenHistory

__all__ = ["estimate_unconstrained"]


def estimate_unconstrained(given: GivenHistory, model: FittedModel) -> Unconstrained | None:
    """What ``model`` took for the demand of the history; None for models without hours.

    It is estimated once more, as in the fit: models do not keep it.
    """
    history = given.history
    if not isinstance(history, History) or not isinstance(model, FittedDemand):
        return None
    calendar = make_calendar(history.start, history.hours, zone=history.zone)
    days = settle_kinds(given.special_days, known=calendar.day[np.isfinite(history.load_mw)])
    return unconstrain(
        history,
        calendar=calendar,
        terms=model.regression.terms,
        special_days=days,
        events=given.events,
    )
