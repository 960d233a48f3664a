"""Executions of plans against the policy written anew, event by event, in plain Python."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from restoration.cases import AS_OF, crew, damaged, job, random_instance, resources
from restoration.plain_policy import Policy

from gridtool.damage.model import Estimate3
from gridtool.network.catalog import load_network
from gridtool.restoration.model import (
    DeclaredRepair,
    Duration,
    PlanConfig,
    RepairStage,
    SpareArrival,
    StartedWork,
)
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.schedule.execute import execute_order, simulate_completions
from gridtool.restoration.schedule.execute_samples import (
    sample_arrival,
    sample_unit_times,
    sample_work,
)
from gridtool.restoration.schedule.problem import make_problem

KYIV = ZoneInfo("Europe/Kyiv")
EXECUTIONS = 10_000


def full_case(seed, *, jobs=7, crews=3, leaving=False):
    """Random jobs and crews with everything the job model knows.

    With ``leaving`` all crews but the first go one day: some jobs may never be finished.
    """
    rng = np.random.default_rng(seed)
    names = [f"J{i}" for i in range(jobs)]
    made = []
    for i, name in enumerate(names):
        mean = float(rng.uniform(2, 30))
        one = job(
            name,
            mean,
            x=float(rng.uniform(0, 30)),
            y=float(rng.uniform(0, 30)),
            skills=(("line", "substation")[int(rng.integers(2))],),
            spares=("T",) * int(rng.integers(0, 3)) if rng.random() < 0.5 else (),
        )
        before = tuple(str(n) for n in rng.choice(names[:i], min(i, 2), replace=False))
        lead = None
        if rng.random() < 0.3:
            lead = Duration(mean_h=float(rng.uniform(10, 60)), sigma_h=20.0, basis="made")
        made.append(
            replace(
                one,
                after=before if rng.random() < 0.4 else (),
                crew_size=int(rng.integers(1, 6)),
                lead=lead,
            )
        )
    team = [
        crew(
            f"C{c}",
            x_km=float(rng.uniform(0, 30)),
            speed_kmh=20.0,
            shift_start_h=float(rng.integers(0, 24)),
            shift_h=float(rng.integers(6, 25)),
            size=6 if c == 0 else int(rng.integers(2, 7)),
            skills=("line", "substation") if c == 0 else (("line", "substation")[c % 2],),
            available_from=AS_OF + timedelta(hours=30) if rng.random() < 0.2 else None,
        )
        for c in range(crews)
    ]
    if rng.random() < 0.6:
        at_work = team[int(rng.integers(crews))]
        begun = AS_OF - timedelta(hours=float(rng.uniform(0.2, 1.5)) * made[0].duration.mean_h)
        made[0] = replace(
            made[0],
            spares=(),
            lead=None,
            started=StartedWork(crew=at_work.id, started_at=begun),
        )
    need = sum(one.spares.count("T") for one in made)
    if leaving:
        team[1:] = [
            replace(one, available_to=AS_OF + timedelta(hours=float(rng.uniform(20, 150))))
            for one in team[1:]
        ]
    half = need // 2
    coming = (
        SpareArrival(
            spare="T",
            quantity=need - half,
            arrives_at=AS_OF + timedelta(hours=float(rng.uniform(-20, 90))),
            latest_at=AS_OF + timedelta(hours=200) if rng.random() < 0.8 else None,
        ),
        SpareArrival(spare="T", quantity=1, arrives_at=AS_OF + timedelta(hours=150)),
    )
    supplies = resources(*team, stock={"T": half}, arrivals=coming)
    order = [str(name) for name in rng.permutation(names)]
    return made, supplies, order


def compile_both(seed, **size):
    jobs, supplies, order = full_case(seed, **size)
    problem = make_problem(jobs, supplies, as_of=AS_OF, zone=KYIV)
    policy = Policy(jobs, supplies, as_of=AS_OF, zone=KYIV, days=problem.days)
    position = {one.id: j for j, one in enumerate(jobs)}
    return problem, policy, order, np.array([position[name] for name in order])


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 100_000), jobs=st.integers(1, 12), crews=st.integers(1, 4))
def test_timetables_are_those_of_the_policy(seed, jobs, crews):
    problem, policy, order, positions = compile_both(
        seed, jobs=jobs, crews=crews, leaving=seed % 2 == 0
    )
    found, expected = problem.schedule(positions), policy.plan(order)
    for j, one in enumerate(problem.jobs):
        finish, _, who, begin = expected[one.id]
        assert found.finish_h[j] == pytest.approx(finish, abs=1e-6)
        names = [*(crew.id for crew in problem.resources.crews), None]
        assert names[found.crew[j]] == who
        if one.started:
            assert found.start_h[j] == (one.started.started_at - AS_OF) / timedelta(hours=1)
            assert found.travel_h[j] == 0.0
        else:
            assert found.start_h[j] == pytest.approx(begin, abs=1e-6)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 100_000), jobs=st.integers(1, 12), crews=st.integers(1, 4))
def test_executions_are_those_of_the_policy(seed, jobs, crews):
    """The same draws in both: the same finish hours."""
    problem, policy, order, positions = compile_both(
        seed, jobs=jobs, crews=crews, leaving=seed % 2 == 0
    )
    rng = np.random.default_rng(seed)
    n, work = 5, rng.lognormal(2.0, 0.8, size=(5, jobs))
    release = np.where(problem.release_h > 0, rng.uniform(5, 80, size=(n, jobs)), 0.0)
    units = np.sort(rng.uniform(0, 150, size=(n, *problem.unit_times_h.shape)), axis=2)
    patience = {name: entry[1] for name, entry in policy.plan(order).items()}
    found = problem.finish_samples(positions, work_h=work, release_h=release, unit_times_h=units)
    for i in range(n):
        expected = policy.execute(
            order,
            work={one.id: work[i, j] for j, one in enumerate(problem.jobs)},
            leads={one.id: release[i, j] for j, one in enumerate(problem.jobs)},
            units={spare: list(units[i, s]) for s, spare in enumerate(problem.spares)},
            patience=patience,
        )
        for j, one in enumerate(problem.jobs):
            assert found[i, j] == pytest.approx(expected[one.id][0], abs=1e-6)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 100_000), jobs=st.integers(1, 12), crews=st.integers(1, 4))
def test_waiting_jobs_are_put_back_as_the_policy_says(seed, jobs, crews):
    problem, policy, order, positions = compile_both(seed, jobs=jobs, crews=crews)
    if not (problem.need.any() or problem.release_h.any() or problem.before.any()):
        return
    found = [problem.jobs[j].id for j in problem.put_back_waiting(positions)]
    assert found == policy.put_back(order)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 100_000), jobs=st.integers(1, 12))
def test_called_jobs_are_those_of_the_policy_and_change_no_timetable(seed, jobs):
    problem, policy, order, positions = compile_both(seed, jobs=jobs)
    called = problem.call_order(positions)
    assert [problem.jobs[j].id for j in called] == policy.in_turn(order)
    one, other = problem.schedule(positions), problem.schedule(called)
    assert (one.finish_h == other.finish_h).all()
    assert (one.crew == other.crew).all()


def assert_covers(samples, policy, order, *, seed):
    """P90 covers 88-92 % and P50 48-52 % of 10,000 executions, for every job and for the last."""
    runs = policy.sample(order, n=EXECUTIONS, seed=seed)
    found = np.array([[run[name] for name in policy.jobs] for run in runs])
    samples = np.column_stack([samples, samples.max(axis=1)])
    found = np.column_stack([found, found.max(axis=1)])
    for level in (0.9, 0.5):
        covered = (found <= np.quantile(samples, level, axis=0)).mean(axis=0)
        assert (abs(covered - level) <= 0.02).all(), (level, covered)


@pytest.mark.parametrize("seed", range(4))
def test_quantiles_cover_the_executions_of_an_independent_simulator(seed):
    problem, policy, order, positions = compile_both(seed, jobs=5, crews=2)
    samples = execute_order(problem, positions, n=4 * EXECUTIONS, seed=seed)
    assert_covers(samples, policy, order, seed=seed)


def spread_estimates(state, rng):
    """``state`` with estimates from half to twice as long."""
    damage = {
        asset: replace(entry, estimate=Estimate3(low_h=h / 2, likely_h=h, high_h=2 * h))
        for asset, entry in state.damage.items()
        for h in [float(rng.uniform(4, 40))]
    }
    return replace(state, damage=damage)


def assert_plan_covers(plan, *, seed):
    completions = simulate_completions(plan, n=4 * EXECUTIONS, seed=seed)
    entries = {entry.job.id: entry.job for entry in plan.jobs}
    policy = Policy(
        [entries[name] for name in completions.job_ids],
        plan.resources,
        as_of=plan.state.as_of,
        zone=plan.state.network.manifest.zone,
        days=2000,
    )
    assert_covers(completions.finish_h, policy, plan.order, seed=seed)


def late_towers(*, quantity):
    return SpareArrival(
        spare="tower",
        quantity=quantity,
        arrives_at=AS_OF + timedelta(hours=40),
        latest_at=AS_OF + timedelta(hours=150),
    )


def test_completions_of_a_plan_with_stages_cover_the_independent_executions():
    rng = np.random.default_rng(5)
    state, supplies = random_instance(rng, jobs=5, crews=2)
    repairs = [
        DeclaredRepair(asset="L1", stage=RepairStage.TEMPORARY, capacity_after=0.5),
        DeclaredRepair(asset="L2", stage=RepairStage.PERMANENT, spares=("tower",)),
        DeclaredRepair(asset="L4", stage=RepairStage.PERMANENT, spares=("tower",)),
    ]
    supplies = replace(supplies, arrivals=(late_towers(quantity=2),), repairs=tuple(repairs))
    plan = plan_restoration(
        spread_estimates(state, rng), supplies, config=PlanConfig(evaluations=50), seed=1
    )
    assert len(plan.jobs) == 6
    assert_plan_covers(plan, seed=2)


@pytest.mark.slow
def test_completions_of_a_city_plan_cover_the_independent_executions(root):
    """40 damaged assets of the shipped city, 4 crews, towers that come late."""
    city = load_network(root / "networks" / "rivercity")
    rng = np.random.default_rng(1)
    lines = [str(key) for key in rng.choice(city.lines.index, 18, replace=False)]
    others = [str(key) for key in rng.choice(city.transformers.index, 22, replace=False)]
    state = damaged(
        city,
        dict.fromkeys([*lines, *others], 0.0),
        spares=dict.fromkeys(lines[:6], ("tower",)),
    )
    places = city.substations[["x_km", "y_km"]].to_numpy()
    team = [
        crew(
            f"C{k}",
            skills=(("line",), ("substation",), ("line", "substation"))[k % 3],
            x_km=float(places[k, 0]),
            y_km=float(places[k, 1]),
            shift_start_h=8,
            shift_h=12,
        )
        for k in range(4)
    ]
    given = resources(*team, stock={"tower": 1}, arrivals=(late_towers(quantity=5),))
    plan = plan_restoration(
        spread_estimates(state, rng), given, config=PlanConfig(evaluations=400), seed=1
    )
    assert_plan_covers(plan, seed=3)


def test_arrivals_have_the_announced_date_as_p50_and_the_latest_as_p90():
    normal = np.random.default_rng(1).standard_normal(200_000)

    def hours(arrives_h, latest_h):
        latest = None if latest_h is None else AS_OF + timedelta(hours=latest_h)
        arrival = SpareArrival(
            spare="T", quantity=1, arrives_at=AS_OF + timedelta(hours=arrives_h), latest_at=latest
        )
        return sample_arrival(arrival, as_of=AS_OF, normal=normal)

    assert np.quantile(hours(40, 100), [0.5, 0.9]) == pytest.approx([40, 100], rel=0.01)
    late = hours(-10, 100)  # should be there already: exponential
    assert np.quantile(late, 0.9) == pytest.approx(100, rel=0.01)
    assert late.mean() == pytest.approx(100 / np.log(10), rel=0.01)
    assert (hours(40, None) == 40).all()
    assert (hours(40, 30) == 40).all()
    assert (hours(-10, -5) == 0).all()
    assert (np.diff(hours(-10, 100)[np.argsort(normal)]) >= 0).all()


def test_units_of_spares_come_in_stock_and_with_their_arrivals():
    coming = tuple(
        SpareArrival(
            spare="T",
            quantity=2,
            arrives_at=AS_OF + timedelta(hours=h),
            latest_at=AS_OF + timedelta(hours=2 * h),
        )
        for h in (50, 60)
    )
    jobs = [job(f"J{i}", 3, spares=("T",)) for i in range(4)]
    given = resources(crew(), stock={"T": 1}, arrivals=coming)
    problem = make_problem(jobs, given, as_of=AS_OF, zone=KYIV)
    times = sample_unit_times(problem, n=2000, seed=3)[:, 0]
    assert times.shape == (2000, problem.unit_times_h.shape[1])
    assert (times[:, 0] == 0).all()
    assert (np.diff(times[:, :4], axis=1) >= 0).all()
    assert (times[:, 1] == times[:, 2]).mean() > 0.9  # two of an arrival come together
    assert (times[:, 4:] == np.inf).all()
    assert (sample_unit_times(problem, n=10, seed=3)[:, 0] == times[:10]).all()


def test_the_work_of_a_permanent_stage_is_drawn_by_its_asset():
    """The samples of earlier releases: ln X = mu + s z with z of Philox (seed, asset)."""
    one = job("SS-07/T1", 12.0)
    key = [7, 0xC0DE << 32 | zlib.crc32(b"SS-07/T1")]
    z = np.random.Generator(np.random.Philox(key=key)).standard_normal(5)
    s = np.sqrt(np.log1p(1 / 9))
    expected = np.exp(np.log(12.0) - s**2 / 2 + s * z)
    assert sample_work([one], n=5, seed=7)[:, 0] == pytest.approx(expected)
    other = replace(one, id="SS-07/T1:temporary")
    assert (sample_work([other], n=5, seed=7)[:, 0] != expected).all()


def test_started_work_lasts_longer_than_it_has():
    one = replace(job("A", 10.0), started=StartedWork(crew="C1", started_at=AS_OF))
    left = sample_work([one], n=100_000, seed=1, worked_h=np.array([12.0]))[:, 0]
    mu, s = np.log(10.0) - np.log1p(1 / 9) / 2, np.sqrt(np.log1p(1 / 9))
    whole = np.random.default_rng(2).lognormal(mu, s, 3_000_000)
    expected = whole[whole > 12.0] - 12.0
    for level in (0.1, 0.5, 0.9):
        assert np.quantile(left, level) == pytest.approx(np.quantile(expected, level), rel=0.03)


def test_a_job_is_put_back_when_its_spare_is_later_than_planned():
    """Planned: A at 10 h with its spare, then B. The spare comes at 100 h: B first."""
    coming = SpareArrival(
        spare="T",
        quantity=1,
        arrives_at=AS_OF + timedelta(hours=10),
        latest_at=AS_OF + timedelta(hours=1000),
    )
    jobs = [job("A", 5, spares=("T",)), job("B", 20)]
    problem = make_problem(jobs, resources(crew(), arrivals=(coming,)), as_of=AS_OF, zone=KYIV)
    work = np.array([[5.0, 20.0]] * 3)
    units = np.full((3, *problem.unit_times_h.shape), np.inf)
    units[:, 0, 0] = [8.0, 10.0, 100.0]
    found = problem.finish_samples(np.array([0, 1]), work_h=work, unit_times_h=units)
    assert found.tolist() == [[13.0, 33.0], [15.0, 35.0], [105.0, 20.0]]
