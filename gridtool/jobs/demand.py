"""The demand model of a job or command: its history read, cut, scaled and fitted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from gridtool.errors import Issue
from gridtool.forecast.history.model import History
from gridtool.forecast.model import FittedModel
from gridtool.jobs.given_history import fit_given, read_given_history
from gridtool.jobs.model import DemandSource
from gridtool.network.model import CityNetwork

__all__ = ["MadeModel", "make_model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeModel:
    """A demand model, and what was found on the way to it.

    ``fallback`` says why the answer is a weaker one than the files promised, empty where it is
    not: commands that rest on it end with the exit code of fallbacks.
    """

    model: FittedModel
    warnings: tuple[Issue | str, ...] = ()
    fallback: str = ""


def make_model(source: DemandSource, *, network: CityNetwork, as_of: datetime) -> MadeModel:
    """The demand model of ``source`` in the size of ``network``, from what was known at ``as_of``.

    Raises
    ------
    HistoryError
        If the history cannot be read or carries no model, with every finding.
    """
    zone = ZoneInfo(source.timezone) if source.timezone else network.manifest.zone
    # Only a history of the network's own size can tell demand in kW from demand in MW.
    own_size = source.scale == 1.0
    given = read_given_history(
        source.history,
        source.options,
        zone=zone,
        network=network if own_size else None,
        as_of=as_of,
    )
    history = given.history.until(as_of)
    if source.scale != "peak":
        history = _scale_history(history, source.scale)
    model = fit_given(
        replace(given, history=history),
        peak_mw=network.peak_mw if source.scale == "peak" else None,
    )
    return MadeModel(model=model, warnings=given.warnings, fallback=model.weaker or "")


def _scale_history(history: History, factor: float) -> History:
    """``history`` with all energies ``factor`` times as large."""
    if factor == 1.0:
        return history
    shed = history.shed_mw
    return replace(
        history,
        load_mw=history.load_mw * factor,
        shed_mw=None if shed is None else shed * factor,
    )
