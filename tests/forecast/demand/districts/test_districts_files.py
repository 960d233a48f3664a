"""What ``forecasts/history/README.md`` says of special days and of districts holds."""

import re
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.forecast.demand.days.holidays import holidays_of
from gridtool.forecast.demand.days.special_days import (
    LEAST_DAYS,
    LEAST_HOLIDAYS,
    LEAST_PERIOD_DAYS,
    read_special_days,
)
from gridtool.forecast.demand.districts.read_districts import DISTRICT_WORDS, read_district_history
from gridtool.forecast.demand.districts.shares import LEAST_DAYS as LEAST_SHARE_DAYS
from gridtool.forecast.demand.districts.shares import SEASON_DAYS
from gridtool.forecast.demand.model import HOLIDAY, SpecialPeriod

UTC = ZoneInfo("UTC")


@pytest.fixture
def text(root):
    return (root / "forecasts" / "history" / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def example(text, tmp_path):
    """A function that writes the example of a name to a file."""

    def write(name):
        found = re.search(rf"<!-- {name} -->\n```csv\n(.*?)```", text, re.DOTALL)
        assert found, name
        path = tmp_path / "example.csv"
        path.write_text(found[1], encoding="utf-8")
        return path

    return write


def test_its_special_days_are_read_as_it_says(example):
    days = read_special_days(example("special days"))
    assert days.kind_of == {
        date(2027, 1, 1): HOLIDAY,
        date(2027, 5, 2): "easter",
        date(2027, 12, 30): HOLIDAY,
        date(2027, 12, 31): HOLIDAY,
    }
    assert days.like == {date(2027, 5, 8): 0, date(2027, 5, 10): 0}
    first, last = date(2027, 6, 1), date(2027, 8, 31)
    assert days.periods == (SpecialPeriod(kind="school holidays", first=first, last=last),)
    assert date(2027, 5, 8).weekday() == 5
    assert days.names[date(2027, 1, 1)] == "New Year"


def test_its_district_histories_are_read_as_it_says(example):
    by_column = read_district_history(example("districts by column"), zone=UTC)
    assert by_column.districts == ("D01", "D02")
    np.testing.assert_allclose(by_column.load_mw, [[101.5, 99.0, 97.2], [88.1, 86.4, 85.0]])
    by_row = read_district_history(example("districts by row"), zone=UTC)
    assert by_row.step == "month"
    assert by_row.districts == ("D01", "D02")
    assert by_row.load_mw.sum(axis=1) == pytest.approx([215_000, 186_550])


def test_its_numbers_are_those_of_the_code(text):
    flat = " ".join(text.split())
    assert f"fewer than {LEAST_DAYS} days takes the effect of holidays" in flat
    assert f"fewer than {LEAST_HOLIDAYS} holidays, they are taken for Sundays" in flat
    assert f"at least {LEAST_PERIOD_DAYS} of its days and {LEAST_PERIOD_DAYS} others" in flat
    assert f"It needs {LEAST_SHARE_DAYS} days; two years teach a season" in flat
    assert 1.8 < SEASON_DAYS / 365 < 2.0
    assert {"district", "zone", "area"} <= DISTRICT_WORDS


def test_the_law_of_ukraine_is_as_it_says():
    days = holidays_of("UA", years=range(2021, 2027))
    assert max(days.kind_of) < date(2022, 3, 15)
    assert "file of special days" in days.notes[0]
