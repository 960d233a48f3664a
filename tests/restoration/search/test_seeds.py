from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
from restoration.cases import crew, damaged, flow_served, resources, star

from gridtool.restoration.schedule.problem import make_problem
from gridtool.restoration.search.bundles import supply_bundles
from gridtool.restoration.search.seeds import backward_order, bundle_order
from gridtool.restoration.value.blocks import constant_blocks
from gridtool.restoration.value.effects import make_effects
from gridtool.restoration.value.states import StateValues
from gridtool.restoration.work.jobs import make_jobs


def set_up(state):
    jobs = make_jobs(state)
    problem = make_problem(
        jobs, resources(crew(speed_kmh=1e9)), as_of=state.as_of, zone=ZoneInfo("Europe/Kyiv")
    )
    values = StateValues(
        make_effects(state, jobs), served=flow_served(state.network), blocks=constant_blocks(1.0)
    )
    return problem, values


def names(problem, bundle):
    return {problem.jobs[j].id for j in bundle}


def test_bundles_are_the_damaged_assets_on_the_way():
    state = damaged(star(50, 10, 5), {"L1": 0.0, "S1/B": 0.0, "S0/B": 0.0, "L2": 0.0, "L3": 0.5})
    problem, _ = set_up(state)
    found = [names(problem, bundle) for bundle in supply_bundles(state.network, problem.jobs)]
    assert {"S0/B", "L1", "S1/B"} in found
    assert {"S0/B", "L2"} in found
    assert {"L1", "L2"} not in found


def test_the_bundle_of_most_load_per_hour_comes_first():
    """50 MW behind line and busbar in 4 h beat 10 MW in 2 h, which beat 5 MW in 1.5 h."""
    state = damaged(
        star(50, 10, 5),
        {"L1": 0.0, "S1/B": 0.0, "L2": 0.0, "L3": 0.0},
        hours={"L1": 2.0, "S1/B": 2.0, "L2": 2.0, "L3": 1.5},
    )
    problem, values = set_up(state)
    backward = backward_order(values, problem.expected_h, width=4)
    order = bundle_order(
        values,
        problem.expected_h,
        bundles=supply_bundles(state.network, problem.jobs),
        width=2,
        fallback=backward,
    )
    ids = [problem.jobs[j].id for j in order]
    assert set(ids[:2]) == {"L1", "S1/B"}
    assert ids[2:] == ["L2", "L3"]


def test_what_brings_nothing_goes_last_as_the_fallback_has_it():
    state = damaged(star(30, 0, 0), {"L1": 0.0, "L2": 0.0, "L3": 0.0})
    problem, values = set_up(state)
    position = {job.id: j for j, job in enumerate(problem.jobs)}
    fallback = np.array([position[x] for x in ("L3", "L1", "L2")])
    order = bundle_order(values, problem.expected_h, bundles=(), width=3, fallback=fallback)
    assert [problem.jobs[j].id for j in order] == ["L1", "L3", "L2"]
