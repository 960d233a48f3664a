from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from restoration.cases import AS_OF, crew, damaged, resources, star

from gridtool.damage.suppose import intact
from gridtool.report.restore import table_curve, table_jobs, tables_restoration
from gridtool.report.restore_words import describe_plan
from gridtool.restoration.model import CompletionSamples, PlanConfig
from gridtool.restoration.plan import plan_restoration

KYIV = ZoneInfo("Europe/Kyiv")


@pytest.fixture(scope="module")
def plan():
    state = damaged(
        star(30, 20, 0),
        {"L1": 0.0, "L2": 0.0, "L3": 0.0},
        hours={"L1": 10.0, "L2": 4.0, "L3": 1.0},
        spares={"L2": ("tower",)},
    )
    return plan_restoration(state, resources(crew(speed_kmh=1e9), stock={"tower": 1}))


def test_jobs_stand_in_the_order_of_their_start(plan):
    table = table_jobs(plan)
    assert table.frame["asset"].tolist() == ["L2", "L1", "L3"]
    assert table.frame["order"].tolist() == [1, 2, 3]
    assert table.frame["spares"].tolist() == ["tower", "", ""]
    assert "finish_p90" not in table.terminal_columns
    assert str(table.frame["start"].dt.tz) == "UTC"


def test_late_finishes_come_from_the_executions(plan):
    hours = np.array([[float(i), 50.0, np.inf] for i in range(1, 11)])
    table = table_jobs(plan, CompletionSamples(asset_ids=("L1", "L2", "L3"), finish_h=hours))
    late = table.frame.set_index("asset")["finish_p90"]
    assert late["L1"] == AS_OF + timedelta(hours=10)
    assert late["L2"] == AS_OF + timedelta(hours=50)
    assert late["L3"] is pd.NaT
    assert "finish_p90" in table.terminal_columns


def test_the_curve_shows_steps_and_the_end(plan):
    """L3 has no load behind it: its step is shown only because it is the last."""
    assert len(plan.curve) == 4
    assert table_curve(plan).frame["served_mw"].tolist() == pytest.approx([0, 20, 50, 50])


def test_what_stays_unserved_is_said():
    state = damaged(star(30, 20), {"L1": 0.0})
    short = PlanConfig(import_limit_mw=40.0)
    found = plan_restoration(state, resources(crew()), config=short)
    assert "10.0 MW stay unserved after the last repair" in table_curve(found).note


def test_the_plan_in_words(plan):
    """50 MW lost; 25 of them (half) are back with L1 after 14 h, 20 after 4 h: 500 MWh."""
    text = describe_plan(plan, zone=KYIV)
    assert text.startswith("3 repairs by 1 crew, the last finished on 2027-01-12 21:00.")
    assert "50 MW are lost to the damage: half of them back by 2027-01-12 20:00" in text
    assert "500 MWh are not served" in text
    assert "rule" in text


def test_nothing_damaged_in_words():
    empty = plan_restoration(intact(star(30), AS_OF), resources(crew()))
    assert describe_plan(empty, zone=KYIV).startswith("Nothing is damaged")
    assert [table.name for table in tables_restoration(empty, compare=True)] == [
        "restoration_plan",
        "restoration_curve",
        "restoration_etr",
        "rule_comparison",
    ]
