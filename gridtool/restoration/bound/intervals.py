"""The time of a plan cut into intervals that share one set of multipliers each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.restoration.model import DemandBlocks
from gridtool.restoration.schedule.problem import Timetable
from gridtool.restoration.value.states import StateValues, timeline

__all__ = ["BEFORE_H", "Intervals", "cut_intervals"]

FloatArray = npt.NDArray[np.float64]

BEFORE_H = 1e-3
"""An edge comes this long before the job that is finished there."""

_BEYOND = (0.04, 0.12, 0.3)
"""Edges after the end of the timetable, as shares of its length: a job that is never finished
would cost nothing there."""

_SHORTEST_H = 0.05
"""Intervals are not halved below this."""

_EVEN_SHARE = 0.15
"""Part of the intervals spread evenly over time; the others follow the load not served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """K intervals, one after the other from 0, and the mix of demand levels in each (K, L)."""

    edge_h: FloatArray
    weight: FloatArray

    @property
    def count(self) -> int:
        """Number of intervals."""
        return len(self.edge_h) - 1

    @property
    def length_h(self) -> FloatArray:
        """Length of each (K,), h."""
        return np.diff(self.edge_h)

    def until(self, hour: float) -> Intervals:
        """The same intervals, none after ``hour``."""
        kept = self.edge_h < hour
        edges = np.append(self.edge_h[kept], hour)
        return Intervals(edge_h=edges, weight=self.weight[: len(edges) - 1])

    def cut_at(self, hours: Sequence[float]) -> Intervals:
        """The same intervals, cut at ``hours`` too."""
        inside = [hour for hour in hours if self.edge_h[0] < hour < self.edge_h[-1]]
        edges = np.unique(np.concatenate([self.edge_h, inside]))
        place = np.searchsorted(self.edge_h, edges[:-1], side="right") - 1
        return Intervals(edge_h=edges, weight=self.weight[place])

    def left_of(self, finish_h: FloatArray) -> FloatArray:
        """Hours of each interval that are left after moments of any shape (..., K)."""
        late = np.asarray(finish_h, dtype=np.float64)[..., None]
        found: FloatArray = np.clip(self.edge_h[1:] - late, 0.0, self.length_h)
        return found


def cut_intervals(values: StateValues, timetable: Timetable, *, count: int) -> Intervals:
    """At most ``count`` intervals until the end of ``timetable``, more where more is unserved.

    Edges are where it finishes jobs, a moment before: until then its next state cannot be reached.
    Period begins of the demand are edges too: inside an interval the mix of levels is constant.
    """
    states = timeline(timetable.finish_h)
    last = states[-1][0]
    hours = np.array([hour for hour, _ in states])
    short = np.array([max(0.0, values.full_mw - values.served_mw(mask)) for _, mask in states[:-1]])
    lengths = np.diff(hours)
    energy = float(short @ lengths)
    density = np.full(len(lengths), 1.0 / max(last, 1e-9))
    if energy > 0.0:
        density = _EVEN_SHARE * density + (1.0 - _EVEN_SHARE) * short / energy
    cumulated = np.concatenate([[0.0], np.cumsum(density * lengths)])
    events = hours
    if len(hours) > count:
        inner = np.interp(np.linspace(0.0, cumulated[-1], count + 1), cumulated, hours)
        events = hours[np.abs(hours[None, :] - inner[:, None]).argmin(axis=1)]
    begins = values.blocks.begins_h
    edges = np.concatenate([[0.0], events - BEFORE_H, begins[begins < last]])
    edges = np.unique(edges[edges >= 0.0])
    if len(edges) < 2:
        edges = np.array([0.0, max(last, BEFORE_H)])
    edges = _split(edges, hours=hours, cumulated=cumulated, count=count)
    edges = np.concatenate([edges, edges[-1] * (1.0 + np.array(_BEYOND))])
    begins = begins[(begins > last) & (begins < edges[-1])]
    edges = np.unique(np.concatenate([edges, begins]))
    return Intervals(edge_h=edges, weight=_weights(values.blocks, edges))


def _split(
    edges: FloatArray, *, hours: FloatArray, cumulated: FloatArray, count: int
) -> FloatArray:
    """Halve the interval that counts most until there are ``count``."""
    while len(edges) - 1 < count:
        mass = np.diff(np.interp(edges, hours, cumulated))
        widest = int(mass.argmax())
        middle = (edges[widest] + edges[widest + 1]) / 2
        if middle - edges[widest] < _SHORTEST_H:
            break
        edges = np.insert(edges, widest + 1, middle)
    return edges


def _weights(blocks: DemandBlocks, edges: FloatArray) -> FloatArray:
    middle = (edges[1:] + edges[:-1]) / 2
    period = np.searchsorted(blocks.begins_h, middle, side="right") - 1
    found: FloatArray = blocks.weight[np.clip(period, 0, None)]
    return found
