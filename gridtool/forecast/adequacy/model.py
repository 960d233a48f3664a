"""Generating systems: units, loads with their calendar, areas and interfaces, and results.

Conventions: load equal to capacity is no shortage; steps are hours; loads are not rounded; a
year by plain hours is 364 days of 24 h, 52 weeks from Monday.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.adequacy.returns import ReturnDate

__all__ = [
    "AdequacyResult",
    "CommonCause",
    "GeneratingSystem",
    "Interface",
    "LoadCalendar",
    "LoadSeries",
    "UnitGroup",
    "chain_chances",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def chain_chances(mttf_h: float, mttr_h: float) -> tuple[float, float]:
    """Chances to fail and to be repaired from one beginning of an hour to the next.

    Exact for a two-state process with exponential times seen at the beginnings of hours, with
    l = 1/MTTF and m = 1/MTTR: l/(l+m) (1 - exp(-(l+m))) and m/(l+m) (1 - exp(-(l+m))).

    >>> [round(chance, 6) for chance in chain_chances(2940.0, 60.0)]
    [0.000337, 0.01653]
    """
    total = 1.0 / mttf_h + 1.0 / mttr_h
    leaves = -float(np.expm1(-total))
    return leaves / (mttf_h * total), leaves / (mttr_h * total)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitGroup:
    """``count`` like units, independent of each other.

    Attributes
    ----------
    capacity_mw : (1,) or (H,)
        Of one unit that is up: constant, or by hour of the load.
    outage_rate
        Forced outage rate: share of time out, in [0, 1].
    p_fail, p_repair
        Chances from one beginning of an hour to the next; NaN where only the rate is known
        (such a unit can be convolved, but not simulated in time).
    area
        Area of the load that the units stand in; empty where there is only one.
    returns
        When each unit, which is out, comes back; None: it is not damaged.
    """

    id: str
    count: int = 1
    capacity_mw: FloatArray
    outage_rate: float
    p_fail: float = np.nan
    p_repair: float = np.nan
    area: str = ""
    returns: ReturnDate | None = None

    @property
    def constant(self) -> bool:
        """Whether the capacity is the same in all hours."""
        return len(self.capacity_mw) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonCause:
    """An event that takes several units at once, present with ``probability`` at any hour.

    ``lost`` counts, by id of a group, its units that are out for certain while it is present.
    Events are independent of each other and of the forced outages.
    """

    id: str
    probability: float
    lost: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """A transport link between two areas (a pipe: no impedance).

    ``forward_mw`` limits the flow from ``from_area`` to ``to_area``, ``backward_mw`` the other
    way; out of service, with ``outage_rate``, both are 0.

    Attributes
    ----------
    forward_mw, backward_mw : (1,) or (H,)
    """

    id: str
    from_area: str
    to_area: str
    forward_mw: FloatArray
    backward_mw: FloatArray
    outage_rate: float = 0.0
    p_fail: float = 0.0
    p_repair: float = 1.0


@dataclass(frozen=True, kw_only=True)
class GeneratingSystem:
    """Units of one or more areas, joined by interfaces.

    Attributes
    ----------
    start
        "stationary": an undamaged unit, and one that has returned, is up with its stationary
        chance; "up": undamaged units are up at hour 0, others at their return, and go on from
        there by their chances to fail and to be repaired.
    areas
        In the order of the load's rows.
    """

    groups: tuple[UnitGroup, ...]
    areas: tuple[str, ...] = ("",)
    interfaces: tuple[Interface, ...] = ()
    common_causes: tuple[CommonCause, ...] = ()
    start: Literal["stationary", "up"] = "stationary"

    @property
    def installed_mw(self) -> float:
        """All units at the highest capacity of each, MW."""
        return float(sum(group.count * group.capacity_mw.max() for group in self.groups))


@dataclass(frozen=True, kw_only=True)
class LoadCalendar:
    """Day, week and month of each hour.

    Attributes
    ----------
    day, week, month : (H,) int
        Positions among the names, never falling.
    days, weeks, months
        Names, in order.
    """

    day: IntArray
    week: IntArray
    month: IntArray
    days: tuple[str, ...]
    weeks: tuple[str, ...]
    months: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LoadSeries:
    """Load by area and hour.

    Attributes
    ----------
    load_mw : (A, H)
        Rows in the order of ``areas``.
    """

    load_mw: FloatArray
    calendar: LoadCalendar
    areas: tuple[str, ...] = ("",)

    @property
    def hours(self) -> int:
        """Number of hours."""
        return int(self.load_mw.shape[1])

    @property
    def total_mw(self) -> FloatArray:
        """Load of all areas together (H,)."""
        return np.asarray(self.load_mw.sum(axis=0))

    @property
    def peak_hours(self) -> IntArray:
        """The hour of the highest total load of each day (the first of equals)."""
        total = self.total_mw
        order = np.lexsort((np.arange(self.hours), -total, self.calendar.day))
        first = np.flatnonzero(np.diff(self.calendar.day[order], prepend=-1))
        return np.asarray(order[first], dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class AdequacyResult:
    """Expected shortage, without noise.

    Attributes
    ----------
    lolp_h : (H,)
        Probability of a shortage anywhere, by hour.
    eue_h_mwh : (H,)
        Expected unserved energy of the hour, all areas.
    area_lolp_h, area_eue_h_mwh : (A, H)
        By area; with one area the same as above.
    notes
        What was assumed, in words.
    """

    load: LoadSeries
    lolp_h: FloatArray
    eue_h_mwh: FloatArray
    area_lolp_h: FloatArray
    area_eue_h_mwh: FloatArray
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def lole_hours(self) -> float:
        """Expected hours with a shortage."""
        return float(self.lolp_h.sum())

    @property
    def lole_days(self) -> float:
        """Expected days whose hour of the highest load is short (daily peaks)."""
        return float(self.lolp_h[self.load.peak_hours].sum())

    @property
    def eue_mwh(self) -> float:
        """Expected unserved energy."""
        return float(self.eue_h_mwh.sum())

    @property
    def lolp(self) -> float:
        """Mean probability of a shortage in an hour."""
        return self.lole_hours / self.load.hours

    @property
    def edns_mw(self) -> float:
        """Expected demand not supplied, mean over the hours."""
        return self.eue_mwh / self.load.hours

    @property
    def neue_ppm(self) -> float:
        """Expected unserved energy in millionths of the demand."""
        demand = float(self.load.load_mw.sum())
        return 1e6 * self.eue_mwh / demand if demand > 0 else 0.0

    def tabulate(self, period: Literal["day", "week", "month"]) -> pd.DataFrame:
        """One row per day, week or month.

        Columns: the period's name, hours, peak_mw, energy_mwh, lolp, lole_hours, lole_days,
        eue_mwh, edns_mw, neue_ppm.
        """
        calendar = self.load.calendar
        position: IntArray = getattr(calendar, period)
        names: tuple[str, ...] = getattr(calendar, f"{period}s")
        total = self.load.total_mw
        peak = np.zeros(len(names))
        np.maximum.at(peak, position, total)
        at = self.load.peak_hours

        def sums(values: FloatArray, where: IntArray) -> FloatArray:
            return np.bincount(where, weights=values, minlength=len(names)).astype(np.float64)

        hours = np.bincount(position, minlength=len(names))
        energy = sums(total, position)
        lole, eue = sums(self.lolp_h, position), sums(self.eue_h_mwh, position)
        return pd.DataFrame(
            {
                period: list(names),
                "hours": hours,
                "peak_mw": peak,
                "energy_mwh": energy,
                "lolp": lole / hours,
                "lole_hours": lole,
                "lole_days": sums(self.lolp_h[at], position[at]),
                "eue_mwh": eue,
                "edns_mw": eue / hours,
                "neue_ppm": 1e6 * eue / np.where(energy > 0, energy, np.inf),
            }
        )
