from __future__ import annotations

from itertools import permutations
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from restoration.cases import (
    crew,
    damaged,
    flow_served,
    positions,
    random_instance,
    resources,
    star,
)

from gridtool.restoration.model import DemandBlocks
from gridtool.restoration.schedule.problem import make_problem
from gridtool.restoration.search.gains import Gains
from gridtool.restoration.search.kernel import propose
from gridtool.restoration.search.moves import DRAWS, move_jobs
from gridtool.restoration.search.order import enumerate_orders, neighbours, search_order
from gridtool.restoration.search.rules import rule_orders
from gridtool.restoration.search.seeds import backward_order, forward_order
from gridtool.restoration.search.trail import Budget, Trail
from gridtool.restoration.value.blocks import constant_blocks
from gridtool.restoration.value.effects import RepairEffects, make_effects
from gridtool.restoration.value.state_table import look_up
from gridtool.restoration.value.states import StateValues
from gridtool.restoration.work.jobs import make_jobs

KYIV = ZoneInfo("Europe/Kyiv")


def set_up(state, supplies):
    jobs = make_jobs(state)
    problem = make_problem(jobs, supplies, as_of=state.as_of, zone=KYIV)
    return problem, fresh_values(state, jobs)


def fresh_values(state, jobs):
    return StateValues(
        make_effects(state, jobs), served=flow_served(state.network), blocks=constant_blocks(1.0)
    )


def starts(state, supplies, problem, values):
    backward = backward_order(values, problem.expected_h, width=99)
    forward = forward_order(values, problem.expected_h, width=99, fallback=backward)
    return [backward, forward, *rule_orders(state.network, problem.jobs, supplies).values()]


def test_energy_not_served_by_hand():
    """30 MW back after 10 h, 20 MW after 15 h: 50 x 10 + 20 x 5 = 600 MWh."""
    state = damaged(star(30, 20), {"L1": 0.0, "L2": 0.0}, hours={"L1": 10.0, "L2": 5.0})
    far = crew(speed_kmh=1e9)
    problem, values = set_up(state, resources(far))
    ens = values.energy_not_served
    assert ens(problem.schedule(positions(0, 1))) == pytest.approx(600)
    assert ens(problem.schedule(positions(1, 0))) == pytest.approx(50 * 5 + 30 * 10)
    assert ens(problem.schedule(positions(0, 1)), limit=100) == pytest.approx(500)


def test_each_state_is_dispatched_once():
    state = damaged(star(30, 20, 10), dict.fromkeys(("L1", "L2", "L3"), 0.0))
    problem, values = set_up(state, resources(crew()))
    for order in permutations(range(3)):
        values.energy_not_served(problem.schedule(positions(*order)))
    assert values.evaluations == 2**3


def test_the_smallest_share_left_decides():
    one, other = {"T": 0.5, "B": 0.0}, {"T": 0.2}
    effects = RepairEffects(jobs=2, stages=(((0, {}), (-1, one)), ((1, {}), (-1, other))))
    assert effects.shares(0b00) == {"T": 0.2, "B": 0.0}
    assert effects.shares(0b10) == {"T": 0.5, "B": 0.0}
    assert effects.shares(0b01) == {"T": 0.2}
    assert effects.shares(0b11) == {}


def test_the_best_finished_stage_decides_and_a_mobile_unit_gives_only_while_placed():
    stages = ((1, {}), (0, {"T": 0.6}), (-1, {"T": 0.0}))
    effects = RepairEffects(jobs=2, stages=(stages,), candidates=("M@S",))
    assert effects.shares(0b000) == {"T": 0.0, "M@S": 0.0}
    assert effects.shares(0b001) == {"T": 0.6, "M@S": 0.0}
    assert effects.shares(0b011) == {"M@S": 0.0}
    assert effects.shares(0b101) == {"T": 0.6}


def test_greedy_orders_follow_load_per_hour_where_repairs_are_independent():
    """One crew, no travel, independent lines: load per hour is optimal (Smith's rule)."""
    loads, hours = (30, 20, 60, 5), {"L1": 10.0, "L2": 4.0, "L3": 30.0, "L4": 0.5}
    state = damaged(star(*loads), dict.fromkeys(hours, 0.0), hours=hours)
    problem, values = set_up(state, resources(crew(speed_kmh=1e9)))
    backward = backward_order(values, problem.expected_h, width=4)
    forward = forward_order(values, problem.expected_h, width=4, fallback=backward)
    assert forward.tolist() == [3, 1, 0, 2]
    assert backward.tolist() == [3, 1, 0, 2]
    assert enumerate_orders(problem, values).order.tolist() == [3, 1, 0, 2]


def test_greedy_sees_a_path_of_two_repairs():
    """Nothing is served until busbar and line of S1 are both back: 50 MW in 4 h beat 10 in 2."""
    state = damaged(
        star(50, 10),
        {"L1": 0.0, "S1/B": 0.0, "L2": 0.0},
        hours={"L1": 2.0, "S1/B": 2.0, "L2": 2.0},
    )
    problem, values = set_up(state, resources(crew(speed_kmh=1e9)))
    backward = backward_order(values, problem.expected_h, width=3)
    names = [problem.jobs[j].id for j in backward]
    assert names[-1] == "L2"


@pytest.mark.parametrize("seed", range(40))
def test_the_search_finds_the_best_of_all_orders(seed):
    """Against every priority order of 4 to 6 jobs, with one and two crews."""
    rng = np.random.default_rng(seed)
    state, supplies = random_instance(rng, jobs=4 + seed % 3, crews=1 + seed % 2)
    problem, values = set_up(state, supplies)
    best = min(
        values.energy_not_served(problem.schedule(positions(*order)))
        for order in permutations(range(len(problem.jobs)))
    )
    found = search_order(
        problem, values, starts=[positions(*range(len(problem.jobs)))], evaluations=300, seed=1
    )
    assert found.ens_mwh == pytest.approx(best, abs=1e-3)
    assert enumerate_orders(problem, values).ens_mwh == pytest.approx(best, abs=1e-3)


def all_assignments(problem, values):
    """Least energy over every assignment of jobs to crews and every order of each crew."""
    n, crews = len(problem.jobs), len(problem.resources.crews)
    calendar = problem.calendar
    from gridtool.restoration.schedule.kernel_clock import next_working, work_until

    least = np.inf
    for order in permutations(range(n)):
        for code in range(crews**n):
            free, place = [0.0] * crews, [n] * crews
            finish = np.empty(n)
            for position, j in enumerate(order):
                c = code // crews**position % crews
                row = (calendar.start_h[c], calendar.end_h[c])
                count = int(calendar.count[c])
                way = problem.travel_h[c, place[c], j]
                there = work_until(*row, calendar.worked_h[c], count, free[c], way)
                begin = next_working(*row, count, there)
                hours = problem.expected_h[j]
                free[c] = work_until(*row, calendar.worked_h[c], count, begin, hours)
                place[c], finish[j] = j, free[c]
            table = problem.schedule(positions(*order))
            least = min(
                least,
                values.energy_not_served(
                    type(table)(
                        crew=table.crew,
                        start_h=table.start_h,
                        finish_h=finish,
                        travel_h=table.travel_h,
                    )
                ),
            )
    return least


@pytest.mark.parametrize("seed", range(12))
def test_priority_orders_come_near_the_best_of_all_assignments(seed):
    """List scheduling gives up little against free choice of crews: within 5 %, mostly none."""
    rng = np.random.default_rng(100 + seed)
    state, supplies = random_instance(rng, jobs=4, crews=2)
    problem, values = set_up(state, supplies)
    assert enumerate_orders(problem, values).ens_mwh <= 1.05 * all_assignments(problem, values)


@pytest.mark.parametrize("seed", range(3))
def test_the_search_is_never_worse_than_where_it_starts_and_repeats_itself(seed):
    rng = np.random.default_rng(seed)
    state, supplies = random_instance(rng, jobs=14, crews=3)
    problem, values = set_up(state, supplies)
    given = starts(state, supplies, problem, values)
    found = search_order(problem, values, starts=given, evaluations=180, seed=seed)
    first = min(values.energy_not_served(problem.schedule(order)) for order in given)
    assert found.ens_mwh <= first + 1e-3
    assert values.energy_not_served(problem.schedule(found.order)) == pytest.approx(
        found.ens_mwh, abs=1e-3
    )
    fresh = fresh_values(state, problem.jobs)
    given = starts(state, supplies, problem, fresh)
    again = search_order(problem, fresh, starts=given, evaluations=180, seed=seed)
    assert again.order.tolist() == found.order.tolist()


def test_the_budget_is_kept():
    rng = np.random.default_rng(5)
    state, supplies = random_instance(rng, jobs=16, crews=2)
    problem, values = set_up(state, supplies)
    search_order(problem, values, starts=[positions(*range(16))], evaluations=120, seed=1)
    assert values.evaluations <= 120 + 17  # one candidate's stages may run over


def test_moves_only_reorder():
    rng = np.random.default_rng(1)
    state, supplies = random_instance(rng, jobs=9, crews=1)
    problem, _ = set_up(state, supplies)
    kin = (neighbours(problem), np.ones((9, 9), dtype=np.bool_))
    changed = 0
    for _ in range(500):
        order = rng.permutation(9)
        moved = move_jobs(order, int(rng.integers(1, 10)), kin, rng.random(DRAWS))
        assert sorted(moved) == list(range(9))
        changed += moved.tolist() != order.tolist()
    assert changed > 350


def make_trail(problem, values, evaluations=10_000):
    return Trail(problem, values, budget=Budget(evaluations=evaluations, candidates=evaluations))


@pytest.mark.parametrize("seed", range(10))
def test_compiled_energy_is_the_energy(seed):
    """The search's own sums against those of the values, with stages of demand that end."""
    rng = np.random.default_rng(seed)
    state, supplies = random_instance(rng, jobs=8, crews=2)
    problem, plain = set_up(state, supplies)
    served = flow_served(state.network)
    blocks = DemandBlocks(
        level=np.array([0.5, 1.0]),
        begins_h=np.array([0.0, 20.0, 50.0]),
        weight=np.array([[0.5, 0.5], [0.2, 0.8], [0.0, 0.0]]),
    )

    def levels(shares, /):
        return np.array([0.5, 1.0]) * served(shares)

    values = StateValues(plain.effects, served=levels, blocks=blocks)
    trail = make_trail(problem, values)
    for _ in range(5):
        order = rng.permutation(8)
        energy = values.energy_not_served(problem.schedule(order))
        assert trail.measure(order) == pytest.approx(energy, abs=1e-4)
        first = trail.tried
        assert trail.measure(order, limit=energy / 3) >= energy / 3 - 1e-4
        assert trail.tried == first + 1


def test_what_is_proposed_promises_least_and_the_promise_is_exact_where_states_are_known():
    rng = np.random.default_rng(8)
    state, supplies = random_instance(rng, jobs=5, crews=2)
    problem, values = set_up(state, supplies)
    trail = make_trail(problem, values)
    measured = {order: trail.measure(positions(*order)) for order in permutations(range(5))}
    gains = Gains(values)
    kin = (neighbours(problem), np.ones((5, 5), dtype=np.bool_))
    current = trail.stand_at(positions(*range(5)))
    draws = rng.random((60, DRAWS))
    known = (trail.demand, trail.states, gains.table, gains.bears)
    moved, finish = propose(current, kin, draws, trail.given, known)
    assert (finish == trail.finish_h(moved)).all()
    tried = [move_jobs(current[0], current[4], kin, draw) for draw in draws]
    fresh = [m for m in tried if (trail.finish_h(m) != current[1]).any()]
    least = min(measured[tuple(m.tolist())] for m in fresh)
    assert measured[tuple(moved.tolist())] == pytest.approx(least, abs=1e-6)


def test_the_search_stands_at_an_order_of_the_same_timetable():
    rng = np.random.default_rng(4)
    state, supplies = random_instance(rng, jobs=9, crews=3)
    problem, values = set_up(state, supplies)
    trail = make_trail(problem, values)
    for _ in range(20):
        order = rng.permutation(9)
        stood, finish, rank, prefix, active = trail.stand_at(order)
        assert (problem.schedule(stood).finish_h == finish).all()
        assert (finish == problem.schedule(order).finish_h).all()
        mask = 0
        for place, j in enumerate(np.argsort(finish, kind="stable").tolist()):
            assert rank[j] == place
            assert prefix[place, 0] == pytest.approx(values.full_mw - values.served_mw(mask))
            mask |= 1 << j
        assert 1 <= active <= 9


def test_jobs_that_help_only_together_are_found_and_what_they_bring_is_known():
    """S1 needs its line and its busbar; the other line stands alone."""
    state = damaged(star(50, 10), {"L1": 0.0, "S1/B": 0.0, "L2": 0.0})
    problem, values = set_up(state, resources(crew()))
    names = [job.id for job in problem.jobs]
    busbar, line, other = names.index("S1/B"), names.index("L1"), names.index("L2")
    gains = Gains(values)
    gains.probe(neighbours(problem), evaluations=1000)
    assert gains.bears[line, 0] == 1 << busbar
    assert gains.bears[busbar, 0] == 1 << line
    assert gains.bears[other, 0] == 0

    def brought(j, before):
        key = np.array([before & int(gains.bears[j, 0]), j], dtype=np.uint64)
        return gains.table[2][look_up(gains.table, key), 0]

    assert brought(line, 1 << busbar) == pytest.approx(50)
    assert brought(line, 1 << other) == pytest.approx(0)
    assert brought(other, 1 << line) == pytest.approx(10)


def test_an_interrupted_search_keeps_the_best_it_has():
    rng = np.random.default_rng(5)
    state, supplies = random_instance(rng, jobs=14, crews=2)
    problem, values = set_up(state, supplies)
    calls = iter(range(10_000))
    start = positions(*range(14))
    found = search_order(
        problem,
        values,
        starts=[start],
        evaluations=5000,
        seed=1,
        interrupt=lambda: next(calls) >= 40,
    )
    assert values.evaluations < 5000
    first = values.energy_not_served(problem.schedule(start))
    assert found.ens_mwh <= first + 1e-3
    assert values.energy_not_served(problem.schedule(found.order)) == pytest.approx(
        found.ens_mwh, abs=1e-3
    )
    cut = enumerate_orders(problem, values, interrupt=lambda: True)
    assert not cut.proven
    assert sorted(cut.order) == list(range(14))


def test_the_order_of_repairs_does_not_change_the_final_state():
    rng = np.random.default_rng(2)
    state, supplies = random_instance(rng, jobs=7, crews=2)
    _, values = set_up(state, supplies)
    intact = flow_served(state.network)({})[0]
    assert values.full_mw == pytest.approx(intact)
