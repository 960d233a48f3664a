"""Fitted demand models as files: canonical JSON, the same model the same bytes.

A file holds numbers and words only. It names its format and that format's version, the version of
gridtool that fitted the model, and the history it was fitted to (hash, span, hashes by year).
"""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gridtool.errors import StoreError
from gridtool.forecast.demand.saved.mark import HistoryMark, mark_history
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.model import FittedModel, PathDraws
from gridtool.formats.write import write_bytes
from gridtool.timegrid import TimeGrid

__all__ = ["FORMAT", "FORMAT_VERSION", "SavedModel", "model_text", "write_model"]

FORMAT = "gridtool-demand-model"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedModel:
    """A fitted model and where it comes from: a :class:`gridtool.forecast.model.FittedModel`.

    Attributes
    ----------
    mark
        The history it was fitted to; None if that was not said.
    gridtool_version
        Of the program that fitted it; empty if that was not said.
    network_peak_mw
        What the highest hour of the history's last year is scaled to (:meth:`scaled_to`).
    """

    model: FittedModel
    mark: HistoryMark | None = None
    gridtool_version: str = ""
    network_peak_mw: float | None = None

    @property
    def description(self) -> str:
        """The model in words, for the report."""
        text = f"{self.model.description}; read from a file"
        if self.network_peak_mw is None:
            return text
        return (
            f"{text}; scaled from a peak of {self.reference_peak_mw:,.0f} MW to the network's "
            f"{self.network_peak_mw:,.0f} MW"
        )

    @property
    def reference_peak_mw(self) -> float:
        """Highest hour of the history's last twelve months, in its own MW."""
        return self.model.reference_peak_mw

    @property
    def weaker(self) -> str | None:
        """Why this is a weaker model than its history promised; None where it is not."""
        return self.model.weaker

    def scaled_to(self, peak_mw: float) -> SavedModel:
        """The same with the highest hour of the history's last year at ``peak_mw``."""
        factor = peak_mw / self.reference_peak_mw
        changed: Any = self.model  # every kind of model is a dataclass with a factor
        return replace(self, model=replace(changed, factor=factor), network_peak_mw=float(peak_mw))

    def simulate(
        self, n: int, *, grid: TimeGrid, seed: int, first: int = 0
    ) -> npt.NDArray[np.float64]:
        """Demand paths in MW, shape (n, grid.hours), as of the model itself."""
        return self.model.simulate(n, grid=grid, seed=seed, first=first)

    def prepare(self, grid: TimeGrid) -> PathDraws:
        """What all paths over ``grid`` share, made once."""
        return self.model.prepare(grid)

    def check_reach(self, grid: TimeGrid) -> None:
        """Raise :class:`gridtool.errors.HistoryError` for months beyond the model's reach."""
        self.model.check_reach(grid)

    def notes(self, grid: TimeGrid) -> tuple[str, ...]:
        """What a reader of a forecast for ``grid`` must know of its demand, in words."""
        return self.model.notes(grid)


def write_model(
    model: FittedModel,
    path: Path | str,
    *,
    history: History | PeriodHistory | None = None,
    gridtool_version: str = "",
) -> None:
    """Write ``model`` to ``path``, packed where the name ends with ``.gz``; whole or not at all.

    Parameters
    ----------
    history
        The history it was fitted to. Without it nobody can say later whether a refit is due.
    gridtool_version
        Of the program that fitted it. A :class:`SavedModel` brings both itself.

    Raises
    ------
    StoreError
        If it cannot be written, or is of a kind that has no form in a file.
    """
    if not isinstance(model, SavedModel):
        mark = None if history is None else mark_history(history)
        model = SavedModel(model=model, mark=mark, gridtool_version=gridtool_version)
    content = model_text(model).encode()
    write_bytes(path, _pack(content) if str(path).endswith(".gz") else content)


def model_text(saved: SavedModel) -> str:
    """``saved`` as JSON: objects in lines, arrays in one line each.

    Raises
    ------
    StoreError
        If the model is of a kind that has no form in a file.
    """
    from gridtool.forecast.demand.saved.records import HISTORY_MARK, MODEL  # knows every model

    try:
        plain = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "gridtool_version": saved.gridtool_version,
            "history": None if saved.mark is None else HISTORY_MARK.encode(saved.mark),
            "network_peak_mw": saved.network_peak_mw,
            "model": MODEL.encode(saved.model),
        }
    except (TypeError, ValueError) as problem:
        raise StoreError(f"the model cannot be saved: {problem}") from problem
    return _render(plain, indent="") + "\n"


def _render(plain: Any, *, indent: str) -> str:
    """JSON with one member of an object a line; ASCII, so that no sign in it is invisible."""
    if not isinstance(plain, dict) or not plain:
        return json.dumps(plain, allow_nan=False, separators=(",", ":"))
    deeper = indent + " "
    lines = [
        f"{deeper}{json.dumps(key)}: {_render(value, indent=deeper)}"
        for key, value in plain.items()
    ]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _pack(content: bytes) -> bytes:
    """Pack without a name and a time, so that the same content gives the same bytes."""
    stream = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=stream, mtime=0) as packed:
        packed.write(content)
    return stream.getvalue()
