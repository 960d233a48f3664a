"""Plans against rules and longer searches, on random damage of the shipped and a large city."""

from __future__ import annotations

import resource
import time

import numpy as np
import pytest
from restoration.cases import crew, damaged, resources

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.catalog import load_network
from gridtool.network.synthetic import generate_city
from gridtool.restoration.model import PlanConfig
from gridtool.restoration.plan import plan_restoration

pytestmark = pytest.mark.benchmark

SEEDS = range(10)
JOBS = 50


def strike(city, rng, *, jobs=JOBS, crews=4):
    """Damage of substations, transformers, lines and units, with repairs of 6 to 120 h."""
    substations = [s for s in city.substations.index if s.startswith("SS")]
    kinds = [substations, *map(list, (city.transformers.index, city.lines.index))]
    kinds.append(list(city.units.index))
    chosen = {}
    while len(chosen) < jobs:
        kind = kinds[int(rng.choice(4, p=(0.35, 0.3, 0.28, 0.07)))]
        chosen[str(rng.choice(kind))] = 0.0
    hours = {asset: float(rng.uniform(6, 120)) for asset in chosen}
    places = city.substations[["x_km", "y_km"]].to_numpy()
    team = [
        crew(
            f"C{k}",
            skills=("line",) if k % 2 else ("substation", "plant"),
            x_km=float(places[k, 0]),
            y_km=float(places[k, 1]),
            shift_start_h=8,
            shift_h=12,
            speed_kmh=30.0,
        )
        for k in range(crews)
    ]
    return damaged(city, chosen, hours=hours), resources(*team)


def test_plans_against_rules(root):
    city = load_network(root / "networks" / "rivercity")
    excess = []
    for seed in SEEDS:
        state, supplies = strike(city, np.random.default_rng(seed))
        begun = time.perf_counter()
        plan = plan_restoration(
            state, supplies, seed=seed, dispatcher=Dispatcher(compile_case(city))
        )
        seconds = time.perf_counter() - begun
        rules = plan.comparison.iloc[1:]
        best = rules.iloc[int(rules["ens_mwh"].argmin())]
        excess.append(rules["excess_pct"].to_numpy())
        print(
            f"seed {seed}: {len(plan.jobs)} jobs, {plan.evaluations} dispatches, {seconds:.1f} s, "
            f"{plan.ens_mwh:.0f} MWh; best rule ({best['rule']}) +{best['excess_pct']:.0f} %"
        )
    table = np.array(excess)
    for rule, mean in zip(plan.comparison["rule"].iloc[1:], table.mean(axis=0), strict=True):
        print(f"{rule}: +{mean:.0f} % on average")
    saved = 100 * (1 - 1 / (1 + table.min(axis=1) / 100))
    print(f"less than the best rule of each case: {saved.mean():.0f} % on average")
    assert saved.min() >= 30
    assert (table >= 0).all()


@pytest.mark.parametrize("seed", [0, 3, 5])
def test_near_the_best_of_a_long_search(root, seed):
    """Against twenty times the budget, searched with another seed."""
    city = load_network(root / "networks" / "rivercity")
    state, supplies = strike(city, np.random.default_rng(seed))
    dispatcher = Dispatcher(compile_case(city))
    plan = plan_restoration(state, supplies, seed=seed, dispatcher=dispatcher)
    longer = PlanConfig(evaluations=20 * plan.config.evaluations)
    best = plan_restoration(
        state, supplies, seed=seed + 100, config=longer, dispatcher=Dispatcher(compile_case(city))
    )
    above = 100 * (plan.ens_mwh / min(plan.ens_mwh, best.ens_mwh) - 1)
    print(f"seed {seed}: {above:.2f} % above the best of a search 20 times longer")
    assert above <= 2.0


def test_a_city_of_400_substations():
    city = generate_city(substations=400, seed=1)
    state, supplies = strike(city, np.random.default_rng(1), jobs=200, crews=12)
    begun = time.perf_counter()
    plan = plan_restoration(state, supplies)
    seconds = time.perf_counter() - begun
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(plan.jobs)} jobs, {seconds:.0f} s, {peak_mb:.0f} MB, {plan.evaluations} dispatches"
    )
    assert plan.comparison["excess_pct"].min() == 0
    assert peak_mb < 1024
