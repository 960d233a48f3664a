"""Placements as a table and in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from restoration.cases import AS_OF, crew, damaged, resources
from restoration.mobile_cases import Scene, city, mobile_generator, mobile_substation, with_units

from gridtool.report.mobile import describe_placements, table_placements
from gridtool.restoration.mobile.units import place_units
from gridtool.restoration.mobile.view import saved_mwh
from gridtool.restoration.model import PlanConfig
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.value.blocks import constant_blocks, cut_blocks

TEAM = [crew("C1", x_km=20.0), crew("C2", x_km=40.0)]
UNITS = mobile_substation(), mobile_generator(sites=("S0",))


@pytest.fixture(scope="module")
def plan():
    """The unit serves 9 MW at S1 for 54 h, then 3 MW at S2 for 32 h; the generator nothing."""
    state = damaged(
        city([(9.0, None), (3.0, None)]),
        {"S1/T1": 0.0, "S2/T1": 0.0},
        hours={"S1/T1": 60.0, "S2/T1": 100.0},
    )
    scene = Scene(state, with_units(TEAM, *UNITS))
    placements, _ = place_units(scene.problem, scene.values, scene.timetable, **scene.placing)
    bare = plan_restoration(state, resources(*TEAM))
    return replace(bare, resources=scene.problem.resources, placements=placements)


def test_table(plan):
    table = table_placements(plan)
    frame = table.frame
    assert table.name == "mobile_units"
    assert frame["unit"].tolist() == ["MS-1", "MS-1"]
    assert frame["kind"].tolist() == ["substation"] * 2
    assert frame["site"].tolist() == ["S1", "S2"]
    assert frame["section"].tolist() == ["S1/10-1", "S2/10-1"]
    hours = [
        (frame[name] - pd.Timestamp(AS_OF)) / pd.Timedelta(hours=1) for name in ("start", "online")
    ]
    assert [column.tolist() for column in hours] == [[2.0, 64.0], [6.0, 68.0]]
    assert frame["offline"].isna().tolist() == [False, True]
    assert frame["served_gain_mw"].tolist() == pytest.approx([9.0, 3.0])
    assert frame["saved_mwh"].tolist() == pytest.approx([9 * 54, 3 * 32])
    assert str(frame["online"].dt.tz) == "UTC"


def test_words(plan):
    text = describe_placements(plan)
    assert text.startswith(
        "1 mobile unit at 2 sites: 582 MWh more are served, counted stay by stay."
    )
    assert "MG-1 stays unplaced" in text


def test_words_when_nothing_helps(plan):
    idle = replace(plan, placements=())
    text = "MS-1, MG-1 would serve no more load at any site before the last repair: "
    text += "they are not placed."
    assert describe_placements(idle) == text
    table = table_placements(idle)
    assert (len(table.frame), table.note) == (0, text)
    assert list(table.frame.columns) == list(table_placements(plan).frame.columns)


def test_no_words_without_units(plan):
    none = replace(plan, resources=resources(*TEAM), placements=())
    assert describe_placements(none) == ""


def test_energy_is_counted_until_the_deadline(plan):
    first, second = plan.placements
    config = PlanConfig(deadline=AS_OF + timedelta(hours=50))
    cut = replace(plan, config=config)
    assert saved_mwh(cut, first) == pytest.approx(9 * 44)
    assert saved_mwh(cut, second) == 0.0
    days = replace(plan, config=PlanConfig(horizon_days=3))
    assert saved_mwh(days, second) == pytest.approx(3 * 4)
    blocks = replace(plan, config=PlanConfig(demand=cut_blocks(constant_blocks(1.0), 50.0)))
    assert saved_mwh(blocks, first) == pytest.approx(9 * 44)
