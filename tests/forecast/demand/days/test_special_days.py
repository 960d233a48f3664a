"""The user's special days: read, merged with a library's, settled on what a history can teach."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.errors import HistoryError
from gridtool.forecast.demand.days.special_days import read_special_days, settle_kinds
from gridtool.forecast.demand.model import HOLIDAY, SpecialDays, SpecialPeriod

EPOCH = date(1970, 1, 1)


def number(day):
    return (day - EPOCH).days


def read(tmp_path, text):
    path = tmp_path / "days.csv"
    path.write_text(text, encoding="utf-8")
    return read_special_days(path)


def test_dates_alone_are_holidays(tmp_path):
    days = read(tmp_path, "date,name\n2027-01-01,New Year\n07.01.2027,\n")
    assert days == SpecialDays(
        kind_of={date(2027, 1, 1): HOLIDAY, date(2027, 1, 7): HOLIDAY},
        names={date(2027, 1, 1): "New Year"},
    )


def test_kinds_periods_and_days_like_another(tmp_path):
    days = read(
        tmp_path,
        "date;from;to;kind;like\n"
        "2027-05-08;;;;monday\n"  # a Saturday worked
        ";2027-07-01;2027-08-31;School;\n"
        ";2027-12-30;2027-12-31;;\n"
        "2027-03-08;;;ordinary;\n"  # a Monday
        "2027-04-01;;;strike;Sun\n",
    )
    assert days.like == {date(2027, 5, 8): 0, date(2027, 3, 8): 0, date(2027, 4, 1): 6}
    assert days.periods == (
        SpecialPeriod(kind="school", first=date(2027, 7, 1), last=date(2027, 8, 31)),
    )
    assert days.kind_of == {
        date(2027, 12, 30): HOLIDAY,
        date(2027, 12, 31): HOLIDAY,
        date(2027, 4, 1): "strike",
    }
    assert days.kinds == ("holiday", "school", "strike")
    assert len(days.numbers("school")) == 62


def test_a_listed_day_overrules_the_period_around_it(tmp_path):
    text = "date,from,to,kind\n,2027-01-01,2027-01-09,\n2027-01-04,,,ordinary\n"
    days = read(tmp_path, text)
    assert len(days.kind_of) == 8
    assert days.like == {date(2027, 1, 4): 0}


def test_every_cell_that_cannot_be_used_is_named(tmp_path):
    text = (
        "date,from,to,kind,like\n"
        "2027-02-30,,,,\n"  # 2 no such day
        ",,,,\n"  # 3 is blank: skipped
        ",2027-03-01,,school,\n"  # 4 no end
        ",2027-03-09,2027-03-01,school,\n"  # 5 backwards
        "2027-04-01,2027-04-01,2027-04-02,,\n"  # 6 both
        "2027-05-01,,,,mondag\n"  # 7 no weekday
        "2027-05-02,,,ordinary,monday\n"  # 8 contradicts itself
        f"2027-05-03,,,{'x' * 41},\n"  # 9 long
        "2027-06-01,,,a,\n"
        "2027-06-01,,,b,\n"  # 11 twice
        ",1990-01-01,2027-01-01,school,\n"  # 12 long
        ",,,school,\n"  # 13 nothing
    )
    with pytest.raises(HistoryError) as caught:
        read(tmp_path, text)
    issues = {issue.row: issue for issue in caught.value.issues}
    assert sorted(issues) == [2, 4, 5, 6, 7, 8, 9, 11, 12, 13]
    assert issues[7].hint == "did you mean 'monday'?"
    assert issues[4].field == "to"
    assert "twice" in issues[11].message
    with pytest.raises(HistoryError, match="no column date"):
        read(tmp_path, "day,name\n2027-01-01,x\n")


def test_the_users_day_wins_over_the_librarys():
    library = SpecialDays(
        kind_of={date(2027, 1, 1): HOLIDAY, date(2027, 3, 8): HOLIDAY, date(2027, 5, 1): HOLIDAY},
        names={date(2027, 1, 1): "New Year", date(2027, 3, 8): "Women's Day"},
        notes=("few days",),
    )
    user = SpecialDays(
        kind_of={date(2027, 5, 1): "parade"},
        like={date(2027, 3, 8): 0},
        periods=(SpecialPeriod(kind="school", first=date(2027, 1, 1), last=date(2027, 1, 9)),),
    )
    both = library.overruled_by(user)
    assert both.kind_of == {date(2027, 1, 1): HOLIDAY, date(2027, 5, 1): "parade"}
    assert both.like == {date(2027, 3, 8): 0}
    assert both.names == {date(2027, 1, 1): "New Year"}
    assert both.periods == user.periods
    assert both.notes == ("few days",)
    assert number(date(2027, 1, 1)) in both.numbers(HOLIDAY)
    assert number(date(2027, 1, 1)) in both.numbers("school")


DATES = st.dates(date(2020, 1, 1), date(2020, 2, 20))
LISTS = st.builds(
    SpecialDays,
    kind_of=st.dictionaries(DATES, st.sampled_from(["holiday", "school", "strike"])),
    like=st.dictionaries(DATES, st.integers(0, 6)),
)


@given(first=LISTS, second=LISTS)
def test_what_the_second_says_holds_and_the_first_keeps_the_rest(first, second):
    both = first.overruled_by(second)
    said = {*second.kind_of, *second.like}
    for day in {*first.kind_of, *first.like, *said}:
        owner = second if day in said else first
        assert both.kind_of.get(day) == owner.kind_of.get(day)
        assert both.like.get(day) == owner.like.get(day)
    assert first.overruled_by(first) == first


@given(days=LISTS)
def test_only_days_said_to_resemble_another_do(days):
    numbers = np.arange(number(date(2020, 1, 1)), number(date(2020, 2, 29))).repeat(3)
    own = (numbers + 3) % 7  # 1970-01-01 was a Thursday
    taken = days.resembled(own, day=numbers)
    for day, weekday in zip(numbers, taken, strict=True):
        date_ = EPOCH + timedelta(days=int(day))
        assert weekday == days.like.get(date_, date_.weekday())


def known_days(first, count):
    return number(first) + np.arange(count)


def test_kinds_that_the_history_can_teach_stay():
    days = SpecialDays(
        kind_of={date(2026, 1, d): "strike" for d in (1, 2, 3, 4)}
        | {date(2026, 2, d): HOLIDAY for d in (1, 2, 3)},
        periods=(SpecialPeriod(kind="school", first=date(2026, 3, 1), last=date(2026, 3, 20)),),
    )
    assert settle_kinds(days, known=known_days(date(2026, 1, 1), 200)) == days


def test_a_kind_seldom_seen_takes_the_effect_of_holidays():
    days = SpecialDays(
        kind_of={date(2026, 1, d): HOLIDAY for d in (1, 2, 3)}
        | {date(2026, 1, 20): "strike", date(2027, 1, 20): "strike"}
    )
    settled = settle_kinds(days, known=known_days(date(2026, 1, 1), 200))
    assert set(settled.kind_of) == set(days.kind_of)
    assert set(settled.kind_of.values()) == {HOLIDAY}
    assert "'strike' are taken for holidays: the history holds 1" in settled.notes[0]


def test_too_few_holidays_are_taken_for_sundays_unless_the_user_says_what_they_resemble():
    days = SpecialDays(
        kind_of={date(2026, 1, 1): HOLIDAY, date(2027, 1, 1): HOLIDAY, date(2027, 1, 2): "x"},
        like={date(2027, 1, 1): 5},
        notes=("earlier",),
    )
    settled = settle_kinds(days, known=known_days(date(2026, 1, 1), 200))
    assert settled.kind_of == {}
    assert settled.like == {date(2026, 1, 1): 6, date(2027, 1, 2): 6, date(2027, 1, 1): 5}
    assert settled.notes[0] == "earlier"
    assert any("taken for Sundays" in note for note in settled.notes)


@pytest.mark.parametrize(
    ("first", "last", "where"),
    [
        (date(2026, 12, 1), date(2027, 3, 1), "0 days inside"),
        (date(2025, 1, 1), date(2027, 1, 1), "0 days outside"),
    ],
)
def test_a_period_that_the_history_cannot_tell_apart_has_no_effect(first, last, where):
    days = SpecialDays(periods=(SpecialPeriod(kind="curfew", first=first, last=last),))
    settled = settle_kinds(days, known=known_days(date(2026, 1, 1), 200))
    assert settled.kinds == ()
    assert where in settled.notes[0]
