from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import pytest

from gridtool.cli.state import read_state, resolve_as_of, resolve_zone
from gridtool.network.catalog import load_network


@pytest.fixture(scope="module")
def toy(root):
    return load_network(root / "networks" / "toy3")


@pytest.fixture
def reports(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(
        "report_id,source,asset,state,occurred_at,reported_at\n"
        "1,EOC,L-AB,complete,2027-01-12T03:00,2027-01-12T05:00\n"
        "2,EOC,L-AC,complete,2027-01-13T03:00,2027-01-13T05:00\n"
    )
    return path


def read(network, *damage, **changes):
    options = {"as_of": None, "tz": None, "quarantine": False} | changes
    return read_state(network, damage=damage, **options)


def test_the_latest_report_is_the_default_time(toy, reports):
    found = read(toy, reports)
    assert found.state.as_of == datetime(2027, 1, 13, 3, tzinfo=UTC)
    assert set(found.state.damage) == {"L-AB", "L-AC"}
    assert found.zone == ZoneInfo("Europe/Kyiv")


def test_an_earlier_time_knows_less(toy, reports):
    found = read(toy, reports, as_of="2027-01-12T08:00")
    assert set(found.state.damage) == {"L-AB"}
    assert set(read(toy, reports, as_of="2027-01-12T04:00").state.damage) == set()


def test_the_zone_of_the_command_line_reads_the_times(toy, reports):
    found = read(toy, reports, tz="UTC")
    assert found.state.as_of == datetime(2027, 1, 13, 5, tzinfo=UTC)


def test_without_reports_it_is_this_hour(toy):
    found = read(toy)
    assert abs((datetime.now(UTC) - found.state.as_of).total_seconds()) <= 3600
    assert found.state.damage == {}


def test_rows_set_aside_are_warnings(toy, reports):
    reports.write_text(reports.read_text().replace("L-AC", "L-XX"))
    found = read(toy, reports, quarantine=True)
    assert set(found.state.damage) == {"L-AB"}
    assert any("L-XX" in str(warning) for warning in found.warnings)


def test_words_that_are_no_zone_or_time_are_usage_errors(toy):
    with pytest.raises(click.BadParameter, match="'Kyiw' is not a time zone"):
        resolve_zone("Kyiw", toy)
    with pytest.raises(click.BadParameter, match="neither ISO 8601"):
        resolve_as_of("yesterday", ZoneInfo("UTC"))
    assert resolve_as_of(None, ZoneInfo("UTC")) is None
