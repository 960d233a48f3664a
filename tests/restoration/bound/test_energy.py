from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from builders import grid
from restoration.bound.exhaustive import (
    all_candidates,
    all_stays,
    least_energy,
    random_case,
    set_up,
)
from restoration.cases import crew, damaged, resources, star
from restoration.mobile_cases import city, mobile_generator, mobile_substation, with_units

from gridtool.flow.compile import compile_case
from gridtool.restoration.bound import BoundEffort, energy_bound, make_fleets
from gridtool.restoration.mobile.parts import add_candidates

SMALL = BoundEffort(intervals=6, slots=24, rounds=3, loop_rounds=2, nodes=50)


def test_the_bound_of_one_job_is_exact():
    """30 MW behind one line of 10 h: nothing but 300 MWh is possible, for the fluid bound too."""
    state = damaged(star(30), {"L1": 0.0}, hours={"L1": 10.0})
    problem, values, case = set_up(state, resources(crew(speed_kmh=1e9)))
    found = energy_bound(problem, values, case=case)
    assert found.weighted_mwh == pytest.approx(300, rel=1e-3)
    assert found.fluid_mwh == pytest.approx(300, rel=1e-3)


def test_the_least_way_to_a_job_counts_as_work():
    """The crew stands 10 km away at 13 km/h, by a road 1.3 times as long: 1 h, then 10 h."""
    state = damaged(star(30), {"L1": 0.0}, hours={"L1": 10.0})
    problem, values, case = set_up(state, resources(crew(x_km=10.5, speed_kmh=13.0)))
    assert energy_bound(problem, values, case=case).weighted_mwh == pytest.approx(330, rel=1e-3)


def test_two_independent_lines_by_hand():
    """One crew: 20 MW first, 5 h, then 30 MW, 10 h: 20 x 5 + 30 x 15 = 550; the other way 600.

    The bound sees that the crew can only be at one of them: at most 3 % are lost.
    """
    state = damaged(star(30, 20), {"L1": 0.0, "L2": 0.0}, hours={"L1": 10.0, "L2": 5.0})
    problem, values, case = set_up(state, resources(crew(speed_kmh=1e9)))
    found = energy_bound(problem, values, case=case)
    assert least_energy(problem, values) == pytest.approx(550)
    assert 0.97 * 550 <= found.weighted_mwh <= 550 + 1e-6


def test_work_in_progress_is_counted():
    """Three jobs of 10 h, two crews, 10 MW each: 10 x (10 + 10 + 20) = 400 MWh.

    By work volume alone half a job's time is lost on every crew.
    """
    lines = ("L1", "L2", "L3")
    state = damaged(star(10, 10, 10), dict.fromkeys(lines, 0.0), hours=dict.fromkeys(lines, 10.0))
    team = [crew(name, speed_kmh=1e9) for name in ("C1", "C2")]
    problem, values, case = set_up(state, resources(*team))
    found = energy_bound(problem, values, case=case)
    assert least_energy(problem, values) == pytest.approx(400)
    assert 0.95 * 400 <= found.weighted_mwh <= 400 + 1e-6


def unit_repairs(rng, count):
    stations = {f"S{i}": (float(rng.integers(5, 60)), 0) for i in range(count)}
    pairs = [(int(rng.integers(0, i)), i) for i in range(1, count)] + [(0, count - 1)]
    lines = [(f"L{k}", f"S{a}", f"S{b}", 80.0) for k, (a, b) in enumerate(pairs)]
    network = grid(stations=stations, lines=lines, infeeds=[("IF", "S0", 400)])
    ids = [line[0] for line in lines]
    return damaged(network, dict.fromkeys(ids, 0.0), hours=dict.fromkeys(ids, 1.0))


@pytest.mark.parametrize("seed", range(4))
def test_unit_repairs_are_bounded_at_least_as_well_as_by_independent_periods(seed):
    """The best k repairs for every k, each by itself; found by trying all."""
    state = unit_repairs(np.random.default_rng(seed), 6)
    problem, values, case = set_up(state, resources(crew(speed_kmh=1e9)))
    n = len(problem.jobs)
    independent = sum(
        values.full_mw
        - max(values.served_mw(sum(1 << j for j in chosen)) for chosen in combinations(range(n), k))
        for k in range(n)
    )
    orders = permutations(range(n))
    best = min(values.energy_not_served(problem.schedule(np.array(order))) for order in orders)
    effort = BoundEffort(intervals=12, slots=24)
    found = energy_bound(problem, values, case=case, effort=effort)
    assert independent * (1 - 2e-3) <= found.weighted_mwh <= best * (1 + 1e-6)


def test_the_same_seed_gives_the_same_bound():
    state, supplies = random_case(np.random.default_rng(5))
    results = []
    for _ in range(2):
        problem, values, case = set_up(state, supplies)
        results.append(energy_bound(problem, values, case=case, effort=SMALL, seed=3))
    assert results[0] == results[1]


def test_without_repairs_nothing_is_lost():
    state = damaged(star(30), {})
    problem, values, case = set_up(state, resources(crew()))
    assert energy_bound(problem, values, case=case).weighted_mwh == 0.0


def test_an_interrupted_bound_is_the_fluid_bound():
    state, supplies = random_case(np.random.default_rng(2))
    problem, values, case = set_up(state, supplies)
    found = energy_bound(problem, values, case=case, effort=SMALL, interrupted=lambda: True)
    assert found.rounds == 0
    assert found.weighted_mwh == found.fluid_mwh


def test_a_mobile_generator_counts_from_when_it_can_be_there():
    """20 MW wait 10 h behind a transformer; 5 MW come after 2 h of travel and 4 of set-up."""
    state = damaged(city([(20, None)]), {"S1/T1": 0.0}, hours={"S1/T1": 10.0})
    supplies = with_units([crew(x_km=20.0, speed_kmh=1e9)], mobile_generator())
    problem, values, case = set_up(state, supplies)
    fleets = make_fleets(state.network, case, supplies.mobile_units, as_of=state.as_of)
    without = energy_bound(problem, values, case=case, effort=SMALL)
    placed = energy_bound(problem, values, case=case, fleets=fleets, effort=SMALL)
    assert without.weighted_mwh == pytest.approx(200, rel=1e-3)
    assert placed.weighted_mwh == pytest.approx(200 - 5 * 4, rel=1e-3)
    assert "mobile units" in placed.method


def test_a_mobile_substation_needs_power_on_its_high_voltage_side():
    """The line is down for 10 h, then the transformer for 10 h: 20 x 20 MWh less 9 MW in the
    last ten hours, when a unit of 10 MVA at a margin of 0.9 has power to pass on."""
    state = damaged(
        city([(20, None)]), {"L1": 0.0, "S1/T1": 0.0}, hours={"L1": 10.0, "S1/T1": 10.0}
    )
    supplies = with_units([crew(x_km=20.0, speed_kmh=1e9)], mobile_substation())
    problem, values, case = set_up(state, supplies)
    fleets = make_fleets(state.network, case, supplies.mobile_units, as_of=state.as_of)
    found = energy_bound(problem, values, case=case, fleets=fleets)
    least = least_energy(problem, values, stays=all_stays(state, supplies))
    assert least == pytest.approx(20 * 20 - 9 * 10, rel=1e-3)
    assert 0.97 * least <= found.weighted_mwh <= least + 1e-6


def test_a_case_with_places_of_units_in_it_is_refused():
    """They would stand in it as if they were always there."""
    state = damaged(city([(20, None)]), {"S1/T1": 0.0}, hours={"S1/T1": 10.0})
    supplies = with_units([crew()], mobile_generator())
    problem, values, _ = set_up(state, supplies)
    extended = add_candidates(
        state, all_candidates(state, supplies.mobile_units), supplies.mobile_units
    )
    with pytest.raises(ValueError, match="mobile units"):
        energy_bound(problem, values, case=compile_case(extended.network))


def test_where_a_state_serves_more_than_the_repaired_network_an_end_is_named():
    """25 MW may be imported for 20 MW of load and 20 behind a transformer; a mobile generator
    serves 5 MW more than the repaired network, as long as the repair is put off."""
    state = damaged(city([(20, None), (20, None)]), {"S1/T1": 0.0}, hours={"S1/T1": 10.0})
    supplies = with_units([crew(x_km=20.0, speed_kmh=1e9)], mobile_generator())
    problem, values, case = set_up(state, supplies, import_limit_mw=25.0)
    fleets = make_fleets(state.network, case, supplies.mobile_units, as_of=state.as_of)
    found = energy_bound(problem, values, case=case, fleets=fleets, import_limit_mw=25.0)
    assert 10.0 <= found.ends_by_h < np.inf
    assert "for plans that end within 1 days" in found.method
    alone = energy_bound(problem, values, case=case, import_limit_mw=25.0)
    assert alone.ends_by_h == np.inf
