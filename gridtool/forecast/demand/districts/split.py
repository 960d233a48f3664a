"""A city's demand paths divided among its districts and classes of customers.

The network's feeders say who takes what at the reference peak, the classes' shapes how that
changes over the hours. A history by district overrules the feeders: it knows where people are.
Whatever the sources, the parts add up to the city's path in every hour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar, make_calendar
from gridtool.forecast.demand.districts.divide import (
    DemandShares,
    match_districts,
    rescale_districts,
    split_demand,
)
from gridtool.forecast.demand.districts.history import DistrictHistory
from gridtool.forecast.demand.districts.shares import FittedShares, SharePaths, fit_shares
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.periods.profiles import PROFILES
from gridtool.forecast.demand.periods.shape import HourShape
from gridtool.network.model import CityNetwork
from gridtool.timegrid import TimeGrid

__all__ = ["CitySplit", "SplitPaths", "split_city"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_ROUNDS = 8


@dataclass(frozen=True, kw_only=True)
class SplitPaths:
    """Divides paths over the H hours of a grid among D districts and C classes.

    Attributes
    ----------
    usual : (D, C, H)
        Shares by the network and the shapes of classes, adding up to 1 in every hour.
    ahead
        Shares among the districts of the history; None without one.
    covered : (K,) int
        Rows of the districts of the history.
    """

    districts: tuple[str, ...]
    classes: tuple[str, ...]
    usual: FloatArray
    ahead: SharePaths | None
    covered: IntArray

    def split(self, city_mw: FloatArray, *, seed: int, first: int = 0) -> FloatArray:
        """Demand by district of the city's paths ``first`` on (n, H), (n, D, H).

        Path i depends on (seed, i) and the city's path only. Ask for a hundred paths at a time:
        six months of ten districts take 35 MB.
        """
        shares = np.repeat(self.usual.sum(axis=1)[None], len(city_mw), axis=0)
        if self.ahead is not None:
            within = shares[:, self.covered].sum(axis=1, keepdims=True)
            drawn = self.ahead.draw(len(city_mw), seed=seed, first=first)
            shares[:, self.covered] = within * drawn
        shares *= city_mw[:, None, :]
        return shares

    def by_class(self, district_mw: FloatArray) -> FloatArray:
        """Demand by class of what :meth:`split` gave, (n, C, H): each district has its own mix."""
        own = self.usual.sum(axis=1, keepdims=True)
        city = self.usual.sum(axis=0)
        mix = np.where(own > 0.0, self.usual / np.where(own > 0.0, own, 1.0), city)
        classes: FloatArray = np.einsum("ndh,dch->nch", district_mw, mix)
        return classes


@dataclass(frozen=True, kw_only=True)
class CitySplit:
    """How a city's demand divides; see :func:`split_city`."""

    shares: DemandShares
    special_days: SpecialDays
    fitted: FittedShares | None = None

    @property
    def description(self) -> str:
        """In words."""
        if self.fitted is None:
            return "districts and classes by the feeders' peaks and the classes' hours"
        return f"{self.fitted.description}; classes by the feeders and the classes' hours"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of it."""
        if self.fitted is None:
            return ()
        left = [name for name in self.shares.districts if name not in self.fitted.districts]
        if not left:
            return self.fitted.notes
        words = f"not in the history by district, shares as the network has them: {', '.join(left)}"
        return (*self.fitted.notes, words)

    def prepare(self, grid: TimeGrid) -> SplitPaths:
        """What all paths over ``grid`` share, made once."""
        calendar = make_calendar(grid.start, grid.hours, zone=grid.zone)
        course = _class_courses(self.shares, calendar, grid=grid, special_days=self.special_days)
        names = self.fitted.districts if self.fitted else ()
        return SplitPaths(
            districts=self.shares.districts,
            classes=self.shares.classes,
            usual=self.shares.by_hour(course),
            ahead=self.fitted.prepare(grid) if self.fitted else None,
            covered=np.array([self.shares.districts.index(name) for name in names], dtype=np.int64),
        )

    def rescale(self, network: CityNetwork, *, grid: TimeGrid) -> CityNetwork:
        """``network`` with peaks by district as the history has them over ``grid``."""
        if self.fitted is None:
            return network
        return rescale_districts(network, self.fitted.usual(grid))


def split_city(
    network: CityNetwork,
    *,
    history: DistrictHistory | None = None,
    special_days: SpecialDays | None = None,
) -> CitySplit:
    """Shares of ``network``'s districts and classes, those of districts by ``history`` if any.

    Raises
    ------
    HistoryError
        If the history names districts that the network does not have, or is too short.
    NetworkError
        If no feeder has a demand.
    """
    days = special_days or SpecialDays()
    shares = split_demand(network)
    if history is None:
        return CitySplit(shares=shares, special_days=days)
    ids = match_districts(history.districts, network=network, file=history.origin)
    fitted = fit_shares(replace(history, districts=ids), special_days=days)
    return CitySplit(shares=shares, special_days=days, fitted=fitted)


def _class_courses(
    shares: DemandShares, calendar: LocalCalendar, *, grid: TimeGrid, special_days: SpecialDays
) -> FloatArray:
    """Demand of each class relative to its demand at the reference peak, (C, H).

    The reference peak is the highest hour of a working day in midwinter, when the classes have
    the shares that the feeders give them.
    """
    mixes = [{name: 1.0} if name in PROFILES else None for name in shares.classes]
    shapes = [HourShape.of(mix, zone=grid.zone, special_days=special_days) for mix in mixes]
    day = datetime(2023, 7 if shapes[0].southern else 1, 11, tzinfo=UTC)  # a Tuesday, a Wednesday
    winter = make_calendar(day.replace(tzinfo=grid.zone).astimezone(UTC), 24, zone=grid.zone)
    alone = np.stack(
        [replace(own, special_days=SpecialDays()).follow(winter, seasons=True) for own in shapes]
    )
    at_peak = shares.shares.sum(axis=0)
    peak = 0
    for _ in range(_ROUNDS):
        peak = int(np.argmax(at_peak @ (alone / alone[:, [peak]])))
    courses = np.stack([own.follow(calendar, seasons=True) for own in shapes])
    relative: FloatArray = courses / alone[:, [peak]]
    return relative
