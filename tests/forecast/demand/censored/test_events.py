"""The planner's events: read from CSV, and as factors on the months ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.errors import HistoryError
from gridtool.forecast.demand.censored.read_events import read_events
from gridtool.forecast.demand.censored.rebound import rebound_factor, stated_level
from gridtool.forecast.demand.model import DemandEvent
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
NOON = datetime(2027, 1, 10, 12, tzinfo=UTC)


def write(folder, *rows):
    path = folder / "events.csv"
    path.write_text("\n".join(["kind,from,to,change_pct,note", *rows]) + "\n")
    return path


def test_events_are_read_in_order_with_local_times(tmp_path):
    path = write(
        tmp_path,
        "rebound,2026-11-25 06:00,2026-11-25 18:00,25,cold homes",
        "outage,2026-11-23 14:10,2026-11-25 06:00,,SS-07",
        "level,2022-02-24,,-25,people left",
        "level,01.10.2026,,,gensets",
    )
    first, second, outage, rebound = read_events(path, zone=KYIV)
    assert first == DemandEvent(
        kind="level",
        start=datetime(2022, 2, 23, 22, tzinfo=UTC),
        change=-0.25,
        note="people left",
    )
    assert (second.start, second.change) == (datetime(2026, 9, 30, 21, tzinfo=UTC), None)
    assert outage.start == datetime(2026, 11, 23, 12, 10, tzinfo=UTC)
    assert outage.end == datetime(2026, 11, 25, 4, tzinfo=UTC)
    assert (rebound.kind, rebound.change) == ("rebound", 0.25)


def test_a_last_day_counts_whole_also_where_the_clock_moves(tmp_path):
    path = write(tmp_path, "outage,2026-10-24,2026-10-25,,", "outage,2026-03-29,2026-03-29,,")
    spring, autumn = read_events(path, zone=KYIV)
    assert autumn.end - autumn.start == timedelta(hours=24 + 25)
    assert spring.end - spring.start == timedelta(hours=23)


def test_all_findings_are_told_at_once(tmp_path):
    path = write(
        tmp_path,
        "outtage,2026-11-23,2026-11-25,,",
        "outage,2026-11-23,,,",
        "outage,2026-11-23,2026-11-24,-30,",
        "outage,2026-11-23 10:00,2026-11-23 09:00,,",
        "level,2026-11-23,2026-12-01,-10,",
        "level,soon,,-100,",
        "level,2027-01-01,,-5,",
        "level,2027-01-01,,,",
        "rebound,2026-11-23,2026-11-24,,",
    )
    with pytest.raises(HistoryError) as found:
        read_events(path, zone=KYIV)
    places = [(issue.row, issue.field) for issue in found.value.issues]
    assert places == [
        (2, "kind"),
        (3, "to"),
        (4, "change_pct"),
        (5, "to"),
        (6, "to"),
        (7, "from"),
        (7, "change_pct"),
        (10, "change_pct"),
        (9, "from"),
    ]
    assert "outage" in str(found.value.issues[0].hint)


def test_missing_and_unknown_columns(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("kind,form\noutage,2026-11-23\n")
    with pytest.raises(HistoryError) as found:
        read_events(path, zone=KYIV)
    assert {issue.field for issue in found.value.issues if issue.row == 1} == {"form", "from"}


def test_a_rebound_fades_evenly():
    """Of 40 % over four hours from half past: by hand, area of the triangle by hour."""
    half = NOON + timedelta(minutes=30)
    event = DemandEvent(kind="rebound", start=half, end=half + timedelta(hours=4), change=0.4)
    factor = rebound_factor((event,), TimeGrid(NOON, 6, KYIV))
    height = np.array([0.4, 0.35, 0.25, 0.15, 0.05, 0.0])  # at the ends of the hours' parts
    areas = [
        0.5 * (height[0] + height[1]) / 2,
        (height[1] + height[2]) / 2,
        (height[2] + height[3]) / 2,
        (height[3] + height[4]) / 2,
        0.5 * (height[4] + 0) / 2,
        0.0,
    ]
    np.testing.assert_allclose(factor - 1, areas)
    assert (factor - 1).sum() == pytest.approx(0.4 * 4 / 2)


@given(
    shift=st.floats(-50, 50),
    length=st.floats(0.1, 60),
    change=st.floats(0.01, 2),
)
def test_a_rebound_within_the_grid_keeps_its_area(shift, length, change):
    start = NOON + timedelta(hours=60 + shift)
    event = DemandEvent(
        kind="rebound", start=start, end=start + timedelta(hours=length), change=change
    )
    factor = rebound_factor((event,), TimeGrid(NOON, 200, KYIV))
    assert (factor - 1).sum() == pytest.approx(change * length / 2, rel=1e-5)
    assert (factor >= 1 - 1e-12).all()


def test_levels_ahead_multiply_and_those_of_the_past_do_not_count():
    grid = TimeGrid(NOON, 6, KYIV)
    events = (
        DemandEvent(kind="level", start=NOON - timedelta(days=9), change=-0.5),
        DemandEvent(kind="level", start=NOON + timedelta(hours=2), change=-0.2),
        DemandEvent(kind="level", start=NOON + timedelta(hours=4, minutes=30), change=0.1),
    )
    factor = stated_level(events, NOON, grid)
    np.testing.assert_allclose(factor, [1, 1, 0.8, 0.8, 0.8 * 1.05, 0.8 * 1.1])


def test_a_level_ahead_of_unknown_size_is_refused():
    events = (DemandEvent(kind="level", start=NOON + timedelta(hours=2)),)
    with pytest.raises(HistoryError, match="unknown amount"):
        stated_level(events, NOON, TimeGrid(NOON, 6, KYIV))
