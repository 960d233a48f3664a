"""A damaged toy city with outages, imports and crews, and its futures hour by hour."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
from builders import build_network, grid
from restoration.cases import AS_OF, crew, damaged

from gridtool.flow.compile import compile_case
from gridtool.forecast.model import ForecastConfig
from gridtool.forecast.simulate.futures import prepare_futures
from gridtool.restoration.model import PlanConfig, Resources
from gridtool.restoration.plan import plan_restoration
from gridtool.timegrid import TimeGrid


def outage_city(*, fails=True, imports=True):
    """Four stations on a ring with two units; lines and units fail often where ``fails``."""
    plain = grid(
        stations={"A": (10.0, 5.0), "B": (20.0, 0.0), "C": (8.0, 2.0), "D": (5.0, 0.0)},
        lines=(
            ("AB", "A", "B", 50.0),
            ("BC", "B", "C", 50.0),
            ("CD", "C", "D", 50.0),
            ("DA", "D", "A", 50.0),
        ),
        infeeds=(("I", "A", 80.0),),
        units=(("G", "B", 30.0), ("K", "C", 30.0)),
    )
    tables = {
        name: frame.reset_index(drop=frame.index.name is None).to_dict("records")
        for name, frame in plain.tables.items()
    }
    if fails:
        for row in tables["lines"]:
            row |= {"mttf_h": 200.0, "mttr_h": 15.0}
        for row in tables["units"]:
            row |= {"mttf_h": 90.0, "mttr_h": 30.0, "for": 0.25}
    tables["units"][1]["months"] = ("1",)
    if imports:
        tables["import_allocation"] = [
            {"month": 1, "low_mw": 20.0, "likely_mw": 30.0, "high_mw": 60.0},
            {"month": 2, "low_mw": 5.0, "likely_mw": 10.0, "high_mw": 20.0},
        ]
    return build_network(tables)


def hour_grid(hours=40 * 24):
    return TimeGrid(AS_OF + timedelta(hours=1), hours, ZoneInfo("Europe/Kyiv"))


def spread_stages(stages, n, hours):
    """Parts, sources and import limit of every hour (n, hours, ...), from the stages."""
    parts = np.full((n, hours, stages.part_shares.shape[1]), np.nan)
    sources = np.full((n, hours, stages.source_mw.shape[1]), np.nan)
    imports = np.full((n, hours), np.nan)
    for k, row in enumerate(stages.row):
        span = slice(stages.first[k], stages.end[k])
        parts[row, span] = stages.part_shares[stages.parts[k]]
        sources[row, span] = stages.source_mw[k]
        imports[row, span] = stages.import_mw[k]
    return parts, sources, imports


def bytes_of(stages, rows):
    """What the stages of ``rows`` are, whatever the order of the states."""
    own = np.isin(stages.row, rows)
    return [
        (stages.row[own] - rows[0]).tobytes(),
        stages.first[own].tobytes(),
        stages.end[own].tobytes(),
        stages.part_shares[stages.parts[own]].tobytes(),
        stages.source_mw[own].tobytes(),
        stages.import_mw[own].tobytes(),
    ]


def assert_sound(stages, *, n, hours):
    """Every hour of every row once and in order; no two like stages in a row; states once."""
    assert (stages.end > stages.first).all()
    order = np.lexsort((stages.first, stages.row))
    assert (order == np.arange(len(order))).all()
    for row in range(n):
        own = stages.row == row
        assert stages.first[own][0] == 0
        assert stages.end[own][-1] == hours
        assert (stages.first[own][1:] == stages.end[own][:-1]).all()
    alike = (
        (np.diff(stages.row) == 0)
        & (np.diff(stages.parts) == 0)
        & (stages.import_mw[1:] == stages.import_mw[:-1])
        & (np.diff(stages.source_mw, axis=0) == 0).all(axis=1)
    )
    assert not alike.any()
    assert len(np.unique(stages.part_shares, axis=0)) == len(stages.part_shares)
    assert set(stages.parts) == set(range(len(stages.part_shares)))


def make_plan(state, *, crews=None, **settings):
    """A plan by two crews that can do everything, around the clock."""
    return plan_restoration(
        state,
        Resources(crews=tuple(crews or (crew("C1"), crew("C2"))), stock={}, **settings),
        config=PlanConfig(evaluations=30),
        seed=1,
    )


def damaged_city(shares, *, hours=None, **options):
    return damaged(outage_city(**options), shares, hours=hours)


def futures_of(state, plan, *, hours=40 * 24, seed=1, **config):
    """Inputs of the futures alone."""
    return prepare_futures(
        state,
        plan,
        compile_case(state.network),
        grid=hour_grid(hours),
        config=ForecastConfig(**config),
        seed=seed,
    )[0]
