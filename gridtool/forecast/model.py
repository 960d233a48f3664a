"""Interfaces and results of the forecast package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.timegrid import TimeGrid

__all__ = ["CITY", "DemandModel", "ForecastConfig", "ShortageForecast"]

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
class ForecastConfig:
    """How a shortage forecast is run.

    ``months`` local calendar months from the first full hour after ``as_of`` (the running month
    counts as the first), ``samples`` simulated futures.
    """

    months: int = 6
    samples: int = 1000
    workers: int = 2


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
