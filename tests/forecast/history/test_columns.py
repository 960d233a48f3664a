"""Columns known by their names and units, and those that the user names."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.errors import HistoryError
from gridtool.forecast.history.columns import find_columns
from gridtool.forecast.history.read import read_demand_history, read_history

START = datetime(2025, 1, 1, tzinfo=UTC)


def match_of(*header, **named):
    match, issues = find_columns(header, named=named, file="f")
    assert not issues, issues
    return match


def issues_of(*header, **named):
    match, issues = find_columns(header, named=named, file="f")
    assert match is None
    return "\n".join(map(str, issues))


def write(path, header, columns):
    rows = [
        ",".join([f"{START + timedelta(hours=i):%Y-%m-%dT%H:%MZ}", *map(str, cells)])
        for i, cells in enumerate(zip(*columns, strict=True))
    ]
    path.write_text("\n".join([",".join(header), *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("name", "factor", "energy"),
    [
        ("Load (MW)", 1.0, False),
        ("Навантаження, кВт", 1e-3, False),
        ("consumption_GWh", 1e3, True),
        ("Energy [kWh]", 1e-3, True),
        ("energy", 1.0, True),
        ("sales_mwh", 1.0, True),
        ("Споживання, МВт·год", 1.0, True),
        ("MW", 1.0, False),
        ("Actual Total Load [MW]", 1.0, False),
        ("LOAD", 1.0, False),
    ],
)
def test_load_and_energy_by_unit(name, factor, energy):
    load = match_of("timestamp", name).load
    assert (load.name, load.mw_per_unit, load.energy) == (name, factor, energy)


@pytest.mark.parametrize(
    ("header", "time", "hour", "ending"),
    [
        (("date", "hour", "load"), "date", "hour", False),
        (("date", "HE", "load"), "date", "HE", True),
        (("Date", "Hour Ending", "load"), "Date", "Hour Ending", True),
        (("datetime", "date", "hour", "load"), "datetime", None, False),
        (("hour_ending", "load"), "hour_ending", None, True),
        (("period_end_utc", "load"), "period_end_utc", None, True),
        (("SETTLEMENTDATE", "TOTALDEMAND"), "SETTLEMENTDATE", None, True),
        (("year", "energy_gwh"), "year", None, False),
        (("Time Stamp", "load"), "Time Stamp", None, False),
    ],
)
def test_times_and_what_they_mark(header, time, hour, ending):
    match = match_of(*header)
    assert (match.time, match.hour, match.ending) == (time, hour, ending)


@pytest.mark.parametrize(
    ("names", "fahrenheit"),
    [
        ([f"w{i}" for i in range(1, 26)], None),
        (["temp_c_1", "temp_c_2"], False),
        (["temp_1_f", "temp_2_f", "temp_3_f"], True),
        (["temperature1", "temperature2"], None),
        (["t2m"], None),
    ],
)
def test_temperature_stations(names, fahrenheit):
    match = match_of("time", "load_mw", *names)
    assert (match.temps, match.fahrenheit) == (tuple(names), fahrenheit)


def test_one_temperature_goes_before_numbered_stations():
    assert match_of("time", "load_mw", "temp_c", "temp_c_1", "temp_c_2").temps == ("temp_c",)


def test_stations_of_different_units_are_not_averaged():
    assert "several columns could be the temp" in issues_of("time", "load", "temp_c_1", "temp_f_2")


@pytest.mark.parametrize("name", ["shed_mw", "loadshed", "Load Shed (MW)", "load_shed_kw"])
def test_shed_load(name):
    match = match_of("time", "served_mw", name)
    assert match.shed.name == name
    assert match.shed.mw_per_unit == (1e-3 if name.endswith("kw") else 1.0)


def test_served_load_goes_before_demand_which_counts_what_was_shed():
    match = match_of("datetime", "demand", "supply", "loadshed")
    assert (match.load.name, match.shed.name) == ("supply", "loadshed")
    assert "'supply' is what was served; 'demand' not used" in match.assumed[0]
    match = match_of("datetime", "demand_mw", "loadshed_mw")
    assert "'demand_mw' is taken as what was served, without 'loadshed_mw'" in match.assumed[0]


def test_columns_that_the_user_names():
    match = match_of("a", "b", "c", "d", "e", timestamp_utc="a", energy_kwh="b", temp_f="c, d")
    assert (match.time, match.clock, match.temps, match.fahrenheit) == (
        "a",
        "utc",
        ("c", "d"),
        True,
    )
    assert (match.load.name, match.load.energy, match.load.mw_per_unit) == ("b", True, 1e-3)
    assert "no column 'x' to take as shed_mw" in issues_of("time", "load", shed_mw="x")
    assert "a history has no column 'colour'" in issues_of("time", "load", colour="load")


def test_fahrenheit_is_seen_where_no_unit_is_named(tmp_path):
    load = 500 + np.arange(48) % 24
    temp = 40 + np.arange(48)
    path = write(tmp_path / "a.csv", ("time", "load_mw", "w1", "w2"), (load, temp, temp + 10))
    history = read_history(path, zone=ZoneInfo("UTC"))
    np.testing.assert_allclose(history.temp_c, (temp + 5 - 32) / 1.8)
    assert "degrees Fahrenheit: no air has so many Celsius" in str(history.warnings[0])
    assert "mean of 2 stations" in dict(history.understood)["temperature"]


def test_the_shed_column_makes_hours_short(tmp_path):
    load = 500.0 + np.arange(96) % 24
    shed = np.zeros(96)
    shed[30:34] = [100, 50, 2000, -1]
    load[31] = 0
    cells = [f"{value}" for value in shed]
    cells[40] = ""
    path = write(tmp_path / "a.csv", ("time", "load_mw", "shed_mw"), (load, cells))
    history = read_history(path, zone=ZoneInfo("UTC"))
    assert np.flatnonzero(history.short).tolist() == [30, 31, 32]
    assert np.flatnonzero(np.isnan(history.shed_mw)).tolist() == [32, 33, 40]
    assert history.load_mw[31] == 0  # true: what was not served is known
    kinds = [(finding.kind, finding.hours) for finding in history.findings]
    assert kinds == [("shed above demand", 1), ("negative shed", 1)]


def test_an_outage_log_marks_hours_and_adds_up_what_it_knows(tmp_path):
    path = write(tmp_path / "a.csv", ("time", "load_mw"), (500.0 + np.arange(96) % 24,))
    log = tmp_path / "log.csv"
    log.write_text(
        "from,to,shed_mw,note\n"
        "2025-01-01T10:30Z,2025-01-01T12:00Z,100,two districts\n"
        "2025-01-01T11:00Z,2025-01-01T12:00Z,50,a third\n"
        "01.01.2025 22:00,01.01.2025 23:00,,local time\n"
        "2024-12-01T00:00Z,2024-12-02T00:00Z,30,before\n"
    )
    history = read_history(path, zone=ZoneInfo("Europe/Kyiv"), outages=log)
    assert np.flatnonzero(history.short).tolist() == [10, 11, 20]
    assert history.shed_mw[[10, 11]].tolist() == [50.0, 150.0]
    assert np.isfinite(history.shed_mw).sum() == 2


def test_an_outage_log_beside_days_gives_their_energy(tmp_path):
    path = tmp_path / "days.csv"
    rows = [f"2025-01-{day:02},{900 + day % 7}" for day in range(1, 31)]
    path.write_text("date,load_mw\n" + "\n".join(rows) + "\n")
    log = tmp_path / "log.csv"
    log.write_text(
        "from,to,shed_mw\n2025-01-02T18:00Z,2025-01-03T06:00Z,100\n"
        "2025-01-03T00:00Z,2025-01-03T03:00Z,10\n2025-01-05T10:00Z,2025-01-05T11:00Z,\n"
    )
    history = read_demand_history(path, zone=ZoneInfo("UTC"), outages=log)
    assert history.shed_mwh[:4].tolist() == [0.0, 600.0, 630.0, 0.0]
    assert np.flatnonzero(np.isnan(history.shed_mwh)).tolist() == [4]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from,until\n2025-01-01T00:00Z,2025-01-02T00:00Z\n", "until: outages has no such column"),
        ("from,to\n2025-01-02T00:00Z,2025-01-01T00:00Z\n", "to: outage 1 ends before it begins"),
        ("from,to\nyesterday,2025-01-01T00:00Z\n", "row 2, from: is not a date and time"),
        ("from,to,shed_mw\n2025-01-01T00:00Z,2025-01-02T00:00Z,-5\n", "shed_mw: is too small"),
        ("", "is empty"),
    ],
)
def test_an_outage_log_that_is_none(tmp_path, text, words):
    path = write(tmp_path / "a.csv", ("time", "load_mw"), (500.0 + np.arange(96) % 24,))
    log = tmp_path / "log.csv"
    log.write_text(text)
    with pytest.raises(HistoryError) as caught:
        read_history(path, zone=ZoneInfo("UTC"), outages=log)
    assert words in str(caught.value)
