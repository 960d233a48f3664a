"""Made worlds whose right forecast is known, and runs of them that are kept in a store."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
from store_cases import HOLDER, NOW

from gridtool.forecast.metrics.kept import DEMAND_LEVELS, KeptSamples
from gridtool.forecast.model import CITY
from gridtool.forecast.premises import forecast_grid
from gridtool.jobs.scoring.files import keep_files
from gridtool.jobs.scoring.source import HistoryLink
from gridtool.jobs.store.finish import finish_run
from gridtool.jobs.store.model import Closing, RunIdentity
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
PEAK = np.array([[30.0, 10.0], [50.0, 0.0], [80.0, 10.0]])
SPREAD = 0.1
SHED_SHARE = 0.05


def course(grid):
    """The known part of the demand factor, (hours,)."""
    clock = np.array([moment.hour for moment in grid.local])
    return 0.7 + 0.2 * np.sin(2 * np.pi * (clock - 6) / 24)


def draw_factor(rng, grid, *, n, level=1.0, spread=SPREAD):
    """Demand factors (n, hours): every day is as much higher or lower as chance has it."""
    days = rng.normal(0.0, spread, (n, len(grid.days)))
    return level * course(grid) * np.exp(days[:, grid.day_index])


def draw_shed(rng, grid, *, n):
    """Share of ordinary demand that is shed in each hour, (n, hours)."""
    return (SHED_SHARE * rng.gamma(1.0, 1.0, (n, len(grid.days))))[:, grid.day_index]


def keep_samples(factor, shed_share, grid):
    """The kept samples of demand factors and shares shed."""

    def by(values, index, count):
        return np.stack([values[:, index == at].sum(axis=1) for at in range(count)], axis=1)

    months, days = len(grid.months), len(grid.days)
    lost = factor * shed_share
    unserved = np.zeros((len(factor), months, 3, 2))
    unserved[..., 0] = by(lost, grid.month_index, months)[..., None] * PEAK[:, 0]
    day_lost = np.zeros((len(factor), days, 2))
    day_lost[..., 0] = by(lost, grid.day_index, days) * PEAK[-1, 0]
    demand = np.quantile(factor * PEAK[-1].sum(), DEMAND_LEVELS, axis=0)
    return KeptSamples(
        grid=grid,
        districts=("A", "B", CITY),
        peak_mw=PEAK,
        month_h=np.bincount(grid.month_index),
        factor_h=by(factor, grid.month_index, months),
        unserved_mwh=unserved,
        day_factor_h=by(factor, grid.day_index, days),
        day_mwh=day_lost,
        demand_mw=demand.astype(np.float32),
    )


def forecast_files(rng, *, as_of, months=2, n=99, scale=2.0, spread=SPREAD, level=1.0):
    """Files of a run's samples; the model saw the history until the run."""
    grid = forecast_grid(as_of, months=months, zone=KYIV)
    kept = keep_samples(
        draw_factor(rng, grid, n=n, spread=spread, level=level), draw_shed(rng, grid, n=n), grid
    )
    link = HistoryLink(scale=scale, known_until=as_of)
    return keep_files(SimpleNamespace(kept=kept), link=link)


def keep_run(
    store, *, as_of, files, job="night", facts=None, quality="full", headline=None, **changes
):
    """A run that is done, with ``files``."""
    identity = RunIdentity(
        **{
            "job": job,
            "slot": as_of,
            "as_of": as_of,
            "seed": 1,
            "program_version": "0.1.0",
            "network_version": "2",
            "settings": {"months": 2},
            "inputs": (),
            **changes,
        }
    )
    run = store.rows.begin(identity, holder=HOLDER, now=as_of)
    closing = Closing(
        finished_at=as_of + timedelta(minutes=5), quality=quality, duration_s=300.0, exit_code=0,
        headline=headline or {},
    )  # fmt: skip
    return finish_run(store, run, closing=closing, files=files, facts=facts or {})


def world(rng, *, start=NOW, days=120, level=1.0, scale=2.0):
    """What came from local midnight after ``start``: grid, demand and shed in the file's MW."""
    first = forecast_grid(start, months=1, zone=KYIV).start
    grid = TimeGrid(first, 24 * days, KYIV)
    factor = draw_factor(rng, grid, n=1, level=level)[0]
    shed = draw_shed(rng, grid, n=1)[0] * factor * PEAK[-1, 0]
    return grid, factor * PEAK[-1].sum() / scale, shed / scale
