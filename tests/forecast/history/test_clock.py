"""Which clock a file keeps: stated, inferred from changes of the clock, or from the mornings."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.errors import HistoryError
from gridtool.forecast.history.cells import ColumnPlace
from gridtool.forecast.history.made import MadeCity, make_history
from gridtool.forecast.history.read import read_history
from gridtool.forecast.history.stamps import YEARS, parse_stamps
from gridtool.forecast.history.zone_clock import make_zone_clock

KYIV = ZoneInfo("Europe/Kyiv")
ZONES = ["Europe/Kyiv", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
SECONDS = st.integers(int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()), 1_900_000_000)


def write(path, times, load, *, name="time"):
    pd.DataFrame({name: times, "load_mw": load}).to_csv(path, index=False)
    return path


def shown_in(zone, start, hours):
    index = pd.date_range(start, periods=hours, freq="h").tz_convert(zone)
    return index.tz_localize(None).strftime("%Y-%m-%d %H:%M")


@given(zone=st.sampled_from(ZONES).map(ZoneInfo), seconds=st.lists(SECONDS, min_size=1))
def test_the_zone_clock_is_that_of_the_zone(zone, seconds):
    utc = np.array(sorted(set(seconds)), dtype=np.int64) // 1800 * 1800
    times = np.unique(utc).astype("datetime64[s]")
    clock = make_zone_clock(zone, times[0], times[-1])
    shown = clock.show(times)
    for moment, local in zip(times.tolist(), shown.tolist(), strict=True):
        assert moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) == local
    placed = clock.place(shown)
    assert not placed.skipped.any()
    twice = pd.Index(shown).duplicated(keep=False)
    later = [moment.replace(tzinfo=UTC).astimezone(zone).fold == 1 for moment in times.tolist()]
    sure = twice | ~np.array(later)  # a second hour listed alone is taken for the first
    np.testing.assert_array_equal(placed.utc[sure], times[sure])


def test_hours_that_the_clock_skips_have_no_place():
    local = np.array(["2025-03-30T02:59:00", "2025-03-30T03:00:00", "2025-03-30T03:59:00"])
    local = np.append(local, "2025-03-30T04:00:00").astype("datetime64[s]")
    clock = make_zone_clock(KYIV, local[0], local[-1])
    assert clock.place(local).skipped.tolist() == [False, True, True, False]
    inside = [(str(day), moved) for day, moved in clock.changes() if day.astype(str)[:4] == "2025"]
    assert inside == [("2025-03-30T01:00:00", 1), ("2025-10-26T01:00:00", -1)]


@given(
    moments=st.lists(
        st.datetimes(datetime(YEARS[0], 1, 1), datetime(YEARS[1], 1, 1)),  # noqa: DTZ001
        min_size=1,
        max_size=20,
    ),
    form=st.sampled_from(
        ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d", "%d.%m.%Y %H:%M", "%Y-%m"]
    ),
)
def test_cells_of_one_form_read_as_the_library_reads_them(moments, form):
    cells = [f"{moment:%Y}".rjust(4, "0") and moment.strftime(form) for moment in moments]
    place = ColumnPlace(file="f", field="t", rows=range(2, 2 + len(cells)))
    stamps, issues = parse_stamps(cells, place)
    assert not issues
    expected = [datetime.strptime(cell, form) for cell in cells]  # noqa: DTZ007
    assert stamps.times.tolist() == expected


@pytest.mark.parametrize(
    "cell", ["2025-02-29", "2025-13-01", "2025-01-01 24:30", "1025-01-01", "2025-1-1", "٢٠٢٥-01-01"]
)
def test_cells_that_are_no_times(cell):
    place = ColumnPlace(file="f", field="t", rows=[2, 3])
    stamps, issues = parse_stamps(["2025-01-01", cell], place)
    assert stamps is None
    assert [issue.row for issue in issues] == [3]


def test_dates_with_slashes_are_read_only_one_way(tmp_path):
    load = 500.0 + np.arange(72)
    month_first = pd.date_range("2025-01-12", periods=72, freq="h").strftime("%m/%d/%Y %H:%M")
    history = read_history(write(tmp_path / "a.csv", month_first, load), zone=KYIV)
    assert "dates read as month/day/year" in history.clock
    assert history.start == datetime(2025, 1, 11, 22, tzinfo=UTC)
    either = pd.date_range("2025-01-02", periods=72, freq="h").strftime("%m/%d/%Y %H:%M")
    with pytest.raises(HistoryError, match="the day or the month may come first"):
        read_history(write(tmp_path / "b.csv", either, load), zone=KYIV)


def test_times_of_several_zones_are_refused(tmp_path):
    load = 500.0 + np.arange(72)
    start = datetime(2025, 1, 12, tzinfo=UTC)
    zones = [KYIV, ZoneInfo("America/New_York")]
    stamps = [
        (start + timedelta(hours=i)).astimezone(zones[i // 36]).isoformat() for i in range(72)
    ]
    with pytest.raises(HistoryError, match=r"several zones \(value '-05:00, \+02:00'\)"):
        read_history(write(tmp_path / "a.csv", stamps, load), zone=KYIV)


def test_offsets_of_summer_and_winter_are_one_zone(tmp_path):
    load = 500.0 + np.arange(72)
    start = datetime(2025, 3, 29, tzinfo=UTC)
    stamps = [(start + timedelta(hours=i)).astimezone(KYIV).isoformat() for i in range(72)]
    history = read_history(write(tmp_path / "a.csv", stamps, load), zone=KYIV)
    assert (history.start, history.clock) == (start, "offsets in the file")
    np.testing.assert_array_equal(history.load_mw, load)


MADE_START = datetime(2025, 1, 1, tzinfo=UTC)
MADE_H = 24 * 365


@pytest.fixture(scope="module")
def made():
    end = MADE_START + timedelta(hours=MADE_H)
    return make_history(start=MADE_START, end=end, special_days=(), seed=3)[0]


def test_a_local_file_is_known_by_the_hour_that_comes_twice(tmp_path, made):
    path = write(tmp_path / "a.csv", shown_in(KYIV, MADE_START, MADE_H), made)
    history = read_history(path, zone=KYIV)
    assert history.clock.startswith("local time of Europe/Kyiv, inferred: 1 time that the clock")
    np.testing.assert_array_equal(history.load_mw, made)


def test_a_file_in_utc_is_known_by_mornings_that_move(tmp_path, made):
    stamps = shown_in(ZoneInfo("UTC"), MADE_START, MADE_H)
    history = read_history(write(tmp_path / "a.csv", stamps, made), zone=KYIV)
    assert history.clock.startswith("UTC, inferred")
    assert history.start == MADE_START


def test_a_local_file_with_24_hours_every_day_is_known_by_mornings_that_stay(tmp_path, made):
    """As cleaned data sets have it: the skipped hour filled, the repeated one dropped."""
    local = pd.to_datetime(shown_in(KYIV, MADE_START, MADE_H))
    every = pd.date_range(local[0], local[-1], freq="h")
    filled = pd.Series(made, index=local).groupby(level=0).first().reindex(every).interpolate()
    stamps = every.strftime("%Y-%m-%d %H:%M")
    history = read_history(write(tmp_path / "a.csv", stamps, filled.to_numpy()), zone=KYIV)
    assert "the day's course stays on its clock" in history.clock
    assert "1 rows at local times that the clock of Europe/Kyiv skips" in str(history.warnings[0])
    differs = np.flatnonzero(history.load_mw != made)
    assert len(differs) == 1  # the second of the repeated hours is not in the file
    assert history.start + timedelta(hours=int(differs[0])) == datetime(2025, 10, 26, 1, tzinfo=UTC)


@pytest.mark.parametrize("stated", [True, False])
def test_standard_time_all_the_year(tmp_path, made, stated):
    """Far from Greenwich it is known by the night, elsewhere it is stated."""
    zone = KYIV if stated else ZoneInfo("America/New_York")
    shift = timedelta(hours=2 if stated else -5)
    load = made
    if not stated:
        end = MADE_START + timedelta(hours=MADE_H)
        city = MadeCity(timezone=zone.key)
        load, _ = make_history(start=MADE_START, end=end, special_days=(), seed=3, city=city)
    stamps = shown_in(ZoneInfo("UTC"), MADE_START + shift, MADE_H)
    path = write(tmp_path / "a.csv", stamps, load)
    history = read_history(path, zone=zone, clock="standard" if stated else "auto")
    assert history.clock.startswith(f"standard time of {zone.key} all the year")
    assert history.start == MADE_START


@pytest.mark.reference
@pytest.mark.parametrize("offset_h", [0, 10, None])
def test_victoria_without_its_offsets(reference, tmp_path, offset_h):
    """The trap: UTC without a mark, in a zone ten hours away; also in standard and local time."""
    zone = ZoneInfo("Australia/Melbourne")
    rows = pd.read_csv(reference / "load" / "vic_elec_halfhourly_2012_2014.csv.gz")
    utc = pd.to_datetime(rows["Time"])
    times = utc.dt.tz_convert(zone) if offset_h is None else utc + timedelta(hours=offset_h)
    stamps = times.dt.tz_localize(None).dt.strftime("%Y-%m-%d %H:%M")
    path = write(tmp_path / "a.csv", stamps, rows["Demand"])
    history = read_history(path, zone=zone)
    begun = {0: "UTC, inferred", 10: "standard time of", None: "local time of"}[offset_h]
    assert history.clock.startswith(begun)
    assert history.start == datetime(2011, 12, 31, 13, tzinfo=UTC)
    halves = rows["Demand"].to_numpy().reshape(-1, 2)
    np.testing.assert_allclose(history.load_mw, halves.mean(axis=1))


@pytest.mark.reference
def test_new_york_with_24_hours_every_day(reference, tmp_path):
    zone = ZoneInfo("America/New_York")
    rows = pd.read_csv(reference / "load" / "nyc_city_hourly_2012_2017.csv.gz")
    rows.index = pd.to_datetime(rows["time_local"])
    every = pd.date_range(rows.index[0], "2016-12-31 23:00", freq="h")
    load = rows["load_mw"].groupby(level=0).first().reindex(every).interpolate()
    path = write(tmp_path / "a.csv", every.strftime("%Y-%m-%d %H:%M"), load.to_numpy())
    history = read_history(path, zone=zone)
    assert "the day's course stays on its clock" in history.clock
    assert history.start == datetime(2012, 1, 1, 5, tzinfo=UTC)
