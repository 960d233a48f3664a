"""Files that are no history, or barely one: findings, never a trace, never an endless search."""

import zipfile
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.forecast.history.read import examine_history

NOW = datetime(2026, 1, 1, tzinfo=UTC)
START = datetime(2025, 1, 1, tzinfo=UTC)
ZONES = ["Europe/Kyiv", "America/Sao_Paulo", "Asia/Kathmandu", "UTC"]


def hours(form="%Y-%m-%dT%H:%MZ", *, count=200, step_min=60, start=START):
    return [f"{start + timedelta(minutes=step_min * i):{form}}" for i in range(count)]


def csv(header, *columns):
    rows = [",".join(cells) for cells in zip(*columns, strict=True)]
    return "\n".join([header, *rows]) + "\n"


def repeat(*cells):
    return list(islice(cycle(cells), 200))


LOAD = [str(500 + 50 * (i % 24) + i % 7) for i in range(200)]
DAYS = [stamp[:10] for stamp in hours()]
REFUSED = {
    "no timestamps": (csv("load_mw,temp_c", LOAD, LOAD), "no column for the timestamp"),
    "no demand": (csv("time,temp_c", hours(), LOAD), "no column for the load"),
    "empty times": (csv("time,load_mw", repeat(""), LOAD), "no time"),
    "one time": (csv("time,load_mw", repeat(hours()[0]), LOAD), "fewer than two different times"),
    "the year 1": (csv("time,load_mw", hours("0001-%m-%dT%H:%MZ"), LOAD), "unlikely year"),
    "the year 9999": (csv("time,load_mw", hours("9999-%m-%dT%H:%MZ"), LOAD), "unlikely year"),
    "a century off": (
        csv("time,load_mw", ["1925-01-01T00:00Z", *hours()[1:]], LOAD),
        "times span 100 years",
    ),
    "a year of the future": (
        csv("time,load_mw", hours(start=START + timedelta(days=900)), LOAD),
        "lies in the future",
    ),
    "text in numbers": (csv("time,load_mw", hours(), repeat("500 MW")), "is not a number"),
    "numbers to be read twice": (
        csv("time,load_mw", hours(), repeat('"1,234"')),
        "can be read in two ways",
    ),
    "digits of another script": (csv("time,load_mw", hours(), repeat("٥٠٠")), "is not a number"),
    "all missing": (
        csv("time,load_mw", hours(), repeat("")),
        "no hour holds",
    ),
    "all negative": (csv("time,load_mw", hours(), repeat("-5", "-6")), "only 0 %"),
    "all zero": (csv("time,load_mw", hours(), repeat("0")), "only 0 %"),
    "all infinite": (csv("time,load_mw", hours(), repeat("1e999")), "no hour holds a demand"),
    "constant": (csv("time,load_mw", hours(), repeat("500")), "never changes"),
    "mixed zones": (
        csv("time,load_mw", [*hours()[:100], *hours("%Y-%m-%dT%H:%M-05:00")[100:]], LOAD),
        "in several zones",
    ),
    "some offsets": (
        csv("time,load_mw", [*hours()[:100], *hours("%Y-%m-%dT%H:%M")[100:]], LOAD),
        "some times have an offset",
    ),
    "a day that is none": (
        csv("time,load_mw", ["2025-02-30 00:00", *hours("%Y-%m-%d %H:%M")[1:]], LOAD),
        "not a time",
    ),
    "hours in words": (csv("date,hour,load_mw", DAYS, repeat("one"), LOAD), "not an hour"),
    "25 hours": (
        csv("date,hour,load_mw", DAYS, repeat(*map(str, range(26))), LOAD),
        "not an hour",
    ),
    "quarters of years": (
        csv("date,load_mw", [f"{1980 + i // 4}-{3 * (i % 4) + 1:02}-01" for i in range(200)], LOAD),
        "accepted: a regular step",
    ),
    "days that do not fit": (
        csv(
            "date,energy_mwh",
            [f"{2009 + i // 12}-{i % 12 + 1:02}-{10 + i % 2:02}" for i in range(200)],
            LOAD,
        ),
        "do not fit a row of months",
    ),
    "half of it missing": (
        csv("time,load_mw", hours(), ["501", *repeat("")[:150], *LOAD[:49]]),
        "hold a usable demand",
    ),
    "words as temperature": (csv("time,load_mw,temp_c", hours(), LOAD, repeat("cold")), "temp_c"),
    "impossible weather": (
        csv("time,load_mw,temp_c", hours(), LOAD, repeat("80", "90")),
        "temperatures from 80.0 to 90.0",
    ),
}


def examine(path, **options):
    return examine_history(path, **{"zone": ZoneInfo("Europe/Kyiv"), "now": NOW} | options)


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_with_words(tmp_path, case):
    text, words = REFUSED[case]
    path = tmp_path / "h.csv"
    path.write_text(text)
    examined = examine(path)
    assert examined.history is None
    errors = "\n".join(str(i) for i in examined.issues if i.severity == "error")
    assert any(word in errors for word in words.split("|")), errors


CELL = st.one_of(
    st.sampled_from(["", "5", "-1", "NaN", "1e300", "abc", "2025-01-01", "24:00", "0", "1,5"]),
    st.text(max_size=8),
)
TIME = st.one_of(
    st.datetimes(datetime(1890, 1, 1), datetime(2290, 1, 1)).map(str),  # noqa: DTZ001
    st.sampled_from(
        [
            "",
            "2025-03-30 03:30",
            "01.02.2025",
            "13/14/2025 10:00",
            "2025-W05",
            "24:00",
            "1735689600",
        ]
    ),
    st.integers(0, 400).map(lambda i: f"{START + timedelta(hours=i):%Y-%m-%d %H:%M}"),
)
HEADERS = [
    ("time", "load_mw"),
    ("date", "hour", "load_mw"),
    ("period_end", "energy_mwh", "temp_c"),
    ("timestamp_utc", "demand", "shed_mw"),
    ("month", "sales_gwh"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("malformed")


@settings(deadline=None, max_examples=200)
@given(
    header=st.sampled_from(HEADERS),
    rows=st.lists(st.tuples(TIME, CELL, CELL), max_size=12),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    quiet=st.booleans(),
)
def test_whatever_the_cells_hold_there_is_an_answer(folder, header, rows, zone, quiet):
    path = folder / "h.csv"
    lines = [",".join(header), *(",".join(row[: len(header)]) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="replace")
    examined = examine(path, zone=zone, now=None if quiet else NOW)
    if examined.history is None:
        assert any(issue.severity == "error" for issue in examined.issues)


@settings(deadline=None)
@given(content=st.binary(max_size=300), name=st.sampled_from(["h.csv", "h.xlsx", "h.csv.gz"]))
def test_whatever_the_bytes_are_there_is_an_answer(folder, content, name):
    path = folder / name
    path.write_bytes(content)
    assert examine(path).history is None


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    share=st.floats(0, 0.5),
    kind=st.sampled_from(["nan", "zero", "huge", "times 1000", "shuffled", "twice"]),
)
def test_spoilt_hours_never_reach_the_model(folder, seed, share, kind):
    """Whatever is left in is a demand that was in the file, above zero and finite."""
    rng = np.random.default_rng(seed)
    load = np.round(900 + 200 * np.sin(np.arange(800) * 2 * np.pi / 24) + rng.normal(0, 9, 800), 2)
    spoilt = rng.random(800) < share
    values = load.copy()
    factor = {"nan": np.nan, "zero": 0.0, "huge": 1e6, "times 1000": 1e3}.get(kind, 1.0)
    values[spoilt] *= factor
    times = hours(count=800)
    rows = [f"{t},{'' if np.isnan(v) else v}" for t, v in zip(times, values, strict=True)]
    if kind == "shuffled":
        rows = [rows[i] for i in rng.permutation(800)]
    elif kind == "twice":
        rows += [rows[i] for i in np.flatnonzero(spoilt)]
    path = folder / "h.csv"
    path.write_text("time,load_mw\n" + "\n".join(rows) + "\n")
    history = examine(path).history
    if kind in {"shuffled", "twice"}:
        np.testing.assert_array_equal(history.load_mw, load)
    if history is None:
        return
    known = np.isfinite(history.load_mw)
    first = int((history.start - START) / timedelta(hours=1))
    assert set(history.load_mw[known]) <= set(values)
    if kind != "times 1000":  # many single slips of unit are spikes, as far as neighbours tell
        sound = load[first : first + history.hours]
        np.testing.assert_array_equal(history.load_mw[known], sound[known])


def test_workbooks_that_are_none(tmp_path):
    book = openpyxl.Workbook()
    book.save(tmp_path / "empty.xlsx")
    assert "is empty" in str(examine(tmp_path / "empty.xlsx").issues)
    assert "no sheet 'Load'" in str(examine(tmp_path / "empty.xlsx", sheet="Load").issues)
    page = book.active
    page.append(["time", None, "load_mw"])
    page.append([datetime(2025, 1, 1), 1, "=A1"])  # noqa: DTZ001 - as a spreadsheet has it
    book.save(tmp_path / "formula.xlsx")
    assert "formula without a saved value" in str(examine(tmp_path / "formula.xlsx").issues)
    page["C2"] = 5
    book.save(tmp_path / "nameless.xlsx")
    assert "column 2 has no name" in str(examine(tmp_path / "nameless.xlsx").issues)
    with zipfile.ZipFile(tmp_path / "zip.xlsx", "w") as archive:
        archive.writestr("a.txt", "not a workbook")
    assert examine(tmp_path / "zip.xlsx").history is None
    (tmp_path / "h.csv").write_text(csv("time,load_mw", hours(), LOAD))
    assert "has no sheets" in str(examine(tmp_path / "h.csv", sheet="Load").issues)
    assert "no such file" in str(examine(tmp_path / "absent.xlsx").issues)
