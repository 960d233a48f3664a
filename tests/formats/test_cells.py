"""Cells typed by their column."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.formats.cells import CellError, parse_cell
from gridtool.formats.schema import Column
from gridtool.formats.write import format_cell

KYIV = ZoneInfo("Europe/Kyiv")


def column(kind, **more):
    return Column(name="c", kind=kind, meaning="a test", **more)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.5", 12.5),
        ("12,5", 12.5),
        ("-0,25", -0.25),
        ("\u22123", -3.0),
        ("1E5", 1e5),
        (".5", 0.5),
        ("1\u00a0234,5", 1234.5),
        ("1\u202f234\u202f567", 1234567.0),
        ("12 345.5", 12345.5),
        (" 7 ", 7.0),
    ],
)
def test_numbers_as_people_write_them(text, value):
    assert parse_cell(column("float"), text) == value


@pytest.mark.parametrize(
    "text",
    ["NaN", "inf", "-Infinity", "1e999", "1.234,5", "1,234.5", "1 23", "12 3456", "1_000", "0x10",
     "1,2,3", "٣", "12MW", "--1", "1e", "9" * 65, "NA", "1 234 56"],
)  # fmt: skip
def test_what_is_no_finite_number_is_refused(text):
    with pytest.raises(CellError):
        parse_cell(column("float"), text)


def test_a_comma_in_a_comma_separated_file_must_have_one_reading():
    assert parse_cell(column("float"), "12,5", comma_separates=True) == 12.5
    assert parse_cell(column("float"), "0,125", comma_separates=True) == 0.125
    assert parse_cell(column("float"), "1,234", comma_separates=False) == 1.234
    with pytest.raises(CellError, match="two ways"):
        parse_cell(column("float"), "1,234", comma_separates=True)


@pytest.mark.parametrize("kind", ["id", "text"])
@pytest.mark.parametrize("text", ["007", "1E5", "NA", "true", "12:30", "1,5", "SS-07/T1", "ЛЕП №1"])
def test_text_stays_text(kind, text):
    assert parse_cell(column(kind), text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("ІСТИНА", True), ("так", True), ("1", True), ("No", False), ("ні", False)],
)
def test_words_for_true_and_false(text, value):
    assert parse_cell(column("bool"), text) is value


@pytest.mark.parametrize(
    ("kind", "text"),
    [("int", "1.0"), ("int", "1e3"), ("int", "9" * 19), ("int", "x"), ("bool", "2"), ("bool", "y"),
     ("timestamp", "03/02/2027"), ("timestamp", "46399,5"), ("timestamp", "31.02.2027"),
     ("timestamp", "2027-01-12T25:00"), ("timestamp", "0001-01-01"), ("timestamp", "9999-12-31"),
     ("timestamp", "0007-01-01"), ("id", "a\nb"), ("id", "x" * 121)],
)  # fmt: skip
def test_what_a_kind_cannot_be_is_refused_with_what_is_accepted(kind, text):
    with pytest.raises(CellError) as caught:
        parse_cell(column(kind), text, zone=KYIV)
    assert caught.value.accepted


@pytest.mark.parametrize(
    "text",
    ["12.01.2027 14:30", "2027-01-12 14:30", "2027-01-12T14:30:00+02:00", "2027-01-12T12:30Z"],
)
def test_times_are_local_to_the_zone_unless_they_say_otherwise(text):
    expected = datetime(2027, 1, 12, 12, 30, tzinfo=UTC)
    assert parse_cell(column("timestamp"), text, zone=KYIV) == expected


def test_a_time_the_clock_skips_is_refused():
    with pytest.raises(CellError, match="clock skips"):
        parse_cell(column("timestamp"), "28.03.2027 03:30", zone=KYIV)


def test_without_a_zone_times_need_an_offset():
    with pytest.raises(CellError, match="offset"):
        parse_cell(column("timestamp"), "2027-01-12 14:30")
    found = parse_cell(column("timestamp"), "2027-01-12 14:30+02:00")
    assert found == datetime(2027, 1, 12, 12, 30, tzinfo=UTC)


def test_choices_ignore_case_and_suggest():
    states = column("choice", choices=("slight", "moderate"))
    assert parse_cell(states, "Slight") == "slight"
    with pytest.raises(CellError) as caught:
        parse_cell(states, "slght")
    assert caught.value.hint == "did you mean 'slight'?"


def test_lists_are_split_at_spaces_and_bars():
    assert parse_cell(column("list"), "line | cable  plant") == ("line", "cable", "plant")


def test_empty_cells_take_the_default_or_are_refused():
    assert parse_cell(column("float", required=False, default=2.0), " ") == 2.0
    assert parse_cell(column("text", required=False), "") is None
    with pytest.raises(CellError, match="is empty"):
        parse_cell(column("float"), "")


@pytest.mark.parametrize(
    ("limits", "good", "bad"),
    [({"minimum": 0}, "0", "-1"), ({"maximum": 1}, "1", "1.1"), ({"above": 0}, "0.1", "0")],
)
def test_limits(limits, good, bad):
    assert parse_cell(column("float", **limits), good) == float(good)
    with pytest.raises(CellError, match=r"too (small|large)"):
        parse_cell(column("float", **limits), bad)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_round_trip(value):
    assert parse_cell(column("float"), format_cell(value)) == value


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_whole_numbers_round_trip(value):
    assert parse_cell(column("int"), format_cell(value)) == value


@given(st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive limits
def test_times_round_trip(moment):
    assert parse_cell(column("timestamp"), format_cell(moment)) == moment


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1))
def test_text_round_trips_through_the_formula_guard(text):
    text = text.strip()
    if text:
        assert parse_cell(column("text"), format_cell(text)) == text
        assert not format_cell(text).startswith(("=", "+", "-", "@"))


@given(
    st.sampled_from(["id", "text", "float", "int", "bool", "choice", "timestamp", "list"]),
    st.text(),
)
def test_any_text_is_a_value_or_a_finding(kind, text):
    try:
        value = parse_cell(column(kind, required=False, choices=("a",)), text, zone=KYIV)
    except CellError:
        return
    assert not (isinstance(value, float) and not math.isfinite(value))
