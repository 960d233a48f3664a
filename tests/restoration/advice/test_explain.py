"""Explanations against cases worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from builders import grid
from restoration.cases import AS_OF, crew, damaged, resources, star

from gridtool.report.explain import describe_jobs, table_critical_path, table_explanation
from gridtool.restoration.advice.explain import explain_plan
from gridtool.restoration.advice.explain_holds import HoldKind
from gridtool.restoration.advice.explain_problem import rebuild_problem
from gridtool.restoration.model import DeclaredRepair, PlanConfig, RepairStage, SpareArrival
from gridtool.restoration.plan import plan_restoration

KYIV = ZoneInfo("Europe/Kyiv")
NEAR = {"speed_kmh": 1e9}


def explain(state, supplies, **settings):
    plan = plan_restoration(state, supplies, **settings)
    found = explain_plan(rebuild_problem(plan))
    return {job.entry.job.id: job for job in found.jobs}, found


def path(found):
    return tuple(link.entry.job.id for link in found.critical_path)


@pytest.fixture(scope="module")
def three():
    """L2 (20 MW, 4 h), then L1 (30 MW, 10 h), then L3 (no load, 1 h); one crew, no way to go."""
    state = damaged(
        star(30, 20, 0),
        {"L1": 0.0, "L2": 0.0, "L3": 0.0},
        hours={"L1": 10.0, "L2": 4.0, "L3": 1.0},
    )
    return explain(state, resources(crew(**NEAR)))


def test_a_days_delay_costs_what_waits_behind_it(three):
    """Crews work around the clock, so a day is 24 h of work: L2 a day later makes L1 a day
    later too, 24 h * (20 + 30) MW; L1 only itself; L3 has no load behind it."""
    jobs, _ = three
    assert jobs["L2"].delay_cost_mwh == pytest.approx(24 * 50)
    assert jobs["L1"].delay_cost_mwh == pytest.approx(24 * 30)
    assert jobs["L3"].delay_cost_mwh == pytest.approx(0)
    assert [jobs[name].delayed for name in ("L2", "L1", "L3")] == [2, 1, 0]
    assert [jobs[name].end_delay_h for name in ("L2", "L1", "L3")] == pytest.approx([24] * 3)


def test_each_waits_for_its_crew_and_the_chain_is_critical(three):
    jobs, found = three
    assert jobs["L2"].hold.kind is HoldKind.NOTHING
    assert (jobs["L1"].hold.kind, jobs["L1"].held_by_job) == (HoldKind.CREW, "L2")
    assert jobs["L1"].held_until == AS_OF + timedelta(hours=4)
    assert [(w.job, w.kind) for w in jobs["L1"].waiting] == [("L3", HoldKind.CREW)]
    assert path(found) == ("L2", "L1", "L3")
    links = found.district_paths["D1"]
    assert [link.entry.job.id for link in links] == ["L2", "L1"], "the district is back with L1"
    assert jobs["L3"].critical
    assert jobs["L3"].critical_for == ()


def test_what_a_job_is_worth(three):
    jobs, _ = three
    assert [jobs[name].worth_mw for name in ("L1", "L2", "L3")] == pytest.approx([30, 20, 0])
    assert {jobs[name].with_job for name in jobs} == {""}


def test_two_lines_in_a_row_help_only_together():
    network = grid(
        stations={"S0": (0, 0), "S1": (0, 0), "S2": (30, 0)},
        lines=[("L1", "S0", "S1", 1000), ("L2", "S1", "S2", 1000)],
        infeeds=[("IF", "S0", 1000)],
    )
    state = damaged(network, {"L1": 0.0, "L2": 0.0}, hours={"L1": 3.0, "L2": 3.0})
    jobs, found = explain(state, resources(crew(**NEAR)))
    first, last = path(found)
    assert jobs[first].with_job == last
    assert jobs[first].with_mw == pytest.approx(30)
    assert jobs[first].with_at == jobs[last].entry.finish
    assert jobs[last].with_job == ""
    text = describe_jobs(replace(found, jobs=(jobs[first],)), jobs=2, zone=KYIV)
    assert f"By itself it brings nothing back; with {last}, finished 2027-01-12 12:00" in text
    assert "it makes a difference of 30.0 MW." in text


def test_a_job_may_wait_for_its_spare():
    """One tower is there, for L1 (30 MW); the next comes after 48 h, for L2 (20 MW)."""
    state = damaged(
        star(30, 20),
        {"L1": 0.0, "L2": 0.0},
        hours={"L1": 5.0, "L2": 5.0},
        spares={"L1": ("tower",), "L2": ("tower",)},
    )
    late = SpareArrival(spare="tower", quantity=1, arrives_at=AS_OF + timedelta(hours=48))
    jobs, found = explain(state, resources(crew(**NEAR), stock={"tower": 1}, arrivals=(late,)))
    assert jobs["L2"].hold.kind is HoldKind.SPARE
    assert jobs["L2"].hold.name == "tower"
    assert jobs["L2"].held_until == AS_OF + timedelta(hours=48)
    assert [(w.job, w.kind) for w in jobs["L1"].waiting] == [("L2", HoldKind.SPARE)]
    assert jobs["L1"].delay_cost_mwh == pytest.approx(24 * 30), "L2 starts when the tower comes"
    assert path(found) == ("L2",), "the chain ends with a wait for the spare"


def test_a_predecessor_is_named_before_the_crew():
    repairs = (DeclaredRepair(asset="L2", stage=RepairStage.PERMANENT, after=("L1",)),)
    state = damaged(star(10, 30), {"L1": 0.0, "L2": 0.0}, hours={"L1": 5.0, "L2": 5.0})
    supplies = replace(resources(crew("A", **NEAR), crew("B", **NEAR)), repairs=repairs)
    jobs, found = explain(state, supplies)
    assert (jobs["L2"].hold.kind, jobs["L2"].held_by_job) == (HoldKind.PREDECESSOR, "L1")
    assert [(w.job, w.kind) for w in jobs["L1"].waiting] == [("L2", HoldKind.PREDECESSOR)]
    assert jobs["L1"].delay_cost_mwh == pytest.approx(24 * 40)
    assert path(found) == ("L1", "L2")


def test_a_day_of_a_crew_with_shifts_is_a_shift():
    """8 h of work from 8:00 to 20:00 (12 h) local; as of 6:00. A day more is 12 h of work, and
    ends at the same hour of the next day."""
    state = damaged(star(30), {"L1": 0.0}, hours={"L1": 8.0})
    jobs, _ = explain(state, resources(crew(shift_start_h=8.0, shift_h=12.0, **NEAR)))
    assert jobs["L1"].hold.kind is HoldKind.SHIFT
    assert jobs["L1"].held_until == AS_OF + timedelta(hours=2)
    assert jobs["L1"].end_delay_h == pytest.approx(24)
    assert jobs["L1"].delay_cost_mwh == pytest.approx(24 * 30)


def test_energy_is_plain_whatever_the_weights():
    """The search counts households double, the explanation plain MWh."""
    state = damaged(star(30), {"L1": 0.0}, hours={"L1": 8.0})
    config = PlanConfig(class_weights={"household": 2.0})
    jobs, _ = explain(state, resources(crew(**NEAR)), config=config)
    assert jobs["L1"].delay_cost_mwh == pytest.approx(24 * 30)


def test_the_table_has_a_row_for_each_job(three):
    _, found = three
    table = table_explanation(found)
    assert table.frame["job"].tolist() == ["L2", "L1", "L3"]
    assert table.frame["held_by"].tolist() == ["nothing", "crew, at L2", "crew, at L1"]
    assert table.frame["waiting"].tolist() == ["L1", "L3", ""]
    assert table.frame["critical"].tolist() == [True, True, True]
    assert str(table.frame["start"].dt.tz) == "UTC"
    chain = table_critical_path(found)
    assert chain.frame["job"].tolist() == ["L2", "L1", "L3", "L2", "L1"]
    assert chain.frame["path"].tolist() == ["last repair"] * 3 + ["D1"] * 2


def test_the_sentences_of_a_job(three):
    jobs, found = three
    text = describe_jobs(replace(found, jobs=(jobs["L1"],)), jobs=3, zone=KYIV)
    assert text == (
        "L1 is number 2 of 3: C1, 2027-01-12 10:00 to 2027-01-12 20:00. Finished, it brings "
        "30.0 MW back. Its crew comes from L2 and is there on 2027-01-12 10:00. For it wait: L3 "
        "(next for its crew). A day later it would leave 720 MWh more unserved and delay 1 other "
        "job, the last repair by 24 h. It is on the critical path (L2 > L1 > L3); the return of "
        "D1 hangs on it."
    )
