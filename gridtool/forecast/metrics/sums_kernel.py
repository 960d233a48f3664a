"""Compiled: the sums of every sample over its months, days and places, in one pass.

Arrays go from function to function one by one: taking them out of a tuple at every hour costs
more than the sums do.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["PLACE_COLUMNS", "Calendar", "Classes", "Hourly", "Sums", "sum_hours"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Hourly = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""Unserved (n, H, D, 2) and by class (n, H, C); for want of supply and of delivery (n, H, 2);
demand factor (n, H)."""
Calendar = tuple[IntArray, IntArray, IntArray]
"""Month, local day and local hour of the day of each hour."""
Classes = tuple[FloatArray, FloatArray, FloatArray]
"""Ordinary demand and all demand at the reference peak by place (D + 1, 2); the longest
duration (h) and the greatest depth (share of the peak) of each class but the last (2, 8); limits
of hours off a day."""
Sums = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]
"""By place (n, M, D + 1, 9); by class (n, M, C); by cause (n, M, 3); by hour of the day, energy
and hours (n, M, 24, 2); by day, ordinary and protected energy, hours, demand factor (n, days, 4);
events of each place by class of duration and of depth (n, D + 1, 2, 9)."""

PLACE_COLUMNS = 9
_ORDINARY, _PROTECTED, _SHORT_H, _SHORT_D, _EVENTS, _DEEPEST, _OVER = range(7)
_NOW_MW, _EVENT_H, _EVENT_MW, _DAY_MWH, _DAY_H = range(5)
"""Columns of what is remembered of a place from hour to hour."""


@numba.njit(cache=True)
def _find_class(limits: FloatArray, value: float) -> int:
    """First class whose limit is not below ``value``; one past the last if none is."""
    found = 0
    while found < limits.size and value > limits[found]:
        found += 1
    return found


@numba.njit(cache=True)
def _end_event(
    place: int, state: FloatArray, peak: FloatArray, limits: FloatArray, shapes: FloatArray
) -> None:
    """Count the running event of a place by its duration and depth, and forget it."""
    depth = state[place, _EVENT_MW] / peak[place, 1] if peak[place, 1] > 0.0 else np.inf
    shapes[place, 0, _find_class(limits[0], state[place, _EVENT_H])] += 1.0
    shapes[place, 1, _find_class(limits[1], depth)] += 1.0
    state[place, _EVENT_H] = 0.0
    state[place, _EVENT_MW] = 0.0


@numba.njit(cache=True)
def _end_all(state: FloatArray, peak: FloatArray, limits: FloatArray, shapes: FloatArray) -> None:
    """Count every running event."""
    for place in range(state.shape[0]):
        if state[place, _EVENT_H] > 0.0:
            _end_event(place, state, peak, limits, shapes)


@numba.njit(cache=True)
def _end_day(
    factor_h: float, state: FloatArray, peak: FloatArray, over_h: FloatArray, by_place: FloatArray
) -> None:
    """Count the day of each place as short and as over each limit, and forget it."""
    for place in range(state.shape[0]):
        if state[place, _DAY_H] > 0.0:
            by_place[place, _SHORT_D] += 1.0
        demand = factor_h * peak[place, 0]
        if demand > 0.0:
            off = 24.0 * state[place, _DAY_MWH] / demand
            for limit in range(over_h.size):
                if off > over_h[limit]:
                    by_place[place, _OVER + limit] += 1.0
        state[place, _DAY_MWH] = 0.0
        state[place, _DAY_H] = 0.0


@numba.njit(cache=True)
def _is_short(unserved: FloatArray, tolerance: float) -> bool:
    total = 0.0
    for place in range(unserved.shape[0]):
        total += unserved[place, 0] + unserved[place, 1]
    return total > tolerance


@numba.njit(cache=True)
def _add_energy(
    unserved: FloatArray, state: FloatArray, by_place: FloatArray, by_day: FloatArray
) -> float:
    """Energy of a short hour by place and day; what the city lacks in all."""
    city = unserved.shape[0]
    ordinary, protected = 0.0, 0.0
    for place in range(city):
        state[place, _NOW_MW] = unserved[place, 0] + unserved[place, 1]
        state[place, _DAY_MWH] += unserved[place, 0]
        by_place[place, _ORDINARY] += unserved[place, 0]
        by_place[place, _PROTECTED] += unserved[place, 1]
        ordinary += unserved[place, 0]
        protected += unserved[place, 1]
    state[city, _NOW_MW] = ordinary + protected
    state[city, _DAY_MWH] += ordinary
    by_place[city, _ORDINARY] += ordinary
    by_place[city, _PROTECTED] += protected
    by_day[0] += ordinary
    by_day[1] += protected
    by_day[2] += 1.0
    return ordinary + protected


@numba.njit(cache=True)
def _count_place(place: int, state: FloatArray, by_place: FloatArray) -> None:
    """One more hour of shortage of a place."""
    lacking = state[place, _NOW_MW]
    by_place[place, _SHORT_H] += 1.0
    if state[place, _EVENT_H] == 0.0:
        by_place[place, _EVENTS] += 1.0
    by_place[place, _DEEPEST] = max(by_place[place, _DEEPEST], lacking)
    state[place, _EVENT_H] += 1.0
    state[place, _EVENT_MW] = max(state[place, _EVENT_MW], lacking)
    state[place, _DAY_H] += 1.0


@numba.njit(cache=True)
def _add_reasons(
    class_mw: FloatArray,
    want: FloatArray,
    total: float,
    by_class: FloatArray,
    by_cause: FloatArray,
    by_clock: FloatArray,
) -> None:
    """Energy of a short hour by class, cause (``want``: of supply, of delivery) and clock."""
    for kind in range(class_mw.shape[0]):
        by_class[kind] += class_mw[kind]
    by_cause[0] += want[0]
    by_cause[1] += max(total - want[0] - want[1], 0.0)
    by_cause[2] += want[1]
    by_clock[0] += total
    by_clock[1] += 1.0


@numba.njit(cache=True)
def sum_hours(
    hourly: Hourly, calendar: Calendar, classes: Classes, tolerance: float, sums: Sums
) -> None:
    """Add every hour of every sample to ``sums``.

    Parameters
    ----------
    tolerance
        What the city may lack, in MW, without being short; the same for each district.
    """
    district_mw, class_mw, want_mw, factor = hourly
    month_of, day_of, clock_of = calendar
    peak, limits, over_h = classes
    by_place, by_class, by_cause, by_clock, by_day, shapes = sums
    n, hours = factor.shape
    places = district_mw.shape[2] + 1
    state = np.zeros((places, 5))
    for s in range(n):
        for h in range(hours):
            m, day = month_of[h], day_of[h]
            by_day[s, day, 3] += factor[s, h]
            if _is_short(district_mw[s, h], tolerance):
                total = _add_energy(district_mw[s, h], state, by_place[s, m], by_day[s, day])
                _add_reasons(
                    class_mw[s, h],
                    want_mw[s, h],
                    total,
                    by_class[s, m],
                    by_cause[s, m],
                    by_clock[s, m, clock_of[h]],
                )
                for place in range(places):
                    if state[place, _NOW_MW] > tolerance:
                        _count_place(place, state, by_place[s, m])
                    elif state[place, _EVENT_H] > 0.0:
                        _end_event(place, state, peak, limits, shapes[s])
            elif state[places - 1, _EVENT_H] > 0.0:  # no district is short unless the city is
                _end_all(state, peak, limits, shapes[s])
            if state[places - 1, _DAY_H] > 0.0 and (h + 1 == hours or day_of[h + 1] != day):
                _end_day(by_day[s, day, 3], state, peak, over_h, by_place[s, m])
        _end_all(state, peak, limits, shapes[s])
