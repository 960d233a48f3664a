"""A history written in any of many ways reads as the same hours, days or months."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridtool.forecast.history.model import PeriodHistory
from gridtool.forecast.history.read import read_demand_history, read_history

ZONES = ["Europe/Kyiv", "America/New_York", "Australia/Melbourne", "Asia/Kolkata", "UTC"]
STARTS = [
    datetime(2024, 1, 3, tzinfo=UTC),
    datetime(2024, 3, 8, tzinfo=UTC),  # the clocks of New York and Kyiv are set forward in March
    datetime(2024, 10, 1, tzinfo=UTC),  # Melbourne's in October, Kyiv's back at its end
    datetime(2024, 10, 25, tzinfo=UTC),
]
FORMS = {
    "iso z": "%Y-%m-%dT%H:%M:%SZ",
    "iso": "%Y-%m-%d %H:%M:%S",
    "iso t": "%Y-%m-%dT%H:%M",
    "dotted": "%d.%m.%Y %H:%M",
    "slashed": "%m/%d/%Y %H:%M",
}
UNITS = {"mw": 1.0, "kw": 1000.0, "gw": 0.001}


def made_day(steps, *, per_day):
    """A day's course that no rule takes for an error."""
    at = np.arange(steps)
    return np.round(900 + 250 * np.sin(2 * np.pi * at / per_day) + 10.0 * (at % 7), 3)


def local_midnight(year, month, day=1, *, zone):
    """Midnight of a local day; days beyond the month's end go on into the next."""
    first = datetime(year, month, 1, tzinfo=zone)
    return first + timedelta(days=day - 1)  # on the local clock


def write_csv(path, header, rows, *, delimiter=",", comma=False):
    def cell(value):
        text = value if isinstance(value, str) else repr(float(value))
        return text.replace(".", ",") if comma and not isinstance(value, str) else text

    lines = [delimiter.join(header), *(delimiter.join(map(cell, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("dialects")


DIALECT = st.fixed_dictionaries(
    {
        "zone": st.sampled_from(ZONES).map(ZoneInfo),
        "start": st.sampled_from(STARTS),
        "form": st.sampled_from(sorted(FORMS)),
        "clock": st.sampled_from(["utc", "local"]),
        "step_min": st.sampled_from([15, 30, 60]),
        "unit": st.sampled_from(sorted(UNITS)),
        "energy": st.booleans(),
        "delimiter": st.sampled_from([",", ";", "\t"]),
        "comma": st.booleans(),
        "newest_first": st.booleans(),
        "ending": st.booleans(),
        "fahrenheit": st.booleans(),
    }
).map(lambda chosen: SimpleNamespace(**chosen))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(dialect=DIALECT)
def test_hours_come_back_from_every_dialect(folder, dialect):
    zone, start, step_min = dialect.zone, dialect.start, dialect.step_min
    steps = 20 * 24 * 60 // step_min
    utc = [start + timedelta(minutes=step_min * i) for i in range(steps)]
    load = made_day(steps, per_day=24 * 60 // step_min)
    temp = np.round(10 + 8 * np.sin(np.arange(steps) / 50), 2)
    clock = "utc" if dialect.form == "iso z" else dialect.clock
    shown = [moment if clock == "utc" else moment.astimezone(zone) for moment in utc]
    if dialect.ending:  # the label of an hour that ends is an hour later on the same clock
        shown = [moment.replace(tzinfo=None) + timedelta(minutes=step_min) for moment in shown]
    factor = UNITS[dialect.unit] * (step_min / 60 if dialect.energy else 1.0)
    name = f"energy_{dialect.unit}h" if dialect.energy else f"load_{dialect.unit}"
    degrees = temp * 1.8 + 32 if dialect.fahrenheit else temp
    rows = [
        (moment.strftime(FORMS[dialect.form]), value * factor, degree)
        for moment, value, degree in zip(shown, load, degrees, strict=True)
    ]
    time = "period_end" if dialect.ending else "time"
    header = [f"{time}_{clock}", name, "temp_f" if dialect.fahrenheit else "temp_c"]
    path = folder / "history.csv"
    write_csv(
        path,
        header,
        rows[::-1] if dialect.newest_first else rows,
        delimiter=dialect.delimiter,
        comma=dialect.comma and dialect.delimiter != ",",
    )
    history = read_history(path, zone=zone)
    per_hour = 60 // step_min
    assert history.start == start
    np.testing.assert_allclose(history.load_mw, load.reshape(-1, per_hour).mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose(history.temp_c, temp.reshape(-1, per_hour).mean(axis=1), atol=1e-9)
    assert not [finding for finding in history.findings if finding.masked]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("step", ["day", "week", "month", "year"])
@pytest.mark.parametrize("named", ["first day", "last day", "end"])
@pytest.mark.parametrize("unit", ["mw", "mwh", "gwh"])
def test_periods_keep_their_energy(tmp_path, zone, step, named, unit):
    zone = ZoneInfo(zone)
    months = {"month": 1, "year": 12}.get(step, 0)
    days = {"day": 1, "week": 7}.get(step, 0)
    count = 6 if step == "year" else 40

    def first_of(number):
        if months:
            return local_midnight(2015 + number * months // 12, number * months % 12 + 1, zone=zone)
        return local_midnight(2015, 1, 5 + days * number, zone=zone)

    edges = [first_of(number) for number in range(count + 1)]
    hours = [
        (b.astimezone(UTC) - a.astimezone(UTC)) / timedelta(hours=1) for a, b in pairwise(edges)
    ]
    mean = 500 + 40 * np.sin(np.arange(count))
    energy = mean * hours
    value = {"mw": mean, "mwh": energy, "gwh": energy / 1000}[unit]
    labels = {
        "first day": edges[:-1],
        "last day": [edge - timedelta(days=1) for edge in edges[1:]],
        "end": edges[1:],
    }[named]
    if named == "last day" and step in {"day", "week"}:
        labels = edges[:-1]
    header = ["period_end" if named == "end" else "date", f"consumption_{unit}"]
    path = tmp_path / "history.csv"
    write_csv(path, header, [(f"{a:%Y-%m-%d}", v) for a, v in zip(labels, value, strict=True)])
    history = read_demand_history(path, zone=zone)
    assert isinstance(history, PeriodHistory)
    assert (history.step, history.periods) == (step, count)
    assert history.start == edges[0]
    assert history.end == edges[-1]
    np.testing.assert_allclose(history.energy_mwh, energy, rtol=1e-9)
    assert history.set_aside is None


@pytest.mark.parametrize(
    ("form", "step"),
    [("%Y-%m", "month"), ("%m.%Y", "month"), ("%Y", "year"), ("%d.%m.%Y", "month")],
)
def test_months_and_years_by_their_short_names(tmp_path, form, step):
    firsts = [datetime(2018 + i // 12, i % 12 + 1, 1, tzinfo=UTC) for i in range(36)]
    firsts = firsts if step == "month" else [datetime(2010 + i, 1, 1, tzinfo=UTC) for i in range(8)]
    rows = [(first.strftime(form), 700.0 + i) for i, first in enumerate(firsts)]
    path = tmp_path / "history.csv"
    write_csv(path, ["month" if step == "month" else "year", "energy_gwh"], rows)
    history = read_demand_history(path, zone=ZoneInfo("Europe/Kyiv"))
    assert (history.step, history.periods) == (step, len(firsts))
    np.testing.assert_allclose(history.energy_mwh, 1000 * (700 + np.arange(len(firsts))))


@pytest.mark.parametrize(
    ("cell", "step", "hours"), [("2025", "year", 8760), ("2025-02", "month", 672)]
)
def test_one_year_or_month_alone_is_a_history(tmp_path, cell, step, hours):
    path = tmp_path / "history.csv"
    write_csv(path, ["period", "energy_gwh"], [(cell, 800.0)])
    history = read_demand_history(path, zone=ZoneInfo("Europe/Kyiv"))
    assert (history.step, history.periods) == (step, 1)
    assert history.energy_mwh.tolist() == [800_000.0]
    assert (history.end - history.start) / timedelta(hours=1) == hours


def test_a_missing_month_is_a_gap(tmp_path):
    firsts = [datetime(2018 + i // 12, i % 12 + 1, 1, tzinfo=UTC) for i in range(36)]
    rows = [(f"{first:%Y-%m-%d}", 700.0 + i) for i, first in enumerate(firsts) if i != 7]
    path = tmp_path / "history.csv"
    write_csv(path, ["date", "energy_mwh"], rows)
    history = read_demand_history(path, zone=ZoneInfo("UTC"))
    assert np.flatnonzero(np.isnan(history.energy_mwh)).tolist() == [7]
    (finding,) = history.findings
    assert (finding.kind, finding.first, finding.hours) == (
        "gap",
        datetime(2018, 8, 1, tzinfo=UTC),
        744,
    )


@pytest.mark.parametrize("hours", [2, 3, 6])
def test_steps_of_several_hours_are_summed_to_days(tmp_path, hours):
    start = datetime(2024, 5, 1, tzinfo=UTC)
    steps = 30 * 24 // hours
    load = made_day(steps, per_day=24 // hours)
    rows = [
        (f"{start + timedelta(hours=hours * i):%Y-%m-%dT%H:%MZ}", load[i]) for i in range(steps)
    ]
    path = tmp_path / "history.csv"
    write_csv(path, ["time", "load_mw"], rows)
    history = read_demand_history(path, zone=ZoneInfo("UTC"))
    assert history.step == "day"
    np.testing.assert_allclose(
        history.energy_mwh, hours * load.reshape(30, -1).sum(axis=1), rtol=1e-12
    )
    assert f"readings every {hours} hours, summed to days" in dict(history.understood).values()


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", ["hour", "he", "hour_ending"])
def test_date_and_hour_in_two_columns(tmp_path, first, name):
    """Hours 1 to 24 are ends whatever the column is called; 0 to 23 only if it says so."""
    start = datetime(2024, 5, 1, tzinfo=UTC)
    load = made_day(240, per_day=24)
    rows = [
        (f"{start + timedelta(hours=i):%Y-%m-%d}", str(i % 24 + first), load[i]) for i in range(240)
    ]
    path = tmp_path / "history.csv"
    write_csv(path, ["date", name, "load_mw"], rows)
    history = read_history(path, zone=ZoneInfo("UTC"))
    late = first == 0 and name != "hour"
    assert history.start == start - timedelta(hours=late)
    np.testing.assert_allclose(history.load_mw, load)


@pytest.mark.parametrize("hour_ending", [None, True, False])
def test_numbered_hours_are_shifted_once(tmp_path, hour_ending):
    load = made_day(240, per_day=24)
    start = datetime(2024, 5, 1, tzinfo=UTC)
    rows = [
        (f"{start + timedelta(hours=i):%Y-%m-%d}", str(i % 24 + 1), load[i]) for i in range(240)
    ]
    path = tmp_path / "history.csv"
    write_csv(path, ["date", "hour", "load_mw"], rows)
    history = read_history(path, zone=ZoneInfo("UTC"), hour_ending=hour_ending)
    assert history.start == start
    assert "hours 1 to 24 are ends of their intervals" in history.clock


@pytest.mark.parametrize("hour_ending", [None, True, False])
def test_the_user_says_what_times_mark(tmp_path, hour_ending):
    load = made_day(240, per_day=24)
    start = datetime(2024, 5, 1, tzinfo=UTC)
    rows = [(f"{start + timedelta(hours=i):%Y-%m-%dT%H:%MZ}", load[i]) for i in range(240)]
    path = tmp_path / "history.csv"
    write_csv(path, ["time", "load_mw"], rows)
    history = read_history(path, zone=ZoneInfo("UTC"), hour_ending=hour_ending)
    assert history.start == start - timedelta(hours=1 if hour_ending else 0)


def test_hours_between_those_of_utc_are_averaged_over_both(tmp_path):
    """An hour from 00:00 in India lies half in each of two hours of UTC."""
    load = made_day(240, per_day=24)
    start = datetime(2024, 5, 1)  # noqa: DTZ001 - as the clock shows it
    rows = [(f"{start + timedelta(hours=i):%Y-%m-%d %H:%M}", load[i]) for i in range(240)]
    path = tmp_path / "history.csv"
    write_csv(path, ["time", "load_mw"], rows)
    history = read_history(path, zone=ZoneInfo("Asia/Kolkata"))
    assert history.start == datetime(2024, 4, 30, 18, tzinfo=UTC)
    np.testing.assert_allclose(history.load_mw[1:-1], (load[1:] + load[:-1]) / 2)
    assert "between UTC hours" in str(history.warnings[0])


def test_midnight_as_the_end_of_a_day(tmp_path):
    start = datetime(2024, 5, 1, tzinfo=UTC)
    load = made_day(240, per_day=24)
    rows = [
        (f"{start + timedelta(hours=i):%d.%m.%Y} {i % 24 + 1:02d}:00", load[i]) for i in range(240)
    ]
    path = tmp_path / "history.csv"
    write_csv(path, ["time", "load_mw"], rows, delimiter=";")
    history = read_history(path, zone=ZoneInfo("UTC"))
    assert history.start == start
    assert "ends of their intervals" in history.clock
    np.testing.assert_allclose(history.load_mw, load)


def test_date_and_time_of_day_in_two_columns(tmp_path):
    start = datetime(2024, 5, 1, tzinfo=UTC)
    load = made_day(480, per_day=48)
    stamps = [start + timedelta(minutes=30 * i) for i in range(480)]
    rows = [(f"{s:%d.%m.%Y}", f"{s:%H:%M}", v) for s, v in zip(stamps, load, strict=True)]
    path = tmp_path / "history.csv"
    write_csv(path, ["date", "time", "load_mw"], rows, delimiter=";")
    history = read_history(path, zone=ZoneInfo("UTC"))
    assert history.start == start
    np.testing.assert_allclose(history.load_mw, load.reshape(-1, 2).mean(axis=1))


@pytest.mark.parametrize("sheet", [None, "Load"])
def test_a_workbook_reads_as_the_csv(tmp_path, sheet):
    start = datetime(2024, 5, 1, tzinfo=UTC)
    load = made_day(240, per_day=24)
    load[50], load[90] = 9000.0, -3.0
    stamps = [start + timedelta(hours=i) for i in range(240)]
    book = openpyxl.Workbook()
    page = book.active
    if sheet:
        page.append(["nothing"])
        page = book.create_sheet(sheet)
    page.append(["time_utc", "load_mw", "temp_c", "shed_mw"])
    for i, (stamp, value) in enumerate(zip(stamps, load, strict=True)):
        page.append([stamp.replace(tzinfo=None), value if i != 7 else None, i % 20, 0])
    book.save(tmp_path / "history.xlsx")
    rows = [
        (f"{s:%Y-%m-%d %H:%M}", v if i != 7 else "", float(i % 20), 0.0)
        for i, (s, v) in enumerate(zip(stamps, load, strict=True))
    ]
    write_csv(tmp_path / "history.csv", ["time_utc", "load_mw", "temp_c", "shed_mw"], rows)
    zone = ZoneInfo("Europe/Kyiv")
    book = read_history(tmp_path / "history.xlsx", zone=zone, sheet=sheet)
    text = read_history(tmp_path / "history.csv", zone=zone)
    for name in ("load_mw", "temp_c", "shed_mw"):
        np.testing.assert_array_equal(getattr(book, name), getattr(text, name))
    assert book.findings == text.findings
    assert {finding.kind for finding in book.findings} == {"gap", "spike", "zero"}
    assert [str(w).partition(": ")[2] for w in book.warnings] == [
        str(w).partition(": ")[2] for w in text.warnings
    ]
