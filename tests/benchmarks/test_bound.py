"""How far plans are proven to be from the best: typed crews, and one crew for unit repairs."""

from __future__ import annotations

import time

import numpy as np
import pytest
from benchmarks.test_restoration import strike
from restoration.cases import crew, damaged, resources

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.catalog import load_network
from gridtool.restoration.bound import energy_bound
from gridtool.restoration.plan import PlanConfig, plan_restoration
from gridtool.restoration.schedule.problem import make_problem
from gridtool.restoration.value.blocks import constant_blocks
from gridtool.restoration.value.effects import make_effects
from gridtool.restoration.value.served import DispatchedLoad
from gridtool.restoration.value.states import StateValues
from gridtool.restoration.work.jobs import make_jobs

pytestmark = pytest.mark.benchmark

SEEDS = range(10)
UNIT_SEEDS = range(3)
UNIT_JOBS = 100


def measure_gap(state, supplies, *, case, seed, config=None):
    """Gap of the plan and of the fluid bound at the same intervals, percent, and CPU seconds."""
    dispatcher = Dispatcher(case)
    begun = time.process_time()
    plan = plan_restoration(state, supplies, seed=seed, dispatcher=dispatcher, config=config)
    planned = time.process_time()
    jobs = make_jobs(state, supplies)
    zone = state.network.manifest.zone
    problem = make_problem(jobs, supplies, as_of=state.as_of, zone=zone)
    served = DispatchedLoad(dispatcher, levels=np.ones(1))
    values = StateValues(make_effects(state, jobs), served=served, blocks=constant_blocks(1.0))
    position = {job.id: j for j, job in enumerate(jobs)}
    timetable = problem.schedule(np.array([position[job] for job in plan.order], dtype=np.int64))
    bound = energy_bound(problem, values, case=case, timetable=timetable, seed=seed)
    bounded = time.process_time()
    gap, fluid = (100 * (1 - e / plan.ens_mwh) for e in (bound.weighted_mwh, bound.fluid_mwh))
    print(
        f"seed {seed}: plan {plan.ens_mwh:.0f} MWh in {planned - begun:.1f} CPU s, "
        f"bound {bound.weighted_mwh:.0f} in {bounded - planned:.1f} CPU s ({bound.rounds} rounds): "
        f"gap {gap:.2f} %, fluid bound {fluid:.2f} % ({fluid / gap:.1f} times)"
    )
    return gap, fluid, bounded - begun


def test_gap_of_typed_crews(root):
    city = load_network(root / "networks" / "rivercity")
    case = compile_case(city)
    measured = []
    for seed in SEEDS:
        state, supplies = strike(city, np.random.default_rng(seed))
        measured.append(measure_gap(state, supplies, case=case, seed=seed))
    gap, fluid, seconds = np.array(measured).T
    means = f"mean gap {gap.mean():.2f} %, fluid {fluid.mean():.2f} %"
    print(f"{means}, {seconds.max():.0f} CPU s at most")
    assert (gap >= -1e-6).all()
    assert gap.mean() <= 10.0
    assert (gap < fluid).all()
    assert seconds.max() <= 60.0


def test_gap_of_one_crew_and_unit_repairs(root):
    city = load_network(root / "networks" / "rivercity")
    case = compile_case(city)
    assets = [s for s in city.substations.index if s.startswith("SS")]
    assets += [*city.transformers.index, *city.lines.index, *city.units.index]
    measured = []
    for seed in UNIT_SEEDS:
        rng = np.random.default_rng(seed)
        chosen = rng.choice(assets, size=UNIT_JOBS, replace=False).tolist()
        hours = dict.fromkeys(chosen, 1.0)
        state = damaged(city, dict.fromkeys(chosen, 0.0), hours=hours)
        team = resources(crew(skills=("line", "substation", "plant"), speed_kmh=1e9))
        measured.append(
            measure_gap(state, team, case=case, seed=seed, config=PlanConfig(evaluations=8000))
        )
    gap, _, seconds = np.array(measured).T
    print(f"mean gap {gap.mean():.2f} %, {seconds.max():.0f} CPU s at most")
    assert (gap >= -1e-6).all()
