"""Saved demand models read back: strictly, and tried before they are believed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.saved.codecs import FieldError, Reading, Real, Whole, Words
from gridtool.forecast.demand.saved.composed import Maybe
from gridtool.forecast.demand.saved.records import HISTORY_MARK, MODEL
from gridtool.forecast.demand.saved.write import FORMAT, FORMAT_VERSION, SavedModel
from gridtool.forecast.model import FittedModel
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.strict_json import load_text
from gridtool.formats.text import read_text
from gridtool.timegrid import TimeGrid

__all__ = ["parse_model", "read_model"]

_LIMIT_MB = 256
_MEMBERS = ("format", "format_version", "gridtool_version", "history", "network_peak_mw", "model")
_TRIED = timedelta(days=10)
HOUR = timedelta(hours=1)
_AGAIN = "fit the model again with gridtool demand fit, or fetch the file again"


def read_model(path: Path | str) -> SavedModel:
    """The model in the file that :func:`gridtool.forecast.demand.saved.write.write_model` wrote.

    Its paths are byte for byte those of the model that was written.

    Raises
    ------
    HistoryError
        With every finding: not there, not JSON, another format, a newer version of it, a value
        missing, unknown, of the wrong shape or out of range, or a model that draws no paths.
    """
    name = Path(path).name
    text = read_text(path, limit_mb=_LIMIT_MB, name=name, error=HistoryError).text
    return parse_model(text, name=name)


def parse_model(text: str, *, name: str) -> SavedModel:
    """The model in ``text``, which findings call ``name``; raises as :func:`read_model`."""
    plain = load_text(text, file=name, error=HistoryError)
    members = _check_head(plain, name=name)
    reading = Reading(file=name)
    issues: list[Issue] = [
        Issue(message="is not known to this version", file=name, field=key[:80])
        for key in members
        if key not in _MEMBERS
    ]
    found: dict[str, Any] = {}
    for key, codec in (
        ("gridtool_version", Words()),
        ("history", Maybe(HISTORY_MARK)),
        ("network_peak_mw", Maybe(Real(least=1e-9, most=1e9))),
        ("model", MODEL),
    ):
        try:
            found[key] = codec.decode(members.get(key), reading, place=key)
        except FieldError as error:
            issues += error.issues
    refuse_on_errors(issues, error=HistoryError, subject=name)
    _try_paths(found["model"], name=name)
    return SavedModel(
        model=found["model"],
        mark=found["history"],
        gridtool_version=found["gridtool_version"],
        network_peak_mw=found["network_peak_mw"],
    )


def _check_head(plain: object, *, name: str) -> dict[str, Any]:
    """The members of the document, once its format and version are known to be ours."""
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        value = plain.get("format") if isinstance(plain, dict) else None
        raise HistoryError(
            Issue(
                message="is not a saved demand model",
                file=name,
                field="format",
                value=None if value is None else str(value),
                accepted=FORMAT,
                hint="save one with gridtool demand fit",
            )
        )
    try:
        version = Whole(least=1).decode(
            plain.get("format_version"), Reading(file=name), place="format_version"
        )
    except FieldError as error:
        raise HistoryError(error.issues) from None
    if version > FORMAT_VERSION:
        raise HistoryError(
            Issue(
                message="was saved by a newer gridtool "
                + str(plain.get("gridtool_version") or "")[:40],
                file=name,
                field="format_version",
                value=str(version),
                accepted=f"at most {FORMAT_VERSION}",
                hint="update gridtool, or fit the model again",
            )
        )
    return plain


def _try_paths(model: FittedModel, *, name: str) -> None:
    """Draw one path over days of which the model must be able to speak.

    Fields that are sound one by one need not make a model. Models of hours speak of the last days
    of their history, others of the first days after it.
    """
    fitted: Any = model  # every kind of model knows the end of its history
    end = fitted.end.replace(minute=0, second=0, microsecond=0)
    lacks = ""
    for start in (end - _TRIED, end):
        lacks = _try_days(model, start, name=name)
        if not lacks:
            return
    raise _unusable(name, lacks)


def _try_days(model: FittedModel, start: datetime, *, name: str) -> str:
    """What the model says it lacks for the days from ``start`` on; nothing if it drew them."""
    grid = TimeGrid(start, _TRIED // HOUR, ZoneInfo("UTC"))
    try:
        with np.errstate(all="ignore"):
            path = model.simulate(1, grid=grid, seed=0)
        model.check_reach(grid)
    except HistoryError as error:
        return error.issues[0].message
    except (ArithmeticError, LookupError, TypeError, ValueError) as problem:
        raise _unusable(name, f"its parts do not fit together ({problem})") from None
    if not np.isfinite(path).all():
        raise _unusable(name, "its paths are not finite")
    return ""


def _unusable(name: str, reason: str) -> HistoryError:
    return HistoryError(
        Issue(message=f"draws no paths: {reason}"[:300], file=name, field="model", hint=_AGAIN)
    )
