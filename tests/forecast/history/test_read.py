import gzip
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from builders import grid

from gridtool.errors import HistoryError
from gridtool.forecast.history.read import read_history

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2025, 1, 1, tzinfo=UTC)


def daily(hours):
    return 800.0 + 200.0 * np.sin(2 * np.pi * np.arange(hours) / 24) + np.arange(hours) % 7


def write(folder, lines, *, name="history.csv"):
    path = folder / name
    text = "\n".join(lines) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    return path


def hourly(folder, *, hours=240, header="timestamp,load_mw", stamp="%Y-%m-%dT%H:%MZ", **changes):
    load = daily(hours)
    cells = [f"{START + timedelta(hours=i):{stamp}},{value:.1f}" for i, value in enumerate(load)]
    for position, text in changes.get("cells", {}).items():
        cells[position] = cells[position].split(",")[0] + f",{text}"
    return write(folder, [header, *cells], name=changes.get("name", "history.csv"))


def refusal(path, **options):
    with pytest.raises(HistoryError) as caught:
        read_history(path, **({"zone": KYIV} | options))
    return str(caught.value)


def test_utc_stamps_are_read_as_they_stand(tmp_path):
    history = read_history(hourly(tmp_path), zone=KYIV)
    assert (history.start, history.hours) == (START, 240)
    assert history.end == START + timedelta(hours=240)
    np.testing.assert_allclose(history.load_mw, np.round(daily(240), 1))
    assert history.temp_c is None
    assert history.warnings == ()


def test_a_gzipped_file_reads_alike(tmp_path):
    plain = read_history(hourly(tmp_path), zone=KYIV)
    packed = read_history(hourly(tmp_path, name="history.csv.gz"), zone=KYIV)
    np.testing.assert_array_equal(plain.load_mw, packed.load_mw)


def test_local_times_are_placed_by_the_zone(tmp_path):
    path = hourly(tmp_path, header="time_local,demand_mw", stamp="%d.%m.%Y %H:%M")
    history = read_history(path, zone=KYIV)
    assert history.start == START - timedelta(hours=2)
    assert "local" in history.clock


def test_kilowatts_fahrenheit_semicolons_and_decimal_commas(tmp_path):
    rows = [f"2025-01-01T{h:02}:00Z;{900000 + h},5;{32 + 18 * (h % 2)}" for h in range(24)]
    path = write(tmp_path, ["Час;Навантаження, кВт;Temperature (°F)", *rows])
    history = read_history(path, zone=KYIV)
    np.testing.assert_allclose(history.load_mw, [900.0 + h / 1000 + 0.0005 for h in range(24)])
    np.testing.assert_allclose(history.temp_c, [10.0 * (h % 2) for h in range(24)])


def test_columns_can_be_named(tmp_path):
    path = hourly(tmp_path, header="when,total")
    history = read_history(path, zone=KYIV, columns={"timestamp": "when", "load_kw": "total"})
    assert history.load_mw.max() == pytest.approx(daily(240).max() / 1000, abs=1e-3)


def test_columns_not_found_are_all_named_at_once(tmp_path):
    message = refusal(hourly(tmp_path, header="when,total"))
    assert "no column for the timestamp" in message
    assert "no column for the load" in message
    assert "--column load=NAME" in message


def test_two_demand_columns_are_not_guessed_between(tmp_path):
    path = write(tmp_path, ["timestamp,load_mw,demand_mw", "2025-01-01T00:00Z,1,2"])
    assert "several columns could be the load (value 'load_mw, demand_mw')" in refusal(path)


def test_a_named_column_that_is_not_there(tmp_path):
    message = refusal(hourly(tmp_path), columns={"load_mw": "MW"})
    assert "there is no column 'MW'" in message


def test_text_in_numbers_is_refused_with_row_and_value(tmp_path):
    message = refusal(hourly(tmp_path, cells={3: "abc", 7: "12,,5"[:2] + "x"}))
    assert "row 5, load_mw: is not a number (value 'abc')" in message
    assert "row 9, load_mw" in message


def test_empty_cells_are_missing_hours(tmp_path):
    history = read_history(hourly(tmp_path, cells={3: "", 4: "NaN", 50: "NA"}), zone=KYIV)
    assert np.flatnonzero(np.isnan(history.load_mw)).tolist() == [3, 4, 50]
    (warning,) = history.warnings
    assert "no demand: 3 hours in 2 places: 2025-01-01 03h UTC (2 h)" in warning.message


def test_half_hours_are_averaged_and_said(tmp_path):
    stamps = [START + timedelta(minutes=30 * i) for i in range(96)]
    rows = [f"{s:%Y-%m-%dT%H:%MZ},{100 + i}" for i, s in enumerate(stamps)]
    history = read_history(write(tmp_path, ["timestamp,load_mw", *rows]), zone=KYIV)
    np.testing.assert_allclose(history.load_mw, [100.5 + 2 * h for h in range(48)])
    assert "every 30 minutes" in history.warnings[0].message


def test_daily_values_are_refused(tmp_path):
    rows = [f"2025-01-{d:02},{900 + d}" for d in range(1, 20)]
    assert "readings every 24 hours" in refusal(write(tmp_path, ["date,load_mw", *rows]))


def test_duplicates_equal_are_one_and_contradicting_are_none(tmp_path):
    path = hourly(tmp_path)
    lines = path.read_text().splitlines()
    lines.insert(3, lines[2])
    lines.append(lines[10].split(",")[0] + ",1.0")
    history = read_history(write(tmp_path, lines), zone=KYIV)
    assert np.flatnonzero(np.isnan(history.load_mw)).tolist() == [8]
    assert "2 times come twice; 1 of them with different demand" in str(history.warnings[0])


def test_spikes_zeros_negatives_and_flat_lines_are_left_out(tmp_path):
    cells = {30: "5000", 60: "0", 61: "-20"} | dict.fromkeys(range(100, 130), "777.7")
    history = read_history(hourly(tmp_path, cells=cells), zone=KYIV)
    assert np.flatnonzero(np.isnan(history.load_mw)).tolist() == [30, 60, 61, *range(100, 130)]
    text = "\n".join(map(str, history.warnings))
    assert "spike, left out: 1 hour" in text
    assert "zero or less, left out: 2 hours" in text
    assert "does not change for a day or longer, left out: 30 hours" in text


def test_an_empty_temperature_column_is_none_and_said(tmp_path):
    rows = [f"2025-01-01T{h:02}:00Z,{900 + h}," for h in range(24)]
    history = read_history(write(tmp_path, ["timestamp,load_mw,temp_c", *rows]), zone=KYIV)
    assert history.temp_c is None
    assert "no weather to learn from" in str(history.warnings[0])


def test_numbers_that_are_no_demand_are_left_out(tmp_path):
    history = read_history(hourly(tmp_path, cells={5: "1e308", 9: "2e7"}), zone=KYIV)
    assert np.flatnonzero(np.isnan(history.load_mw)).tolist() == [5, 9]
    assert "demand above 10,000,000 MW" in str(history.warnings[0])


def test_a_constant_history_is_refused(tmp_path):
    path = hourly(tmp_path, cells=dict.fromkeys(range(240), "500"))
    assert "only 0 % of the hours hold a usable demand" in refusal(path)


def test_kilowatts_named_megawatts_are_noticed_with_the_network(tmp_path):
    city = grid(stations={"A": (0.5, 0.1)}, lines=(), infeeds=(("I", "A", 1.0),))
    assert "look like kW" in refusal(hourly(tmp_path), network=city)


def test_fahrenheit_named_celsius_is_noticed(tmp_path):
    rows = [f"2025-01-01T{h:02}:00Z,{900 + h},{60 + h}" for h in range(24)]
    message = refusal(write(tmp_path, ["timestamp,load_mw,temp_c", *rows]))
    assert "temperatures from 60.0 to 83.0 degrees Celsius" in message
    assert "temp_f" in message


def test_times_with_and_without_offset_are_refused(tmp_path):
    path = hourly(tmp_path)
    path.write_text(path.read_text().replace("2025-01-03T05:00Z", "2025-01-03T05:00"))
    assert "row 55, timestamp: some times have an offset" in refusal(path)


def test_a_cell_that_is_no_time_among_offsets(tmp_path):
    path = hourly(tmp_path)
    path.write_text(path.read_text().replace("2025-01-03T05:00Z", "3 January"))
    message = refusal(path)
    assert "row 55, timestamp: not a time (value '3 January')" in message
    assert "offset" not in message


def test_times_that_are_none_are_listed(tmp_path):
    path = hourly(tmp_path, stamp="%Y-%m-%d %H:%M")
    text = path.read_text().replace("2025-01-03 05:00", "3 January").replace("01-04 06:00", "")
    path.write_text(text)
    message = refusal(path)
    assert "row 55, timestamp: not a time (value '3 January')" in message
    assert "row 80, timestamp: not a time (value '2025-')" in message


@pytest.mark.parametrize("clock", ["auto", "utc", "local"])
def test_the_clock_is_inferred_by_the_hours_it_skips(tmp_path, clock):
    """Stamps of every hour around the March change can only be UTC."""
    first = datetime(2025, 3, 25, tzinfo=UTC)
    stamps = [first + timedelta(hours=i) for i in range(240)]
    rows = [f"{s:%Y-%m-%d %H:%M},{v:.1f}" for s, v in zip(stamps, daily(240), strict=True)]
    history = read_history(write(tmp_path, ["time,load_mw", *rows]), zone=KYIV, clock=clock)
    if clock == "local":
        assert history.start == first - timedelta(hours=2)
        assert "skips; left out" in str(history.warnings[0])
    else:
        assert history.start == first
        assert history.clock.startswith("UTC, " + ("inferred" if clock == "auto" else "as stated"))


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_repeated_hour_is_summer_time_first(tmp_path, newest_first):
    first = datetime(2025, 10, 25, tzinfo=UTC)
    stamps = [(first + timedelta(hours=i)).astimezone(KYIV) for i in range(72)]
    rows = [f"{s:%Y-%m-%d %H:%M},{500 + i}" for i, s in enumerate(stamps)]
    rows = rows[::-1] if newest_first else rows
    history = read_history(write(tmp_path, ["time,load_mw", *rows]), zone=KYIV)
    np.testing.assert_allclose(history.load_mw, 500.0 + np.arange(72))
    assert history.start == first


def test_what_was_known_at_a_time(tmp_path):
    history = read_history(hourly(tmp_path), zone=KYIV)
    earlier = history.until(START + timedelta(hours=10, minutes=40))
    assert earlier.hours == 10
    assert history.until(START + timedelta(days=99)) is history
    with pytest.raises(HistoryError, match="history begins"):
        history.until(START)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("timestamp,load_mw\n", "no rows"),
        ("timestamp,load_mw\n2025-01-01T00:00Z,5\n", "fewer than two different times"),
        ("timestamp,load_mw\n2025-01-01T00:00Z,5,6\n", "3 cells"),
        (
            "date,load\n1925-01-01,5\n" + "".join(f"2025-01-01 0{h}:00,5\n" for h in range(4)),
            "span 100 years",
        ),
        ("timestamp,load_mw\n2025-01-01T00:00Z,inf\n", "is not a number"),
        ("timestamp,load_mw\nlater,5\n", "not a time (value 'later')"),
    ],
)
def test_unusable_files_are_refused(tmp_path, text, words):
    path = tmp_path / "history.csv"
    path.write_text(text)
    assert words in refusal(path)


@pytest.mark.reference
def test_new_york_reads_in_local_time_with_its_clock_changes(reference):
    path = reference / "load" / "nyc_city_hourly_2012_2017.csv.gz"
    history = read_history(path, zone=ZoneInfo("America/New_York"))
    assert history.start == datetime(2012, 1, 1, 5, tzinfo=UTC)
    assert history.load_mw[0] == 4937.5
    assert history.temp_c[0] == pytest.approx((46.13 - 32) / 1.8)
    summer = datetime(2016, 7, 1, 16, tzinfo=UTC)  # noon in New York
    assert history.load_mw[int((summer - history.start).total_seconds() // 3600)] > 5000


@pytest.mark.reference
def test_victoria_reads_in_utc_from_half_hours(reference):
    path = reference / "load" / "vic_elec_halfhourly_2012_2014.csv.gz"
    history = read_history(path, zone=ZoneInfo("Australia/Melbourne"))
    assert history.start == datetime(2011, 12, 31, 13, tzinfo=UTC)
    assert history.hours == 26304
    assert history.load_mw[0] == pytest.approx((4382.825174 + 4263.365526) / 2)
