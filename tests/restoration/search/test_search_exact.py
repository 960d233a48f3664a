"""The search against all orders, by an evaluator of its own, with all that jobs may have."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from restoration.cases import flow_served, random_instance

from gridtool.restoration.model import DemandBlocks, RepairStage
from gridtool.restoration.schedule.problem import make_problem
from gridtool.restoration.search.order import enumerate_orders, search_order
from gridtool.restoration.value.effects import make_effects
from gridtool.restoration.value.states import StateValues
from gridtool.restoration.work.jobs import make_jobs

KYIV = ZoneInfo("Europe/Kyiv")


def staged_jobs(state, rng, count):
    """Some lines in two stages, at a part of the capacity after the first, and some precedence."""
    jobs = []
    for job in make_jobs(state):
        if len(jobs) < count - 1 and rng.random() < 0.4:
            first = f"{job.id}:temporary"
            share = float(rng.uniform(0.2, 0.8))
            hours = replace(job.duration, mean_h=float(rng.uniform(1, 10)))
            jobs.append(
                replace(
                    job,
                    id=first,
                    stage=RepairStage.TEMPORARY,
                    capacity_after=share,
                    duration=hours,
                )
            )
            jobs.append(replace(job, after=(first,)))
        elif len(jobs) < count:
            jobs.append(job)
    if rng.random() < 0.5:
        jobs[-1] = replace(jobs[-1], after=(*jobs[-1].after, jobs[0].id))
    return tuple(jobs)


def instance(seed):
    rng = np.random.default_rng([seed, 77])
    state, supplies = random_instance(rng, jobs=5, crews=1 + seed % 2)
    jobs = staged_jobs(state, rng, 4 + seed % 2)
    kept = {job.asset for job in jobs}
    state = replace(state, damage={a: d for a, d in state.damage.items() if a in kept})
    problem = make_problem(jobs, supplies, as_of=state.as_of, zone=KYIV)
    blocks = DemandBlocks(
        level=np.array([0.6, 1.0]),
        begins_h=np.array([0.0, 30.0, 90.0]),
        weight=np.array([[0.7, 0.3], [0.2, 0.8], [0.5, 0.5] if seed % 3 else [0.0, 0.0]]),
    )
    weight = float(rng.uniform(1, 5))
    return state, jobs, problem, blocks, weight


def make_levels(state, blocks, weight):
    """Served load by maximum flow at each level; the first substation's load counts more."""
    network = state.network

    def at(shares, level, heavy):
        feeders = network.feeders.assign(peak_mw=network.feeders["peak_mw"] * level)
        if heavy:
            feeders = feeders[feeders["busbar"] == "S1/B"]
        if feeders.empty:
            return 0.0
        scaled = replace(network, tables={**network.tables, "feeders": feeders})
        return flow_served(scaled)(shares)[0]

    def served(shares, /):
        extra = [(weight - 1) * at(shares, level, heavy=True) for level in blocks.level]
        return np.array([at(shares, level, heavy=False) for level in blocks.level]) + extra

    return served


def energy_by_hand(problem, jobs, served, blocks, order):
    """Integrated event by event: what is finished, the best stage of each asset, each period."""
    finish = problem.schedule(np.array(order)).finish_h
    full, total = served({}), 0.0
    moments = sorted({0.0, *finish.tolist(), *blocks.begins_h.tolist()})
    moments = [moment for moment in moments if moment <= finish.max()]
    known = {}
    for begin, end in pairwise(moments):
        shares = {}
        for job in jobs:
            shares.setdefault(job.asset, 0.0)
        for job, done in zip(jobs, finish, strict=True):
            if done <= begin:
                shares[job.asset] = max(shares[job.asset], job.capacity_after)
        shares = {asset: share for asset, share in shares.items() if share < 1.0}
        key = tuple(sorted(shares.items()))
        if key not in known:
            known[key] = served(shares)
        period = int(np.searchsorted(blocks.begins_h, begin, side="right")) - 1
        total += float((full - known[key]) @ blocks.weight[period]) * (end - begin)
    return total


@pytest.mark.parametrize("seed", range(200))
def test_the_optimum_is_that_of_all_orders(seed):
    state, jobs, problem, blocks, weight = instance(seed)
    by_shares = {}
    flow = make_levels(state, blocks, weight)

    def served(shares, /):
        key = tuple(sorted(shares.items()))
        if key not in by_shares:
            by_shares[key] = flow(shares)
        return by_shares[key]

    best = min(
        energy_by_hand(problem, jobs, served, blocks, order)
        for order in permutations(range(len(jobs)))
    )

    def fresh():
        return StateValues(make_effects(state, jobs), served=served, blocks=blocks)

    assert enumerate_orders(problem, fresh()).ens_mwh == pytest.approx(best, abs=1e-3)
    start = np.arange(len(jobs))
    found = search_order(problem, fresh(), starts=[start], evaluations=150, seed=seed)
    assert found.ens_mwh == pytest.approx(best, abs=1e-3)
