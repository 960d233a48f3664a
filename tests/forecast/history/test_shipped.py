import csv
import gzip
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.errors import HistoryError
from gridtool.forecast.demand.days.special_days import read_special_days
from gridtool.forecast.history.made import gzip_history, make_history
from gridtool.forecast.history.read import read_history
from gridtool.forecast.history.rts79 import make_rts79_year

START, END = datetime(2023, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(root):
    return root / "forecasts" / "history"


def test_the_shipped_history_is_what_the_generator_makes(folder):
    special = read_special_days(folder / "rivercity_special_days.csv")
    load, temp = make_history(start=START, end=END, special_days=special.kind_of, seed=1)
    shipped = (folder / "rivercity_hourly.csv.gz").read_bytes()
    assert gzip.decompress(shipped) == gzip.decompress(gzip_history(START, load, temp_c=temp))
    assert shipped[4:8] == bytes(4)  # no time in the gzip header


def test_the_shipped_history_reads_without_findings(folder):
    history = read_history(folder / "rivercity_hourly.csv.gz", zone=ZoneInfo("Europe/Kyiv"))
    assert (history.start, history.end, history.warnings) == (START, END, ())
    assert history.load_mw.max() == 1489.6
    month = (START.month + (np.arange(history.hours) // 730.5).astype(int)) % 12
    assert month[np.argmax(history.load_mw)] in (0, 1, 2, 3)


def test_habits_follow_the_local_clock():
    """The morning rise comes an hour earlier in UTC once summer time begins."""
    load, _ = make_history(start=START, end=END, special_days=(), seed=1)
    days = load[: 365 * 24].reshape(365, 24)
    rise = np.diff(days, axis=1)
    winter, summer = rise[60:80].mean(axis=0)[:10], rise[95:115].mean(axis=0)[:10]
    assert np.argmax(winter) - np.argmax(summer) == 1


def test_rts79_year_by_hand_and_against_the_shipped_file(folder):
    """Tuesday 18:00 of week 51 is the annual peak; Monday 01:00 of week 1 by the tables."""
    year = make_rts79_year()
    assert year.shape == (8736,)
    assert year.max() == year[(50 * 7 + 1) * 24 + 17] == 2850.0
    assert year[0] == pytest.approx(2850 * 0.862 * 0.93 * 0.67)
    history = read_history(folder / "rts79_hourly.csv.gz", zone=ZoneInfo("UTC"))
    assert history.start.weekday() == 0
    np.testing.assert_allclose(history.load_mw, np.tile(year, 2), atol=0.0501)


@pytest.mark.reference
def test_rts79_tables_are_the_published_ones(reference):
    folder = reference / "rts79"

    def read(name):
        with (folder / name).open() as rows:
            return list(csv.DictReader(rows))

    weeks = [float(row["peak_pct_of_annual"]) for row in read("load_weekly_pct.csv")]
    days = [float(row["peak_pct_of_weekly"]) for row in read("load_daily_pct.csv")]
    hours = read("load_hourly_pct.csv")
    season = {}
    for row in read("load_season_weeks.csv"):
        weeks_of = range(int(row["first_week"]), int(row["last_week"]) + 1)
        season |= dict.fromkeys(weeks_of, row["season"])
    year = [
        2850e-6 * weeks[w] * days[d] * float(row[f"{season[w + 1]}_{kind}"])
        for w in range(52)
        for d, kind in enumerate(["weekday"] * 5 + ["weekend"] * 2)
        for row in hours
    ]
    np.testing.assert_allclose(make_rts79_year(), year, rtol=1e-12)


def test_special_days_in_two_ways_of_writing(tmp_path):
    path = tmp_path / "days.csv"
    path.write_text("date,name\n2027-01-01,New Year\n08.03.2027,\n")
    assert [day.isoformat() for day in sorted(read_special_days(path).kind_of)] == [
        "2027-01-01",
        "2027-03-08",
    ]


def test_special_days_that_are_none_are_all_listed(tmp_path):
    path = tmp_path / "days.csv"
    path.write_text("date\n2027-02-30\nMonday\n")
    with pytest.raises(HistoryError) as caught:
        read_special_days(path)
    assert [issue.row for issue in caught.value.issues] == [2, 3]
    path.write_text("day\n2027-02-20\n")
    with pytest.raises(HistoryError, match="no column date"):
        read_special_days(path)
