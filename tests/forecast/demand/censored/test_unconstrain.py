"""Histories with short hours, made so that the truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy.stats import truncnorm

from gridtool.errors import HistoryError
from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.censored import unconstrain as module
from gridtool.forecast.demand.censored.known import take_known
from gridtool.forecast.demand.censored.level import week_values
from gridtool.forecast.demand.censored.steps import find_restoration_steps, unserved_share
from gridtool.forecast.demand.censored.unconstrain import unconstrain
from gridtool.forecast.demand.model import DemandEvent, SpecialDays
from gridtool.forecast.demand.rungs import FULL
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.forecast.history.read import read_history

KYIV = ZoneInfo("Europe/Kyiv")
START, END = datetime(2023, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRST = 12_000
"""An hour in May 2024."""


@pytest.fixture(scope="module")
def clean():
    load, temp = make_history(start=START, end=END, special_days=(), seed=5)
    return History(start=START, load_mw=load, temp_c=temp, zone=KYIV)


def estimate(history, *events, terms=FULL.terms):
    calendar = make_calendar(history.start, history.hours, zone=history.zone)
    return unconstrain(
        history, calendar=calendar, terms=terms, special_days=SpecialDays(), events=events
    )


def flags(history, hours):
    short = np.zeros(history.hours, dtype=bool)
    short[hours] = True
    return short


def test_a_clean_history_stays_as_it_is_and_costs_one_fit(clean, monkeypatch):
    fits = []

    def count(*args, **kwargs):
        fits.append(1)
        return fit(*args, **kwargs)

    fit = module.fit_base
    monkeypatch.setattr(module, "fit_base", count)
    found = estimate(clean)
    np.testing.assert_array_equal(found.load_mw, clean.load_mw)
    assert not found.guessed.any()
    assert not found.measured.any()
    assert (found.breaks, found.level_sd, found.notes) == ((), 0.0, ())
    assert len(fits) == 1


def test_the_shipped_history_has_nothing_short(root):
    path = root / "forecasts" / "history" / "rivercity_hourly.csv.gz"
    found = estimate(read_history(path, zone=KYIV))
    assert not found.guessed.any()
    assert found.breaks == ()


def test_measured_shed_load_is_added(clean):
    shed = np.zeros(clean.hours)
    shed[FIRST : FIRST + 30] = 120.0
    shed[5] = np.nan
    served = replace(clean, load_mw=clean.load_mw - np.nan_to_num(shed), shed_mw=shed)
    short = flags(clean, slice(FIRST, FIRST + 30))
    for history in (served, replace(served, short=short)):
        found = estimate(history)
        np.testing.assert_allclose(found.load_mw, clean.load_mw)
        np.testing.assert_array_equal(found.measured, short)
        assert not found.guessed.any()
        assert "3.6 GWh added" in found.notes[0]


def test_hours_of_an_outage_log_are_guessed_and_no_others(clean):
    hours = slice(FIRST, FIRST + 200)
    load = clean.load_mw.copy()
    load[hours] *= 0.5
    found = estimate(replace(clean, load_mw=load, short=flags(clean, hours)))
    np.testing.assert_array_equal(np.flatnonzero(found.guessed), np.arange(FIRST, FIRST + 200))
    error = np.log(found.load_mw / clean.load_mw)
    assert np.abs(error[hours]).mean() < 0.03
    spread = found.guess_sd[hours]
    assert np.mean(np.abs(error[hours]) < 1.2816 * spread) == pytest.approx(0.8, abs=0.15)
    outside = np.r_[error[:FIRST], error[FIRST + 200 :]]
    np.testing.assert_array_equal(outside, np.zeros(len(outside)))
    assert (found.guess_sd[~found.guessed] == 0).all()


def test_dead_and_missing_hours_of_an_outage_are_guessed_too(clean):
    load = clean.load_mw.copy()
    load[FIRST : FIRST + 24] = 0.0
    load[FIRST + 24 : FIRST + 48] = np.nan
    load[FIRST + 90] = np.nan
    short = flags(clean, slice(FIRST, FIRST + 48))
    found = estimate(replace(clean, load_mw=load, short=short))
    assert np.isfinite(found.load_mw[short]).all()
    assert np.isnan(found.load_mw[FIRST + 90])
    assert np.abs(np.log(found.load_mw / clean.load_mw)[short]).mean() < 0.04


def test_an_estimate_is_never_below_what_was_served(clean):
    found = estimate(replace(clean, short=flags(clean, slice(FIRST, FIRST + 500))))
    assert (found.load_mw >= clean.load_mw).all()


def test_a_stated_rebound_is_left_out_and_counts_as_usual(clean):
    load = clean.load_mw.copy()
    hours = slice(FIRST, FIRST + 24)
    load[hours] *= 1.3
    event = DemandEvent(
        kind="rebound",
        start=START + FIRST * HOUR,
        end=START + (FIRST + 24) * HOUR,
        change=0.3,
    )
    found = estimate(replace(clean, load_mw=load), event)
    assert found.guessed.sum() == 24
    assert np.abs(np.log(found.load_mw / clean.load_mw)[hours]).mean() < 0.04
    assert "rebound" in found.notes[0]


def test_weeks_of_shedding_are_found_without_a_log(clean):
    """Three weeks in which the grid carries 55 to 100 % of what it is asked."""
    load = clean.load_mw.copy()
    hours = slice(FIRST, FIRST + 21 * 24)
    load[hours] *= np.linspace(0.55, 1.0, 21 * 24)
    history = replace(clean, load_mw=load)
    found = estimate(history)
    shed = clean.load_mw - load
    deep = shed > 0.05 * clean.load_mw
    assert found.guessed[deep].mean() > 0.95
    assert found.guessed[shed == 0].mean() < 0.002
    assert np.nansum(found.load_mw - load) == pytest.approx(shed.sum(), rel=0.1)
    assert found.breaks == ()
    assert "below anything usual" in " ".join(found.notes)
    (rise,) = find_restoration_steps(history, found, rises=True)
    assert abs(rise.at - (START + FIRST * HOUR)) <= 2 * HOUR
    assert rise.after == pytest.approx(0.44, abs=0.05)


def test_single_low_days_are_taken_for_holidays(clean):
    load = clean.load_mw.copy()
    calendar = make_calendar(START, clean.hours, zone=KYIV)
    for day in (100, 190, 200, 300, 420, 555):
        load[calendar.day - calendar.day[0] == day] *= 0.75
    assert not estimate(replace(clean, load_mw=load)).guessed.any()


def test_a_week_low_every_year_is_a_season(clean):
    load = clean.load_mw.copy()
    calendar = make_calendar(START, clean.hours, zone=KYIV)
    feast = (calendar.day_of_year >= 125) & (calendar.day_of_year < 133)
    load[feast] *= 0.75
    assert not estimate(replace(clean, load_mw=load)).guessed.any()
    load = np.where(feast & (calendar.day < calendar.day[0] + 365), clean.load_mw, load)
    assert estimate(replace(clean, load_mw=load)).guessed[feast].mean() > 0.4


def test_restoration_steps_in_a_known_outage(clean):
    load = clean.load_mw.copy()
    load[FIRST : FIRST + 72] *= 0.6
    load[FIRST + 72 : FIRST + 150] *= 0.85
    history = replace(clean, load_mw=load, short=flags(clean, slice(FIRST, FIRST + 150)))
    found = estimate(history)
    first, last = find_restoration_steps(history, found)
    assert abs(first.at - (START + (FIRST + 72) * HOUR)) <= 2 * HOUR
    assert first.size == pytest.approx(0.25, abs=3 * first.error)
    assert abs(last.at - (START + (FIRST + 150) * HOUR)) <= 2 * HOUR
    assert last.size == pytest.approx(0.15, abs=3 * last.error)
    share = unserved_share(history, found)
    assert share[FIRST : FIRST + 72].mean() == pytest.approx(0.4, abs=0.03)
    assert find_restoration_steps(clean, estimate(clean)) == ()


def test_an_outage_at_the_end_widens(clean):
    """The longer nothing is known, the wider: two per cent a month, on top of the level's walk."""
    found = [
        estimate(replace(clean, short=flags(clean, slice(clean.hours - 168 * weeks, None))))
        for weeks in (1, 9)
    ]
    step = 0.02 / np.sqrt(30.4 / 7)
    assert step <= found[0].level_sd < 1.3 * step
    assert 3 * step <= found[1].level_sd < 1.3 * 3 * step
    assert any("the last 9 weeks" in note for note in found[1].notes)


def test_an_unlogged_drop_at_the_end_may_be_either_and_widens(clean):
    load = clean.load_mw.copy()
    load[-14 * 24 :] *= 0.75
    found = estimate(replace(clean, load_mw=load))
    assert found.guessed[-14 * 24 :].mean() > 0.9
    assert 0.04 < found.level_sd < 0.09  # 14 of 36 days of half of log(1 / 0.75), and blind weeks
    assert any("whether the grid or the demand fell" in note for note in found.notes)


def test_censored_hours_take_their_expectation_above_what_was_served(clean):
    """Against scipy's truncated normal, at the level that the iteration ends with."""
    scale = np.full(clean.hours, 0.05)
    left = np.random.default_rng(2).normal(0.3, 0.05, clean.hours)
    short = np.arange(clean.hours) % 3 == 0
    served = np.where(short, left - 0.02, left)
    calendar = make_calendar(START, clean.hours, zone=KYIV)
    known = take_known(replace(clean, short=short), calendar=calendar, events=())
    filled = module._fill_censored(
        np.where(short, np.nan, served), served, known=known, scale=scale
    )
    level = week_values(filled).value.mean()
    at = np.flatnonzero(short)[:200]
    expected = truncnorm.mean((served[at] - level) / 0.05, np.inf, loc=level, scale=0.05)
    np.testing.assert_allclose(filled[at], expected, atol=0.01)
    assert (filled[short] > served[short]).all()
    np.testing.assert_array_equal(filled[~short], served[~short])


def test_a_history_that_is_short_throughout_is_refused(clean):
    with pytest.raises(HistoryError, match="nothing tells what was wanted"):
        estimate(replace(clean, short=np.ones(clean.hours, dtype=bool)))


def test_hours_short_every_day_cannot_be_known_and_that_is_said(clean):
    calendar = make_calendar(START, clean.hours, zone=KYIV)
    evening = (calendar.hour >= 18) & (calendar.hour < 21)
    load = np.where(evening, 0.7 * clean.load_mw, clean.load_mw)
    found = estimate(replace(clean, load_mw=load, short=evening))
    np.testing.assert_array_equal(found.load_mw[evening], load[evening])
    assert any("18:00, 19:00, 20:00 were short on (almost) every day" in n for n in found.notes)
    last_year = evening & (np.arange(clean.hours) > clean.hours - 8766)
    load = np.where(last_year, 0.7 * clean.load_mw, clean.load_mw)
    found = estimate(replace(clean, load_mw=load, short=last_year))
    assert np.abs(np.log(found.load_mw / clean.load_mw)[last_year]).mean() < 0.03
    assert any("18:00, 19:00, 20:00 were short on most days" in note for note in found.notes)


def test_a_log_of_most_hours(clean):
    """Of 60 %, where each is served 80 %: the rest tells the level."""
    short = np.random.default_rng(1).random(clean.hours) < 0.6
    load = np.where(short, 0.8 * clean.load_mw, clean.load_mw)
    found = estimate(replace(clean, load_mw=load, short=short))
    assert abs(np.log(found.load_mw / clean.load_mw)[short].mean()) < 0.01
    shed = np.nansum((clean.load_mw - load)[short])
    assert np.nansum((found.load_mw - load)[short]) == pytest.approx(shed, rel=0.05)


def test_the_same_history_gives_the_same_bytes(clean):
    load = clean.load_mw.copy()
    load[FIRST : FIRST + 300] *= 0.7
    history = replace(clean, load_mw=load)
    first, again = estimate(history), estimate(history)
    assert first.load_mw.tobytes() == again.load_mw.tobytes()
    assert first.notes == again.notes
