"""Forecasts with stated numbers, complete in all other columns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pandas as pd
from builders import grid

from gridtool.damage.apply import make_state
from gridtool.forecast.model import ForecastConfig
from gridtool.forecast.shortage import forecast_shortage

AS_OF = datetime(2027, 1, 30, tzinfo=UTC)


class _Wave:
    description = "made"

    def simulate(self, n, *, grid, seed, first=0):
        del seed
        hour = np.arange(grid.hours)
        size = 1.0 + 0.1 * np.sin(first + np.arange(n))
        return 80.0 * size[:, None] * (1 + 0.2 * np.sin(2 * np.pi * hour / 24))


@cache
def small_forecast():
    """Two months of a busbar with 80 MW of demand and 90 MW of import."""
    network = grid(stations={"A": (70.0, 10.0)}, lines=(), infeeds=[("I", "A", 90.0)])
    state = make_state(network, [], as_of=AS_OF)
    config = ForecastConfig(
        months=2, samples=12, workers=1, outlook_samples=12, share_samples=12, control=False
    )
    return forecast_shortage(state, None, _Wave(), config=config)


def made_forecast(*, monthly, causes, horizon=None, **changes):
    """A forecast with these rows; columns they do not have are 0.

    ``horizon``: the rows of the districts in all, by default sums and largest values by month.
    """
    small = small_forecast()
    if horizon is None:
        grouped = monthly.groupby("district", sort=False)
        horizon = grouped.max(numeric_only=True).assign(
            name=grouped["name"].first(), eue_mwh=grouped["eue_mwh"].sum()
        )
        horizon["lole_h"] = grouped["lole_h"].sum()
        horizon = horizon.reset_index()
    return replace(
        small,
        monthly=_complete(monthly, small.monthly),
        horizon=_complete(horizon, small.horizon),
        causes=_complete(causes, small.causes),
        **changes,
    )


def _complete(frame, like):
    missing = [name for name in like.columns if name not in frame]
    return pd.DataFrame(frame).assign(**dict.fromkeys(missing, 0.0))[list(like.columns)]
