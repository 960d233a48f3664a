from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from gridtool.report.curve import chart_restoration, sample_steps

KYIV = ZoneInfo("Europe/Kyiv")


def make_curve(hours, served_mw, demand_mw=100.0):
    start = pd.Timestamp("2027-01-12T06:00Z")
    served = np.array(served_mw, dtype=float)
    return pd.DataFrame(
        {
            "time": [start + pd.Timedelta(hours=hour) for hour in hours],
            "served_mw": served,
            "unserved_mw": demand_mw - served,
        }
    )


def test_a_step_is_drawn_where_it_happens():
    """68 of the 72 columns are the plan: a step at its half is at column 34."""
    curve = make_curve([0, 5, 10], [0.0, 50.0, 100.0])
    samples = sample_steps(curve, columns=72)
    assert samples[33] == 0
    assert samples[34] == 50
    assert samples[67] == 50
    assert samples[68] == 100
    lines = chart_restoration(curve, zone=KYIV).text.splitlines()
    top, bottom = lines[0][10:], lines[7][10:]
    assert top == " " * 68 + "████"
    assert bottom == " " * 34 + "█" * 38
    assert lines[0].startswith("     100 ┤")
    assert lines[9].split()[:3] == ["12", "Jan", "08:00"]


def test_the_title_names_the_demand():
    chart = chart_restoration(make_curve([0, 1], [1.0, 2.0], 1500.0), zone=KYIV, after="plan")
    assert chart.title == "Restoration curve: served load of 1 500 MW [MW]"
    assert chart.after == "plan"


@given(steps=st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 100)), min_size=1, max_size=20))
def test_any_curve_can_be_drawn(steps):
    hours = np.cumsum([step[0] for step in steps])
    chart = chart_restoration(make_curve(hours, [step[1] for step in steps]), zone=KYIV)
    lines = chart.text.splitlines()
    assert len(lines) == 10
    assert max(map(len, lines)) <= 90


def test_nothing_to_serve_is_drawn_empty():
    lines = chart_restoration(make_curve([0], [0.0], 0.0), zone=KYIV).text.splitlines()
    assert not any("█" in line for line in lines)
