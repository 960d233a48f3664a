"""A demand model that was fitted before: taken from its file, and judged for its age."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from gridtool.forecast.demand.saved.read_model import read_model
from gridtool.forecast.demand.saved.refit import refit_reasons
from gridtool.forecast.demand.saved.write import SavedModel
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.shortage import forecast_grid
from gridtool.network.model import CityNetwork

__all__ = ["judge_saved", "take_saved"]

OLD = timedelta(days=92)
"""Beyond this age a refit is due though no history says so."""


def take_saved(path: Path, *, scale: float | Literal["peak"], network: CityNetwork) -> SavedModel:
    """The model in the file, in the size of ``network`` or as many times its own as stated.

    Raises
    ------
    HistoryError
        If the file cannot be used, with every finding.
    """
    saved = read_model(path)
    if scale == "peak":
        return saved.scaled_to(network.peak_mw)
    return saved if scale == 1.0 else saved.scaled_to(saved.reference_peak_mw * scale)


def judge_saved(
    saved: SavedModel,
    history: History | PeriodHistory | None,
    *,
    path: Path,
    as_of: datetime,
    months: int,
    gridtool_version: str = "",
) -> tuple[tuple[str, ...], str]:
    """Warnings on the age of a model, and why it is but a fallback (empty where it is not).

    It is a fallback where the months from ``as_of`` on end farther from its history than that is
    long.

    Parameters
    ----------
    history
        What is known now, if anything is.
    """
    if history is not None:
        reasons = refit_reasons(saved, history, months=months, gridtool_version=gridtool_version)
    else:
        reasons = _judge_age(saved, as_of=as_of)
    warnings = tuple(f"{path.name}: a refit is due: {reason}" for reason in reasons)
    mark = saved.mark
    if mark is None:
        return warnings, ""
    if as_of < mark.end:
        seen = f"{mark.end:%Y-%m-%d %H:%M}"
        hindsight = (
            f"{path.name}: the model was fitted to demand until {seen} UTC: it knows more than was "
            "known at the time that is forecast from"
        )
        warnings = (*warnings, hindsight)
    end = forecast_grid(as_of, months=months, zone=mark.zone).end
    reach = mark.end + (mark.end - mark.start)
    if end <= reach:
        return warnings, ""
    return warnings, (
        f"the demand model {path.name} is stale: its history ends on {mark.end:%Y-%m-%d} and it "
        f"reaches to {reach:%Y-%m-%d}; it stands for typical years only"
    )


def _judge_age(saved: SavedModel, *, as_of: datetime) -> tuple[str, ...]:
    if saved.mark is None or as_of - saved.mark.end <= OLD:
        return ()
    days = (as_of - saved.mark.end).days
    return (f"its history ends on {saved.mark.end:%Y-%m-%d}, {days} days before the forecast",)
