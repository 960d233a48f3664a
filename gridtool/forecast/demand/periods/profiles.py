"""Typical hours of demand by class of customers: synthetic shapes, written for this project.

Each class has a working day and a free day of 24 local hours, relative to the mean of its working
day. Saturdays lie between the two. An evening of lighting and cooking comes on top, at 18:00 in
the darkest weeks and at 21:00 in the lightest, and a yearly wave, which counts only where a
history does not know its seasons. Every number is an estimate of ours; the courses follow what
published standard profiles show of such customers: the German association BDEW's profiles H0,
G0-G6 and L0 (VDEW M-32/99, 1999) and their successors of 2025 have the same evening peak of
households, the same plateau of offices and shops from 9 to 17 and the same halving on Sundays.
How well a mean city of them meets real cities is tested (``tests/forecast/demand``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.network.declared.demand import CUSTOMER_CLASSES

__all__ = ["BASE", "KINDS", "MEAN_CITY", "PROFILES", "ClassProfile", "day_kinds"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
EVENING_HOURS = 1.6
"""Standard deviation of the evening's hours around its hour."""
DARK_EVENING_H, LIGHT_EVENING_H = 18.0, 20.5
SATURDAY, SUNDAY = 5, 6
KINDS = 3
"""Of days: working days, Saturdays, Sundays and other free days."""
BASE = 0.35
"""Share of a city's demand that runs at all hours: losses, street lighting, what nobody switches
off. Without it the classes' profiles, which describe customers, swing further than cities do."""


@dataclass(frozen=True, kw_only=True)
class ClassProfile:
    """Demand of a class relative to its mean working day.

    Attributes
    ----------
    working, free : (24,)
        By local hour.
    saturday
        Share of the working day in a Saturday.
    evening
        Height of the evening of lighting and cooking.
    winter
        Amplitude of the yearly wave, highest in midwinter.
    """

    working: FloatArray
    free: FloatArray
    saturday: float
    evening: float
    winter: float

    @property
    def mean(self) -> float:
        """Mean over a usual week."""
        week = (5.0 + self.saturday) * self.working.mean() + (
            2.0 - self.saturday
        ) * self.free.mean()
        return float(week / 7.0 + self.evening * EVENING_HOURS * np.sqrt(2 * np.pi) / 24.0)

    def follow(self, calendar: LocalCalendar, *, kind: IntArray, dark: FloatArray) -> FloatArray:
        """Demand of the hours of ``calendar``, without the yearly wave, shape (n,).

        Parameters
        ----------
        kind : (n,)
            Of the days, as of :func:`day_kinds`.
        dark : (n,)
            1 in midwinter, 0 in midsummer.
        """
        share = np.array([1.0, self.saturday, 0.0])[kind]
        hour = calendar.hour
        base = share * self.working[hour] + (1.0 - share) * self.free[hour]
        late = LIGHT_EVENING_H + (DARK_EVENING_H - LIGHT_EVENING_H) * dark
        bump = np.exp(-0.5 * ((hour - late) / EVENING_HOURS) ** 2)
        followed: FloatArray = base + self.evening * bump
        return followed


def day_kinds(weekday: IntArray, *, free: BoolArray) -> IntArray:
    """0 on working days, 1 on Saturdays, 2 on Sundays and ``free`` days, (n,)."""
    kind = np.where(weekday == SATURDAY, 1, 0)
    kind[(weekday == SUNDAY) | free] = 2
    return kind


def _profile(
    working: str, free: str, *, saturday: float, evening: float = 0.0, winter: float
) -> ClassProfile:
    return ClassProfile(
        working=np.array(working.split(), dtype=np.float64),
        free=np.array(free.split(), dtype=np.float64),
        saturday=saturday,
        evening=evening,
        winter=winter,
    )


PROFILES: dict[str, ClassProfile] = {
    "household": _profile(
        "0.74 0.65 0.60 0.58 0.59 0.66 0.84 1.00 1.00 0.95 0.93 0.95 "
        "0.98 0.97 0.95 0.96 1.02 1.14 1.26 1.34 1.34 1.28 1.14 0.93",
        "0.79 0.69 0.62 0.59 0.58 0.61 0.70 0.86 1.04 1.15 1.19 1.21 "
        "1.23 1.20 1.15 1.12 1.14 1.22 1.30 1.35 1.33 1.26 1.13 0.94",
        saturday=0.2,
        evening=0.15,
        winter=0.12,
    ),
    "commercial": _profile(
        "0.62 0.59 0.57 0.57 0.59 0.66 0.81 1.02 1.23 1.36 1.41 1.43 "
        "1.42 1.42 1.41 1.38 1.33 1.24 1.13 1.03 0.92 0.82 0.72 0.66",
        "0.60 0.57 0.56 0.55 0.55 0.57 0.61 0.67 0.75 0.83 0.88 0.91 "
        "0.92 0.91 0.90 0.88 0.86 0.85 0.83 0.79 0.74 0.69 0.65 0.61",
        saturday=0.35,
        evening=0.05,
        winter=0.03,
    ),
    "industry": _profile(
        "0.84 0.82 0.81 0.81 0.83 0.89 1.00 1.11 1.17 1.18 1.17 1.15 "
        "1.13 1.15 1.14 1.11 1.07 1.02 0.98 0.96 0.94 0.92 0.90 0.87",
        "0.75 0.74 0.73 0.73 0.73 0.74 0.75 0.76 0.77 0.78 0.79 0.79 "
        "0.79 0.78 0.78 0.77 0.77 0.77 0.78 0.79 0.80 0.80 0.80 0.79",
        saturday=0.3,
        winter=0.02,
    ),
    "transport": _profile(
        "0.28 0.16 0.13 0.16 0.38 0.85 1.32 1.66 1.68 1.42 1.22 1.18 "
        "1.18 1.18 1.19 1.29 1.47 1.66 1.60 1.34 1.09 0.90 0.70 0.47",
        "0.30 0.18 0.14 0.16 0.30 0.57 0.76 0.91 1.01 1.08 1.12 1.14 "
        "1.16 1.16 1.16 1.16 1.16 1.15 1.10 1.01 0.91 0.78 0.62 0.43",
        saturday=0.25,
        winter=0.08,
    ),
    "water": _profile(
        "0.75 0.69 0.66 0.66 0.71 0.84 1.04 1.19 1.19 1.13 1.07 1.03 "
        "1.01 1.00 0.98 0.98 1.02 1.07 1.13 1.17 1.17 1.10 0.99 0.86",
        "0.77 0.71 0.67 0.66 0.68 0.74 0.86 1.01 1.15 1.21 1.19 1.14 "
        "1.09 1.05 1.02 1.00 1.02 1.06 1.11 1.14 1.14 1.08 0.98 0.86",
        saturday=0.1,
        winter=-0.04,
    ),
    "heat": _profile(
        "0.95 0.94 0.94 0.95 0.98 1.05 1.11 1.12 1.08 1.03 0.99 0.97 "
        "0.95 0.94 0.94 0.95 0.98 1.02 1.05 1.06 1.05 1.02 0.99 0.96",
        "0.95 0.94 0.94 0.94 0.96 1.00 1.05 1.08 1.08 1.05 1.02 0.99 "
        "0.97 0.95 0.95 0.96 0.98 1.02 1.05 1.06 1.05 1.02 0.99 0.96",
        saturday=0.5,
        winter=0.60,
    ),
    "hospital": _profile(
        "0.80 0.78 0.77 0.77 0.79 0.85 0.97 1.10 1.22 1.26 1.26 1.25 "
        "1.22 1.21 1.19 1.16 1.10 1.05 1.01 0.98 0.94 0.90 0.86 0.82",
        "0.78 0.76 0.75 0.75 0.76 0.79 0.85 0.92 0.99 1.02 1.03 1.03 "
        "1.02 1.00 0.99 0.97 0.95 0.94 0.93 0.92 0.90 0.87 0.84 0.80",
        saturday=0.2,
        winter=0.04,
    ),
}
"""By class of customers."""

MEAN_CITY: dict[str, float] = {
    "household": 0.40,
    "commercial": 0.34,
    "industry": 0.16,
    "transport": 0.04,
    "water": 0.03,
    "heat": 0.02,
    "hospital": 0.01,
}
"""Share of energy by class in a mean city: an assumption, where no network says otherwise."""

assert set(PROFILES) == set(MEAN_CITY) == set(CUSTOMER_CLASSES)
