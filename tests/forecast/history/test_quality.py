"""Each error of measurement is found where it was put, and no shortage is taken for one."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.errors import HistoryError
from gridtool.forecast.history.check import check_load
from gridtool.forecast.history.check_weather import check_temperature
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.read import examine_history, read_history
from gridtool.forecast.history.readings import average_stations

START = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = 120
HOURS = 24 * DAYS


@pytest.fixture(scope="module")
def city():
    return make_history(start=START, end=START + timedelta(hours=HOURS), special_days=(), seed=9)


def examine(load, *, short=None, shed=None):
    none = np.zeros(len(load), dtype=bool)
    return check_load(
        np.asarray(load, dtype=float),
        start=START,
        file="f",
        short=none if short is None else short,
        shed=none if shed is None else shed,
    )


def hours_of(checked, kind):
    found = set()
    for finding in checked.findings:
        first = int((finding.first - START) / timedelta(hours=1))
        if finding.kind == kind:
            found |= set(range(first, first + finding.hours))
    return sorted(found)


def test_a_sound_history_has_no_findings(city):
    checked = examine(city[0])
    assert (checked.findings, checked.issues) == ([], [])
    np.testing.assert_array_equal(checked.load_mw, city[0])


FAULTS = {
    "gap": (1, 60, lambda load: load * np.nan),
    "zero": (1, 60, lambda load: load * 0),
    "too large": (1, 60, lambda load: load + 2e7),
    "flat": (24, 90, lambda load: load * 0 + 901.3),
    "spike": (1, 19, lambda load: load * 5),
    "day spike": (20, 40, lambda load: load * 5),
    "unit slip": (6, 400, lambda load: load * 1000),
}


@settings(deadline=None)
@given(
    kind=st.sampled_from(sorted(FAULTS)),
    first=st.integers(24 * 14, HOURS - 24 * 32),
    length=st.floats(0, 1),
)
def test_a_fault_is_found_where_it_is_and_nowhere_else(city, kind, first, length):
    least, most, spoil = FAULTS[kind]
    hours = slice(first, first + least + int(length * (most - least)))
    load = city[0].copy()
    load[hours] = spoil(load[hours])
    checked = examine(load)
    assert hours_of(checked, kind) == list(range(hours.start, hours.stop))
    assert {finding.kind for finding in checked.findings} == {kind}
    assert all(finding.masked and finding.rule for finding in checked.findings)
    expected = city[0].copy()
    expected[hours] = np.nan
    np.testing.assert_array_equal(checked.load_mw, expected)
    assert len(checked.issues) == 1


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_a_slip_of_unit_over_gaps_is_one_slip(city, factor):
    load = city[0].copy()
    load[500:700] *= factor
    load[[530, 531, 600]] = np.nan
    checked = examine(load)
    assert hours_of(checked, "unit slip") == [
        hour for hour in range(500, 700) if hour not in {530, 531, 600}
    ]


def test_a_file_of_two_units_is_refused(city):
    load = city[0].copy()
    load[: int(0.4 * HOURS)] *= 1000
    assert "the file mixes units" in str(examine(load).issues[0])


def outages(load, rng, *, depth):
    """Served load of a damaged city: rolling cuts, restorations in ramps, hours of nothing much."""
    share = np.ones(len(load))
    first = 24 * 14
    while first < len(load) - 24 * 10:
        length = int(rng.integers(2, 24 * 9))
        low = rng.uniform(*depth)
        ramp = np.linspace(low, 1.0, length) if rng.random() < 0.5 else np.full(length, low)
        share[first : first + length] = ramp
        first += length + int(rng.integers(6, 24 * 6))
    return np.round(load * share, 1)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), severe=st.booleans())
def test_no_shortage_is_taken_for_an_error(city, seed, severe):
    """Cuts of any depth and length, with the load back at once or slowly: nothing is left out."""
    rng = np.random.default_rng(seed)
    load = outages(city[0], rng, depth=(0.03, 0.6) if severe else (0.4, 0.95))
    checked = examine(load)
    assert not [finding for finding in checked.findings if finding.masked]
    np.testing.assert_array_equal(checked.load_mw, load)
    for hour in hours_of(checked, "dip"):
        assert checked.short[hour]
        assert load[hour] < city[0][hour]


@pytest.mark.parametrize("limit", [400.0, 550.0])
def test_supply_held_at_a_limit_is_short_and_true(city, limit):
    """Less than even the nights ask for, for five days: one flat line that no meter made."""
    load = city[0].copy()
    load[1200:1320] = limit
    checked = examine(load)
    assert hours_of(checked, "held down") == list(range(1200, 1320))
    assert checked.short[1200:1320].all()
    assert checked.short.sum() == 120
    np.testing.assert_array_equal(checked.load_mw, load)


def test_supply_held_at_an_allocation_within_the_usual_range_is_true(city):
    """Two weeks under a limit that cold days exceed at every hour and mild nights do not."""
    load = city[0].copy()
    load[500:900] = np.minimum(load[500:900], 900.0)
    load[620:700] = 900.0
    checked = examine(load)
    held = hours_of(checked, "held down")
    assert set(range(620, 700)) <= set(held)
    assert not [finding for finding in checked.findings if finding.masked]
    np.testing.assert_array_equal(checked.load_mw, load)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_short_dip_is_kept_and_taken_as_short(city, length):
    load = city[0].copy()
    load[1000 : 1000 + length] *= 0.3
    checked = examine(load)
    assert hours_of(checked, "dip") == list(range(1000, 1000 + length))
    assert np.flatnonzero(checked.short).tolist() == list(range(1000, 1000 + length))
    np.testing.assert_array_equal(checked.load_mw, load)


def test_an_hour_of_power_between_long_cuts_is_no_spike(city):
    load = city[0].copy()
    load[800:1300] *= 0.25
    load[1100:1103] *= 4.0
    checked = examine(load)
    assert not [finding for finding in checked.findings if finding.masked]


def test_whole_megawatts_of_a_small_town_are_not_flat():
    load = np.full(HOURS, 3.0)
    load[np.arange(HOURS) % 24 >= 18] = 4.0
    load[200:260] = 3.0
    assert examine(load).findings == []


def test_hours_known_to_be_short_are_not_judged_by_their_shape(city):
    load = city[0].copy()
    load[300:400] = 612.5
    short = np.zeros(HOURS, dtype=bool)
    short[300:400] = True
    checked = examine(load, short=short)
    assert checked.findings == []
    assert checked.short.sum() == 100


def test_no_demand_is_true_where_what_was_shed_is_measured(city):
    load = city[0].copy()
    load[300:305] = 0.0
    shed = np.zeros(HOURS, dtype=bool)
    shed[300:303] = True
    checked = examine(load, shed=shed)
    assert hours_of(checked, "zero") == [303, 304]
    assert checked.load_mw[302] == 0.0


def test_leading_hours_without_demand_are_no_gap(city):
    load = city[0].copy()
    load[: 24 * 100] = np.nan
    load[-30:] = np.nan
    checked = examine(load)
    assert (checked.findings, checked.issues) == ([], [])


def test_a_missing_year_is_said_to_be_missing():
    load, _ = make_history(start=START, end=START + timedelta(days=1200), special_days=(), seed=2)
    load[24 * 400 : 24 * 765] = np.nan
    checked = examine(load)
    assert checked.set_aside == "no demand from 2026-02-05 to 2027-02-05: 365 days are missing"
    assert not [issue for issue in checked.issues if issue.severity == "error"]


# Temperature -------------------------------------------------------------------------------


def weather(temp, load=None):
    return check_temperature(
        np.asarray(temp, dtype=float),
        np.full(len(temp), 100.0) if load is None else load,
        start=START,
        file="f",
    )


def test_single_impossible_temperatures_are_left_out_and_short_gaps_filled(city):
    temp = city[1].copy()
    temp[100] = -999.0
    temp[200:206] = np.nan
    temp[300:308] = np.nan
    checked = weather(temp)
    assert [(finding.kind, finding.hours) for finding in checked.findings] == [
        ("no temperature", 1),
        ("temperature gap", 6),
        ("temperature gap", 8),
    ]
    assert checked.temp_c[100] == pytest.approx((temp[99] + temp[101]) / 2)
    np.testing.assert_allclose(checked.temp_c[199:207], np.linspace(temp[199], temp[206], 8))
    assert np.isnan(checked.temp_c[300:308]).all()
    assert checked.set_aside is None


def test_what_of_the_demand_has_no_temperature(city):
    temp = city[1].copy()
    temp[24 * 50 :] = np.nan
    assert weather(temp).set_aside == (
        "temperatures end at 2025-02-20: 70 days of demand after them are without weather"
    )
    temp = city[1].copy()
    temp[: 24 * 70] = np.nan
    assert weather(temp).set_aside == "58 % of the demand has no temperature"
    load = np.full(HOURS, 100.0)
    load[: 24 * 70] = np.nan
    assert weather(temp, load).set_aside is None


@given(seed=st.integers(0, 1000), stations=st.integers(1, 6), missing=st.floats(0.0, 0.6))
def test_a_station_that_falls_silent_does_not_move_the_mean(seed, stations, missing):
    """Stations that differ by a constant give the same mean whichever of them report."""
    rng = np.random.default_rng(seed)
    offsets = rng.normal(0, 10, stations)
    temp = rng.normal(10, 5) + offsets[:, None] + np.zeros(40)
    temp[rng.random(temp.shape) < missing] = np.nan
    temp[:, 0] = offsets + 7.0  # each reports at least once
    temp[np.isfinite(temp)] = (np.zeros((40,)) + 7.0 + offsets[:, None])[np.isfinite(temp)]
    mean = average_stations(temp)
    known = np.isfinite(temp).any(axis=0)
    np.testing.assert_allclose(mean[known], 7.0 + offsets.mean(), atol=1e-9)
    assert np.isnan(mean[~known]).all()


# Real histories ----------------------------------------------------------------------------


@pytest.mark.reference
def test_hurricane_sandy_is_true(reference):
    path = reference / "load" / "nyc_city_hourly_2012_2017.csv.gz"
    history = read_history(path, zone=ZoneInfo("America/New_York"))
    first = int((datetime(2012, 10, 28, tzinfo=UTC) - history.start) / timedelta(hours=1))
    storm = history.load_mw[first : first + 24 * 14]
    assert np.isnan(storm).sum() == 1  # the second of the hours repeated on 4 November
    assert storm[np.isfinite(storm)].min() == 2859.6
    assert {finding.kind for finding in history.findings} == {"gap", "temperature gap"}


@pytest.mark.reference
def test_faults_put_into_a_real_history_are_found(reference, tmp_path):
    """One of each into New York's 2014; what else the rules find in six years is gaps."""
    zone = ZoneInfo("America/New_York")
    clean = read_history(reference / "load" / "nyc_city_hourly_2012_2017.csv.gz", zone=zone)
    load = clean.load_mw.copy()
    at = 24 * 800
    load[at] = 31_000.0
    load[at + 500 : at + 540] = 5101.7
    load[at + 1000 : at + 1100] /= 1000
    load[at + 1500] = -1.0
    stamps = [f"{clean.start + timedelta(hours=i):%Y-%m-%dT%H:%MZ}" for i in range(len(load))]
    path = tmp_path / "h.csv"
    rows = [f"{s},{'' if np.isnan(v) else v}" for s, v in zip(stamps, load, strict=True)]
    path.write_text("time,load_mw\n" + "\n".join(rows) + "\n")
    found = examine_history(path, zone=zone)
    new = {(f.kind, f.first, f.hours) for f in found.findings if f.kind != "gap"}
    hour = timedelta(hours=1)
    assert new == {
        ("spike", clean.start + at * hour, 1),
        ("flat", clean.start + (at + 500) * hour, 40),
        ("unit slip", clean.start + (at + 1000) * hour, 100),
        ("zero", clean.start + (at + 1500) * hour, 1),
    }


def test_a_history_that_is_all_shed_is_refused(tmp_path):
    rows = [f"{START + timedelta(hours=i):%Y-%m-%dT%H:%MZ},0,900" for i in range(480)]
    path = tmp_path / "h.csv"
    path.write_text("time,served_mw,shed_mw\n" + "\n".join(rows) + "\n")
    with pytest.raises(HistoryError, match=r"hold a usable demand|never changes"):
        read_history(path, zone=ZoneInfo("UTC"))
