"""Replanning: what stays as it is, what must change, what pays."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from restoration.cases import AS_OF, crew, damaged, resources, star

from gridtool.errors import InputError
from gridtool.restoration.advice.explain_problem import rebuild_problem
from gridtool.restoration.advice.read_previous import (
    PreviousJob,
    PreviousPlan,
    parse_previous,
    read_previous,
)
from gridtool.restoration.advice.replan import replan_restoration
from gridtool.restoration.advice.replan_changes import ChangeKind, find_changes
from gridtool.restoration.advice.replan_order import adopt_moves, find_moved, place_best
from gridtool.restoration.model import DeclaredRepair, PlanConfig, RepairStage, SpareArrival
from gridtool.restoration.plan import plan_restoration

HOUR = timedelta(hours=1)
NEAR = {"speed_kmh": 1e9}
QUICK = PlanConfig(evaluations=100)
LOADS = (40, 35, 30, 25, 20, 15, 10)
LINES = [f"L{i}" for i in range(1, 8)]


def city(shares=None, **settings):
    hours = dict(zip(LINES, (9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0), strict=True))
    return damaged(star(*LOADS), shares or dict.fromkeys(LINES, 0.0), hours=hours, **settings)


def later(state, hours):
    return replace(state, as_of=state.as_of + hours * HOUR)


def remember(plan):
    """The plan as it would be read back."""
    return PreviousPlan(
        as_of=plan.state.as_of,
        jobs=tuple(
            PreviousJob(
                id=entry.job.id,
                asset=entry.job.asset,
                crew=entry.crew,
                start=entry.start,
                finish=entry.finish,
                order=k,
            )
            for k, entry in enumerate(plan.jobs, start=1)
        ),
    )


def replan(state, supplies, previous, **settings):
    result = replan_restoration(state, supplies, previous, config=QUICK, **settings)
    changes = find_changes(result, rebuild_problem(result.plan))
    return result, {change.job: change for change in changes}


TEAM = resources(crew("A", **NEAR), crew("B", **NEAR))


@pytest.fixture(scope="module")
def first():
    return plan_restoration(city(), TEAM, config=QUICK)


def test_with_unchanged_inputs_nothing_moves(first):
    result, changes = replan(city(), TEAM, remember(first))
    assert {change.kind for change in changes.values()} == {ChangeKind.AS_PLANNED}
    assert result.plan.order == first.order
    assert [e.start for e in result.plan.jobs] == [e.start for e in first.jobs]
    assert result.kept.moves == ()


def test_a_worse_plan_is_kept_where_moves_do_not_pay(first):
    """Two neighbours exchanged cost a little: less than the threshold, more than nothing."""
    order = list(first.order)
    order[-1], order[-3] = order[-3], order[-1]
    worse = plan_restoration(city(), TEAM, order=order)
    excess = 100 * (worse.ens_mwh / first.ens_mwh - 1)
    assert 0 < excess < 20
    kept, _ = replan(city(), TEAM, remember(worse), threshold_pct=excess)
    assert kept.plan.order == tuple(order)
    assert kept.kept.free_mwh == pytest.approx(first.ens_mwh, rel=1e-6)
    changed, changes = replan(city(), TEAM, remember(worse), threshold_pct=excess / 10)
    assert changed.plan.ens_mwh == pytest.approx(first.ens_mwh, rel=1e-2)
    moved = [change for change in changes.values() if change.kind is ChangeKind.MOVED]
    assert moved
    assert any("saves" in change.why for change in moved)


def test_new_damage_is_inserted_and_the_rest_keeps_its_order(first):
    shares = dict.fromkeys(LINES, 0.0)
    del shares["L4"]
    before = plan_restoration(city(shares), TEAM, config=QUICK)
    result, changes = replan(city(), TEAM, remember(before))
    assert changes["L4"].kind is ChangeKind.NEW
    assert changes["L4"].start_before is None
    rest = [job for job in result.plan.order if job != "L4"]
    moved = {job for job, change in changes.items() if change.kind is ChangeKind.MOVED}
    assert [j for j in rest if j not in moved] == [j for j in before.order if j not in moved]
    assert result.plan.ens_mwh <= first.ens_mwh * 1.01, "about as good as planned from scratch"


def test_a_late_spare_moves_only_its_own_job():
    """The first job's spare comes after 100 h instead of now: it is put back, and only it."""
    spares = {"L2": ("tower",)}
    before = plan_restoration(city(spares=spares), replace(TEAM, stock={"tower": 1}), config=QUICK)
    late = SpareArrival(spare="tower", quantity=1, arrives_at=AS_OF + 100 * HOUR)
    result, changes = replan(city(spares=spares), replace(TEAM, arrivals=(late,)), remember(before))
    assert changes["L2"].kind is ChangeKind.MOVED
    assert changes["L2"].why == "put back: the spare tower comes 2027-01-16 08:00Z"
    assert changes["L2"].start == AS_OF + 100 * HOUR
    assert not [c for c in changes.values() if c.kind is ChangeKind.MOVED and c.job != "L2"]
    kept = [job for job in result.plan.order if job != "L2"]
    assert kept == [job for job in before.order if job != "L2"]


def test_started_jobs_stay_with_their_crews(first):
    """Two hours in, both crews are at work: there they stay, the others keep their order."""
    result, changes = replan(later(city(), 2), TEAM, remember(first))
    under_way = [change for change in changes.values() if change.kind is ChangeKind.UNDER_WAY]
    assert sorted(change.crew for change in under_way) == ["A", "B"]
    for change in under_way:
        assert (change.crew, change.start) == (change.crew_before, change.start_before)
    started = {change.job for change in under_way}
    assert [job for job in result.plan.order if job not in started] == [
        job for job in first.order if job not in started
    ]
    assert result.notes == ()
    finish = {entry.job.id: entry.finish for entry in first.jobs}
    for entry in result.plan.jobs:  # durations without spread: two hours are worked off
        assert entry.finish == finish[entry.job.id]


def test_what_is_finished_by_plan_but_still_damaged_is_told(first):
    """30 h later all is as damaged as before: the crews are taken to be at their last jobs."""
    result, _ = replan(later(city(), 200), TEAM, remember(first))
    (note,) = result.notes
    assert note.severity == "warning"
    assert "finished by the previous plan but still reported damaged" in note.message
    assert set(note.ids) == set(LINES)
    assert note.message.count("taken as still under way") == 2
    assert note.message.count("planned anew") == 5


def test_repaired_jobs_are_done_and_free_their_crews(first):
    done = {entry.job.id for entry in first.jobs if entry.finish <= AS_OF + 10 * HOUR}
    assert done
    left = {line: 0.0 for line in LINES if line not in done}
    result, changes = replan(later(city(left), 10), TEAM, remember(first))
    assert {job for job, c in changes.items() if c.kind is ChangeKind.DONE} == done
    assert result.notes == ()


def test_a_lost_crew_is_named(first):
    alone = replace(TEAM, crews=TEAM.crews[:1])
    result, changes = replan(later(city(), 2), alone, remember(first))
    lost = [change for change in changes.values() if change.crew_before == "B"]
    assert lost
    assert {change.why for change in lost} == {"B is no longer there"}
    (note,) = result.notes
    assert "was started by B, but is planned anew" in note.message


def test_a_plan_of_a_later_time_is_refused(first):
    with pytest.raises(InputError, match="later time"):
        replan(later(city(), -1), TEAM, remember(first))


def test_the_same_seed_gives_the_same_plan(first):
    one, other = (replan(later(city(), 2), TEAM, remember(first), seed=3)[0].plan for _ in range(2))
    assert one.order == other.order
    assert one.ens_mwh == other.ens_mwh


# the order


def weighted_sum(weights):
    """Cost of an order: each job's weight times its place."""

    def cost(order, *, limit=np.inf):  # noqa: ARG001 - as costs are called
        return float(sum(weights[job] * place for place, job in enumerate(order)))

    return cost


def test_the_fewest_moves_are_found():
    assert find_moved((0, 1, 2, 3), (0, 1, 2, 3)) == set()
    assert find_moved((3, 0, 1, 2), (0, 1, 2, 3)) == {3}
    assert len(find_moved((3, 2, 1, 0), (0, 1, 2, 3))) == 3


def test_a_job_is_placed_where_it_costs_least():
    cost = weighted_sum([5, 4, 3, 2, 1])
    assert place_best((0, 1, 3, 4), 2, cost) == (0, 1, 2, 3, 4)
    many = weighted_sum([100 - j for j in range(100)])
    assert place_best([j for j in range(100) if j != 63], 63, many) == tuple(range(100))


@pytest.mark.parametrize("threshold", [0.0, 1.5, 100.0])
def test_moves_are_adopted_as_far_as_each_pays(threshold):
    """Against all orders on the way: no order of fewer moves is better by what moves must save."""
    weights = [1, 6, 3, 8, 2]
    cost = weighted_sum(weights)
    base = tuple(range(5))
    target = tuple(sorted(base, key=lambda job: -weights[job]))
    found, moves = adopt_moves(base, target, cost, threshold_mwh=threshold)
    price = cost(found) + threshold * len(moves)
    assert len(moves) == len(find_moved(found, base))
    assert price <= cost(base)
    assert price <= cost(target) + threshold * len(find_moved(target, base))
    assert sum(move.saves_mwh for move in moves) == pytest.approx(cost(base) - cost(found))
    if threshold == 0.0:
        assert cost(found) == min(cost(order) for order in itertools.permutations(base))
    if threshold == 100.0:
        assert found == base


# reading


def envelope(**changes):
    row = {
        "order": 1,
        "job": "L1",
        "asset": "L1",
        "crew": "A",
        "start": "2027-01-12T04:00:00+00:00",
        "finish": "2027-01-12T14:00:00+00:00",
    }
    return {
        "schema": "gridtool.restore",
        "schema_version": 1,
        "as_of": "2027-01-12T04:00:00+00:00",
        "data": {"restoration_plan": [row]},
    } | changes


def parse(document):
    return parse_previous(json.dumps(document), star(*LOADS), file="plan.json")


def test_a_plan_is_read_back():
    found = parse(envelope())
    assert found.as_of == AS_OF
    (entry,) = found.jobs
    assert (entry.id, entry.crew, entry.finish - entry.start) == ("L1", "A", 10 * HOUR)


def test_a_folder_stands_for_its_result(tmp_path):
    (tmp_path / "result.json").write_text(json.dumps(envelope()), encoding="utf-8")
    assert read_previous(tmp_path, star(*LOADS)) == parse(envelope())


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "is not a restoration plan"),
        (envelope(schema="gridtool.assess"), "is not a restoration plan"),
        (envelope(schema_version=7), "is of another version"),
        (envelope(data={}), "has no table restoration_plan"),
        (envelope(as_of="yesterday"), "as_of"),
        (envelope(as_of="2027-01-12T04:00:00"), "timezone"),
        (envelope(data={"restoration_plan": [1]}), "entry 1"),
    ],
)
def test_what_is_no_plan_is_refused(document, said):
    with pytest.raises(InputError) as refused:
        parse(document)
    assert said in str(refused.value)
    assert all(issue.file == "plan.json" for issue in refused.value.issues)


def test_all_findings_come_at_once():
    good = envelope()["data"]["restoration_plan"][0]
    rows = [
        good,
        good | {"asset": "L99"},
        good | {"job": "L2", "order": 2, "finish": "2027-01-11T04:00:00+00:00"},
        {name: value for name, value in good.items() if name != "crew"},
    ]
    with pytest.raises(InputError) as refused:
        parse(envelope(data={"restoration_plan": rows}))
    text = str(refused.value)
    for said in (
        "entry 1, job: the job is there twice",
        "entry 2, asset: the network has no such asset (value 'L99')",
        "entry 3, finish: ends before it starts",
        "entry 4, crew: is missing",
        "two jobs have the same rank",
    ):
        assert said in text


def test_the_time_limit_is_on_the_label(first):
    ticks = itertools.count()
    config = PlanConfig(time_limit_s=5.0)
    result = replan_restoration(
        city(), TEAM, remember(first), config=config, clock=lambda: float(next(ticks))
    )
    assert result.plan.stopped == "time limit"


def test_what_waits_for_an_unfinished_job_has_not_started():
    """L2 after L1 by one crew; an hour after L1 should be done it is still reported damaged: the
    crew is still at it, and L2 has not begun."""
    repairs = (DeclaredRepair(asset="L2", stage=RepairStage.PERMANENT, after=("L1",)),)
    supplies = replace(resources(crew("A", **NEAR)), repairs=repairs)
    state = damaged(star(10, 30), {"L1": 0.0, "L2": 0.0}, hours={"L1": 5.0, "L2": 5.0})
    before = plan_restoration(state, supplies, config=QUICK)
    result, changes = replan(later(state, 6), supplies, remember(before))
    assert changes["L1"].kind is ChangeKind.UNDER_WAY
    assert changes["L2"].kind is not ChangeKind.UNDER_WAY
    assert result.notes[0].ids == ("L1",)
