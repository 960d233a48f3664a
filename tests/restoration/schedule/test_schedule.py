from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from restoration.cases import AS_OF, crew, job, positions, resources

from gridtool.errors import Infeasible
from gridtool.restoration.model import Duration, SpareArrival, StartedWork
from gridtool.restoration.schedule.problem import make_problem

KYIV = ZoneInfo("Europe/Kyiv")


def problem(jobs, supplies, **changes):
    return make_problem(jobs, supplies, as_of=AS_OF, zone=KYIV, **changes)


def test_one_crew_does_one_job_after_the_other():
    found = problem([job("A", 5), job("B", 3)], resources(crew())).schedule(positions(1, 0))
    assert found.start_h.tolist() == [3.0, 0.0]
    assert found.finish_h.tolist() == [8.0, 3.0]


def test_two_crews_share_the_work():
    given = problem([job("A", 5), job("B", 3), job("C", 4)], resources(crew("1"), crew("2")))
    found = given.schedule(positions(0, 1, 2))
    assert found.crew.tolist() == [0, 1, 1]
    assert found.finish_h.tolist() == [5.0, 3.0, 7.0]


def test_travel_is_the_straight_line_with_a_detour():
    """3-4-5 triangle: 5 km x 1.3 at 26 km/h are a quarter of an hour."""
    given = problem([job("A", 2, x=3, y=4)], resources(crew(speed_kmh=26.0)))
    found = given.schedule(positions(0))
    assert found.travel_h[0] == pytest.approx(0.25)
    assert found.finish_h[0] == pytest.approx(2.25)


def test_the_nearer_crew_goes():
    given = problem(
        [job("A", 2, x=10)], resources(crew("far"), crew("near", x_km=9.0), crew("too", x_km=11.0))
    )
    assert given.schedule(positions(0)).crew[0] == 1


def test_a_job_goes_to_a_crew_with_all_its_skills():
    given = problem(
        [job("A", 2, skills=("line", "crane"))],
        resources(crew("1", skills=("line",)), crew("2", skills=("crane", "line"))),
    )
    assert given.schedule(positions(0)).crew[0] == 1


def test_work_stops_at_the_end_of_the_shift():
    """06:00 local: the 8-18 crew starts at 8 and does 12 h as 10 today and 2 tomorrow."""
    given = problem([job("A", 12)], resources(crew(shift_start_h=8, shift_h=10)))
    found = given.schedule(positions(0))
    assert (found.start_h[0], found.finish_h[0]) == (2.0, 28.0)


def test_a_job_waits_for_its_spare_and_takes_it_away():
    late = (SpareArrival(spare="T", quantity=1, arrives_at=AS_OF + timedelta(hours=30)),)
    given = problem(
        [job("A", 2, spares=("T",)), job("B", 2, spares=("T",))],
        resources(crew("1"), crew("2"), stock={"T": 1}, arrivals=late),
    )
    assert given.schedule(positions(0, 1)).start_h.tolist() == [0.0, 30.0]
    assert given.schedule(positions(1, 0)).start_h.tolist() == [30.0, 0.0]


def test_a_rule_does_not_wait_where_another_job_can_start():
    late = (SpareArrival(spare="T", quantity=1, arrives_at=AS_OF + timedelta(hours=30)),)
    given = problem(
        [job("A", 2, spares=("T",)), job("B", 5), job("C", 40)],
        resources(crew(), arrivals=late),
    )
    assert given.put_back_waiting(positions(0, 1, 2)).tolist() == [1, 2, 0]
    assert given.schedule(positions(1, 2, 0)).finish_h.tolist() == [47.0, 5.0, 45.0]
    free = problem([job("A", 2), job("B", 5)], resources(crew()))
    assert free.put_back_waiting(positions(0, 1)).tolist() == [0, 1]


def test_what_cannot_be_done_is_named_all_at_once():
    late = (SpareArrival(spare="T", quantity=1, arrives_at=AS_OF + timedelta(hours=30)),)
    jobs = [
        job("A", 2, skills=("diving",)),
        job("B", 2, spares=("T", "T")),
        job("C", 2, skills=("line", "crane")),
    ]
    team = (crew("1", skills=("line",)), crew("2", skills=("crane",)))
    with pytest.raises(Infeasible) as caught:
        problem(jobs, resources(*team, arrivals=late))
    assert "A: no crew has the skill diving" in str(caught.value)
    assert "spare T: 2 needed by B, 0 in stock and 1 arriving" in str(caught.value)
    assert "C: no single crew has the skills line, crane" in str(caught.value)
    assert len(caught.value.constraints) == 3
    assert caught.value.exit_code == 4


def test_jobs_without_crews_are_infeasible_and_no_jobs_are_not():
    with pytest.raises(Infeasible, match="there is no crew"):
        problem([job("A", 2)], resources())
    found = problem([], resources()).schedule(positions())
    assert found.finish_h.shape == (0,)


def test_beyond_a_crews_availability_a_job_is_never_finished():
    given = problem([job("A", 50)], resources(crew(available_to=AS_OF + timedelta(hours=20))))
    assert given.schedule(positions(0)).finish_h[0] == np.inf


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_timetables_keep_the_rules(seed):
    """No crew in two places, travel and skills kept, spares never more than are there."""
    rng = np.random.default_rng(seed)
    words = np.array(["line", "substation"])
    jobs = [
        job(
            f"J{i}",
            float(rng.uniform(1, 30)),
            x=float(rng.uniform(0, 20)),
            skills=tuple(words[: rng.integers(1, 3)]),
            spares=("T",) * int(rng.integers(0, 2)),
        )
        for i in range(8)
    ]
    team = [
        crew(
            f"C{k}",
            skills=("line",) if k else ("line", "substation"),
            x_km=float(rng.uniform(0, 20)),
            shift_start_h=7,
            shift_h=float(rng.integers(6, 25)),
        )
        for k in range(3)
    ]
    arrivals = (SpareArrival(spare="T", quantity=7, arrives_at=AS_OF + timedelta(hours=50)),)
    given = problem(jobs, resources(*team, stock={"T": 1}, arrivals=arrivals))
    found = given.schedule(rng.permutation(8))
    for c in range(3):
        mine = [j for j in np.argsort(found.start_h) if found.crew[j] == c]
        for one, other in pairwise(mine):
            assert found.start_h[other] >= found.finish_h[one] + found.travel_h[other] - 1e-6
        assert all(given.able[c, j] for j in mine)
    early = [j for j in range(8) if jobs[j].spares and found.start_h[j] < 50 - 1e-6]
    assert len(early) <= 1


def test_the_random_execution_is_the_timetable_when_nothing_is_random():
    given = problem([job("A", 5), job("B", 3), job("C", 4)], resources(crew("1"), crew("2")))
    order = positions(2, 0, 1)
    samples = given.finish_samples(order, work_h=np.tile(given.expected_h, (3, 1)))
    assert (samples == given.schedule(order).finish_h).all()


@pytest.mark.parametrize("seed", range(5))
def test_random_executions_follow_the_policy(seed):
    """Against the policy written anew in plain Python: crews round the clock, with travel."""
    rng = np.random.default_rng(seed)
    jobs = [job(f"J{i}", float(rng.uniform(2, 30)), x=float(rng.uniform(0, 50))) for i in range(7)]
    team = [crew(f"C{k}", x_km=10.0 * k, speed_kmh=13.0) for k in range(3)]
    given = problem(jobs, resources(*team))
    order, work = rng.permutation(7), rng.lognormal(2.0, 0.6, size=(20, 7))
    expected = np.empty((20, 7))
    for i, hours in enumerate(work):
        free, place = [0.0] * 3, [one.x_km for one in team]
        for j in order:
            arrival = [free[c] + abs(jobs[j].x_km - place[c]) * 1.3 / 13.0 for c in range(3)]
            c = int(np.argmin(arrival))  # the same work for every crew: first there, first done
            free[c], place[c] = arrival[c] + hours[j], jobs[j].x_km
            expected[i, j] = free[c]
    assert given.finish_samples(order, work_h=work) == pytest.approx(expected)


def test_absurd_quantities_cost_nothing():
    many = (SpareArrival(spare="T", quantity=10**15, arrives_at=AS_OF + timedelta(hours=5)),)
    jobs = [job("A", 1e250, spares=("T",)), job("B", 2, spares=("T",))]
    given = problem(jobs, resources(crew(), stock={"T": 0, "U": 10**15}, arrivals=many))
    assert given.schedule(positions(1, 0)).finish_h.tolist() == [np.inf, 7.0]


def test_a_successor_waits_and_its_predecessor_is_called_first():
    """B is called first but waits for A: A goes to the first crew, B follows it there."""
    jobs = [job("A", 5), replace(job("B", 3), after=("A",)), job("C", 4)]
    given = problem(jobs, resources(crew("1"), crew("2")))
    found = given.schedule(positions(1, 0, 2))
    assert found.start_h.tolist() == [0.0, 5.0, 0.0]
    assert given.call_order(positions(1, 0, 2)).tolist() == [0, 1, 2]
    assert given.before.tolist() == [[False, True, False], [False] * 3, [False] * 3]


def test_predecessors_are_called_in_the_order_of_their_priority():
    jobs = [job("A", 5), job("B", 3), replace(job("C", 4), after=("A", "B")), job("D", 1)]
    given = problem(jobs, resources(crew()))
    assert given.call_order(positions(2, 3, 1, 0)).tolist() == [1, 0, 2, 3]


def test_what_is_not_among_the_jobs_is_done_already():
    given = problem([replace(job("A", 5), after=("gone",))], resources(crew()))
    assert given.schedule(positions(0)).finish_h.tolist() == [5.0]


def test_a_job_waits_for_equipment_that_is_made():
    lead = Duration(mean_h=100.0, sigma_h=50.0, basis="made")
    given = problem([replace(job("A", 5), lead=lead), job("B", 3)], resources(crew()))
    assert given.release_h.tolist() == [100.0, 0.0]
    assert given.schedule(positions(0, 1)).finish_h.tolist() == [105.0, 108.0]
    assert given.put_back_waiting(positions(0, 1)).tolist() == [1, 0]


def test_a_rule_does_not_wait_for_a_predecessor_either():
    """Crew 2 alone can do B, which waits 10 h for A: it does C before."""
    jobs = [job("A", 10), replace(job("B", 3, skills=("cable",)), after=("A",)), job("C", 2)]
    jobs[2] = replace(jobs[2], skills=("cable",))
    team = (crew("1", skills=("line",)), crew("2", skills=("cable",)))
    given = problem(jobs, resources(*team))
    assert given.put_back_waiting(positions(0, 1, 2)).tolist() == [0, 2, 1]
    assert given.schedule(positions(0, 2, 1)).finish_h.tolist() == [10.0, 13.0, 2.0]


def test_a_job_goes_to_a_crew_that_is_large_enough():
    given = problem(
        [replace(job("A", 2), crew_size=5)], resources(crew("1", size=4), crew("2", size=5))
    )
    assert given.able.tolist() == [[False], [True]]


def test_started_work_stays_with_its_crew_and_comes_first():
    """10 h certain, 4 h done: 6 h are left, whatever its priority; its spare is there already."""
    begun = StartedWork(crew="2", started_at=AS_OF - timedelta(hours=4))
    certain_work = Duration(mean_h=10.0, sigma_h=0.0, basis="certain")
    jobs = [
        job("A", 3, x=5),
        replace(job("B", 1, spares=("T",), x=8), duration=certain_work, started=begun),
    ]
    given = problem(jobs, resources(crew("1", x_km=500.0), crew("2", x_km=99.0, speed_kmh=13.0)))
    found = given.schedule(positions(0, 1))
    assert found.start_h[1] == -4.0
    assert found.finish_h[1] == 6.0
    assert found.travel_h[1] == 0.0
    assert found.crew.tolist() == [1, 1]
    assert found.start_h[0] == pytest.approx(6.0 + 3 * 1.3 / 13.0)
    assert given.call_order(positions(0, 1)).tolist() == [1, 0]


def test_crews_too_small_and_cycles_are_named():
    jobs = [
        replace(job("A", 2, skills=("line",)), crew_size=6),
        replace(job("B", 2), after=("C",)),
        replace(job("C", 2), after=("B",)),
        replace(job("D", 2), after=("C",)),
        replace(job("E", 2), started=StartedWork(crew="gone", started_at=AS_OF)),
    ]
    team = (crew("1", skills=("line",), size=3), crew("2", skills=("cable",), size=9))
    with pytest.raises(Infeasible) as caught:
        problem(jobs, resources(*team))
    assert (
        "A: no crew with the skills line is large enough, it takes 6 people and the largest, 1, "
        "has 3"
    ) in caught.value.constraints
    assert "these wait for each other: B, C" in caught.value.constraints
    assert "E: the crew gone that has started it is not there" in caught.value.constraints


def test_the_calendar_reaches_beyond_leads_and_late_spares():
    lead = Duration(mean_h=24.0 * 200, sigma_h=24.0 * 100, basis="made")
    late = SpareArrival(
        spare="T",
        quantity=1,
        arrives_at=AS_OF + timedelta(days=300),
        latest_at=AS_OF + timedelta(days=400),
    )
    assert problem([replace(job("A", 5), lead=lead)], resources(crew())).days >= 200 + 15 * 100
    given = problem([job("A", 5, spares=("T",))], resources(crew(), arrivals=(late,)))
    assert given.days >= 300 + 15 * 100
    fixed = problem([replace(job("A", 5), lead=lead)], resources(crew()), horizon_days=10)
    assert fixed.schedule(positions(0)).finish_h[0] == np.inf
