"""What one unit would save at each of its places, all else being as it is; what tours save.

Repairs elsewhere in the city hardly ever change what a unit gives at its place. Where units stand
and the load that is unserved around them stay as they are, a gain is therefore dispatched at both
ends and taken to be the same between, if it is the same there. That spares nearly all dispatches
of a search; what it finds is valued state by state in the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from gridtool.restoration.mobile.board import Board, Tours, tour_switchings
from gridtool.restoration.mobile.route import Saving
from gridtool.restoration.value.blocks import level_hours
from gridtool.restoration.value.states import timeline

__all__ = ["estimate_saved", "find_savings"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_TINY_MW = 1e-4


def find_savings(
    board: Board, others: Tours, own: Sequence[int], *, first_h: FloatArray, end_h: float
) -> list[Saving]:
    """The saving at each of the candidates ``own``, given the tours ``others`` of other units.

    Parameters
    ----------
    first_h : by candidate
        Hour before which the unit is not there: nothing is looked at before.
    end_h
        Hour from which it gives nothing any more.
    """
    clock = _Clock(board, others, end_h=end_h)
    found: list[Saving] = []
    known: dict[str, dict[int, FloatArray]] = {}
    for place, first in zip(own, first_h, strict=True):
        site = board.candidates[place].site
        gains = clock.gains(place, first_h=first, unlike=known.get(site))
        known.setdefault(site, gains)
        found.append(clock.saving(gains))
    return found


def estimate_saved(board: Board, tours: Tours) -> float:
    """Energy that ``tours`` save, MWh, as far as the budget reaches."""
    places = sorted({stop.place for stops in tours.values() for stop in stops})
    return _Clock(board, tours, end_h=board.end_h).saved_mwh(places) if places else 0.0


class _Clock:
    """The states of the timetable, cut where the mix of demand levels changes (G cells)."""

    def __init__(self, board: Board, others: Tours, *, end_h: float) -> None:
        self._board = board
        blocks = board.values.blocks
        switchings = tour_switchings(board, others)
        states = timeline(board.timetable.finish_h, switchings=switchings)
        begins = np.array([hour for hour, _ in states if hour < end_h] or [0.0])
        months = blocks.begins_h[(blocks.begins_h > 0.0) & (blocks.begins_h < end_h)]
        self._hours = np.unique(np.concatenate([[0.0, max(end_h, 0.0)], begins, months]))
        self._spent_h = np.diff(level_hours(blocks, self._hours), axis=0)
        state = np.searchsorted(begins, self._hours[:-1], side="right") - 1
        self._masks = [states[int(k)][1] for k in state]

    def gains(
        self, place: int, *, first_h: float, unlike: dict[int, FloatArray] | None = None
    ) -> dict[int, FloatArray]:
        """What candidate ``place`` gives by cell from ``first_h`` on, beside the units there.

        Nothing if that is the same as ``unlike``, what another section of the site gives: one of
        two equal places is enough.
        """
        bit = self._board.bit(place)
        with_units = [mask | bit for mask in self._masks]
        runs = self._runs(with_units, [place], first_h)
        if unlike and self._alike(with_units, runs, unlike):
            return {}
        return self._all_gains(with_units, runs)

    def saving(self, gains: Mapping[int, FloatArray]) -> Saving:
        """``gains`` by cell, MW by level, as energy over time."""
        saved = self._energy(gains)
        return Saving(hours=self._hours, energy=np.concatenate([[0.0], np.cumsum(saved)]))

    def saved_mwh(self, places: Sequence[int]) -> float:
        """What the units that are there save together, at ``places``."""
        with_units = self._masks
        self._masks = [mask & self._board.values.all_done for mask in with_units]
        runs = self._runs(with_units, places, 0.0)
        return float(self._energy(self._all_gains(with_units, runs)).sum())

    def _energy(self, gains: Mapping[int, FloatArray]) -> FloatArray:
        saved = np.zeros(len(self._masks))
        for k, gain_mw in gains.items():
            saved[k] = float(gain_mw @ self._spent_h[k])
        return saved

    def _alike(
        self, with_units: Sequence[int], runs: list[list[int]], other: Mapping[int, FloatArray]
    ) -> bool:
        """Whether gains are those of ``other`` at the ends and in the middle of every run."""
        for cells in runs:
            for k in {cells[0], cells[len(cells) // 2], cells[-1]}:
                if k not in other or self._board.exhausted:
                    return False
                gain = self._gain(with_units[k], self._masks[k])
                if not np.allclose(gain, other[k], rtol=0.0, atol=_TINY_MW):
                    return False
        return True

    def _all_gains(self, with_units: Sequence[int], runs: list[list[int]]) -> dict[int, FloatArray]:
        """Load served more with the masks ``with_units`` than with those of the clock."""
        found: dict[int, FloatArray] = {}
        for cells in runs:
            found |= self._gains(with_units, cells)
        return found

    def _runs(
        self, with_units: Sequence[int], places: Sequence[int], first_h: float
    ) -> list[list[int]]:
        """Neighbouring cells that count, with the same units at places that lack as much load.

        Where nothing is known of the load that is unserved, every cell is a run of its own.
        """
        runs: list[list[int]] = []
        known: tuple[object, ...] = ()
        for k, (mask, plain) in enumerate(zip(with_units, self._masks, strict=True)):
            if self._hours[k + 1] <= first_h or not self._spent_h[k].any() or mask == plain:
                continue
            here = [place for place in places if (mask ^ plain) & self._board.bit(place)]
            lacking = self._lacking(here, k)
            if not any(lacking):
                continue
            found = (
                mask >> self._board.values.effects.jobs,
                plain >> self._board.values.effects.jobs,
                *lacking,
            )
            if self._board.shortage is None or found != known or runs[-1][-1] != k - 1:
                runs.append([])
            runs[-1].append(k)
            known = found
        return runs

    def _lacking(self, places: Sequence[int], cell: int) -> list[float]:
        """Load unserved at the sites of ``places`` in the plan without units, to the kW."""
        shortage, hour = self._board.shortage, float(self._hours[cell])
        if shortage is None:
            return [1.0]
        sites = [self._board.candidates[place].site for place in places]
        return [round(shortage.unserved_at(site, hour), 3) for site in sites]

    def _gains(self, with_units: Sequence[int], cells: Sequence[int]) -> dict[int, FloatArray]:
        """Load served more by cell and level: dispatched at both ends of a run, and between where
        they differ. What the budget does not reach counts nothing."""
        found: dict[int, FloatArray] = {}
        waiting = [(0, len(cells) - 1)]
        while waiting:
            low, high = waiting.pop()
            for end in (low, high):
                if cells[end] not in found:
                    if self._board.exhausted:
                        return found
                    found[cells[end]] = self._gain(with_units[cells[end]], self._masks[cells[end]])
            ends = found[cells[low]], found[cells[high]]
            if np.allclose(*ends, rtol=0.0, atol=_TINY_MW):
                found |= dict.fromkeys(cells[low + 1 : high], ends[0])
            elif high > low + 1:
                middle = (low + high) // 2
                waiting += [(middle, high), (low, middle)]
        return found

    def _gain(self, with_units: int, plain: int) -> FloatArray:
        return self._board.levels_mw(with_units) - self._board.levels_mw(plain)
