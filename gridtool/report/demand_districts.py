"""Simulated demand by district and by class of customers, as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.demand.districts import DemandShares
from gridtool.network.model import CityNetwork
from gridtool.report.demand_ahead import LEVELS, name_level
from gridtool.report.tables import NamedTable
from gridtool.timegrid import TimeGrid

__all__ = ["DistrictPaths", "tables_districts"]

FloatArray = npt.NDArray[np.float64]
CHUNK = 16
"""Paths split at once: those of all districts take as much memory each as a path of the city."""


@dataclass(frozen=True, kw_only=True)
class DistrictPaths:
    """The city's paths and how they are split.

    Attributes
    ----------
    city_mw : (n, hours)
    split
        Shares of districts and classes at the reference peak.
    draw_shares
        ``draw_shares(first, n)`` gives the districts' shares of paths ``first`` to
        ``first + n - 1``, (n, D, hours); None: those of ``split``, the same at all times.
    """

    city_mw: FloatArray
    split: DemandShares
    draw_shares: Callable[[int, int], FloatArray] | None = None

    def shares(self, first: int, n: int) -> FloatArray:
        """Shares of the districts, (n, D, hours) or as numpy spreads it to that."""
        if self.draw_shares is not None:
            return self.draw_shares(first, n)
        own: FloatArray = self.split.shares.sum(axis=1)[None, :, None]
        return own


def tables_districts(
    paths: DistrictPaths,
    *,
    grid: TimeGrid,
    network: CityNetwork,
    levels: Sequence[float] = LEVELS,
) -> tuple[NamedTable, NamedTable]:
    """Energy and peak of each local month by district, and by class of customers."""
    split = paths.split
    mix = _mix_classes(split)
    districts, classes = [], []
    for first in range(0, len(paths.city_mw), CHUNK):
        city = paths.city_mw[first : first + CHUNK]
        shares = paths.shares(first, len(city))
        by_class = np.einsum("nd...,dc->nc...", shares, mix)
        districts.append(_sum_months(city[:, None] * shares, grid=grid))
        classes.append(_sum_months(city[:, None] * by_class, grid=grid))
    names = network.districts["name"]
    return (
        NamedTable(
            name="demand_districts",
            title="Demand expected, by month and district",
            frame=_tabulate(
                districts,
                grid=grid,
                levels=levels,
                keys={
                    "district": list(split.districts),
                    "name": [str(names[district]) for district in split.districts],
                },
            ),
            terminal_rows=3 * len(split.districts),
            note="Shares of the districts: "
            + (
                "those of the feeders at the reference peak."
                if paths.draw_shares is None
                else "those of the districts' own history, which move."
            ),
        ),
        NamedTable(
            name="demand_classes",
            title="Demand expected, by month and class of customers",
            frame=_tabulate(
                classes, grid=grid, levels=levels, keys={"customer_class": list(split.classes)}
            ),
            terminal_rows=0,
        ),
    )


def _mix_classes(split: DemandShares) -> FloatArray:
    """Shares of the classes within each district, (D, C)."""
    mix: FloatArray = split.with_districts(np.ones((len(split.districts), 1)))[..., 0]
    return mix


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
