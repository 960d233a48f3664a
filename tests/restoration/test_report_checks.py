"""Bound, AC check, dates and changes as tables and sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from restoration.cases import AS_OF, crew, damaged, resources, star
from restoration.replays import etr_quantiles, milestones_of
from rich.console import Console

from gridtool.report.restore import headline_restoration, table_jobs, tables_restoration
from gridtool.report.restore_checks import (
    describe_ac,
    describe_bound,
    sum_ac_difference,
    table_ac,
    table_cold_load,
)
from gridtool.report.restore_etr import table_etr, table_milestones
from gridtool.report.restore_replan import describe_replan, table_changes
from gridtool.report.restore_words import describe_milestones, describe_plan
from gridtool.report.terminal import print_table
from gridtool.restoration.advice.explain_problem import rebuild_problem
from gridtool.restoration.advice.read_previous import PreviousPlan
from gridtool.restoration.advice.replan import replan_restoration
from gridtool.restoration.advice.replan_changes import find_changes
from gridtool.restoration.model import (
    DeclaredRepair,
    PlanBound,
    PlanConfig,
    RepairStage,
)
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.schedule.execute import simulate_completions

KYIV = ZoneInfo("Europe/Kyiv")
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def plan():
    """L2 (20 MW) after 4 h, L1 (30 MW) after 14 h: 50 * 4 + 30 * 10 = 500 MWh."""
    state = damaged(star(30, 20), {"L1": 0.0, "L2": 0.0}, hours={"L1": 10.0, "L2": 4.0})
    return plan_restoration(state, resources(crew(speed_kmh=1e9)))


def ac_frame(**changes):
    stage = {
        "time": pd.Timestamp(AS_OF),
        "hours": 4.0,
        "demand_factor": 1.0,
        "dc_served_mw": 50.0,
        "ac_served_mw": 47.5,
        "shed_added_mw": 2.5,
        "min_voltage_pu": 0.95,
        "max_loading_pct": 99.0,
        "violations": "",
        "actions": "",
        "energy_difference_mwh": 10.0,
        "converged": True,
        "reference": True,
    }
    last = stage | {"hours": np.inf, "energy_difference_mwh": np.nan}
    return pd.DataFrame([stage, last | changes])


def test_the_bound_is_said_with_its_gap(plan):
    bounded = replace(plan, bound=PlanBound(weighted_mwh=480.0, gap_pct=4.0, method="by hand"))
    said = "No plan with these resources leaves less than 480 MWh unserved"
    assert said in describe_bound(bounded)
    assert "within 4.0 % of the best possible (by hand)" in describe_plan(bounded, zone=KYIV)
    headline = headline_restoration(bounded)
    assert (headline["lower_bound_mwh"], headline["gap_pct"]) == (480.0, 4.0)
    assert headline["ens_mwh"] == pytest.approx(500)
    assert headline["repair_days"] == pytest.approx(14 / 24)


def test_a_weighted_bound_is_called_so(plan):
    bound = PlanBound(weighted_mwh=960.0, gap_pct=4.0, method="by hand")
    weighted = replace(plan, weighted_mwh=1000.0, bound=bound)
    assert "960 weighted MWh" in describe_bound(weighted)


def test_without_a_bound_nothing_is_said(plan):
    unbounded = replace(plan, bound=None)
    assert describe_bound(unbounded) == ""
    assert np.isnan(headline_restoration(unbounded)["gap_pct"])


def test_the_ac_difference_is_summed_over_the_stages_that_end(plan):
    ac = ac_frame()
    assert sum_ac_difference(ac) == 10.0
    verified = replace(plan, ac=ac)
    assert describe_ac(verified) == "By AC power flow its 2 stages serve 10 MWh less than by DC."
    assert headline_restoration(verified)["ac_difference_mwh"] == 10.0
    assert "violations" not in table_ac(ac).terminal_columns
    assert [table.name for table in tables_restoration(verified)][-1] == "ac_stages"


def test_violations_that_stay_are_shown(plan):
    ac = ac_frame(violations="S1/B at 0.82 p.u.")
    assert "1 of them keeps violations" in describe_ac(replace(plan, ac=ac))
    assert "violations" in table_ac(ac).terminal_columns


def test_the_label_of_a_cut_search_comes_first(plan):
    for reason in ("interrupted", "time limit"):
        text = describe_plan(replace(plan, stopped=reason), zone=KYIV)
        assert text.startswith(f"Stopped: {reason}. ")


def test_dates_as_planned_stand_beside_the_quantiles(plan):
    completions = simulate_completions(plan, n=50, seed=1)
    table = table_etr(plan, etr_quantiles(plan, completions))
    found = table.frame.set_index(["level", "id"])
    assert found["etr"]["asset", "L1"] == AS_OF + 14 * HOUR
    assert found["etr"]["substation", "S2"] == AS_OF + 4 * HOUR
    assert found["etr"]["district", "D1"] == AS_OF + 14 * HOUR
    assert found["etr"]["city", "*"] == AS_OF + 14 * HOUR
    assert (found["etr_p50"] == found["etr"]).all(), "durations have no spread"
    assert table.frame["level"].tolist()[0] == "district"
    assert table.terminal_rows == 4, "assets are for files"


def quantiles_with(frame, level, name, *, p50, p90):
    """``frame`` with another owner, back at these hours."""
    row = (
        frame[frame["level"] == level]
        .iloc[:1]
        .assign(
            id=name,
            name=name,
            etr_p50=pd.Timestamp(AS_OF + p50 * HOUR),
            etr_p90=pd.Timestamp(AS_OF + p90 * HOUR),
        )
    )
    return pd.concat([frame, row], ignore_index=True)


def test_not_out_as_planned_is_told_from_never_back(plan, capsys):
    """S8 is out in few executions, S9 in most, neither as planned; L1 is never finished."""
    quantiles = etr_quantiles(plan, simulate_completions(plan, n=50, seed=1))
    quantiles = quantiles_with(quantiles, "substation", "S8", p50=0, p90=9)
    quantiles = quantiles_with(quantiles, "substation", "S9", p50=1, p90=9)
    gone = plan.etr.assign(etr=plan.etr["etr"].where(plan.etr["id"] != "S1"))
    table = table_etr(replace(plan, etr=gone), quantiles)
    found = table.frame.set_index("id")
    assert found["out_as_planned"].to_dict() == {
        "D1": True,
        "*": True,
        "S1": True,
        "S2": True,
        "S8": False,
        "S9": False,
        "L1": True,
        "L2": True,
    }
    assert found["etr"].isna().to_dict() == {
        name: name in {"S1", "S8", "S9"} for name in found.index
    }
    assert table.frame["id"].tolist()[:6] == ["D1", "*", "S2", "S1", "S9", "S8"]
    assert table.terminal_rows == 5, "S8 is for files"
    assert "of 50." in table.note
    assert "'not out'" in table.note
    print_table(Console(width=200), table)
    lines = capsys.readouterr().out.splitlines()
    by_id = {line.split()[0]: line for line in lines if line.startswith("S")}
    assert " not out " in by_id["S9"]
    assert " - " in by_id["S1"]
    assert "not out" not in by_id["S2"]
    assert "S8" not in by_id


def test_milestones_in_words(plan):
    completions = simulate_completions(plan, n=50, seed=1)
    milestones = milestones_of(plan, completions)
    table = table_milestones(plan, milestones)
    assert table.frame["share_pct"].tolist() == [90, 100]
    assert "From 50 simulated executions" in table.note
    assert describe_milestones(milestones, zone=KYIV) == (
        "Customers that the damage put out are back: 90 % by 2027-01-12 (P90 2027-01-12) and "
        "100 % by 2027-01-12 (P90 2027-01-12)."
    )


def test_a_deadline_is_said():
    state = damaged(star(30, 20), {"L1": 0.0, "L2": 0.0}, hours={"L1": 10.0, "L2": 4.0})
    config = PlanConfig(deadline=AS_OF + 12 * HOUR)
    found = plan_restoration(state, resources(crew(speed_kmh=1e9)), config=config)
    text = describe_plan(found, zone=KYIV)
    assert "until the deadline, 2027-01-12 18:00" in text
    completions = simulate_completions(found, n=50, seed=1)
    table = table_etr(found, etr_quantiles(found, completions))
    assert "by_deadline_pct" in table.terminal_columns
    by = table.frame.set_index("id")["by_deadline_pct"]
    finish = {entry.job.id: entry.finish for entry in found.jobs}
    assert by["L1"] == (100 if finish["L1"] <= config.deadline else 0)


def test_stages_are_shown_where_there_are_some():
    state = damaged(star(30), {"L1": 0.0}, hours={"L1": 10.0})
    repairs = (
        DeclaredRepair(asset="L1", stage=RepairStage.TEMPORARY, capacity_after=0.5),
        DeclaredRepair(asset="L1", stage=RepairStage.PERMANENT),
    )
    supplies = replace(resources(crew(speed_kmh=1e9)), repairs=repairs)
    found = plan_restoration(state, supplies)
    table = table_jobs(found)
    assert table.title == "Restoration plan: 1 repair in 2 stages"
    assert table.frame["stage"].tolist() == ["temporary", "permanent"]
    assert table.frame["job"].tolist() == ["L1:temporary", "L1"]
    assert table.frame["capacity_after_pct"].tolist() == [50, 100]
    assert "stage" in table.terminal_columns


def test_cold_load_is_summed():
    extra = pd.DataFrame(
        {
            "time": pd.to_datetime([AS_OF, AS_OF], utc=True),
            "district": ["D1", "D2"],
            "picked_up_mw": [30.0, 0.0],
            "extra_unserved_mwh": [20.0, 5.0],
        }
    )
    assert table_cold_load(extra).title == "Cold-load pickup: 25 MWh more unserved"


def test_changes_in_words(plan):
    previous = PreviousPlan(as_of=AS_OF, jobs=())
    result = replan_restoration(plan.state, plan.resources, previous)
    changes = find_changes(result, rebuild_problem(result.plan))
    assert describe_replan(result, changes, zone=KYIV) == (
        "Against the plan of 2027-01-12 06:00: 2 new."
    )
    table = table_changes(changes)
    assert table.title == "Changes to the previous plan: 2 of 2 jobs"
    assert table.frame["why"].tolist() == ["new damage", "new damage"]
    assert table.terminal_rows == 2
