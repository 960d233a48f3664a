"""A demand model in the weather of one year of its record, for what-ifs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.fitted import FittedDemand
from gridtool.forecast.demand.paths import DemandPaths
from gridtool.forecast.demand.saved.write import SavedModel
from gridtool.forecast.model import DemandModel, FittedModel
from gridtool.timegrid import TimeGrid

__all__ = ["WeatherYearDemand", "fix_weather_year"]


def fix_weather_year(model: DemandModel, year: int) -> FittedModel:
    """``model`` whose months ahead have the temperatures that ``year`` had on the same dates.

    Levels, residual days and what the coefficients may be wrong by are drawn as ever, from the
    same random numbers.

    Raises
    ------
    HistoryError
        If the model knows no hourly temperatures. Whether the year has those of the months ahead
        is known once they are prepared.
    """
    if isinstance(model, SavedModel):
        return replace(model, model=fix_weather_year(model.model, year))
    if not isinstance(model, FittedDemand) or model.weather is None:
        raise HistoryError(
            Issue(
                message="the demand model has no hourly temperatures: the weather of "
                f"{year} says nothing of its demand",
                field="weather_year",
                value=str(year),
                hint="give a history with a column of temperatures",
            ),
            subject="weather year",
        )
    return WeatherYearDemand(model=model, year=year)


@dataclass(frozen=True, kw_only=True)
class WeatherYearDemand:
    """A :class:`gridtool.forecast.model.FittedModel` in the weather of one year."""

    model: FittedDemand
    year: int

    @property
    def description(self) -> str:
        """The model in words, for the report."""
        return f"{self.model.description}; in the weather of {self.year}"

    @property
    def reference_peak_mw(self) -> float:
        """Highest hour of the history's last twelve months, in its own MW."""
        return self.model.reference_peak_mw

    @property
    def weaker(self) -> str | None:
        """Why this is a weaker model than the file promised; None where it is not."""
        return self.model.weaker

    def simulate(
        self, n: int, *, grid: TimeGrid, seed: int, first: int = 0
    ) -> npt.NDArray[np.float64]:
        """Demand paths in MW, shape (n, grid.hours)."""
        return self.prepare(grid).draw(n, seed=seed, first=first)

    def prepare(self, grid: TimeGrid) -> DemandPaths:
        """What all paths over ``grid`` share.

        Raises
        ------
        HistoryError
            If the record does not hold the year's temperatures of these months.
        """
        return self.model.prepare(grid, weather_year=self.year)

    def check_reach(self, grid: TimeGrid) -> None:
        """Refuse months beyond the model's reach, and those the year has no temperatures of.

        Raises
        ------
        HistoryError
            If the grid ends beyond that, or the record does not hold the year.
        """
        self.model.check_reach(grid)
        self.model.find_weather(grid, year=self.year)

    def notes(self, grid: TimeGrid) -> tuple[str, ...]:
        """What a reader of a forecast for ``grid`` must know of its demand, in words."""
        return (*self.model.notes(grid), f"all months ahead have the weather of {self.year}")
