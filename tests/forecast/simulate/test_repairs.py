"""Executions in chunks, and the queue that further damage joins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from forecast.simulate.futures_cases import damaged_city, futures_of, make_plan, outage_city
from hypothesis import given, settings
from hypothesis import strategies as st
from restoration.cases import AS_OF, crew, damaged
from restoration.plan_cases import random_plan

from gridtool.forecast.model import FurtherDamage
from gridtool.forecast.simulate.further_damage import HitTimes
from gridtool.forecast.simulate.further_damage_kernel import DrawnHits
from gridtool.forecast.simulate.futures import execute_futures
from gridtool.forecast.simulate.repairs import execute_repairs, stream_normals
from gridtool.restoration.model import SpareArrival
from gridtool.restoration.schedule.execute import simulate_completions
from gridtool.restoration.schedule.execute_samples import (
    sample_release,
    sample_unit_times,
    sample_work,
)

STATES = ("moderate", "complete")
EXPOSED = ("AB", "BC", "CD", "G", "A", "A/B", "A/F0")
NO_HIT = FurtherDamage(
    rate_per_month=1e-9,
    batch=(1.0,),
    states=dict.fromkeys(STATES, 0.5),
    exposure=dict.fromkeys(EXPOSED, 1.0),
)
ONE_CREW = (crew("C1", speed_kmh=1e9),)


def hit_times(inputs, *hits):
    """One sample with hits (asset, hour, state, hours of work)."""
    order = inputs.further.work.assets
    at = np.array([hour for _, hour, _, _ in hits], dtype=float)
    drawn = DrawnHits(
        first=np.array([0, len(hits)]),
        events=np.array([len(hits)]),
        at_h=at,
        entry=np.array([order.index(asset) for asset, *_ in hits], dtype=np.int64),
        state=np.array([STATES.index(state) for _, _, state, _ in hits], dtype=np.int64),
        work_share=np.full(len(hits), 0.5),
        lead_share=np.full(len(hits), 0.5),
    )
    work = np.array([hours for *_, hours in hits], dtype=float)
    return HitTimes(hits=drawn, work_h=work, ready_h=at)


def executed(inputs, *hits):
    """Begin and end of the planned jobs and of the repairs of hits."""
    times = hit_times(inputs, *hits)
    further = inputs.further
    done = execute_repairs(
        inputs.queue,
        np.zeros(1, dtype=np.uint64),
        seed=1,
        times=times,
        hit_asset=further.asset[times.hits.entry],
        hit_out=further.out[times.hits.entry, times.hits.state],
    )
    jobs = [job.id for job in inputs.queue.problem.jobs]
    planned = {
        job: (begin, finish)
        for job, begin, finish in zip(jobs, done.begin_h[0], done.finish_h[0], strict=True)
    }
    return planned, list(zip(done.hit_begin_h, done.hit_finish_h, strict=True))


def two_lines(**settings):
    """AB takes 10 hours and CD 20, in this order, by one crew around the clock."""
    state = damaged_city({"AB": 0.0, "CD": 0.0}, hours={"AB": 10.0, "CD": 20.0})
    plan = replace(make_plan(state, crews=ONE_CREW, **settings), order=("AB", "CD"))
    return futures_of(state, plan, further_damage=NO_HIT)


def test_hits_come_after_the_plan_in_order_of_occurrence():
    planned, hits = executed(two_lines(), ("BC", 5.0, "moderate", 4.0), ("G", 6.0, "moderate", 3.0))
    assert planned["AB"] == pytest.approx((0.0, 10.0), abs=1e-6)
    assert planned["CD"] == pytest.approx((10.0, 30.0), abs=1e-6)
    assert hits[0] == pytest.approx((30.0, 34.0), abs=1e-6)
    assert hits[1] == pytest.approx((34.0, 37.0), abs=1e-6)


def test_no_crew_begins_before_the_hit():
    _, hits = executed(two_lines(), ("BC", 100.0, "moderate", 4.0))
    assert hits[0] == pytest.approx((100.0, 104.0), abs=1e-6)


def test_a_planned_repair_that_has_not_begun_makes_good_the_hit_in_its_place():
    """A line that is lost takes 7 days of 12 hours by Hazus, longer than the 20 planned."""
    planned, hits = executed(two_lines(), ("CD", 5.0, "complete", 50.0))
    assert planned["CD"] == pytest.approx((10.0, 60.0), abs=1e-6)
    assert hits == [(np.inf, np.inf)]
    planned, hits = executed(two_lines(), ("CD", 5.0, "moderate", 50.0))  # 12 h: less than 20
    assert planned["CD"] == pytest.approx((10.0, 30.0), abs=1e-6)
    assert hits == [(np.inf, np.inf)]


def test_work_under_way_is_finished_and_begins_again_after_the_plan():
    planned, hits = executed(two_lines(), ("AB", 5.0, "complete", 7.0))
    assert planned["AB"] == pytest.approx((0.0, 10.0), abs=1e-6)
    assert hits[0] == pytest.approx((30.0, 37.0), abs=1e-6)


def test_the_repair_of_a_hit_makes_good_later_ones_of_its_asset():
    _, hits = executed(
        two_lines(),
        ("BC", 5.0, "moderate", 4.0),
        ("BC", 20.0, "complete", 9.0),
        ("BC", 31.0, "moderate", 2.0),
    )
    assert hits[0] == pytest.approx((30.0, 39.0), abs=1e-6)
    assert hits[1] == (np.inf, np.inf)
    assert hits[2] == pytest.approx((39.0, 41.0), abs=1e-6)


def test_parts_wait_for_what_holds_them_up():
    """The busbar section before its feeder, hit in the same event; the substation before both."""
    _, hits = executed(
        two_lines(),
        ("A/F0", 40.0, "complete", 1.0),
        ("A/B", 40.0, "complete", 2.0),
        ("A", 40.0, "complete", 3.0),
    )
    assert hits[2] == pytest.approx((40.0, 43.0), abs=1e-6)
    assert hits[1] == pytest.approx((43.0, 45.0), abs=1e-6)
    assert hits[0] == pytest.approx((45.0, 46.0), abs=1e-6)
    _, hits = executed(two_lines(), ("A/F0", 40.0, "complete", 1.0), ("A", 41.0, "complete", 3.0))
    assert hits[0] == pytest.approx((40.0, 41.0), abs=1e-6), "not for damage still to come"


def waiting_plan():
    """AB is done at once, CD waits for a tower that comes after 100 hours."""
    network = outage_city()
    state = damaged(
        network, {"AB": 0.0, "CD": 0.0}, hours={"AB": 10.0, "CD": 20.0}, spares={"CD": ("tower",)}
    )
    arrives = SpareArrival(spare="tower", quantity=2, arrives_at=AS_OF + timedelta(hours=100))
    plan = replace(
        make_plan(state, crews=ONE_CREW, arrivals=(arrives,)),
        order=("AB", "CD"),
    )
    return futures_of(state, plan, further_damage=NO_HIT)


def test_a_crew_that_waits_takes_what_it_is_expected_to_finish():
    """G lost takes 65 days of 12 h: not while the crew waits; BC lost takes 84 h: it does, though
    the work turns out longer, and CD begins when it is done."""
    planned, hits = executed(
        waiting_plan(), ("G", 1.0, "complete", 5.0), ("BC", 12.0, "complete", 95.0)
    )
    assert hits[1] == pytest.approx((12.0, 107.0), abs=1e-6)
    assert planned["CD"] == pytest.approx((107.0, 127.0), abs=1e-6)
    assert hits[0] == pytest.approx((127.0, 132.0), abs=1e-6)


def test_hits_take_the_spares_that_the_plan_leaves():
    """CD is reported to need a tower: so does its next repair, and there are two."""
    planned, hits = executed(
        waiting_plan(),
        ("CD", 110.0, "moderate", 4.0),  # under way from 100 h on
        ("CD", 200.0, "moderate", 4.0),
    )
    assert planned["CD"] == pytest.approx((100.0, 120.0), abs=1e-6)
    assert hits[0] == pytest.approx((120.0, 124.0), abs=1e-6)
    assert hits[1] == (np.inf, np.inf), "no tower is left"


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_crews_do_one_job_at_a_time_and_no_work_is_lost(data):
    """Two crews, one around the clock, hits of any kind at any time."""
    hits = data.draw(
        st.lists(
            st.tuples(
                st.sampled_from(EXPOSED),
                st.floats(0.1, 400.0),
                st.sampled_from(STATES),
                st.floats(0.5, 60.0),
            ),
            min_size=1,
            max_size=9,
        )
    )
    hits.sort(key=lambda hit: hit[1])
    state = damaged_city(
        {"AB": 0.0, "CD": 0.0, "C": 0.4}, hours={"AB": 10.0, "CD": 20.0, "C": 15.0}
    )
    team = (crew("C1"), crew("C2", skills=("line", "substation"), x_km=3.0))
    inputs = futures_of(state, make_plan(state, crews=team), further_damage=NO_HIT)
    times = hit_times(inputs, *hits)
    further = inputs.further
    done = execute_repairs(
        inputs.queue,
        np.zeros(1, dtype=np.uint64),
        seed=1,
        times=times,
        hit_asset=further.asset[times.hits.entry],
        hit_out=further.out[times.hits.entry, times.hits.state],
    )
    begin = np.concatenate([done.begin_h[0], done.hit_begin_h])
    finish = np.concatenate([done.finish_h[0], done.hit_finish_h])
    who = np.concatenate([done.crew[0], done.hit_crew])
    assert (done.crew[0] >= 0).all()
    assert (done.hit_begin_h >= times.hits.at_h).all()
    for c in range(2):
        own = np.argsort(begin[who == c])
        assert (begin[who == c][own][1:] >= finish[who == c][own][:-1] - 1e-6).all()
    assert np.isinf(finish[who < 0]).all()
    # Every hour of work is that of the job or of a hit it makes good; every hit is made good.
    known = {10.0, 20.0, 15.0, *(hours for *_, hours in hits)}
    for length in finish[who >= 0] - begin[who >= 0]:
        assert min(abs(length - hours) for hours in known) < 1e-6
    asset = np.concatenate([inputs.job_asset, further.asset[times.hits.entry]])
    for h, at in enumerate(times.hits.at_h):
        same = (asset == asset[len(done.begin_h[0]) + h]) & (begin >= at) & (finish < np.inf)
        assert same.any()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 200), st.integers(0, 2**32))
def test_executions_are_those_of_the_plan_fed_with_the_streams(case, seed):
    plan = random_plan(case)
    inputs = futures_of(plan.state, plan, seed=seed)
    samples = np.arange(7, 27, dtype=np.uint64)
    _, done = execute_futures(inputs, first=7, n=20)
    problem = inputs.queue.problem
    position = {job.id: j for j, job in enumerate(problem.jobs)}
    normals = stream_normals(samples, seed=seed)
    options = {"n": 20, "seed": seed, "normals": normals}
    expected = problem.finish_samples(
        np.array([position[job] for job in plan.order]),
        work_h=sample_work(problem.jobs, worked_h=problem.worked_h, **options),
        release_h=sample_release(problem.jobs, **options),
        unit_times_h=sample_unit_times(problem, **options),
    )
    assert np.array_equal(done.finish_h, expected)


@pytest.mark.parametrize("case", [3, 8])
def test_the_law_is_that_of_the_plans_executions(case):
    """Means and quantiles of every job by two sets of streams, within standard errors."""
    plan, n = random_plan(case), 4000
    inputs = futures_of(plan.state, plan)
    found = execute_futures(inputs, first=0, n=n)[1].finish_h
    other = simulate_completions(plan, n=n, seed=99).finish_h
    for j in range(found.shape[1]):
        cuts = np.unique(np.quantile(other[:, j], [0.1, 0.5, 0.9]))
        for cut in cuts[np.isfinite(cuts)]:
            one, two = (found[:, j] <= cut).mean(), (other[:, j] <= cut).mean()
            assert abs(one - two) < 4.5 * np.sqrt(2 * two * (1 - two) / n) + 1e-12


def test_hits_after_the_last_repair_do_not_move_the_plan():
    plan = random_plan(5)
    inputs = futures_of(plan.state, plan)
    last = simulate_completions(plan, n=20, seed=1).finish_h
    exposed = next(iter(plan.state.network.assets))
    stated = replace(NO_HIT, exposure={exposed: 1.0})
    with_hits = futures_of(plan.state, plan, further_damage=stated)
    work = with_hits.further
    hits = DrawnHits(
        first=np.arange(21),
        events=np.ones(20, dtype=np.int64),
        at_h=np.full(20, last.max() + 1e3),
        entry=np.zeros(20, dtype=np.int64),
        state=np.ones(20, dtype=np.int64),
        work_share=np.full(20, 0.5),
        lead_share=np.full(20, 0.5),
    )
    done = execute_repairs(
        with_hits.queue,
        np.arange(20, dtype=np.uint64),
        seed=1,
        times=HitTimes(hits=hits, work_h=np.ones(20), ready_h=hits.at_h),
        hit_asset=work.asset[hits.entry],
        hit_out=work.out[hits.entry, hits.state],
    )
    plain = execute_futures(inputs, first=0, n=20)[1]
    assert np.array_equal(done.finish_h, plain.finish_h)
