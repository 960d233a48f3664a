"""Histories whose rows say since when they are known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.errors import HistoryError
from gridtool.forecast.history.columns import find_columns
from gridtool.forecast.history.read import examine_history, read_demand_history, read_history

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def text_of(moment):
    return f"{moment:%Y-%m-%dT%H:%MZ}"


@pytest.fixture
def write(tmp_path):
    def write_rows(rows, header="timestamp_utc,load_mw,available_at"):
        path = tmp_path / "mine.csv"
        path.write_text(header + "\n" + "".join(f"{row}\n" for row in rows))
        return path

    return write_rows


def metered(hours, *, delay=HOUR, level=500.0):
    """Rows that are known ``delay`` after their hour is over."""
    hour = [START + k * HOUR for k in range(hours)]
    return [
        f"{text_of(moment)},{level + 7 * (k % 24)},{text_of(moment + HOUR + delay)}"
        for k, moment in enumerate(hour)
    ]


def test_rows_of_later_are_left_out(write):
    """Metered values come two days late: two days before the time they are all there is."""
    path = write(metered(240, delay=timedelta(days=2)))
    at = START + timedelta(days=8)
    history = read_history(path, zone=KYIV, known_at=at)
    assert history.end == at - timedelta(days=2)
    assert read_history(path, zone=KYIV).hours == 240
    assert dict(examine_history(path, zone=KYIV, known_at=at).understood)["known"] == (
        "96 of 240 rows were not available yet, left out"
    )


def test_the_latest_revision_known_then_counts(write):
    """A first estimate of hour 30, revised on the next day and again a week later."""
    hour = START + 30 * HOUR
    revisions = [
        f"{text_of(hour)},610,{text_of(START + timedelta(days=9))}",
        f"{text_of(hour)},555,{text_of(START + timedelta(days=2, hours=12))}",
    ]
    path = write([*revisions, *metered(240)])

    def load(at):
        return read_history(path, zone=KYIV, known_at=at).load_mw[30]

    assert load(START + timedelta(days=2)) == 500 + 7 * 6
    assert load(START + timedelta(days=2, hours=12)) == 555
    assert load(START + timedelta(days=8)) == 555
    assert load(START + timedelta(days=10)) == 610
    assert read_history(path, zone=KYIV).load_mw[30] == 610
    assert read_history(path, zone=KYIV).warnings == ()


def test_a_revision_that_leaves_a_value_open_does_not_take_it_back(write):
    rows = metered(72)
    rows.append(f"{text_of(START + 5 * HOUR)},,{text_of(START + timedelta(days=3))}")
    history = read_history(write(rows), zone=KYIV)
    assert history.load_mw[5] == 500 + 35


def test_two_demands_of_one_time_known_since_the_same_are_both_left_out(write):
    rows = metered(72)
    moment = START + 5 * HOUR
    rows.append(f"{text_of(moment)},900,{text_of(moment + 2 * HOUR)}")
    examined = examine_history(write(rows), zone=KYIV)
    assert np.isnan(examined.history.load_mw[5])
    assert any("come twice" in str(issue) for issue in examined.issues)


def test_a_time_without_offset_is_local_and_the_later_of_two(write):
    """03:30 on 25 October 2026 comes twice in Kyiv: at 00:30 and 01:30 UTC."""
    night = datetime(2026, 10, 24, tzinfo=UTC)
    rows = [f"{text_of(night + k * HOUR)},{500 + 3 * k},2026-10-25T03:30" for k in range(24)]
    path = write([*rows, f"{text_of(night + 24 * HOUR)},600,2026-10-25T12:00"])
    with pytest.raises(HistoryError, match=r"first was at 2026-10-25 01:30 UTC"):
        read_history(path, zone=KYIV, known_at=datetime(2026, 10, 25, 1, tzinfo=UTC))
    known = read_history(path, zone=KYIV, known_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert known.hours == 24


def test_a_name_may_say_utc(write):
    rows = [row.replace("Z", "") for row in metered(48)]
    path = write(rows, header="timestamp_utc,load_mw,available_at_utc")
    at = START + 24 * HOUR
    assert read_history(path, zone=KYIV, known_at=at).end == START + 23 * HOUR


def test_an_empty_cell_is_refused(write):
    rows = metered(48)
    rows[10] = rows[10].rpartition(",")[0] + ","
    with pytest.raises(HistoryError, match=r"mine\.csv, row 12, available_at"):
        read_history(write(rows), zone=KYIV)


def test_days_are_revised_as_hours_are(write):
    days = [f"2026-0{1 + k // 28}-{1 + k % 28:02d},{12000 + k},2026-06-01" for k in range(56)]
    path = write([*days, "2026-01-03,15000,2026-07-01"], header="date,energy_mwh,available_at")
    july = read_demand_history(path, zone=KYIV, known_at=datetime(2026, 7, 2, tzinfo=UTC))
    june = read_demand_history(path, zone=KYIV, known_at=datetime(2026, 6, 2, tzinfo=UTC))
    assert (june.energy_mwh[2], july.energy_mwh[2]) == (12002, 15000)


def test_a_column_can_be_named(write):
    path = write(metered(48), header="timestamp_utc,load_mw,seen")
    at = START + 24 * HOUR
    columns = {"available_at": "seen"}
    assert read_history(path, zone=KYIV, columns=columns, known_at=at).end == START + 23 * HOUR
    assert read_history(path, zone=KYIV, known_at=at).hours == 24, "known once it is over"


def test_two_such_columns_are_refused():
    header = ("timestamp", "load_mw", "available_at", "available_at_utc")
    match, issues = find_columns(header, named={}, file="x.csv")
    assert match is None
    assert "several columns could be the available" in str(issues[0])


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_what_is_known_never_depends_on_what_comes_later(tmp_path_factory, data):
    """Cut by hand at a time, the file gives the history that is known then."""
    delays = data.draw(st.lists(st.integers(0, 60), min_size=72, max_size=72))
    extra = data.draw(
        st.lists(st.tuples(st.integers(0, 71), st.integers(1, 200)), max_size=12, unique=True)
    )
    rows = [(k, 500.0 + 3 * (k % 24), k + 1 + delay) for k, delay in enumerate(delays)]
    rows += [(k, 800.0 + since + k / 100, since) for k, since in extra]
    at = data.draw(st.integers(30, 200))
    folder = tmp_path_factory.mktemp("known")

    def read(chosen, **known):
        path = folder / "mine.csv"
        lines = [
            f"{text_of(START + k * HOUR)},{load},{text_of(START + since * HOUR)}"
            for k, load, since in chosen
        ]
        path.write_text("timestamp_utc,load_mw,available_at\n" + "\n".join(lines) + "\n")
        try:
            return read_history(path, zone=KYIV, **known)
        except HistoryError as error:
            return type(error)

    whole = read(rows, known_at=START + at * HOUR)
    cut = read([row for row in rows if row[2] <= at])
    if isinstance(whole, type) or isinstance(cut, type):
        assert whole is cut
        return
    assert whole.start == cut.start
    np.testing.assert_array_equal(whole.load_mw, cut.load_mw)


def test_later_hours_do_not_tell_what_was_wrong_before_them(write):
    """A dip is one if demand recovers after it: at its last hour nobody knows."""
    loads = [500.0 + 40 * np.sin(k / 3.8) + k % 5 for k in range(24 * 30)]
    for k in (700, 701):
        loads[k] = 100.0
    rows = [f"{text_of(START + k * HOUR)},{load:.3f}" for k, load in enumerate(loads)]
    at = START + 702 * HOUR
    whole = read_history(write(rows, header="timestamp_utc,load_mw"), zone=KYIV, known_at=at)
    cut = read_history(write(rows[:702], header="timestamp_utc,load_mw"), zone=KYIV)
    later = read_history(write(rows, header="timestamp_utc,load_mw"), zone=KYIV).until(at)
    np.testing.assert_array_equal(whole.load_mw, cut.load_mw)
    assert (whole.short is None) == (cut.short is None)
    assert whole.findings == cut.findings
    assert later.findings != cut.findings, "read whole and cut afterwards, it knows more"
