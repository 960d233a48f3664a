"""Interfaces and results of the forecast package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.timegrid import TimeGrid

__all__ = ["CITY", "DemandModel", "ForecastConfig", "FurtherDamage", "ShortageForecast"]

CITY = "*"
"""District of the rows that stand for the whole city."""


class DemandModel(Protocol):
    """Anything that can draw paths of the city's hourly demand."""

    @property
    def description(self) -> str:
        """The model in words, for the report."""
        ...

    def simulate(
        self, n: int, *, grid: TimeGrid, seed: int, first: int = 0
    ) -> npt.NDArray[np.float64]:
        """Demand paths ``first`` to ``first + n - 1`` in MW, shape (n, grid.hours).

        Path i depends on (seed, i) only.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherDamage:
    """Damage still to come, as the planner states it: a compound Poisson process.

    It is never estimated. Events come at ``rate_per_month`` (a month is 730.5 h), damage a
    number of assets at once and leave each in a damage state, independently.

    Attributes
    ----------
    batch
        Probability that an event damages 1, 2, 3, ... assets; adds up to 1.
    states
        Probability by damage state (Hazus words); adds up to 1.
    exposure
        Weight by asset id, positive; assets of an event are drawn by it, without repetition.
    """

    rate_per_month: float
    batch: tuple[float, ...] = (1.0,)
    states: Mapping[str, float] = field(default_factory=lambda: {"extensive": 1.0})
    exposure: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastConfig:
    """How a shortage forecast is run.

    ``months`` local calendar months from the first full hour after ``as_of`` (the running month
    counts as the first), ``samples`` simulated futures.

    Attributes
    ----------
    until
        Stop when the standard error of the whole EUE is at most this share of it, in [0, 1);
        ``samples`` is then the most. None: all of them.
    share_samples
        Futures from which the shares of the uncertainties are estimated; 0: not asked for.
    outlook_samples
        Futures of each case of the outlook (repairs later, less import); 0: not asked for.
    further_damage
        None: nothing more is damaged.
    slip_h
        Hours by which every repair ends later than executed.
    import_change_mw
        Added to every month's import limit, which does not fall below 0.
    """

    months: int = 6
    samples: int = 1000
    workers: int = 2
    until: float | None = None
    share_samples: int = 0
    outlook_samples: int = 0
    further_damage: FurtherDamage | None = None
    slip_h: float = 0.0
    import_change_mw: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ShortageForecast:
    """Shortage by month and district, with standard errors.

    - ``monthly``: one row per month and district, then the whole city as district ``*``:
      month, district, name, demand_mwh, lolp, lole_h, lole_h_se, lole_d, lole_d_se, eue_mwh,
      eue_mwh_se, neue_ppm, hours_off_mean, hours_off_se, hours_off_p10, hours_off_p50,
      hours_off_p90, day_over_4h, day_over_8h, day_over_12h. ``hours_off_*`` are hours a day
      without supply for an ordinary (not protected) customer: 24 x unserved ordinary energy /
      ordinary demand; quantiles are over samples of the month's mean.
    - ``causes``: month, supply_mwh, network_mwh, delivery_mwh (expected; they add up to the
      city's EUE)
    - ``daily``: date, hours_off_p10, hours_off_p50, hours_off_p90, eue_mwh, demand_p50_mw
      (city)
    """

    as_of: datetime
    grid: TimeGrid
    samples: int
    seed: int
    demand_description: str
    monthly: pd.DataFrame
    causes: pd.DataFrame
    daily: pd.DataFrame
    notes: tuple[str, ...] = ()
