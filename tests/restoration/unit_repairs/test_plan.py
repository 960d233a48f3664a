"""Plans against every order tried, programs solved independently, and what must hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from restoration.unit_repairs.cases import matpower_text, random_text, read_text

from gridtool.errors import AnalysisError, InputError, NetworkError
from gridtool.restoration.unit_repairs.bound import bound_by_number
from gridtool.restoration.unit_repairs.bound_kernel import SupplyBound
from gridtool.restoration.unit_repairs.damage import mark_damage
from gridtool.restoration.unit_repairs.model import Periods, make_periods
from gridtool.restoration.unit_repairs.order import OrderCosts, put_buses_first
from gridtool.restoration.unit_repairs.plan import plan_unit_repairs
from gridtool.restoration.unit_repairs.program import make_order_program
from gridtool.restoration.unit_repairs.rrr import refined_order
from gridtool.restoration.unit_repairs.seeds import backward_order
from gridtool.restoration.unit_repairs.values import RepairValues


def best_of_all(case, periods):
    """Energy not served of the best chain of sets, by trying them all: at most k by period k."""
    values, n = RepairValues(case), len(case.components)
    best = {case.all_done: 0.0}
    for done, hours in reversed(list(zip(periods.repaired, periods.elapsed, strict=True))):
        reached = [m for m in range(1 << n) if m.bit_count() <= done]
        if done == n:
            reached = [case.all_done]
        best = {
            mask: hours * (case.case.demand_pu - values.served(mask))
            + min(cost for later, cost in best.items() if later & mask == mask)
            for mask in reached
        }
    return best[0]


def small_cases(folder, count, *, most):
    """Cases of random damage with 2 to ``most`` components that serve something."""
    made = (read_text(folder, random_text(seed)) for seed in itertools.count())
    fit = (case for case in made if 2 <= len(case.components) <= most)
    return list(itertools.islice((case for case in fit if RepairValues(case).full > 0.0), count))


def test_plans_are_the_best_of_all_orders(tmp_path):
    for case in small_cases(tmp_path, 10, most=6):
        plan = plan_unit_repairs(case)
        best = best_of_all(case, plan.periods)
        assert plan.proven_optimal
        assert plan.energy_not_served == pytest.approx(best, abs=1e-6)


def test_plans_of_several_repairs_a_period_are_the_best(tmp_path):
    for case in small_cases(tmp_path, 6, most=6):
        plan = plan_unit_repairs(case, count=3)
        assert plan.energy_not_served == pytest.approx(best_of_all(case, plan.periods), abs=1e-6)


def test_proven_plans_reach_the_program_over_all_periods(tmp_path):
    """An independent reference: the time-indexed program, solved by HiGHS."""
    for seed in (3, 7):
        case = read_text(tmp_path, random_text(seed, buses=6, extra=3, share=0.7))
        plan = plan_unit_repairs(case)
        periods = make_periods(len(case.components))
        program = make_order_program(case, periods)
        assert plan.proven_optimal
        assert plan.objective == pytest.approx(program.program.solve().objective, abs=1e-4)


def test_a_state_serves_what_a_cold_program_says(tmp_path):
    rng = np.random.default_rng(5)
    for seed in range(12):
        case = read_text(tmp_path, random_text(seed, buses=8, extra=5, share=0.8))
        values = RepairValues(case)
        n = len(case.components)
        for _ in range(8):
            mask = int(rng.integers(1 << n))
            free = values.in_service(mask)
            program = make_order_program(
                case, Periods(repaired=(0,), elapsed=(1.0,)), free=(), done=free, finish=False
            )
            cold = program.program.solve().objective
            assert values.served(mask) == pytest.approx(cold, abs=1e-6)


def test_no_state_is_above_the_supply_bound(tmp_path):
    rng = np.random.default_rng(6)
    for seed in range(15):
        case = read_text(tmp_path, random_text(seed, buses=8, extra=5, share=0.8))
        values, bound = RepairValues(case), SupplyBound(case)
        order = rng.permutation(len(case.components)).tolist()
        mask, above = 0, bound.along(0, order)
        for bit, most in zip(order, above.tolist(), strict=True):
            mask |= 1 << bit
            assert values.served(mask) <= most + 1e-7


def test_no_set_of_k_repairs_is_above_the_bound_of_k(tmp_path):
    for case in small_cases(tmp_path, 8, most=8):
        values, n = RepairValues(case), len(case.components)
        few = bound_by_number(values, [n // 2])
        every = bound_by_number(values, range(n + 1))
        for mask in range(1 << n):
            repaired = mask.bit_count()
            assert values.served(mask) <= every[repaired] + 1e-6
            assert every[repaired] <= few[repaired] + 1e-6


def test_bounds_hold_without_proof(tmp_path, monkeypatch):
    """The certificate of larger cases, on cases whose best order is known."""
    monkeypatch.setattr("gridtool.restoration.unit_repairs.plan.PROOF_COMPONENTS", 0)
    for case in small_cases(tmp_path, 4, most=6):
        plan = plan_unit_repairs(case)
        best = best_of_all(case, plan.periods)
        ideal = sum(plan.periods.elapsed) * case.case.demand_pu - best
        assert plan.upper_bound >= ideal - 1e-6
        assert plan.objective <= plan.upper_bound + 1e-9


def test_same_seed_same_plan(tmp_path):
    case = read_text(tmp_path, random_text(12, buses=7, extra=4, share=0.9))
    assert plan_unit_repairs(case, seed=4) == plan_unit_repairs(case, seed=4)


def test_plan_is_never_worse_than_its_seeds(tmp_path):
    for seed in (2, 8):
        case = read_text(tmp_path, random_text(seed, buses=9, extra=6, share=0.9))
        costs = OrderCosts(RepairValues(case), make_periods(len(case.components)))
        plan = plan_unit_repairs(case, bound=False)
        lost = sum(plan.periods.elapsed) * (case.case.demand_pu - costs.most)
        for order in (refined_order(case), backward_order(costs.values, width=99)):
            assert plan.energy_not_served <= lost + costs.total(order) + 1e-9


def test_damage_of_a_bus_spreads_to_what_stands_at_it(tmp_path):
    text = matpower_text(
        buses=[(1, 3, 0, 0), (2, 1, 50, 0), (7, 4, 10, 0)],
        gens=[(1, 0, 100, 1), (2, 0, 10, 1), (2, 0, 10, 0)],
        branches=[(1, 2, 0, 0.1, 0, 1), (1, 2, 0, 0.1, 0, 0)],
        damage={"bus": [0, 1, 1]},
    )
    case = read_text(tmp_path, text)
    found = [(part.kind, part.id, part.buses) for part in case.components]
    assert found == [("bus", "2", ()), ("gen", "2", (0,)), ("branch", "1", (0,))]


def test_a_path_comes_back_when_all_of_it_is_repaired(tmp_path):
    """By hand: bus, then its line bring 50 MW; its own unit then adds nothing."""
    text = matpower_text(
        buses=[(1, 3, 20, 0), (2, 1, 50, 0)],
        gens=[(1, 0, 100, 1), (2, 0, 10, 1)],
        branches=[(1, 2, 0, 0.1, 0, 1)],
        damage={"bus": [0, 1]},
    )
    plan = plan_unit_repairs(read_text(tmp_path, text))
    assert [plan.repair_case.components[bit].kind for bit in plan.order] == ["bus", "branch", "gen"]
    assert plan.served_pu == pytest.approx((0.2, 0.2, 0.7, 0.7))
    assert plan.objective == pytest.approx(1.8)


def test_angle_limits_and_losses_limit_a_branch(tmp_path):
    """b = x / (r^2 + x^2) = 2.5; the default angle limit is 60 degrees: 2.618 p.u."""
    text = matpower_text(
        buses=[(1, 3, 0, 0), (2, 1, 900, 0)],
        gens=[(1, 0, 1000, 1)],
        branches=[(1, 2, 0.2, 0.2, 0, 1)],
        damage={"branch": [1]},
    )
    plan = plan_unit_repairs(read_text(tmp_path, text))
    assert plan.served_pu == pytest.approx((0.0, 2.5 * 1.0472))


def test_nothing_damaged_and_everything_dead(tmp_path):
    text = matpower_text(
        buses=[(1, 3, 30, 0)], gens=[(1, 0, 100, 1)], branches=[], damage={"gen": [0]}
    )
    plan = plan_unit_repairs(read_text(tmp_path, text))
    assert plan.order == ()
    assert plan.served_pu == pytest.approx((0.3,))
    assert plan.proven_optimal
    dead = text.replace("1 0 0 0 0 1 100 1 100 0;", "1 0 0 0 0 1 100 1 0 0;").replace(
        "\n0;", "\n1;"
    )
    plan = plan_unit_repairs(read_text(tmp_path, dead))
    assert plan.served_pu == (0.0, 0.0)
    assert plan.proven_optimal


@pytest.mark.parametrize(
    ("repairs", "count", "repaired", "elapsed"),
    [
        (12, 2, (0, 6, 12), (6, 6, 1)),  # the reference's own test of its periods
        (6, None, (0, 1, 2, 3, 4, 5, 6), (1, 1, 1, 1, 1, 1, 1)),
        (5, 2, (0, 2, 5), (2, 3, 1)),  # round half to even, as Julia does
        (3, 9, (0, 1, 2, 3), (1, 1, 1, 1)),
        (0, 4, (0,), (1,)),
    ],
)
def test_periods(repairs, count, repaired, elapsed):
    periods = make_periods(repairs, count=count)
    assert periods.repaired == repaired
    assert periods.elapsed == pytest.approx(elapsed)


def test_buses_come_first(tmp_path):
    case = read_text(tmp_path, random_text(12, share=1.6))
    order = put_buses_first(case, list(range(len(case.components)))[::-1])
    assert sorted(order) == list(range(len(case.components)))
    place = {bit: rank for rank, bit in enumerate(order)}
    assert any(part.buses for part in case.components)
    for bit, part in enumerate(case.components):
        assert all(place[bus] < place[bit] for bus in part.buses)


STORAGE = "2 0 0 {energy} 100 60 40 0.5 0.8 100 0 0 0 0 0 0 1;"


def test_storage_carries_energy_from_period_to_period(tmp_path):
    """By hand: 20 MWh give 16 MW once at 80 %; the line brings the rest."""
    text = matpower_text(
        buses=[(1, 3, 0, 0), (2, 1, 30, 0)],
        gens=[(1, 0, 100, 1)],
        branches=[(1, 2, 0, 0.1, 0, 1)],
        storage=[STORAGE.format(energy=20)],
        damage={"branch": [1], "storage": [0]},
    )
    plan = plan_unit_repairs(read_text(tmp_path, text))
    assert plan.served_pu == pytest.approx((0.16, 0.3))
    assert plan.proven_optimal


def test_too_many_repairs_beside_storage_are_refused(tmp_path):
    buses = [(k, 3 if k == 1 else 1, 10, 0) for k in range(1, 15)]
    text = matpower_text(
        buses=buses,
        gens=[(1, 0, 500, 1)],
        branches=[(1, k, 0, 0.1, 0, 1) for k in range(2, 15)],
        storage=[STORAGE.format(energy=20)],
        damage={"bus": [1] * 14},
    )
    with pytest.raises(AnalysisError, match="beside storage"):
        plan_unit_repairs(read_text(tmp_path, text))


def test_bad_storage_and_damage_are_findings_all_at_once(tmp_path):
    text = matpower_text(
        buses=[(1, 3, 0, 0), (2, 1, 30, 0)],
        gens=[(1, 0, 100, 1)],
        branches=[(1, 2, 0, 0.1, 0, 1)],
        storage=[STORAGE.format(energy=-5), "9" + STORAGE.format(energy=1)[1:]],
        damage={"branch": [2], "storage": [0]},
        more="mpc.time_elapsed = 0;\nmpc.dcline = [1 2 3];",
    )
    with pytest.raises(NetworkError) as caught:
        read_text(tmp_path, text)
    words = str(caught.value)
    for part in ("energy", "storage_bus", "storage_damage", "branch_damage", "time_elapsed"):
        assert part in words
    assert "dcline" in words


def test_unknown_damage_is_refused(tmp_path):
    case = read_text(tmp_path, random_text(1)).case
    with pytest.raises(InputError, match="no gen 'G9'"):
        mark_damage(case, [("gen", "G9")])
