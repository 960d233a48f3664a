"""Where mobile units stand during a plan, and when they move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np

from gridtool.restoration.mobile.board import Board, Tours, first_hours, last_hour, move_hours
from gridtool.restoration.mobile.route import Stop, best_tour
from gridtool.restoration.mobile.saving import estimate_saved, find_savings
from gridtool.restoration.model import MobileUnit

__all__ = ["VISIT_MWH", "place_tours"]

VISIT_MWH = 0.01
"""What a stop must save at least: no unit is driven about for less."""

ROUNDS = 6
"""Rounds of improvement, at most; two or three are usual."""

_TINY_MWH = 1e-6


def place_tours(board: Board) -> Tours:
    """The tours that leave the least energy not served, as far as they were searched.

    One unit after the other gets the best tour given those placed before, the one that saves
    most first. Then, while it helps and the budget lasts, tours are sought again: each unit's
    given all others; those of two units in either order, which exchanges their sites; and all of
    them with one unit kept from a place it has.
    """
    tours: dict[str, tuple[Stop, ...]] = {unit.id: () for unit in board.units}
    saved = _place_greedily(board, tours)
    for _ in range(ROUNDS):
        before = saved
        for steps in (*_regroupings(board.units), *_diversions(board.units, tours)):
            if board.exhausted:
                return tours
            saved = _place_again(board, tours, steps, saved=saved)
        if saved < before + _TINY_MWH:
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
    """Fill ``tours``; the energy they save, MWh.

    A unit saves hardly more once another is placed: units wait in the order of what they saved
    when last looked at, and one is placed as soon as it still saves more than the next did.
    """
    saved = 0.0
    waiting: list[tuple[float, MobileUnit, tuple[Stop, ...]]]
    waiting = [(np.inf, unit, ()) for unit in board.units]
    while waiting and not board.exhausted:
        _, unit, _ = waiting.pop(0)
        stops = _best_stops(board, tours, unit)
        gained = estimate_saved(board, {**tours, unit.id: stops}) - saved
        if not stops or gained <= _TINY_MWH:
            continue
        if waiting and gained < waiting[0][0]:
            waiting.append((gained, unit, stops))
            waiting.sort(key=lambda entry: -entry[0])
            continue
        tours[unit.id] = stops
        saved += gained
        waiting = [(most, other, ()) for most, other, _ in waiting]
    if waiting and waiting[0][2]:
        # The budget is spent: what was looked at last and found best is better than nothing.
        gained, unit, stops = waiting[0]
        tours[unit.id] = stops
        saved += gained
    return saved


def _place_again(
    board: Board,
    tours: dict[str, tuple[Stop, ...]],
    steps: Sequence[_Step],
    *,
    saved: float,
) -> float:
    """Take the tours of the units in ``steps`` back and seek new ones; keep what is better."""
    changed = dict(tours) | {unit.id: () for unit, _ in steps}
    for unit, barred in steps:
        changed[unit.id] = _best_stops(board, changed, unit, barred=barred)
    if changed == tours:
        return saved
    found = estimate_saved(board, changed)
    if found > saved + _TINY_MWH:
        tours.update(changed)
        return found
    return saved


def _best_stops(
    board: Board, tours: Tours, unit: MobileUnit, *, barred: int = -1
) -> tuple[Stop, ...]:
    """The best tour of ``unit`` given the tours of the others, not by way of ``barred``."""
    own = [
        k
        for k, candidate in enumerate(board.candidates)
        if candidate.unit == unit.id and k != barred
    ]
    first_h, end_h = first_hours(board, unit, own), last_hour(board, unit)
    others = {name: stops for name, stops in tours.items() if name != unit.id}
    savings = find_savings(board, others, own, first_h=first_h, end_h=end_h)
    useful = [k for k, saving in enumerate(savings) if np.any(saving.energy != 0.0)]
    stops = best_tour(
        [savings[k] for k in useful],
        first_h=first_h[useful],
        move_h=move_hours(board, unit, own)[np.ix_(useful, useful)],
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
