"""What was wanted in the periods of a history: shed energy added, stated outages left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.censored.days import unconstrain_days
from gridtool.forecast.demand.model import DemandEvent
from gridtool.forecast.history.model import PeriodHistory

__all__ = ["PeriodDemand", "wanted_energy"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
MOST_OUT = 0.02
"""Share of a period that may lie within stated outages for its energy to count."""


@dataclass(frozen=True, kw_only=True)
class PeriodDemand:
    """Energy wanted in each period (n,), NaN where unknown, at the level of the history's end.

    ``level_sd`` is the standard deviation of the level of log demand that comes from guessing.
    """

    energy_mwh: FloatArray
    notes: tuple[str, ...]
    level_sd: float = 0.0


def wanted_energy(
    history: PeriodHistory, *, events: Sequence[DemandEvent], day: IntArray
) -> PeriodDemand:
    """Energy served plus shed where the history measures it; periods hit by stated outages out.

    Days whose shed load is unknown are judged by the days around. Periods before a stated change
    of the level are moved to the level after it; a change whose size is not stated is followed by
    the level model.

    Parameters
    ----------
    day : (n,) int
        Local dates of the middles of the periods as days since 1970-01-01.

    Raises
    ------
    HistoryError
        If nothing is left.
    """
    hit = _share_out(history, events=events) > MOST_OUT
    energy = np.where(history.energy_mwh > 0.0, history.energy_mwh, np.nan)
    if history.step == "day" and (history.shed_mwh is not None or hit.any()):
        found = unconstrain_days(energy, day=day, shed=history.shed_mwh, short=hit)
        demand = PeriodDemand(
            energy_mwh=np.where(found.guessed | (hit & ~found.measured), np.nan, found.load_mw),
            notes=found.notes,
            level_sd=found.level_sd,
        )
    else:
        demand = _add_shed(history, energy, hit=hit)
    if not np.isfinite(demand.energy_mwh).any():
        raise HistoryError(
            Issue(message="no period with demand is left", file=history.origin or None)
        )
    moved = demand.energy_mwh * _stated_moves(history, events=events)
    return replace(demand, energy_mwh=moved)


def _add_shed(history: PeriodHistory, energy: FloatArray, *, hit: BoolArray) -> PeriodDemand:
    notes, energy = [], energy.copy()
    shed = np.zeros(len(energy))
    if history.shed_mwh is not None:
        shed = np.nan_to_num(np.maximum(history.shed_mwh, 0.0))
    added = (shed > 0.0) & np.isfinite(energy)
    if added.any():
        energy[added] += shed[added]
        share = 100 * shed[added].sum() / np.nansum(energy)
        notes.append(
            f"shed energy is added where it was measured: {int(added.sum())} {history.step}s, "
            f"{share:.1f} % of demand"
        )
    out = hit & ~added & np.isfinite(energy)
    if out.any():
        energy[out] = np.nan
        notes.append(f"{int(out.sum())} {history.step}s with stated outages are left out")
    return PeriodDemand(energy_mwh=energy, notes=tuple(notes))


def _share_out(history: PeriodHistory, *, events: Sequence[DemandEvent]) -> FloatArray:
    """Part of each period within stated outages, (n,)."""
    edges = _seconds(history)
    out = np.zeros(len(edges) - 1)
    for event in events:
        if event.kind == "outage":
            finish = np.inf if event.end is None else event.end.timestamp()
            inside = np.minimum(edges[1:], finish)
            inside -= np.maximum(edges[:-1], event.start.timestamp())
            out += np.maximum(inside, 0.0) / np.diff(edges)
    return out


def _stated_moves(history: PeriodHistory, *, events: Sequence[DemandEvent]) -> FloatArray:
    """Factors that bring each period to the level at the history's end, (n,)."""
    edges = _seconds(history)
    factor = np.ones(len(edges) - 1)
    for event in events:
        begin = event.start.timestamp()
        if event.kind == "level" and event.change is not None and begin < edges[-1]:
            before = np.clip((begin - edges[:-1]) / np.diff(edges), 0.0, 1.0)
            factor *= (1.0 + event.change) / (1.0 + event.change * (1.0 - before))
    return factor


def _seconds(history: PeriodHistory) -> FloatArray:
    return history.edges.astype("datetime64[s]").astype(np.int64).astype(np.float64)
