"""What placing mobile units in a timetable needs, and the hours that units are on the road."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gridtool.restoration.mobile.parts import Candidate, unit_limit_mw
from gridtool.restoration.mobile.route import Stop
from gridtool.restoration.mobile.shortage import Shortage
from gridtool.restoration.model import MobileUnit
from gridtool.restoration.schedule.problem import DETOUR, Timetable
from gridtool.restoration.value.states import StateValues, Switching

__all__ = [
    "Board",
    "Tours",
    "first_hours",
    "last_hour",
    "move_hours",
    "tour_switchings",
    "way_hours",
]

FloatArray = npt.NDArray[np.float64]

_LEAST_MOVE_H = 1.0 / 3600.0

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

    def levels_mw(self, mask: int) -> FloatArray:
        """Load served at each demand level (L,), MW; units that are alike at one section count
        as one state, whichever of them it is."""
        for bits in self._alike:
            placed = sum(1 for bit in bits if mask & bit)
            if placed:
                mask = mask & ~sum(bits) | sum(bits[:placed])
        return self.values.levels_mw(mask)

    @cached_property
    def _alike(self) -> tuple[tuple[int, ...], ...]:
        """Bits of candidates that are the same but for the unit's name."""
        known = {unit.id: unit for unit in self.units}
        groups: dict[tuple[object, ...], list[int]] = {}
        for place, candidate in enumerate(self.candidates):
            unit = known.get(candidate.unit)
            if unit is not None:
                key = (unit.kind, unit_limit_mw(unit), candidate.busbar, candidate.hv_busbar)
                groups.setdefault(key, []).append(self.bit(place))
        return tuple(tuple(bits) for bits in groups.values() if len(bits) > 1)

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


def first_hours(board: Board, unit: MobileUnit, own: Sequence[int]) -> FloatArray:
    """When ``unit``, sent off at once, is ready at each of its candidates."""
    leaves = _hours_until(board.as_of, unit.available_from, otherwise=0.0)
    depot = (unit.x_km, unit.y_km)
    ways = [way_hours(unit, depot, board.places_km[board.candidates[k].site]) for k in own]
    return np.array([max(leaves, 0.0) + way + unit.setup_h for way in ways], dtype=np.float64)


def last_hour(board: Board, unit: MobileUnit) -> float:
    """When ``unit`` gives nothing any more: it is taken down by the end of its availability."""
    until = _hours_until(board.as_of, unit.available_to, otherwise=np.inf) - unit.teardown_h
    return max(0.0, min(board.end_h, until))


def _hours_until(as_of: datetime, moment: datetime | None, *, otherwise: float) -> float:
    return otherwise if moment is None else (moment - as_of) / timedelta(hours=1)


def move_hours(board: Board, unit: MobileUnit, own: Sequence[int]) -> FloatArray:
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
