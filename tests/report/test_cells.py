from __future__ import annotations

import math
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from gridtool.report.cells import cell_text, default_decimals, default_heading, is_numeric


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (math.nan, "-"),
        (pd.NaT, "-"),
        ("", "-"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
        (12345.678, "12 345.68"),
        (-0.001, "0.00"),
        (np.float64(1.005), "1.00"),
        (np.int64(3), "3.00"),
        (True, "yes"),
        (np.bool_(0), "no"),
        (("a", "b"), "a b"),
        ((), "-"),
        (date(2027, 1, 12), "2027-01-12"),
        ("[red]", "[red]"),
    ],
)
def test_a_cell(value, text):
    assert cell_text(value) == text


def test_times_are_shown_in_the_zone():
    moment = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert cell_text(moment) == "2027-03-28 01:30"
    assert cell_text(moment, zone=ZoneInfo("Europe/Kyiv")) == "2027-03-28 04:30"
    assert cell_text(pd.Timestamp(moment), zone=ZoneInfo("UTC")) == "2027-03-28 01:30"
    assert cell_text(moment.replace(tzinfo=None)) == "2027-03-28 01:30"


def test_headings_carry_the_unit_of_the_name():
    assert default_heading("unserved_mw") == "unserved [MW]"
    assert default_heading("loading_pct") == "loading [%]"
    assert default_heading("customers_out") == "customers out"
    assert default_heading("h") == "h"


def test_decimals_and_sides_follow_the_column():
    assert default_decimals("eue_mwh", pd.Series([1.5])) == 0
    assert default_decimals("customers", pd.Series([1])) == 0
    assert default_decimals("share", pd.Series([0.5])) == 2
    assert is_numeric(pd.Series([1.0]))
    assert not is_numeric(pd.Series([True]))
    assert not is_numeric(pd.Series(["1"]))
