"""Bounds by number of repairs against all sets tried, and what must hold of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from restoration.unit_repairs.cases import matpower_text, random_text, read_text

from gridtool.restoration.unit_repairs.bound import (
    NumberBounds,
    bound_by_number,
    tighten_along,
)
from gridtool.restoration.unit_repairs.bound_program import NumberProgram
from gridtool.restoration.unit_repairs.model import make_periods
from gridtool.restoration.unit_repairs.order import OrderCosts
from gridtool.restoration.unit_repairs.plan import plan_unit_repairs
from gridtool.restoration.unit_repairs.values import RepairValues

INSTANCES = 220


def varied_text(seed):
    """Twin units, doubled circuits, loads and shunts that give, units that can draw power."""
    rng = np.random.default_rng(seed)
    buses = int(rng.integers(3, 6))
    ends = [(int(rng.integers(k)) + 1, k + 1) for k in range(1, buses)]
    ends += [ends[int(rng.integers(len(ends)))][:: rng.choice([1, -1])] for _ in range(2)]
    loads = rng.choice([0, 0, 20, 50, 70, -30], buses)
    shunts = rng.choice([0, 0, 0, 5, -10], buses)
    places = [*rng.integers(1, buses + 1, 2).tolist()] * 2
    gens = [(bus, int(rng.choice([0, -20])), int(rng.integers(3)) * 30, 1) for bus in places]
    x = rng.choice([0.1, 0.2], len(ends))
    branches = [
        (f, t, 0.01, float(xk), int(rng.integers(1, 6)) * 10, 1)
        for (f, t), xk in zip(ends, x, strict=True)
    ]
    damage = {
        "bus": (rng.random(buses) < 0.15).astype(int),
        "gen": (rng.random(len(gens)) < 0.5).astype(int),
        "branch": (rng.random(len(ends)) < 0.6).astype(int),
    }
    rows = [(k + 1, 3 if k == 0 else 1, int(loads[k]), int(shunts[k])) for k in range(buses)]
    return matpower_text(buses=rows, gens=gens, branches=branches, damage=damage)


def instances(folder, count, *, least=2, most=6):
    """Random cases of ``least`` to ``most`` components, every other one of the varied kind."""
    made = (
        read_text(folder, varied_text(seed) if seed % 2 else random_text(seed, buses=5))
        for seed in itertools.count()
    )
    fit = (case for case in made if least <= len(case.components) <= most)
    return itertools.islice(fit, count)


def best_by_number(values):
    """What the best set of at most k components serves, by trying them all."""
    n = len(values.repair_case.components)
    best = np.full(n + 1, -np.inf)
    for mask in range(1 << n):
        best[mask.bit_count()] = max(best[mask.bit_count()], values.served(mask))
    return np.maximum.accumulate(best)


def tightened(case, *, order=None, work_limit=1e9):
    """Bounds begun with one order, and its costs."""
    values = RepairValues(case)
    costs = OrderCosts(values, make_periods(len(case.components)))
    order = order or list(range(len(case.components)))
    bounds = NumberBounds(costs, costs.masks_of(order))
    tighten_along(bounds, costs, order, work_limit=work_limit)
    return bounds, costs


def test_no_set_is_above_the_bounds_and_every_bound_is_met(tmp_path):
    checked = 0
    for case in instances(tmp_path, INSTANCES):
        bounds, costs = tightened(case)
        best = best_by_number(costs.values)
        assert np.all(bounds.most >= best - 1e-6)
        assert np.all(bounds.reached <= best + 1e-6)
        spent = sum(costs.prefix_costs(list(range(len(best) - 1))))
        assert (bounds.most - best).sum() <= 0.016 * spent + 1e-4 * len(best)
        exact = bound_by_number(costs.values, range(len(best)))
        assert np.all(exact >= best - 1e-6)
        assert exact == pytest.approx(best, abs=2e-3)
        checked += 1
    assert checked == INSTANCES


def test_no_plan_is_above_its_bound(tmp_path, monkeypatch):
    """The certificate of larger cases, on cases whose best plan is proven."""
    for case in instances(tmp_path, 6, least=3):
        proven = plan_unit_repairs(case)
        assert proven.proven_optimal
        with monkeypatch.context() as patched:
            patched.setattr("gridtool.restoration.unit_repairs.plan.PROOF_COMPONENTS", 0)
            plan = plan_unit_repairs(case)
        assert plan.objective <= proven.objective + 1e-6
        assert plan.upper_bound >= proven.objective - 1e-6


def test_bounds_never_rise_and_are_never_looser_than_those_of_few_numbers(tmp_path):
    for seed in range(3):
        case = read_text(tmp_path, random_text(seed, buses=9, extra=5, share=0.9))
        n = len(case.components)
        bounds, costs = tightened(case)
        assert np.all(np.diff(bounds.most) >= -1e-9)
        few = bound_by_number(costs.values, range(0, n + 1, 4))
        assert bounds.most.sum() <= few.sum()


def test_without_work_the_bound_is_what_supply_allows(tmp_path):
    case = read_text(tmp_path, random_text(5, share=0.9))
    bounds, costs = tightened(case, work_limit=0.0)
    assert bounds.most[1:] == pytest.approx(costs.most)
    assert bounds.most[0] == pytest.approx(costs.values.served(0))


def test_bounds_are_the_same_whenever_they_are_computed(tmp_path):
    case = read_text(tmp_path, random_text(7, buses=9, extra=5, share=0.9))
    first, second = (tightened(case)[0] for _ in range(2))
    assert first.most.tobytes() == second.most.tobytes()
    assert first.work == second.work


def test_the_larger_of_two_units_counts_first(tmp_path):
    text = matpower_text(
        buses=[(1, 3, 0, 0), (2, 1, 100, 0)],
        gens=[(1, 0, 30, 1), (1, 0, 60, 1)],
        branches=[(1, 2, 0.01, 0.1, 45, 1), (1, 2, 0.01, 0.1, 45, 1)],
        damage={"bus": [0, 0], "gen": [1, 1], "branch": [1, 1]},
    )
    case = read_text(tmp_path, text)
    program = NumberProgram(case)
    # One repair: nothing; two: 60 MW behind 45 MW of line; three: 60 MW; four: 90 MW.
    found = [program.solve(k, node_limit=100).most for k in range(1, 5)]
    assert found == pytest.approx([0.0, 0.45, 0.6, 0.9], abs=1e-5)
    kinds = [(part.kind, part.id) for part in case.components]
    smaller = 1 << kinds.index(("gen", "1")) | 1 << kinds.index(("branch", "2"))
    met = program.solve(2, known=smaller, node_limit=100)
    chosen = {kinds[bit] for bit in range(4) if met.mask >> bit & 1}
    assert ("gen", "2") in chosen
    assert ("gen", "1") not in chosen


def test_a_coarse_gap_is_still_a_bound(tmp_path):
    for case in instances(tmp_path, 10, least=5):
        values = RepairValues(case)
        best, program = best_by_number(values), NumberProgram(case)
        for k in range(1, len(best)):
            reach = program.solve(k, known=0, gap_pu=0.2, node_limit=1)
            assert reach.most >= best[k] - 1e-6
