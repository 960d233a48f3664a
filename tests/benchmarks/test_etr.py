"""Dates of restoration and AC verification of plans, in CPU time on one core."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from restoration.cases import crew, damaged, resources

from gridtool.cli.state import read_state
from gridtool.damage.model import Estimate3
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.catalog import load_network
from gridtool.network.synthetic.city import generate_city
from gridtool.restoration.model import PlanConfig
from gridtool.restoration.outcome.etr_replay import replay_executions
from gridtool.restoration.outcome.plan_states import find_plan_states
from gridtool.restoration.outcome.stages import dispatch_shares, view_stage
from gridtool.restoration.outcome.verify import verify_stages
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.resources import read_resources
from gridtool.restoration.schedule.execute import simulate_completions
from gridtool.restoration.value.states import timeline


def seconds(call):
    begin = time.process_time()
    found = call()
    return time.process_time() - begin, found


def every_prefix(plan, completions, dispatcher):
    """Seconds for the full dispatch of the state after each repair of the first executions."""
    given = find_plan_states(plan, job_ids=completions.job_ids, dispatcher=dispatcher)

    def dispatch_all():
        for hours in completions.finish_h[:3]:
            for _, mask in timeline(hours):
                shares = given.effects.shares(mask)
                view_stage(
                    dispatch_shares(dispatcher, shares, plan.config), begins=plan.state.as_of
                )

    return seconds(dispatch_all)[0] / 3


def report_dates(name, plan, dispatcher, *, executions):
    completions = simulate_completions(plan, n=executions, seed=1)
    replay_executions(plan, completions, dispatcher=dispatcher, n=1)  # compiles
    took, replay = seconds(lambda: replay_executions(plan, completions, dispatcher=dispatcher))
    naive = every_prefix(plan, completions, dispatcher) * replay.n
    print(
        f"\n{name}: {replay.n} executions of {len(plan.jobs)} jobs, {replay.states} states: "
        f"{took:.1f} s; every prefix dispatched: about {naive:.0f} s, {naive / took:.0f} times"
    )
    return took, replay


@pytest.mark.benchmark
def test_dates_and_stages_of_rivercity(root):
    folder = root / "networks" / "rivercity"
    city = load_network(folder)
    found = read_state(city, damage=(folder / "damage",), as_of=None, tz=None, quarantine=False)
    given = read_resources(folder / "resources", city)
    plan = plan_restoration(found.state, given, config=PlanConfig(evaluations=600))
    dispatcher = Dispatcher(compile_case(city))
    took, _ = report_dates("rivercity", plan, dispatcher, executions=1000)
    assert took <= 10.0
    report_dates("rivercity", plan, dispatcher, executions=10_000)
    verify_stages(plan, dispatcher=dispatcher, reference_stages=1)  # imports pandapower
    took, stages = seconds(lambda: verify_stages(plan, dispatcher=dispatcher))
    print(f"  AC verification of {len(stages)} stages, each by both engines: {took:.1f} s")
    assert took <= 10.0


@pytest.mark.benchmark
def test_dates_of_a_large_city():
    """400 substations, 200 jobs, 12 crews: as many executions as 12,000 states make."""
    city = generate_city(substations=400, seed=1)
    rng = np.random.default_rng(1)
    struck = {"line": 70, "transformer": 60, "bay": 20, "feeder": 20, "busbar": 15, "unit": 15}
    hit = [
        str(asset)
        for kind, count in struck.items()
        for asset in rng.choice([a for a in city.assets if city.assets[a].kind == kind], count)
    ]
    state = damaged(city, dict.fromkeys(hit, 0.0))
    damage = {
        asset: replace(entry, estimate=Estimate3(low_h=0.6 * h, likely_h=h, high_h=2.5 * h))
        for asset, entry in state.damage.items()
        for h in [float(rng.uniform(6, 60))]
    }
    places = rng.uniform(0, 20, size=(12, 2))
    team = resources(
        *(crew(f"C{k}", x_km=x, y_km=y, shift_h=12.0) for k, (x, y) in enumerate(places.tolist()))
    )
    dispatcher = Dispatcher(compile_case(city))
    plan = plan_restoration(
        replace(state, damage=damage),
        team,
        config=PlanConfig(evaluations=300),
        dispatcher=dispatcher,
    )
    took, replay = report_dates("400 substations", plan, dispatcher, executions=1000)
    assert replay.n >= 55
    assert took <= 60.0
