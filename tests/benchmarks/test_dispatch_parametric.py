"""Parametric dispatch of the damaged city: hours a second and core, against an LP an hour."""

from __future__ import annotations

import time

import numpy as np
import pytest

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.parametric import ParametricDispatch
from gridtool.flow.topology import apply_shares
from gridtool.network.catalog import load_network

STAGES, HOURS, LP_HOURS = 40, 20_000, 400


def damage_stages(case, random):
    """A growing set of parts out or weakened: the stages of a restoration, backwards."""
    parts = [*case.branch_ids, *case.busbar_ids, *case.source_ids, *case.feeder_ids]
    hit = random.choice(parts, STAGES - 1, replace=False)
    shares = random.choice([0.0, 0.0, 0.3, 0.6], STAGES - 1)
    for count in range(STAGES):
        yield dict(zip(map(str, hit[:count]), map(float, shares[:count]), strict=True))


def draw_hours(case, random):
    """Demand with a daily wave, units that fail for days, an import limit by month."""
    hour = np.arange(HOURS)
    wave = 0.75 + 0.15 * np.sin(hour / 24 * 2 * np.pi)
    factor = np.clip(wave + 0.05 * random.standard_normal(HOURS), 0.3, 1.1)
    up = (random.random((HOURS // 50, len(case.source_ids))) > 0.06).repeat(50, axis=0)
    up[:, case.source_infeed] = True
    limit = random.uniform(900, 1600, HOURS // 500).repeat(500)
    return factor, case.source_max_mw * up, limit


@pytest.mark.benchmark
def test_hours_against_an_lp_an_hour():
    case = compile_case(load_network("rivercity"))
    random = np.random.Generator(np.random.Philox(7))
    dispatcher = Dispatcher(case)
    spent = lp_spent = worst = 0.0
    solved = lp_hours = 0
    ParametricDispatch(case, apply_shares(case, {})).unserved(
        np.ones(1), case.source_max_mw[None], np.ones(1)
    )  # compiles the kernels
    for shares in damage_stages(case, random):
        topology = apply_shares(case, shares)
        hours = draw_hours(case, random)
        begin = time.process_time()
        solver = ParametricDispatch(case, topology)
        found = solver.unserved(*hours)
        spent += time.process_time() - begin
        solved += solver.solved
        for h in random.integers(0, HOURS, LP_HOURS // STAGES):
            begin = time.process_time()
            dispatch = dispatcher.solve(
                {},
                topology=topology,
                demand_mw=case.demand_mw * hours[0][h],
                source_max_mw=hours[1][h],
                import_limit_mw=hours[2][h],
            )
            lp_spent += time.process_time() - begin
            lp_hours += 1
            expected = np.zeros((len(case.district_ids), 2))
            np.add.at(expected, case.busbar_district, dispatch.unserved_mw)
            worst = max(worst, float(np.abs(found.unserved_mw[h] - expected).max()))
    rate, lp_rate = STAGES * HOURS / spent, lp_hours / lp_spent
    print(
        f"\nparametric dispatch of rivercity, {STAGES} stages of damage, {HOURS} hours each, "
        f"CPU time of one core:"
        f"\n  {spent:.2f} s, {rate:,.0f} hours/s, LPs solved {solved}"
        f"\n  one dispatch an hour: {lp_rate:,.0f} hours/s; ratio {rate / lp_rate:.0f}"
        f"\n  largest difference by district and tier: {worst:.1e} MW"
    )
    assert worst < 1e-6
    assert rate / lp_rate >= 50
