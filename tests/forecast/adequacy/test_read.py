"""Units, loads and what goes with them: what is read, and every finding at once."""

from __future__ import annotations

from contextlib import suppress
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.errors import InputError
from gridtool.forecast.adequacy.model import chain_chances
from gridtool.forecast.adequacy.read_load import plain_calendar, read_load
from gridtool.forecast.adequacy.read_system import SystemFiles, read_system

UTC = ZoneInfo("UTC")
KYIV = ZoneInfo("Europe/Kyiv")
UNITS = "unit,count,capacity_mw,for,mttf_h,mttr_h\nA,2,50,0.04,1200,50\n"


def hours(n, load="100", name="load_mw"):
    return f"hour,{name}\n" + "".join(f"{h},{load}\n" for h in range(1, n + 1))


def write(folder, **texts):
    """Files by name of their field of SystemFiles."""
    paths = {}
    for field, text in texts.items():
        paths[field] = folder / f"{field}.csv"
        paths[field].write_text(text, encoding="utf-8")
    return SystemFiles(**paths)


def read(folder, *, zone=UTC, units=UNITS, load=None, **more):
    return read_system(write(folder, units=units, load=load or hours(24), **more), zone=zone)


def findings(folder, **texts):
    with pytest.raises(InputError) as refused:
        read(folder, **texts)
    return refused.value.issues


def one(folder, **texts):
    """The only finding, in words."""
    found = findings(folder, **texts)
    assert len(found) == 1, [str(issue) for issue in found]
    return str(found[0])


def test_a_plain_system(tmp_path):
    found = read(tmp_path)
    (group,) = found.system.groups
    assert (group.id, group.count, group.outage_rate) == ("A", 2, 0.04)
    assert (group.p_fail, group.p_repair) == pytest.approx(chain_chances(1200, 50))
    assert found.load.hours == 24
    assert found.warnings == ()


def test_the_stated_rate_counts_and_a_far_one_is_said(tmp_path):
    found = read(tmp_path, units="unit,capacity_mw,for,mttf_h,mttr_h\nA,50,0.1,1200,50\n")
    (group,) = found.system.groups
    assert group.p_fail / (group.p_fail + group.p_repair) == pytest.approx(0.1, rel=1e-12)
    assert "outage rate of 0.04" in str(found.warnings[0])


def test_times_alone_and_hourly_chances_give_the_rate(tmp_path):
    text = "unit,capacity_mw,mttf_h,mttr_h,p_fail,p_repair\nA,50,1200,50,,\nB,5,,,0.1,0.9\n"
    first, second = read(tmp_path, units=text).system.groups
    assert first.outage_rate == pytest.approx(0.04)
    assert (second.outage_rate, second.p_fail) == (pytest.approx(0.1), 0.1)


def test_every_finding_of_all_files_at_once(tmp_path):
    units = (
        "unit,count,capacity_mw,for,mttf_h,mttr_h\n"
        "A,2,-50,-0.04,1200,50\n"
        "B,1,nan,1.5,,\n"
        "C,1,50,0.1,1200,\n"
        "D,-3,50,,,\n"
        "A,1,10,0.1,,\n"
    )
    load = "hour,load_mw\n1,100\n2,NaN\n2,100\n5,-3\n6,x\n"
    found = {(i.file, i.row, i.field) for i in findings(tmp_path, units=units, load=load)}
    assert {
        ("units.csv", 2, "capacity_mw"),
        ("units.csv", 2, "for"),
        ("units.csv", 3, "capacity_mw"),
        ("units.csv", 3, "for"),
        ("units.csv", 4, "mttf_h"),
        ("units.csv", 5, "count"),
        ("units.csv", 5, "for"),
        ("units.csv", 6, "unit"),
        ("load.csv", 3, "load_mw"),
        ("load.csv", 4, "hour"),
        ("load.csv", 5, "hour"),
        ("load.csv", 5, "load_mw"),
        ("load.csv", 6, "load_mw"),
    } <= found


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("A,50,-0.01,,", "at least 0"),
        ("A,50,1.01,,", "at most 1"),
        ("A,50,,1200,", "mttf_h without mttr_h"),
        ("A,50,0.1,,50", "mttr_h without mttf_h"),
        ("A,50,0.1,0,50", "above 0"),
        ("A,50,,,", "no outage rate"),
        ("A,-1,0.1,,", "at least 0"),
        ("A,inf,0.1,,", "finite"),
        ("A,1e300,0.1,,", "at most 1e+07"),
        ("A,,0.1,,", "is empty"),
    ],
)
def test_units_that_cannot_be(tmp_path, row, words):
    assert words in one(tmp_path, units=f"unit,capacity_mw,for,mttf_h,mttr_h\n{row}\n")


@pytest.mark.parametrize(
    ("columns", "cells", "words"),
    [
        ("returns_latest_day", "5", "returns_latest_day without returns_day"),
        ("returns_day,returns_latest_day", "9,5", "is before returns_day"),
        ("returns_day", "1.5", "not a whole day"),
        ("returns_day", "-1", "at least 0"),
        ("returns_median_day", "30", "without returns_sigma"),
        ("returns_sigma", "0.5", "returns_sigma without returns_median_day"),
        ("returns_day,returns_median_day,returns_sigma", "3,30,0.5", "second kind"),
        ("returns_at", "2027-01-12T10:00", "needs a load with timestamps"),
        ("p_fail,p_repair", "1.2,0.9", "at most 1"),
        ("p_fail,p_repair", "0.1,", "p_fail without p_repair"),
        ("p_fail,p_repair", "0,0", "both 0"),
    ],
)
def test_returns_and_chances_that_cannot_be(tmp_path, columns, cells, words):
    text = f"unit,capacity_mw,for,{columns}\nA,50,0.1,{cells}\n"
    assert words in one(tmp_path, units=text)


def test_dates_of_return(tmp_path):
    units = (
        "unit,capacity_mw,for,returns_day,returns_latest_day,returns_median_day,returns_sigma\n"
        "A,50,0.1,2,,,\nB,50,0.1,1,2,,\nC,50,0.1,,,2,0.5\nD,50,0.1,,,,\n"
    )
    a, b, c, d = read(tmp_path, units=units, load=hours(96)).system.groups
    assert a.returns.back_by(96)[[47, 48]].tolist() == [0, 1]
    assert b.returns.back_by(96)[[23, 24, 48]].tolist() == [0, 0.5, 1]
    assert c.returns.back_by(96)[48] == pytest.approx(0.5)
    assert d.returns is None


def test_times_of_return_are_local_and_counted_from_the_first_hour(tmp_path):
    stamps = [f"2027-01-{d:02d}T{h:02d}:00" for d in (4, 5) for h in range(24)]
    load = "timestamp,load_mw\n" + "".join(f"{s},10\n" for s in stamps)
    units = (
        "unit,capacity_mw,for,returns_at,returns_latest\n"
        "A,50,0.1,2027-01-04T12:30,\nB,50,0.1,2027-01-04T10:00,2027-01-04T13:00\n"
        "C,50,0.1,2020-01-01T00:00,\n"
    )
    a, b, c = read(tmp_path, zone=KYIV, units=units, load=load).system.groups
    assert a.returns.back_by(48)[[12, 13]].tolist() == [0, 1]
    assert b.returns.back_by(48)[[9, 10, 11, 12, 13]].tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert c.returns.back_by(48)[0] == 1


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ("hour,load_mw\n1,5\n3,5\n", "1 hour is missing before it"),
        ("hour,load_mw\n1,5\n1,5\n", "there twice"),
        ("hour,load_mw\n7,5\n8,5\n", "hours from 0 or 1 on"),
        ("hour,load_mw\n1,\n", "no value"),
        ("hour,load_mw\n1,nan\n", "no value"),
        ("hour,load_mw\n1,-5\n", "out of range"),
        ("hour,load_mw\n1,1e300\n", "out of range"),
        ("hour,load_mw\n1.5,5\n", "not an hour"),
        ("hour,load_mw\n1e30,5\n", "not an hour"),
        ("hour,timestamp,load_mw\n1,2027-01-01T00:00,5\n", "both hour and timestamp"),
        ("hour\n1\n", "no column beside the time"),
        ("hour,load_mw\n", "has no rows"),
        ("load_mw\n5\n", "not a header"),
        ("timestamp,load_mw\n2027-01-01T00:00,5\n2027-01-01T00:30,5\n", "not on the hour"),
        ("timestamp,load_mw\n2027-01-01T00:00,5\n2027-01-01T03:00,5\n", "2 hours are missing"),
        ("timestamp,load_mw\nyesterday,5\n", "not a time"),
        (hours(30), "30 plain hours are not whole days"),
        (hours(8808), "more than a year"),
        ("hour,load_mw,A,B\n1,12,5,6\n", "not the sum of its areas"),
        ("hour,A,A_mw\n1,5,6\n", "name the same area"),
    ],
)
def test_loads_that_cannot_be(tmp_path, load, words):
    assert words in one(tmp_path, load=load)


def test_gaps_are_found_without_filling_them(tmp_path):
    assert "999999999 hours are missing" in one(tmp_path, load="hour,load_mw\n0,5\n1000000000,5\n")


def test_hours_from_nought_in_any_order(tmp_path):
    path = tmp_path / "load.csv"
    path.write_text("hour;load_mw\n2;3,5\n0;1,5\n1;2,5\n", encoding="utf-8")
    load, _ = read_load(path, zone=UTC)
    assert load.load_mw.tolist() == [[1.5, 2.5, 3.5]]


def test_calendar_of_364_days_and_of_others():
    lengths = np.bincount(plain_calendar(8736).month) / 24
    assert lengths.tolist() == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 30]
    assert len(plain_calendar(8736).weeks) == 52
    assert (np.bincount(plain_calendar(8760).month) / 24)[[1, 11]].tolist() == [28, 31]
    assert (np.bincount(plain_calendar(8784).month) / 24)[[1, 11]].tolist() == [29, 31]
    assert len(plain_calendar(8760).weeks) == 53


def test_timestamps_have_local_days_and_iso_weeks(tmp_path):
    # The night in which summer time begins in Kyiv: a day of 23 hours, a Sunday.
    stamps = [f"2027-03-{27 + h // 24}T{h % 24:02d}:00Z" for h in range(22, 70)]
    path = tmp_path / "load.csv"
    path.write_text("timestamp,load_mw\n" + "".join(f"{s},1\n" for s in stamps))
    load, _ = read_load(path, zone=KYIV)
    calendar = load.calendar
    assert calendar.days == ("2027-03-28", "2027-03-29", "2027-03-30")
    assert np.bincount(calendar.day).tolist() == [23, 24, 1]
    assert calendar.weeks == ("2027-W12", "2027-W13")
    assert calendar.months == ("2027-03",)


def test_a_local_time_that_the_clock_skips_is_a_finding(tmp_path):
    stamps = [f"2027-03-28T{h:02d}:00" for h in (1, 2, 3, 4)]
    path = tmp_path / "load.csv"
    path.write_text("timestamp,load_mw\n" + "".join(f"{s},1\n" for s in stamps))
    with pytest.raises(InputError, match="the clock skips this time"):
        read_load(path, zone=KYIV)


AREAS = "unit,capacity_mw,for,area\nA1,20,0.1,A\nB1,0,0,B\n"
LINKS = "interface,from_area,to_area,forward_mw,backward_mw,for\n"
TWO = "hour,A,B_mw\n" + "".join(f"{h},10,5\n" for h in range(24))


def test_areas_and_interfaces(tmp_path):
    found = read(tmp_path, units=AREAS, load=TWO, interfaces=LINKS + "L,A,B,4,,0.1\n")
    assert found.load.areas == found.system.areas == ("A", "B")
    (link,) = found.system.interfaces
    assert link.backward_mw.tolist() == [4]
    assert link.outage_rate == 0.1
    assert [group.area for group in found.system.groups] == ["A", "B"]


def test_region_is_another_word_for_area(tmp_path):
    found = read(tmp_path, units=AREAS.replace("area", "Region"), load=TWO)
    assert found.system.groups[0].area == "A"


@pytest.mark.parametrize(
    ("links", "units", "words"),
    [
        ("L,A,C,4,4,0\n", AREAS, "the load has no such area"),
        ("L,A,A,4,4,0\n", AREAS, "begins and ends in the same area"),
        ("L,A,B,-4,4,0\n", AREAS, "at least 0"),
        ("L,A,B,4,4,2\n", AREAS, "at most 1"),
        ("L,A,B,4,4,0\n", AREAS.replace(",B\n", ",Bb\n"), "the load has no such area"),
        ("L,A,B,4,4,0\n", AREAS.replace(",B\n", ",\n"), "no area is named"),
    ],
)
def test_areas_that_cannot_be(tmp_path, links, units, words):
    assert words in one(tmp_path, units=units, load=TWO, interfaces=LINKS + links)


def test_units_in_areas_that_the_load_does_not_have(tmp_path):
    assert "the load has no such area" in one(
        tmp_path, units=AREAS.replace(",B\n", ",C\n"), load=TWO
    )


def test_availability_by_hour(tmp_path):
    shares = "hour,A\n" + "".join(f"{h},{0.5 if h < 6 else 1}\n" for h in range(24))
    (group,) = read(tmp_path, availability=shares).system.groups
    assert group.capacity_mw[[5, 6]].tolist() == [25, 50]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hour,A\n" + "".join(f"{h},1.2\n" for h in range(1)), "0 to 1"),
        ("hour,A\n0,1\n1,1\n", "not those of the load"),
        ("hour,Z\n" + "".join(f"{h},1\n" for h in range(24)), "no such unit"),
    ],
)
def test_availability_that_cannot_be(tmp_path, text, words):
    assert words in one(tmp_path, availability=text)


CAUSES = "event,probability,unit,count\n"


def test_common_causes(tmp_path):
    found = read(tmp_path, common_causes=CAUSES + "storm,0.1,A,1\n").system.common_causes
    assert [(c.id, c.probability, c.lost) for c in found] == [("storm", 0.1, {"A": 1})]
    found = read(tmp_path, common_causes=CAUSES + "storm,0.1,A,\n").system.common_causes
    assert found[0].lost == {"A": 2}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("storm,1.1,A,1\n", "at most 1"),
        ("storm,0.1,Z,1\n", "is not in generating units"),
        ("storm,0.1,A,3\n", "more units than the 2"),
    ],
)
def test_common_causes_that_cannot_be(tmp_path, rows, words):
    assert words in one(tmp_path, common_causes=CAUSES + rows)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="unithor,load_mw\n0123456789.-;\"'eNaN \t", max_size=120))
def test_any_text_is_read_or_refused(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("any")
    files = write(folder, units="unit,capacity_mw,for\n" + text, load="hour,load_mw\n" + text)
    with suppress(InputError):
        assert read_system(files, zone=UTC).load.hours > 0
