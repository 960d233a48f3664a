"""Simulated demand by district and by class of customers, as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.demand.districts.split import CitySplit
from gridtool.network.model import CityNetwork
from gridtool.report.demand_ahead import LEVELS, name_level
from gridtool.report.tables import NamedTable
from gridtool.timegrid import TimeGrid

__all__ = ["tables_districts"]

FloatArray = npt.NDArray[np.float64]
CHUNK = 64
"""Paths divided at once: those of all districts take as much memory each as a path of the city."""


def tables_districts(
    city_mw: FloatArray,
    split: CitySplit,
    *,
    grid: TimeGrid,
    network: CityNetwork,
    seed: int,
    levels: Sequence[float] = LEVELS,
) -> tuple[NamedTable, NamedTable]:
    """Energy and peak of each local month by district, and by class of customers.

    Parameters
    ----------
    city_mw : (n, hours)
        Paths 0 to n - 1 of the city.
    seed
        Of those paths.
    """
    prepared = split.prepare(grid)
    districts, classes = [], []
    for first in range(0, len(city_mw), CHUNK):
        part = prepared.split(city_mw[first : first + CHUNK], seed=seed, first=first)
        districts.append(_sum_months(part, grid=grid))
        classes.append(_sum_months(prepared.by_class(part), grid=grid))
    names = network.districts["name"]
    own = {
        "district": list(prepared.districts),
        "name": [str(names[district]) for district in prepared.districts],
    }
    return (
        NamedTable(
            name="demand_districts",
            title="Demand expected, by month and district",
            frame=_tabulate(districts, grid=grid, levels=levels, keys=own),
            terminal_rows=3 * len(prepared.districts),
            note=f"Divided by {split.description}.",
        ),
        NamedTable(
            name="demand_classes",
            title="Demand expected, by month and class of customers",
            frame=_tabulate(
                classes, grid=grid, levels=levels, keys={"customer_class": list(prepared.classes)}
            ),
            terminal_rows=len(prepared.classes),
        ),
    )


def _sum_months(parts_mw: FloatArray, *, grid: TimeGrid) -> FloatArray:
    """Energy and peak of each part and month, (2, n, parts, months)."""
    first = np.flatnonzero(np.diff(grid.month_index, prepend=-1))
    return np.stack(
        [
            np.add.reduceat(parts_mw, first, axis=2),
            np.maximum.reduceat(parts_mw, first, axis=2),
        ]
    )


def _tabulate(
    chunks: Sequence[FloatArray],
    *,
    grid: TimeGrid,
    levels: Sequence[float],
    keys: dict[str, list[str]],
) -> pd.DataFrame:
    found = np.quantile(np.concatenate(chunks, axis=1), levels, axis=1)
    count = found.shape[2]
    columns: dict[str, object] = {"month": np.repeat(list(grid.months), count)}
    columns |= {name: values * len(grid.months) for name, values in keys.items()}
    for kind, name, unit in ((0, "energy", "mwh"), (1, "peak", "mw")):
        for at, level in enumerate(levels):
            values = found[at, kind].T.ravel()
            columns[f"{name}_{name_level(level)}_{unit}"] = values
    return pd.DataFrame(columns)
