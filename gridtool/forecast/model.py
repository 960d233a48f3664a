"""Interfaces and results of the forecast package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.timegrid import TimeGrid

if TYPE_CHECKING:
    from gridtool.forecast.metrics.kept import KeptSamples

__all__ = [
    "CITY",
    "DemandModel",
    "FittedModel",
    "ForecastConfig",
    "FurtherDamage",
    "PathDraws",
    "ShortageForecast",
]

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


class PathDraws(Protocol):
    """Paths over one grid, drawn in turns."""

    def draw(self, n: int, *, seed: int, first: int = 0) -> npt.NDArray[np.float64]:
        """Paths ``first`` to ``first + n - 1`` in MW, shape (n, hours); i depends on (seed, i)."""
        ...


@runtime_checkable
class FittedModel(DemandModel, Protocol):
    """A demand model fitted to a history: it knows how far it reaches and what to say of it."""

    @property
    def reference_peak_mw(self) -> float:
        """Highest hour of the history's last twelve months, in its own MW."""
        ...

    @property
    def weaker(self) -> str | None:
        """Why this is a weaker model than the file promised, in words; None where it is not."""
        ...

    def prepare(self, grid: TimeGrid) -> PathDraws:
        """What all paths over ``grid`` share, made once."""
        ...

    def check_reach(self, grid: TimeGrid) -> None:
        """Raise :class:`gridtool.errors.HistoryError` for months beyond the model's reach."""
        ...

    def notes(self, grid: TimeGrid) -> tuple[str, ...]:
        """What a reader of a forecast for ``grid`` must know of its demand, in words."""
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
        Stop when the standard error of the whole EUE (with the control variate where there is
        one) is at most this share of it, in [0, 1); ``samples`` is then the most. None: all.
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
    control
        Estimate the city's EUE with the control variate too, where there is one.
    keep_samples
        Of how many of the samples, the first ones, months and days are kept for scoring.
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
    control: bool = True
    keep_samples: int = 0


@dataclass(frozen=True, kw_only=True)
class ShortageForecast:
    """Shortage by month and district, with standard errors.

    Frames have plain indices; the whole city is district ``*``, the whole horizon month ``all``.
    Standard errors are columns ``_se``, intervals of 95 % of quantiles ``_low`` and ``_high``.

    - ``monthly``: by month and district, ``horizon``: by district (see
      :func:`gridtool.forecast.metrics.place_frames.tabulate_months`). ``hours_off_*`` are hours
      a day without supply for an ordinary (not protected) customer: 24 x unserved ordinary
      energy / ordinary demand; quantiles are over samples of the period's mean.
    - ``causes``: month, supply_mwh, network_mwh, delivery_mwh (expected; they add up to the
      city's EUE)
    - ``daily``, ``weekly``, ``by_hour``: the city by day, ISO week, local hour of the day
    - ``by_class``: by month and class of customers
    - ``durations``, ``depths``: shortages of the horizon by district, how long and how deep
    - ``outlook``: by month and case (repairs later, less import), None unless asked for; see
      :meth:`gridtool.forecast.outlook.OutlookTally.table`
    - ``controlled``: the city's expected unserved energy by month (``all`` last) with the control
      variate, beside the plain mean, None where there is none; see
      :meth:`gridtool.forecast.metrics.controlled.Controlled.table`
    - ``shares``: by month and uncertainty, what part of the variance of the city's unserved
      energy it decides, None unless asked for; see
      :meth:`gridtool.forecast.metrics.shares.ShareTally.shares`

    - ``kept``: the first samples themselves, None unless asked for

    ``samples`` are those simulated: fewer than asked for where ``config.until`` was reached.
    """

    as_of: datetime
    grid: TimeGrid
    config: ForecastConfig
    samples: int
    seed: int
    demand_description: str
    monthly: pd.DataFrame
    horizon: pd.DataFrame
    causes: pd.DataFrame
    daily: pd.DataFrame
    weekly: pd.DataFrame
    by_class: pd.DataFrame
    by_hour: pd.DataFrame
    durations: pd.DataFrame
    depths: pd.DataFrame
    outlook: pd.DataFrame | None = None
    shares: pd.DataFrame | None = None
    controlled: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    kept: KeptSamples | None = None
