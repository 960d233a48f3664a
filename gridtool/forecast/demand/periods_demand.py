"""What was wanted in the periods of a history: shed energy added, stated outages left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.model import DemandEvent
from gridtool.forecast.history.model import PeriodHistory

__all__ = ["PeriodDemand", "wanted_energy"]

FloatArray = npt.NDArray[np.float64]
MOST_OUT = 0.02
"""Share of a period that may lie within stated outages for its energy to count."""


@dataclass(frozen=True, kw_only=True)
class PeriodDemand:
    """Energy wanted in each period (n,), NaN where unknown, at the level of the history's end."""

    energy_mwh: FloatArray
    notes: tuple[str, ...]


def wanted_energy(history: PeriodHistory, *, events: Sequence[DemandEvent]) -> PeriodDemand:
    """Energy served plus shed where the history measures it; periods hit by stated outages out.

    Periods before a stated change of the level are moved to the level after it. A change whose
    size is not stated is followed by the level model.

    Raises
    ------
    HistoryError
        If nothing is left.
    """
    energy, notes = history.energy_mwh.copy(), []
    if history.shed_mwh is not None:
        shed = np.isfinite(history.shed_mwh) & (history.shed_mwh > 0)
        energy[shed] += history.shed_mwh[shed]
        if shed.any():
            share = history.shed_mwh[shed].sum() / np.nansum(energy)
            notes.append(
                f"shed energy is added where it was measured: {int(shed.sum())} {history.step}s, "
                f"{100 * share:.1f} % of demand"
            )
    edges = history.edges.astype("datetime64[s]").astype(np.int64).astype(np.float64)
    out = np.zeros(len(energy))
    for event in events:
        begin = event.start.timestamp()
        if event.kind == "outage":
            finish = np.inf if event.end is None else event.end.timestamp()
            inside = np.minimum(edges[1:], finish) - np.maximum(edges[:-1], begin)
            out += np.maximum(inside, 0.0) / np.diff(edges)
        elif event.kind == "level" and event.change is not None and begin < edges[-1]:
            passed = np.clip((begin - edges[:-1]) / np.diff(edges), 0.0, 1.0)
            energy *= (1.0 + event.change) / (1.0 + event.change * (1.0 - passed))
    hit = np.isfinite(energy) & (out > MOST_OUT)
    if hit.any():
        energy[hit] = np.nan
        notes.append(f"{int(hit.sum())} {history.step}s with stated outages are left out")
    energy[~(energy > 0.0)] = np.nan
    if not np.isfinite(energy).any():
        raise HistoryError(
            Issue(message="no period with demand is left", file=history.origin or None)
        )
    return PeriodDemand(energy_mwh=energy, notes=tuple(notes))
