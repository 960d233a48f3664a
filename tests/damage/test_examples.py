"""The reports shipped with rivercity: every rule of the ledger occurs, and they cost enough."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gridtool.damage.ledger import DamageLedger
from gridtool.damage.read import read_reports
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.catalog import load_network

MORNING = datetime(2027, 1, 12, 6, tzinfo=UTC)
EVENING = datetime(2027, 1, 12, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def city():
    return load_network("rivercity")


@pytest.fixture(scope="module")
def batch(city, root):
    folder = root / "networks" / "rivercity" / "damage"
    return read_reports([folder], city, zone=city.manifest.zone)


def test_all_files_are_read_without_a_warning_in_several_styles(batch):
    assert batch.warnings == ()
    assert batch.rejected == ()
    assert batch.read >= 25
    forms = {file.form for file in batch.files}
    assert {"CSV (comma), utf-8", "CSV (semicolon), utf-8-sig", "CSV (semicolon), cp1251"} <= forms


def test_every_rule_of_the_ledger_occurs(batch, city):
    state = DamageLedger(batch.reports).as_of(EVENING, city)
    rules = {conflict.rule for conflict in state.conflicts}
    assert rules == {"duplicate", "revised", "superseded", "contradiction", "late"}
    kinds = {entry.kind for entry in state.damage.values()}
    assert {"substation", "transformer", "line", "unit", "bay", "busbar", "feeder"} <= kinds


def test_what_came_late_was_not_known_in_the_morning(batch, city):
    ledger = DamageLedger(batch.reports)
    morning, evening = ledger.as_of(MORNING, city), ledger.as_of(EVENING, city)
    assert set(evening.damage) - set(morning.damage) == {"SS-10/F02", "SS-36/F04"}
    assert morning.damage["SP-3/T2"].state == "extensive"
    assert evening.damage["SP-3/T2"].state == "complete"


def test_the_morning_leaves_a_fifth_to_a_third_of_the_peak_unserved(batch, city):
    state = DamageLedger(batch.reports).as_of(MORNING, city)
    served = Dispatcher(compile_case(city)).served_mw(state.capacity_share)
    assert 0.20 < 1 - served / city.peak_mw < 0.35
