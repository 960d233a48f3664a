"""Where mobile units stand during a plan, and when they move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import permutations

import numpy as np
import numpy.typing as npt

from gridtool.restoration.blocks import level_hours
from gridtool.restoration.mobile_parts import Candidate
from gridtool.restoration.mobile_route import Saving, Stop, best_tour
from gridtool.restoration.mobile_sites import Shortage
from gridtool.restoration.model import MobileUnit
from gridtool.restoration.schedule import DETOUR, Timetable
from gridtool.restoration.value import StateValues, Switching, timeline

__all__ = ["VISIT_MWH", "Board", "Tours", "place_tours", "tour_switchings", "way_hours"]

FloatArray = npt.NDArray[np.float64]

VISIT_MWH = 0.01
"""What a stop must save at least: no unit is driven about for less."""

ROUNDS = 6
"""Rounds of improvement, at most; two or three are usual."""

_LEAST_MOVE_H = 1.0 / 3600.0
_TINY_MWH = 1e-6

Tours = Mapping[str, tuple[Stop, ...]]
"""Stops by unit; ``Stop.place`` is the position of a candidate among all candidates."""


@dataclass(frozen=True, kw_only=True)
class Board:
    """All that placing mobile units in one timetable needs.

    Attributes
    ----------
    timetable
        When repairs are finished; it does not depend on the units.
    candidates
        In the order of their bits after those of the jobs.
    places_km : by substation
        Where it stands on the map.
    shortage
        What is unserved in the states of the timetable without units: at other times and
        substations a unit is not tried. None: it is tried everywhere.
    evaluations
        Dispatches that may be spent, counted from when ``spent`` was read.
    """

    values: StateValues
    timetable: Timetable
    units: tuple[MobileUnit, ...]
    candidates: tuple[Candidate, ...]
    places_km: Mapping[str, tuple[float, float]]
    as_of: datetime
    evaluations: int
    spent: int
    shortage: Shortage | None = None
    stop: Callable[[], bool] | None = None

    @property
    def end_h(self) -> float:
        """Hour of the last repair: energy is counted until then."""
        return float(self.timetable.finish_h.max(initial=0.0))

    @property
    def counted_h(self) -> float:
        """Hour from which no energy is counted: the last repair, or the plan's deadline."""
        blocks = self.values.blocks
        unweighted = blocks.begins_h[~blocks.weight.any(axis=1)]
        return float(min([self.end_h, *unweighted]))

    @property
    def exhausted(self) -> bool:
        """Whether the budget is spent, or somebody wants an end."""
        if self.stop is not None and self.stop():
            return True
        return self.values.evaluations - self.spent >= self.evaluations

    def bit(self, place: int) -> int:
        """The mask bit of candidate ``place``."""
        return 1 << (self.values.effects.jobs + place)

    def energy_mwh(self, tours: Tours) -> float:
        """Energy not served with ``tours``, MWh."""
        return self.values.energy_not_served(
            self.timetable, switchings=tour_switchings(self, tours)
        )


def tour_switchings(board: Board, tours: Tours) -> tuple[Switching, ...]:
    """``tours`` as bits that come and go, by hour; nothing from the last repair on."""
    found: list[Switching] = []
    for stops in tours.values():
        for stop in stops:
            found.append((stop.online, board.bit(stop.place), 0))
            if stop.offline < board.end_h:
                found.append((stop.offline, 0, board.bit(stop.place)))
    return tuple(sorted(found))


def place_tours(board: Board) -> Tours:
    """The tours that leave the least energy not served, as far as they were searched.

    One unit after the other gets the best tour given those placed before, the one that saves
    most first. Then, while it helps and the budget lasts, tours are sought again: each unit's
    given all others; those of two units in either order, which exchanges their sites; and all of
    them with one unit kept from a place it has. Never worse than no unit at all: every change is
    valued exactly before it is kept.
    """
    tours: dict[str, tuple[Stop, ...]] = {unit.id: () for unit in board.units}
    energy = _place_greedily(board, tours)
    for _ in range(ROUNDS):
        before = energy
        for steps in (*_regroupings(board.units), *_diversions(board.units, tours)):
            if board.exhausted:
                return tours
            energy = _place_again(board, tours, steps, energy=energy)
        if energy > before - _TINY_MWH:
            break
    return tours


_Step = tuple[MobileUnit, int]
"""A unit to be placed again, and a place it must keep away from (-1: none)."""


def _regroupings(units: Sequence[MobileUnit]) -> list[list[_Step]]:
    """Each unit alone, then every ordered pair."""
    pairs = permutations(units, 2)
    return [[(unit, -1)] for unit in units] + [[(one, -1), (two, -1)] for one, two in pairs]


def _diversions(units: Sequence[MobileUnit], tours: Tours) -> list[list[_Step]]:
    """For each stop of a unit: the unit without it, all others, and the unit once more."""
    if len(units) < 2:
        return []
    return [
        [(unit, stop.place), *((other, -1) for other in units if other.id != unit.id), (unit, -1)]
        for unit in units
        for stop in tours[unit.id]
    ]


def _place_greedily(board: Board, tours: dict[str, tuple[Stop, ...]]) -> float:
    """Fill ``tours``; the energy not served with them.

    A unit saves hardly more once another is placed: units wait in the order of what they saved
    when last looked at, and one is placed as soon as it still saves more than the next did.
    """
    energy = board.energy_mwh(tours)
    waiting = [(np.inf, unit) for unit in board.units]
    while waiting and not board.exhausted:
        _, unit = waiting.pop(0)
        stops = _best_stops(board, tours, unit)
        gained = energy - board.energy_mwh({**tours, unit.id: stops}) if stops else 0.0
        if gained <= _TINY_MWH:
            continue
        if waiting and gained < waiting[0][0]:
            waiting.append((gained, unit))
            waiting.sort(key=lambda entry: -entry[0])
            continue
        tours[unit.id] = stops
        energy -= gained
    return energy


def _place_again(
    board: Board,
    tours: dict[str, tuple[Stop, ...]],
    steps: Sequence[_Step],
    *,
    energy: float,
) -> float:
    """Take the tours of the units in ``steps`` back and seek new ones; keep what is better."""
    changed = dict(tours) | {unit.id: () for unit, _ in steps}
    for unit, barred in steps:
        changed[unit.id] = _best_stops(board, changed, unit, barred=barred)
    if changed == tours:
        return energy
    found = board.energy_mwh(changed)
    if found < energy - _TINY_MWH:
        tours.update(changed)
        return found
    return energy


def _best_stops(
    board: Board, tours: Tours, unit: MobileUnit, *, barred: int = -1
) -> tuple[Stop, ...]:
    """The best tour of ``unit`` given the tours of the others, not by way of ``barred``."""
    own = [
        k
        for k, candidate in enumerate(board.candidates)
        if candidate.unit == unit.id and k != barred
    ]
    first_h = _first_hours(board, unit, own)
    end_h = _last_hour(board, unit)
    others = {name: stops for name, stops in tours.items() if name != unit.id}
    savings = [
        _saving(board, others, place, first_h=first, end_h=end_h)
        for place, first in zip(own, first_h, strict=True)
    ]
    useful = [k for k, saving in enumerate(savings) if np.any(saving.energy != 0.0)]
    stops = best_tour(
        [savings[k] for k in useful],
        first_h=first_h[useful],
        move_h=_move_hours(board, unit, own)[np.ix_(useful, useful)],
        end_h=end_h,
        visit_mwh=VISIT_MWH,
    )
    # Where no energy is counted any more a unit has no reason to leave.
    return tuple(
        replace(
            stop,
            place=own[useful[stop.place]],
            offline=end_h if stop.offline >= board.counted_h else stop.offline,
        )
        for stop in stops
    )


def _saving(board: Board, others: Tours, place: int, *, first_h: float, end_h: float) -> Saving:
    """What candidate ``place`` saves from its first hour on, given the tours of the others."""
    values, blocks, shortage = board.values, board.values.blocks, board.shortage
    site = board.candidates[place].site
    states = [
        state
        for state in timeline(board.timetable.finish_h, switchings=tour_switchings(board, others))
        if state[0] < end_h
    ]
    begins = np.array([hour for hour, _ in states])
    inner = blocks.begins_h[(blocks.begins_h > 0.0) & (blocks.begins_h < end_h)]
    hours = np.unique(np.concatenate([[0.0], begins, inner, [max(end_h, 0.0)]]))
    spent_h = np.diff(level_hours(blocks, hours), axis=0)
    saved = np.zeros(len(hours) - 1)
    for k in range(len(saved)):
        if hours[k + 1] <= first_h or not spent_h[k].any():
            continue
        if shortage is not None and shortage.unserved_at(site, float(hours[k])) <= 0.0:
            continue
        if board.exhausted:
            break
        mask = states[int(np.searchsorted(begins, hours[k], side="right")) - 1][1]
        with_unit = values.levels_mw(mask | board.bit(place))
        saved[k] = float((with_unit - values.levels_mw(mask)) @ spent_h[k])
    return Saving(hours=hours, energy=np.concatenate([[0.0], np.cumsum(saved)]))


def _first_hours(board: Board, unit: MobileUnit, own: Sequence[int]) -> FloatArray:
    """When ``unit``, sent off at once, is ready at each of its candidates."""
    leaves = _hours(board.as_of, unit.available_from, otherwise=0.0)
    depot = (unit.x_km, unit.y_km)
    ways = [way_hours(unit, depot, board.places_km[board.candidates[k].site]) for k in own]
    return np.array([max(leaves, 0.0) + way + unit.setup_h for way in ways], dtype=np.float64)


def _last_hour(board: Board, unit: MobileUnit) -> float:
    """When ``unit`` gives nothing any more: it is taken down by the end of its availability."""
    until = _hours(board.as_of, unit.available_to, otherwise=np.inf) - unit.teardown_h
    return max(0.0, min(board.end_h, until))


def _hours(as_of: datetime, moment: datetime | None, *, otherwise: float) -> float:
    return otherwise if moment is None else (moment - as_of) / timedelta(hours=1)


def _move_hours(board: Board, unit: MobileUnit, own: Sequence[int]) -> FloatArray:
    """Hours from disconnecting at one candidate to being ready at another (P, P)."""
    spots = [board.places_km[board.candidates[k].site] for k in own]
    still = max(unit.teardown_h + unit.setup_h, _LEAST_MOVE_H)
    return np.array(
        [[still + way_hours(unit, one, other) for other in spots] for one in spots],
        dtype=np.float64,
    ).reshape(len(own), len(own))


def way_hours(unit: MobileUnit, one: tuple[float, float], other: tuple[float, float]) -> float:
    """Hours on the road from ``one`` place on the map (km) to ``other``."""
    straight = float(np.hypot(one[0] - other[0], one[1] - other[1]))
    return float(np.nan_to_num(straight)) * DETOUR / unit.speed_kmh
