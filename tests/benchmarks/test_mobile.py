"""Mobile units in the largest city: how many places are tried, how long it takes, what is won."""

from __future__ import annotations

import time

import numpy as np
import pytest
from restoration.cases import crew, damaged
from restoration.mobile_cases import make_values, mobile_generator, mobile_substation, with_units

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.synthetic.city import generate_city
from gridtool.restoration.mobile.plan import improve_with_units
from gridtool.restoration.schedule.problem import make_problem
from gridtool.restoration.search.rules import rule_orders
from gridtool.restoration.value.blocks import constant_blocks
from gridtool.restoration.value.effects import make_effects
from gridtool.restoration.work.jobs import make_jobs

pytestmark = pytest.mark.benchmark

SUBSTATIONS, JOBS, CREWS = 400, 200, 12
BLOCKS = constant_blocks(0.8)


def strike(city, rng):
    """Damage all over the city, total or 30 % left, with repairs of 6 to 300 h."""
    stations = [key for key in city.substations.index if key.startswith("SS")]
    kinds = [
        stations,
        *(list(city.tables[name].index) for name in ("transformers", "lines", "units")),
    ]
    chosen = {}
    while len(chosen) < JOBS:
        kind = kinds[int(rng.choice(4, p=(0.2, 0.5, 0.25, 0.05)))]
        chosen[str(rng.choice(kind))] = float(rng.choice([0.0, 0.3]))
    return damaged(city, chosen, hours={asset: float(rng.uniform(6, 300)) for asset in chosen})


def test_four_units_in_400_substations():
    city = generate_city(substations=SUBSTATIONS, seed=1)
    state = strike(city, np.random.default_rng(1))
    places = city.substations[["x_km", "y_km"]].to_numpy()
    skills = (("substation", "plant"), ("line",))
    team = [
        crew(f"C{k}", skills=skills[k % 2], x_km=x, y_km=y, shift_start_h=8, shift_h=12)
        for k, (x, y) in enumerate(places[:CREWS].tolist())
    ]
    fleet = [mobile_substation(f"MS-{k}", capacity_mva=25.0, speed_kmh=30.0) for k in range(1, 4)]
    resources = with_units(team, *fleet, mobile_generator(speed_kmh=30.0))
    jobs = make_jobs(state, resources)
    problem = make_problem(jobs, resources, as_of=state.as_of, zone=city.manifest.zone)
    rules = rule_orders(city, jobs, resources)
    order = problem.put_back_waiting(list(rules.values())[-1])
    dispatcher = Dispatcher(compile_case(city))
    values, _ = make_values(BLOCKS)(dispatcher, make_effects(state, jobs))
    without = values.energy_not_served(problem.schedule(order))
    begun = time.perf_counter()
    found = improve_with_units(
        state,
        problem,
        order=order,
        dispatcher=dispatcher,
        make_values=make_values(BLOCKS),
        demand_factor=0.8,
    )
    seconds = time.perf_counter() - begun
    print(
        f"{len(jobs)} jobs: {without:.0f} MWh without units, {found.weighted_mwh:.0f} MWh with "
        f"{len(found.placements)} placements; {found.evaluations} dispatches, {seconds:.1f} s"
    )
    assert found.weighted_mwh < without
    assert len({placed.unit for placed in found.placements}) == 4
    assert seconds < 120
