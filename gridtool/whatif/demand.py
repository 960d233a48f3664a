"""Demand of a scenario: the weather of one year, and growth, on the paths of the base."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.weather_year import fix_weather_year
from gridtool.forecast.model import DemandModel, FittedModel, PathDraws
from gridtool.timegrid import TimeGrid

__all__ = ["DemandShelf", "grow_demand"]

FloatArray = npt.NDArray[np.float64]


class DemandShelf:
    """The demand models of scenarios, each with its paths prepared once.

    Paths of all scenarios draw the same random numbers.
    """

    def __init__(self, model: DemandModel) -> None:
        self._model = model
        self._kept: dict[int | None, DemandModel] = {}

    def find(self, *, weather_year: int | None, growth: float) -> DemandModel:
        """The base's model in the weather of a year, with demand higher by a share.

        Raises
        ------
        HistoryError
            If the model knows no hourly temperatures, or none of the year.
        """
        model = self._kept.get(weather_year)
        if model is None:
            model = self._model
            if weather_year is not None:
                model = fix_weather_year(model, weather_year)
            if isinstance(model, FittedModel):
                model = _Prepared(model)
            self._kept[weather_year] = model
        return grow_demand(model, growth)


def grow_demand(model: DemandModel, growth: float) -> DemandModel:
    """``model`` with all demand higher by the share ``growth``."""
    if not growth:
        return model
    if isinstance(model, FittedModel):
        return _GrownFitted(model, growth=growth)
    return _Grown(model, growth=growth)


class _Prepared:
    """A fitted model that keeps what paths over the last grid share."""

    def __init__(self, model: FittedModel) -> None:
        self._model = model
        self._last: tuple[TimeGrid, PathDraws] | None = None

    @property
    def description(self) -> str:
        return self._model.description

    @property
    def reference_peak_mw(self) -> float:
        return self._model.reference_peak_mw

    @property
    def weaker(self) -> str | None:
        return self._model.weaker

    def simulate(self, n: int, *, grid: TimeGrid, seed: int, first: int = 0) -> FloatArray:
        return self.prepare(grid).draw(n, seed=seed, first=first)

    def prepare(self, grid: TimeGrid) -> PathDraws:
        if self._last is None or self._last[0] != grid:
            self._last = grid, self._model.prepare(grid)
        return self._last[1]

    def check_reach(self, grid: TimeGrid) -> None:
        self._model.check_reach(grid)

    def notes(self, grid: TimeGrid) -> tuple[str, ...]:
        return self._model.notes(grid)


class _Grown:
    """A demand model with all demand higher by a share."""

    def __init__(self, model: DemandModel, *, growth: float) -> None:
        self._model = model
        self.growth = growth

    @property
    def description(self) -> str:
        return f"{self._model.description}; all demand {100 * self.growth:+g} %"

    def simulate(self, n: int, *, grid: TimeGrid, seed: int, first: int = 0) -> FloatArray:
        paths = self._model.simulate(n, grid=grid, seed=seed, first=first)
        return np.asarray(paths * (1.0 + self.growth))


class _GrownFitted(_Grown):
    """The same of a fitted model; what is said of the model stays what it is."""

    def __init__(self, model: FittedModel, *, growth: float) -> None:
        super().__init__(model, growth=growth)
        self._fitted = model

    @property
    def reference_peak_mw(self) -> float:
        return self._fitted.reference_peak_mw

    @property
    def weaker(self) -> str | None:
        return self._fitted.weaker

    def prepare(self, grid: TimeGrid) -> PathDraws:
        return _GrownPaths(self._fitted.prepare(grid), factor=1.0 + self.growth)

    def check_reach(self, grid: TimeGrid) -> None:
        self._fitted.check_reach(grid)

    def notes(self, grid: TimeGrid) -> tuple[str, ...]:
        return self._fitted.notes(grid)


@dataclass(frozen=True, slots=True)
class _GrownPaths:
    paths: PathDraws
    factor: float

    def draw(self, n: int, *, seed: int, first: int = 0) -> FloatArray:
        drawn: FloatArray = self.paths.draw(n, seed=seed, first=first)
        return drawn * self.factor
