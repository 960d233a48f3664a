"""Repairs ordered around mobile units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from restoration.cases import crew, damaged, positions
from restoration.mobile_cases import (
    Scene,
    city,
    make_values,
    mobile_substation,
    random_scene,
    with_units,
)

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.check.plan import check_plan
from gridtool.restoration.mobile.plan import improve_with_units
from gridtool.restoration.mobile.probe import keep_best_sites
from gridtool.restoration.mobile.values import StandingValues
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.schedule.problem import make_problem
from gridtool.restoration.search.order import enumerate_orders
from gridtool.restoration.value.blocks import constant_blocks
from gridtool.restoration.value.effects import make_effects
from gridtool.restoration.work.jobs import make_jobs

BLOCKS = constant_blocks(1.0)


def improve(state, resources, *, order, search=True, **changes):
    jobs = make_jobs(state, resources)
    problem = make_problem(jobs, resources, as_of=state.as_of, zone=state.network.manifest.zone)
    calls = []

    def seek(values, known):
        calls.append(tuple(known.tolist()))
        return enumerate_orders(problem, values).order

    found = improve_with_units(
        state,
        problem,
        order=positions(*order),
        dispatcher=Dispatcher(compile_case(state.network)),
        make_values=make_values(BLOCKS),
        search=seek if search else None,
        **changes,
    )
    return problem, found, calls


def two_dead_transformers():
    """9 MW at S1, 8 MW at S2, both repaired in 30 h by one crew."""
    network = city([(9.0, None), (8.0, None)], spacing_km=0.0)
    return damaged(network, {"S1/T1": 0.0, "S2/T1": 0.0}, hours={"S1/T1": 30.0, "S2/T1": 30.0})


def test_crew_goes_where_no_unit_stands():
    state = two_dead_transformers()
    resources = with_units([crew()], mobile_substation(sites=("S1",)))
    _, plain, _ = improve(state, resources, order=[0, 1], search=False)
    # Without units S1 comes first: 9 MW for 30 h and 8 MW for 60 h are unserved. With the order
    # kept the unit saves 26 h of 9 MW; with S2 first it saves 56 h and 8 MW are out for 30 h only.
    assert plain.order.tolist() == [0, 1]
    assert plain.weighted_mwh == pytest.approx(9 * 4 + 8 * 60)
    _, found, calls = improve(state, resources, order=[0, 1])
    assert calls[0] == (0, 1)
    assert found.order.tolist() == [1, 0]
    assert found.weighted_mwh == pytest.approx(9 * 4 + 8 * 30)
    (placed,) = found.placements
    assert placed.offline is None
    assert placed.served_gain_mw == pytest.approx(9)


def test_nothing_to_place():
    state = two_dead_transformers()
    assert improve(state, with_units([crew()]), order=[0, 1])[1] is None
    elsewhere = with_units([crew()], mobile_substation(sites=("S0",)))
    assert improve(state, elsewhere, order=[0, 1])[1] is None
    slow = with_units([crew()], mobile_substation(setup_h=100.0))
    assert improve(state, slow, order=[0, 1])[1] is None
    served = damaged(city([(9.0, None)]), {"S1/F1": 0.9}, hours={"S1/F1": 3.0})
    assert improve(served, with_units([crew()], mobile_substation()), order=[0])[1] is None


def test_interrupted_keeps_the_plan_without_units():
    resources = with_units([crew()], mobile_substation())
    state = two_dead_transformers()
    assert improve(state, resources, order=[0, 1], stop=lambda: True)[1] is None


@pytest.mark.parametrize("seed", range(6))
def test_never_worse_than_without_units_or_without_the_search(seed):
    scene = random_scene(seed)
    resources = with_units(scene.problem.resources.crews, *scene.units)
    order = range(len(scene.problem.jobs))
    problem, kept, _ = improve(scene.state, resources, order=order, search=False)
    _, found, _ = improve(scene.state, resources, order=order)
    assert found.weighted_mwh <= kept.weighted_mwh + 1e-6 < scene.energy()
    # What is told of the plan is what its parts say.
    values = found.values
    assert values.effects.candidates == found.placed.parts
    energy = values.energy_not_served(problem.schedule(found.order), switchings=found.switchings)
    assert energy == pytest.approx(found.weighted_mwh, abs=1e-9)
    assert found.evaluations > 0
    same = improve(scene.state, resources, order=order)[1]
    assert same.placements == found.placements
    np.testing.assert_array_equal(same.order, found.order)


def test_standing_units_serve_in_every_state():
    scene = random_scene(0)
    jobs = len(scene.problem.jobs)
    bit = 1 << jobs
    values = StandingValues(scene.values, bit)
    for mask in range(1 << jobs):
        assert values.levels_mw(mask) is scene.values.levels_mw(mask | bit)
    assert values.full_mw == scene.values.served_mw(scene.values.all_done | bit)
    assert values.evaluations == scene.values.evaluations


def test_same_energy_on_the_network_with_unused_parts():
    scene = random_scene(3)
    jobs = scene.problem.jobs
    parts = [candidate.part for candidate in scene.candidates]
    extended = make_effects(scene.extended, jobs, candidates=parts)
    _, values = make_values(BLOCKS)(Dispatcher(compile_case(scene.extended.network)), extended)
    _, original = make_values(BLOCKS)(scene.dispatcher, scene.effects)
    for mask in range(1 << len(jobs)):
        assert values.served_mw(mask) == pytest.approx(original.served_mw(mask), abs=1e-6)


def line_and_transformer():
    """S1 lacks 50 MW for want of a line, S2 20 MW for want of a transformer."""
    network = city([(60.0, None), (20.0, None), *[(5.0, None)] * 3], transformer_mva=100.0)
    lines = network.tables["lines"].copy()
    lines.loc["L1", "max_i_ka"] = 10.0 / 0.9 / 110.0 / 3**0.5
    network = replace(network, tables=network.tables | {"lines": lines})
    return damaged(network, {"S2/T1": 0.0}, hours={"S2/T1": 50.0})


def test_a_closer_look_finds_the_sites_where_a_unit_helps():
    scene = Scene(line_and_transformer(), with_units([crew(x_km=40.0)], mobile_substation()))
    assert [candidate.site for candidate in scene.candidates] == ["S1", "S2"]
    for wanted, sites in ((1, ["S2"]), (2, ["S1", "S2"])):
        kept = keep_best_sites(
            scene.values,
            scene.timetable,
            candidates=scene.candidates,
            units=scene.units,
            shortage=scene.shortage,
            sites_per_unit=wanted,
        )
        assert [candidate.site for candidate in kept] == sites


def test_few_sites_are_the_best_of_many():
    state = line_and_transformer()
    resources = with_units([crew(x_km=40.0)], mobile_substation())
    _, found, _ = improve(state, resources, order=[0], sites_per_unit=1)
    assert [placed.site for placed in found.placements] == ["S2"]
    # 4 h of road at 13 km/h and 4 h to set up.
    assert found.weighted_mwh == pytest.approx(20 * 8 + 11 * 42)


def test_plan_has_the_units_and_keeps_the_network():
    state = two_dead_transformers()
    plan = plan_restoration(state, with_units([crew()], mobile_substation(sites=("S1",))))
    # Without the unit S1, the larger load, would come first.
    assert plan.order == ("S2/T1", "S1/T1")
    assert plan.ens_mwh == pytest.approx(9 * 4 + 8 * 30)
    assert [(stay.unit, stay.site) for stay in plan.placements] == [("MS-1", "S1")]
    assert plan.curve["served_mw"].tolist() == pytest.approx([0, 9, 17, 17])
    assert plan.state is state
    assert check_plan(plan) == []


def test_plan_is_the_same_when_no_unit_helps():
    state = two_dead_transformers()
    bare = plan_restoration(state, with_units([crew()]))
    idle = plan_restoration(state, with_units([crew()], mobile_substation(setup_h=100.0)))
    assert idle.placements == ()
    assert (idle.jobs, idle.order, idle.ens_mwh) == (bare.jobs, bare.order, bare.ens_mwh)
    assert idle.curve.equals(bare.curve)
    assert idle.etr.equals(bare.etr)
    assert idle.comparison.equals(bare.comparison)
