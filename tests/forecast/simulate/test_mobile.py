"""Repairs and mobile units in the futures against the restoration's own states of a plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from forecast.simulate.futures_cases import assert_sound, futures_of, hour_grid, spread_stages
from restoration import cases
from restoration.mobile_cases import city, mobile_generator, with_units
from restoration.plan_cases import random_plan

from gridtool.damage.model import Estimate3
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.topology import share_vector, topology_of
from gridtool.forecast.model import ForecastConfig
from gridtool.forecast.simulate.futures import draw_futures, execute_futures, prepare_futures
from gridtool.forecast.simulate.mobile import draw_stays
from gridtool.restoration.mobile.policy import follow_tours
from gridtool.restoration.outcome.plan_states import find_plan_states
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.value.states import timeline

HOURS = 30 * 24


def plans_with_units(wanted=4):
    found = []
    for seed in range(1, 200):
        plan = random_plan(seed)
        if plan.placements:
            found.append(plan)
        if len(found) == wanted:
            return found
    raise AssertionError("no plan places a unit")


@pytest.fixture(scope="module")
def plans():
    return [random_plan(seed) for seed in (2, 4)] + plans_with_units()


def masks_by_hour(finish, given, *, later_h):
    """The state's mask at the beginning of every hour of an execution."""
    states = timeline(finish, switchings=follow_tours(given.tours, finish))
    begins = np.array([begin for begin, _ in states])
    hours = later_h + np.arange(HOURS) + 1e-9
    return [states[at][1] for at in np.searchsorted(begins, hours, side="right") - 1]


def test_stages_are_the_states_of_the_plans_executions(plans):
    """Every part in every hour of every sample as effects and masks have it."""
    for plan in plans:
        inputs = futures_of(plan.state, plan, hours=HOURS)
        stages = draw_futures(inputs, first=0, n=6)
        assert_sound(stages, n=6, hours=HOURS)
        parts, sources, _ = spread_stages(stages, 6, HOURS)
        finish = execute_futures(inputs, first=0, n=6)[1].finish_h
        job_ids = [job.id for job in inputs.queue.problem.jobs]
        given = find_plan_states(plan, job_ids=job_ids)
        case = inputs.case
        assert case.branch_ids == given.dispatcher.case.branch_ids
        at_source = slice(case.part_cuts[2], case.part_cuts[3])
        for row in range(6):
            masks = masks_by_hour(finish[row], given, later_h=inputs.later_h)
            for mask in set(masks):
                hours = [hour for hour, other in enumerate(masks) if other == mask]
                left = share_vector(case, given.effects.shares(mask))
                left[-1] = 1.0
                assert sources[row, hours] == pytest.approx(
                    np.tile(left[at_source] * case.source_max_mw, (len(hours), 1))
                )
                left[at_source][~inputs.brought] = 1.0
                assert (parts[row, hours] == left).all()


def test_stays_are_those_of_the_executions(plans):
    rng = np.random.default_rng(7)
    some = 0
    for plan in plans:
        inputs = futures_of(plan.state, plan)
        jobs = len(inputs.queue.problem.jobs)
        finish = rng.lognormal(3.0, 1.0, (50, jobs))
        finish[rng.random(finish.shape) < 0.05] = np.inf
        comes, goes = draw_stays(inputs.stays, finish)
        for row in range(50):
            expected = follow_tours(inputs.stays.tours, finish[row])
            found = []
            for stay, part in enumerate(inputs.stays.part):
                bit = 1 << (jobs + int(part))
                if comes[row, stay] < np.inf:
                    found.append((comes[row, stay], bit, 0))
                if goes[row, stay] < np.inf:
                    found.append((goes[row, stay], 0, bit))
            assert sorted(found) == list(expected)
            some += len(found)
    assert some > 100


def test_without_placements_the_case_stays_as_it_is(plans):
    plan = next(plan for plan in plans if not plan.placements)
    inputs = futures_of(plan.state, plan)
    assert inputs.case.part_count == futures_of(plan.state, None).case.part_count
    assert len(inputs.stays.part) == 0


def test_a_case_that_has_the_parts_is_kept(plans):
    plan = next(plan for plan in plans if plan.placements)
    case = futures_of(plan.state, plan).case
    again, _ = prepare_futures(
        plan.state, plan, case, grid=hour_grid(24), config=ForecastConfig(), seed=1
    )
    assert again.case is case


def test_a_generator_holds_its_section_while_it_is_there_and_at_no_other_time():
    """One station behind one transformer: live with the generator, dead without, then repaired."""
    network = city([(20.0, None), (12.0, 8.0)])
    state = cases.damaged(network, {"S1/T1": 0.0}, hours={"S1/T1": 100.0})
    plan = plan_restoration(state, with_units([cases.crew()], mobile_generator()), seed=1)
    (stay,) = plan.placements
    inputs = futures_of(state, plan, hours=HOURS)
    stages = draw_futures(inputs, first=0, n=5)
    case = inputs.case
    at = case.part_position[stay.part]
    transformer = case.branch_ids.index("S1/T1")
    section = case.busbar_ids.index("S1/10-1")
    seen = set()
    for shares in stages.part_shares:
        topology = topology_of(case, shares)
        repaired, there = bool(topology.branch_in_service[transformer]), bool(shares[at])
        live = topology.energised[topology.node_of_busbar[section]]
        assert live == (repaired or there)
        seen.add((repaired, there))
    assert seen >= {(False, False), (False, True)}


def test_a_generator_never_lowers_the_load_served_in_the_futures():
    """Both transformers of a station out, either of them back first: random executions."""
    state = cases.damaged(city([(15.0, 15.0)]), dict.fromkeys(("S1/T1", "S1/T2"), 0.0))
    long = Estimate3(low_h=20.0, likely_h=60.0, high_h=400.0)
    damage = {asset: replace(found, estimate=long) for asset, found in state.damage.items()}
    team = with_units([cases.crew("C1"), cases.crew("C2", x_km=40.0)], mobile_generator())
    plan = plan_restoration(replace(state, damage=damage), team, seed=1)
    state = plan.state
    inputs = futures_of(state, plan, hours=HOURS)
    dispatcher = Dispatcher(inputs.case)
    parallel = 0
    for shares in draw_futures(inputs, first=0, n=40).part_shares:
        for part in {stay.part for stay in plan.placements}:
            left = named_shares(inputs.case, shares)
            if part in left:
                continue
            dispatch = dispatcher.solve(left)
            less = dispatcher.solve(left | {part: 0.0})
            assert dispatch.served_mw.sum() >= less.served_mw.sum() - 1e-6
            parallel += less.topology.coupler_closed.any()
    assert parallel


def named_shares(case, shares):
    return {part: float(shares[at]) for part, at in case.part_position.items() if shares[at] < 1}
