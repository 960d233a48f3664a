"""Composite adequacy: states a second, what strata and control variate save, and an LP a state."""

from __future__ import annotations

import time

import numpy as np
import pytest
from forecast.adequacy.systems import shipped

from gridtool.flow.lp import LpSolver
from gridtool.flow.reduction import reduce_topology, sum_by_terminal
from gridtool.flow.shedding import shed_program
from gridtool.flow.topology import apply_shares
from gridtool.forecast.adequacy.composite_draws import StateDraws
from gridtool.forecast.adequacy.composite_enumerate import enumerate_states
from gridtool.forecast.adequacy.composite_sample import sample_states
from gridtool.forecast.adequacy.composite_system import prepare_composite
from gridtool.network.catalog import load_network

pytestmark = pytest.mark.benchmark


def timed(work):
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


@pytest.fixture(scope="module")
def rts79():
    system = prepare_composite(load_network("rts79"), shipped("rts79")[1], shedding="total")
    sample_states(system, samples=2000, seed=0)  # compiled before it is timed
    return system


def test_rbts_is_enumerated_in_a_few_seconds():
    load = shipped("rbts")[1]
    network = load_network("rbts")
    enumerate_states(prepare_composite(network, load), least_probability=1e-6)
    for shedding in ("total", "proportional", "priority"):
        system = prepare_composite(network, load, shedding=shedding)
        found, seconds = timed(lambda system=system: enumerate_states(system))
        print(
            f"\nRBTS, {shedding}: {found.states:,} states x {found.hours:,} hours in "
            f"{seconds:.2f} CPU-s, {found.states / seconds:,.0f} states/s, "
            f"{found.programs} LPs"
        )
        assert seconds < 10


def test_rts79_is_known_to_one_percent_in_a_few_seconds(rts79):
    found, seconds = timed(lambda: sample_states(rts79, samples=10**7, seed=1, until=0.01))
    share = found.edns_mw.standard_error / found.edns_mw.value
    print(
        f"\nRTS-79, year: EDNS {found.edns_mw.value:.5f} +- {found.edns_mw.standard_error:.5f} MW "
        f"({100 * share:.2f} %) from {found.states:,} states in {seconds:.2f} CPU-s"
    )
    better, taken = timed(lambda: sample_states(rts79, samples=100_000, seed=1))
    plain, plainly = timed(lambda: sample_states(rts79, samples=100_000, seed=1, plain=True))
    # with an hour drawn for each state, as it is done elsewhere, LOLP is a share of hits
    hour_drawn = better.lolp.value * (1 - better.lolp.value) / plain.states
    for name in ("lolp", "edns_mw"):
        ours, theirs = (getattr(run, name).standard_error for run in (better, plain))
        print(f"{name}: variance ratio to plain sampling of states {(theirs / ours) ** 2:,.0f}")
    print(
        f"lolp: variance ratio to an hour drawn for each state "
        f"{hour_drawn / better.lolp.standard_error**2:,.0f}"
    )
    rate = better.states / taken
    print(f"{rate:,.0f} states/s, {better.programs} LPs; plain {plain.states / plainly:,.0f}/s")
    error = plain.edns_mw.standard_error / plain.edns_mw.value
    plainly *= (error / share) ** 2
    print(f"time to this error: {seconds:.2f} s against {plainly:,.0f} s plainly")
    assert share <= 0.01
    assert seconds <= 20
    assert rate >= 10_000


def test_states_against_one_linear_program_each(rts79):
    states = StateDraws(rts79, seed=3).draw("none", 0, n=300)
    rating = rts79.ratings(states.up, rts79.seasons[0])
    assert not states.out.any()
    case = rts79.case
    topology = apply_shares(case, {})
    reduced = reduce_topology(case, topology)
    program = shed_program(
        reduced,
        sum_by_terminal(reduced, topology.connectable_mw),
        busbars=len(case.busbar_ids),
        shedding="total",
    )
    solver = LpSolver()

    def solve():
        for state in rating:
            solver.solve(program, state[reduced.source], factor=1.0)

    _, lp_seconds = timed(solve)
    samples = 300_000
    _, seconds = timed(lambda: sample_states(rts79, samples=samples, seed=5))
    each, ours = lp_seconds / len(rating), seconds / samples
    print(
        f"\none warm HiGHS LP (one hour): {1e6 * each:.0f} us; a state, all hours: "
        f"{1e6 * ours:.1f} us: {each / ours:,.0f} times; an LP for each of its hours: "
        f"{np.float64(each * rts79.hours / ours):,.0f} times"
    )
    assert each > 5 * ours
