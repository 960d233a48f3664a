"""What a later history has to be known by to be held against a forecast of demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gridtool.forecast.demand.fitted import FittedDemand
from gridtool.forecast.demand.periods.model import FittedPeriods
from gridtool.forecast.demand.saved.write import SavedModel
from gridtool.forecast.model import FittedModel
from gridtool.jobs.model import DemandSource
from gridtool.network.model import CityNetwork

__all__ = ["HistoryLink", "link_history"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLink:
    """How a forecast's demand hangs together with its history.

    ``scale`` is MW of the forecast per MW of the file; ``known_until`` the end (aware UTC) of what
    the model was fitted to, None where that is not known.
    """

    scale: float
    known_until: datetime | None


def link_history(source: DemandSource, model: FittedModel, *, network: CityNetwork) -> HistoryLink:
    """The link of a job's demand model, as :func:`gridtool.jobs.demand.make_model` made it."""
    scale = source.scale
    if scale == "peak":
        scale = network.peak_mw / model.reference_peak_mw
    return HistoryLink(scale=float(scale), known_until=_find_end(model))


def _find_end(model: FittedModel) -> datetime | None:
    if isinstance(model, SavedModel):
        return _find_end(model.model) if model.mark is None else model.mark.end
    return model.end if isinstance(model, (FittedDemand, FittedPeriods)) else None
