"""Hurricane Sandy in New York, 2012: real damage, a real restoration, no flags in the data.

What is known of it: about a quarter of the city's customers were out on 30 October; the
substation at East 14th Street (some 230,000 customers) came back on the evening of 2 November.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.censored.steps import find_restoration_steps
from gridtool.forecast.demand.censored.unconstrain import unconstrain
from gridtool.forecast.demand.model import DemandEvent, SpecialDays
from gridtool.forecast.demand.rungs import FULL
from gridtool.forecast.history.read import read_history

pytestmark = pytest.mark.reference
NEW_YORK = ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)
OUTAGE = DemandEvent(
    kind="outage",
    start=datetime(2012, 10, 29, 4, tzinfo=UTC),
    end=datetime(2012, 11, 12, 5, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def history(reference):
    path = reference / "load" / "nyc_city_hourly_2012_2017.csv.gz"
    return read_history(path, zone=NEW_YORK)


def estimate(history, *events):
    calendar = make_calendar(history.start, history.hours, zone=history.zone)
    return unconstrain(
        history, calendar=calendar, terms=FULL.terms, special_days=SpecialDays(), events=events
    )


@pytest.fixture(scope="module")
def unflagged(history):
    return estimate(history)


def unserved_on(history, found, day):
    first = int((datetime(*day, tzinfo=NEW_YORK).astimezone(UTC) - history.start) / HOUR)
    hours = slice(first, first + 24)
    gap = found.load_mw[hours] - history.load_mw[hours]
    return 100 * np.nansum(gap) / np.nansum(found.load_mw[hours])


def test_the_unserved_share_without_any_flag(history, unflagged):
    assert 30 < unserved_on(history, unflagged, (2012, 10, 30)) < 40
    assert 15 < unserved_on(history, unflagged, (2012, 11, 2)) < 24
    assert 4 < unserved_on(history, unflagged, (2012, 11, 3)) < 12
    assert unserved_on(history, unflagged, (2012, 11, 7)) < 4


def test_nothing_else_in_the_history_is_taken_as_short(history, unflagged):
    """Feasts are not, though they lie as low as 17 % below the model."""
    hours = np.flatnonzero(unflagged.guessed)
    first, last = (history.start + int(hour) * HOUR for hour in (hours[0], hours[-1]))
    assert date(2012, 10, 27) <= first.astimezone(NEW_YORK).date()
    assert last.astimezone(NEW_YORK).date() <= date(2012, 11, 12)
    assert unflagged.breaks == ()
    assert unflagged.level_sd < 0.002


def test_the_substation_s_return_is_found(history, unflagged):
    steps = find_restoration_steps(history, unflagged)
    largest = max(steps, key=lambda step: step.size)
    at = largest.at.astimezone(NEW_YORK)
    assert datetime(2012, 11, 2, 15, tzinfo=NEW_YORK) <= at
    assert at <= datetime(2012, 11, 3, 9, tzinfo=NEW_YORK)
    assert 0.08 < largest.size < 0.15
    assert largest.size > 3 * largest.error
    damage = max(find_restoration_steps(history, unflagged, rises=True), key=lambda s: -s.size)
    assert damage.at.astimezone(NEW_YORK).date() == date(2012, 10, 29)


def test_the_energy_of_the_stated_outage(history):
    """199 GWh, as the research for this model found by masking the same days."""
    found = estimate(history, OUTAGE)
    inside = found.guessed
    total = np.nansum((found.load_mw - history.load_mw)[inside]) / 1e3
    assert total == pytest.approx(199, rel=0.1)
    assert inside.sum() == 14 * 24 + 1  # the clock goes back on 4 November


def test_a_history_without_sandy_has_nothing_short(history):
    first = int((datetime(2013, 1, 1, 5, tzinfo=UTC) - history.start) / HOUR)
    later = replace(
        history,
        start=history.start + first * HOUR,
        load_mw=history.load_mw[first:],
        temp_c=history.temp_c[first:],
    )
    found = estimate(later)
    assert not found.guessed.any()
    assert found.breaks == ()
    assert found.notes == ()
    np.testing.assert_array_equal(found.load_mw, later.load_mw)


def test_victoria_has_nothing_short(reference):
    history = read_history(
        reference / "load" / "vic_elec_halfhourly_2012_2014.csv.gz",
        zone=ZoneInfo("Australia/Melbourne"),
    )
    found = estimate(history)
    assert not found.guessed.any()
    assert found.breaks == ()
