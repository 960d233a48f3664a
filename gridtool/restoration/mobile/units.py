"""Mobile substations and generators: where they could stand, where they do, what they save.

A unit gives something only at a place where load is unserved. The places are parts of a second
network (:func:`with_mobile_units`), used for dispatch only: bit ``jobs + k`` of a state's mask
says that candidate k is connected. The network of a published plan is the original one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from gridtool.damage.model import GridState
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.model import CityNetwork
from gridtool.restoration.mobile.board import Board, Tours, tour_switchings, way_hours
from gridtool.restoration.mobile.parts import Candidate, add_candidates
from gridtool.restoration.mobile.place import place_tours
from gridtool.restoration.mobile.shortage import Shortage, find_shortage
from gridtool.restoration.mobile.sites import (
    SITES_PER_UNIT,
    energised_sections,
    find_candidates,
)
from gridtool.restoration.model import MobileUnit, PlacedUnit
from gridtool.restoration.schedule.problem import ScheduleProblem, Timetable
from gridtool.restoration.value.states import StateValues, Switching

__all__ = [
    "EVALUATIONS",
    "Candidate",
    "place_units",
    "with_mobile_units",
]

EVALUATIONS = 4000
"""Dispatches spent on placing units, unless told otherwise."""


def with_mobile_units(
    state: GridState,
    units: Sequence[MobileUnit],
    *,
    shortage: Shortage | None = None,
    sites_per_unit: int = SITES_PER_UNIT,
) -> tuple[GridState, tuple[Candidate, ...]]:
    """``state`` on a network with a part for each place worth trying, and these places.

    Parameters
    ----------
    shortage
        The load unserved while the repairs last; that of the damage as it is if not given.

    Returns
    -------
    state, candidates
        Candidate k is bit ``jobs + k`` when its part is passed to
        :func:`gridtool.restoration.value.effects.make_effects` in this order. ``state`` itself,
        and no candidates, where no unit could help.
    """
    if not units:
        return state, ()
    case = shortage.case if shortage else compile_case(state.network)
    if shortage is None:
        shortage = find_shortage(Dispatcher(case), [(0.0, state.capacity_share)], end_h=1.0)
    candidates = find_candidates(
        state.network,
        units,
        shortage=shortage,
        energised=energised_sections(case, state.capacity_share),
        sites_per_unit=sites_per_unit,
    )
    return add_candidates(state, candidates, units), candidates


def place_units(
    problem: ScheduleProblem,
    values: StateValues,
    timetable: Timetable,
    *,
    network: CityNetwork,
    candidates: Sequence[Candidate],
    units: Sequence[MobileUnit],
    shortage: Shortage | None = None,
    plain: StateValues | None = None,
    evaluations: int = EVALUATIONS,
    stop: Callable[[], bool] | None = None,
) -> tuple[tuple[PlacedUnit, ...], tuple[Switching, ...]]:
    """Where each unit stands from when to when, so that the least energy is not served.

    Parameters
    ----------
    values
        Of the network with ``candidates`` (see :func:`with_mobile_units`); what is made small.
    timetable
        When repairs are finished; units do not change it.
    network
        Where the substations are on the map.
    shortage
        See :class:`gridtool.restoration.mobile.place.Board`.
    plain
        Values in plain MW for the gains shown; ``values`` if not given.
    evaluations
        Dispatches that may be spent.
    stop
        Asked now and then; what is placed so far is kept once it says True.

    Returns
    -------
    placements, switchings
        By time; ``served_gain_mw`` is the mean load served more over the stay (until the last
        repair), all other units being where they are.
    """
    if not candidates or not np.isfinite(timetable.finish_h).all():
        return (), ()
    board = _make_board(
        problem,
        values,
        timetable,
        network=network,
        candidates=candidates,
        units=units,
        shortage=shortage,
        evaluations=evaluations,
        stop=stop,
    )
    tours = _drop_useless(board, place_tours(board))
    placements = [
        placed
        for unit in board.units
        for placed in _placements_of(board, tours, unit, plain=plain or values)
    ]
    placements.sort(key=lambda placed: (placed.start, placed.unit))
    return tuple(placements), tour_switchings(board, tours)


def _make_board(
    problem: ScheduleProblem,
    values: StateValues,
    timetable: Timetable,
    *,
    network: CityNetwork,
    candidates: Sequence[Candidate],
    units: Sequence[MobileUnit],
    shortage: Shortage | None,
    evaluations: int,
    stop: Callable[[], bool] | None,
) -> Board:
    return Board(
        values=values,
        timetable=timetable,
        units=tuple(units),
        candidates=tuple(candidates),
        places_km=network.place_of_substation,
        as_of=problem.as_of,
        evaluations=evaluations,
        spent=values.evaluations,
        shortage=shortage,
        stop=stop,
    )


def _drop_useless(board: Board, tours: Tours) -> Tours:
    """``tours`` without stops that save nothing any more, now that all units are placed; none at
    all where they do harm together: valued state by state."""
    kept = dict(tours)
    energy = board.energy_mwh(kept)
    for unit, stops in tours.items():
        for stop in reversed(stops):
            fewer = kept | {unit: tuple(other for other in kept[unit] if other is not stop)}
            found = board.energy_mwh(fewer)
            if found <= energy:
                kept, energy = fewer, found
    none: Tours = dict.fromkeys(tours, ())
    return kept if energy < board.energy_mwh(none) else none


def _placements_of(
    board: Board, tours: Tours, unit: MobileUnit, *, plain: StateValues
) -> list[PlacedUnit]:
    """The stops of ``unit`` with their dates and what each gives."""
    board_plain = replace(board, values=plain)
    energy = board_plain.energy_mwh(tours)
    spot = (unit.x_km, unit.y_km)
    found = []
    for stop in tours[unit.id]:
        candidate = board.candidates[stop.place]
        site = board.places_km[candidate.site]
        fewer = dict(tours) | {unit.id: tuple(s for s in tours[unit.id] if s is not stop)}
        saved = board_plain.energy_mwh(fewer) - energy
        counted_h = min(stop.offline, board.counted_h) - stop.online
        stays = stop.offline >= board.end_h
        found.append(
            PlacedUnit(
                unit=unit.id,
                site=candidate.site,
                part=candidate.part,
                start=_moment(board.as_of, stop.online - unit.setup_h),
                online=_moment(board.as_of, stop.online),
                offline=None if stays else _moment(board.as_of, stop.offline),
                travel_h=way_hours(unit, spot, site),
                served_gain_mw=saved / counted_h,
            )
        )
        spot = site
    return found


def _moment(as_of: datetime, hours: float) -> datetime:
    """``hours`` after ``as_of`` to the second, as the plan's jobs are dated."""
    return as_of + timedelta(seconds=round(hours * 3600))
