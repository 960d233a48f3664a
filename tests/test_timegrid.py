import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.timegrid import TimeGrid, merge_intervals, parse_timestamp

KYIV = ZoneInfo("Europe/Kyiv")


def grid_of(year, month, day, hours):
    return TimeGrid(datetime(year, month, day, tzinfo=UTC), hours, KYIV)


def test_a_local_day_has_23_24_or_25_hours():
    march = TimeGrid(datetime(2026, 3, 28, 22, tzinfo=UTC), 23 + 24, KYIV)
    assert [list(march.day_index).count(day) for day in range(2)] == [23, 24]
    october = TimeGrid(datetime(2026, 10, 24, 21, tzinfo=UTC), 25 + 24, KYIV)
    assert [list(october.day_index).count(day) for day in range(2)] == [25, 24]


def test_months_are_local():
    grid = grid_of(2026, 12, 31, 24)
    assert grid.months == ("2026-12", "2027-01")
    assert list(grid.month_index).count(1) == 2
    assert grid.end - grid.start == timedelta(days=1)
    assert str(grid.utc[-1]) == "2026-12-31T23"


@pytest.mark.parametrize(
    ("start", "hours", "match"),
    [
        (datetime(2026, 1, 1), 1, "aware UTC"),  # noqa: DTZ001
        (datetime(2026, 1, 1, tzinfo=KYIV), 1, "aware UTC"),
        (datetime(2026, 1, 1, 0, 30, tzinfo=UTC), 1, "on the hour"),
        (datetime(2026, 1, 1, tzinfo=UTC), -1, "negative"),
    ],
)
def test_a_grid_off_the_hour_or_off_utc_is_refused(start, hours, match):
    with pytest.raises(ValueError, match=match):
        TimeGrid(start, hours, KYIV)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-12T08:00", datetime(2027, 1, 12, 6, tzinfo=UTC)),
        ("2027-01-12T08:00Z", datetime(2027, 1, 12, 8, tzinfo=UTC)),
        ("2027-07-12 08:00:00+03:00", datetime(2027, 7, 12, 5, tzinfo=UTC)),
        ("03.02.2027 10:30", datetime(2027, 2, 3, 8, 30, tzinfo=UTC)),
        ("03.02.2027", datetime(2027, 2, 2, 22, tzinfo=UTC)),
    ],
)
def test_timestamps_are_iso_or_day_first(text, expected):
    assert parse_timestamp(text, zone=KYIV) == expected


@pytest.mark.parametrize("text", ["02/03/2027", "tomorrow", "", "2027-13-01", "31.02.2027"])
def test_other_timestamps_are_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_timestamp(text, zone=KYIV)


def test_a_skipped_local_time_is_refused():
    with pytest.raises(ValueError, match="skips"):
        parse_timestamp("2026-03-29T03:30", zone=KYIV)


MOMENTS = st.integers(0, 50).map(lambda h: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=h))


@given(st.lists(st.tuples(MOMENTS, MOMENTS)))
def test_merged_intervals_cover_the_same_hours_and_do_not_touch(intervals):
    def covered(pairs):
        return {
            start + timedelta(hours=h)
            for start, end in pairs
            for h in range(max(0, int((end - start) / timedelta(hours=1))))
        }

    merged = merge_intervals(intervals)
    assert covered(merged) == covered(intervals)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(merged))
