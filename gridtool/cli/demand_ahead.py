"""What the commands on the demand model simulate, and the tables they make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.forecast.model import FittedModel
from gridtool.forecast.shortage import forecast_grid
from gridtool.formats.write import csv_text, write_bytes
from gridtool.report.demand_ahead import (
    LEVELS,
    name_level,
    table_days_ahead,
    table_hours_ahead,
    table_months_ahead,
    table_paths,
    tabulate_spans,
)
from gridtool.report.tables import NamedTable
from gridtool.timegrid import TimeGrid
from gridtool.units import format_quantity

__all__ = ["DemandAhead", "simulate_ahead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandAhead:
    """Paths (n, hours) in MW over a grid, and what a reader must know of them."""

    grid: TimeGrid
    paths: npt.NDArray[np.float64]
    notes: tuple[str, ...]

    def tables(
        self, by: Literal["hour", "day", "month"] = "month", *, levels: Sequence[float] = LEVELS
    ) -> tuple[NamedTable, ...]:
        """The table by hour, day or month, then the longer spans."""
        months = table_months_ahead(self.paths, grid=self.grid, levels=levels)
        if by == "month":
            return (months,)
        days = table_days_ahead(self.paths, grid=self.grid, levels=levels)
        if by == "day":
            return (days, months)
        return (table_hours_ahead(self.paths, grid=self.grid, levels=levels), days, months)

    def write_paths(self, path: Path) -> None:
        """Write every path as CSV, hour by hour.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        write_bytes(path, csv_text(table_paths(self.paths, grid=self.grid)).encode())

    @property
    def headline(self) -> dict[str, float]:
        """Quantiles of the energy and of the highest hour of all months together."""
        whole = np.zeros(self.grid.hours, dtype=np.int64)
        row = tabulate_spans(self.paths, whole, levels=LEVELS).iloc[0]
        return {str(name): float(value) for name, value in row.items()}

    def describe(self) -> str:
        """The whole horizon in a sentence."""
        found = self.headline
        local = [moment.astimezone(self.grid.zone) for moment in (self.grid.start, self.grid.end)]
        energy = _say_range(found, "energy", "mwh", unit="MWh")
        peak = _say_range(found, "peak", "mw", unit="MW")
        return (
            f"From {local[0]:%Y-%m-%d} to {local[1]:%Y-%m-%d} the demand is expected to be "
            f"{energy}, its highest hour {peak}."
        )


def _say_range(found: dict[str, float], what: str, suffix: str, *, unit: str) -> str:
    low, middle, high = (
        format_quantity(found[f"{what}_{name}_{suffix}"], decimals=0)
        for name in map(name_level, LEVELS)
    )
    return f"{middle} {unit} ({low} to {high} in 80 % of the futures)"


def simulate_ahead(
    model: FittedModel, *, start: datetime, zone: ZoneInfo, months: int, paths: int, seed: int
) -> DemandAhead:
    """Paths of the months from ``start`` (aware) on, the running month counted.

    Raises
    ------
    HistoryError
        If the months are beyond the reach of the model.
    """
    grid = forecast_grid(start, months=months, zone=zone)
    model.check_reach(grid)
    return DemandAhead(
        grid=grid, paths=model.simulate(paths, grid=grid, seed=seed), notes=model.notes(grid)
    )
