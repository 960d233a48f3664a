"""The demand model of a job or command: its history read, cut, scaled and fitted, or read back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from gridtool.errors import Issue
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.model import FittedModel
from gridtool.jobs.given_history import fit_given, read_given_history
from gridtool.jobs.history_options import GivenHistory
from gridtool.jobs.model import DemandSource
from gridtool.jobs.saved_model import judge_saved, take_saved
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


def make_model(
    source: DemandSource,
    *,
    network: CityNetwork,
    as_of: datetime,
    months: int,
    gridtool_version: str = "",
    now: datetime | None = None,
) -> MadeModel:
    """The demand model of ``source`` in the size of ``network``, from what was known at ``as_of``.

    Parameters
    ----------
    months
        How many are forecast: a saved model may not reach so far.
    gridtool_version
        Of the program: a saved model of another one should be fitted again. Empty if that does
        not matter.

    Raises
    ------
    HistoryError
        If the history or the saved model cannot be read, or the history carries no model, with
        every finding.
    """
    given = _read_history(source, network=network, as_of=as_of, now=now)
    if source.saved is not None:
        saved = take_saved(source.saved, scale=source.scale, network=network)
        history = None if given is None else given.history.until(as_of)
        reasons, fallback = judge_saved(
            saved,
            history,
            path=source.saved,
            as_of=as_of,
            months=months,
            gridtool_version=gridtool_version,
        )
        return MadeModel(
            model=saved,
            warnings=(*(given.warnings if given else ()), *reasons),
            fallback=fallback or saved.weaker or "",
        )
    assert given is not None  # a source has a history or a saved model
    history = given.history.until(as_of)
    if source.scale != "peak":
        history = _scale_history(history, source.scale)
    model = fit_given(
        replace(given, history=history),
        peak_mw=network.peak_mw if source.scale == "peak" else None,
        network=network,
    )
    return MadeModel(model=model, warnings=given.warnings, fallback=model.weaker or "")


def _read_history(
    source: DemandSource, *, network: CityNetwork, as_of: datetime, now: datetime | None
) -> GivenHistory | None:
    if source.history is None:
        return None
    # Only a history of the network's own size can tell demand in kW from demand in MW.
    own_size = source.scale == 1.0
    return read_given_history(
        source.history,
        source.options,
        zone=ZoneInfo(source.timezone) if source.timezone else network.manifest.zone,
        network=network if own_size else None,
        as_of=as_of,
        now=now,
    )


def _scale_history(history: History | PeriodHistory, factor: float) -> History | PeriodHistory:
    """``history`` with all energies ``factor`` times as large."""
    if factor == 1.0:
        return history
    if isinstance(history, PeriodHistory):
        shed = history.shed_mwh
        return replace(
            history,
            energy_mwh=history.energy_mwh * factor,
            shed_mwh=None if shed is None else shed * factor,
        )
    shed = history.shed_mw
    return replace(
        history,
        load_mw=history.load_mw * factor,
        shed_mw=None if shed is None else shed * factor,
    )
