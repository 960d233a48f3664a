"""What one unit would save at each of its places, all else being as it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gridtool.restoration.blocks import level_hours
from gridtool.restoration.mobile_board import Board, Tours, tour_switchings
from gridtool.restoration.mobile_route import Saving
from gridtool.restoration.value import timeline

__all__ = ["find_savings"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_TINY_MW = 1e-6


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
    return [clock.saving(place, first_h=first) for place, first in zip(own, first_h, strict=True)]


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

    def saving(self, place: int, *, first_h: float) -> Saving:
        """What candidate ``place`` saves from ``first_h`` on."""
        saved = np.zeros(len(self._masks))
        for cells in self._runs(place, first_h):
            gain = self._gains(place, cells)
            for k, gain_mw in gain.items():
                saved[k] = float(gain_mw @ self._spent_h[k])
        return Saving(hours=self._hours, energy=np.concatenate([[0.0], np.cumsum(saved)]))

    def _runs(self, place: int, first_h: float) -> list[list[int]]:
        """Neighbouring cells that count and in which load is unserved at the site as before.

        Where nothing is known of the load that is unserved, every cell is a run of its own.
        """
        shortage, site = self._board.shortage, self._board.candidates[place].site
        runs: list[list[int]] = []
        known: tuple[float, int] | None = None
        for k, mask in enumerate(self._masks):
            if self._hours[k + 1] <= first_h or not self._spent_h[k].any():
                continue
            if shortage is None:
                runs.append([k])
                continue
            unserved = shortage.unserved_at(site, float(self._hours[k]))
            if unserved <= 0.0:
                continue
            found = (round(unserved, 3), mask >> self._board.values.effects.jobs)
            if not runs or found != known or runs[-1][-1] != k - 1:
                runs.append([])
            runs[-1].append(k)
            known = found
        return runs

    def _gains(self, place: int, cells: Sequence[int]) -> dict[int, FloatArray]:
        """Load served more by cell and level: dispatched at both ends of a run, and between where
        they differ.

        Repairs elsewhere in the city hardly ever change what a unit gives here, and so nearly
        all dispatches are spared. Whatever this overlooks, tours are valued state by state.
        """
        found: dict[int, FloatArray] = {}
        waiting = [(0, len(cells) - 1)]
        while waiting:
            low, high = waiting.pop()
            for end in (low, high):
                if cells[end] not in found:
                    if self._board.exhausted:
                        return found
                    found[cells[end]] = self._gain(place, cells[end])
            ends = found[cells[low]], found[cells[high]]
            if np.allclose(*ends, rtol=0.0, atol=_TINY_MW):
                found |= dict.fromkeys(cells[low + 1 : high], ends[0])
            elif high > low + 1:
                middle = (low + high) // 2
                waiting += [(middle, high), (low, middle)]
        return found

    def _gain(self, place: int, cell: int) -> FloatArray:
        values, mask = self._board.values, self._masks[cell]
        return values.levels_mw(mask | self._board.bit(place)) - values.levels_mw(mask)
