"""When a refit is due: said where it is, and not said where it is not."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from gridtool.forecast.demand.choose import fit_history
from gridtool.forecast.demand.saved.mark import find_changes, mark_history
from gridtool.forecast.demand.saved.refit import refit_reasons
from gridtool.forecast.demand.saved.write import SavedModel
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History, PeriodHistory

KYIV = ZoneInfo("Europe/Kyiv")
SEEDS = range(200, 212)
START = datetime(2023, 1, 1, tzinfo=UTC)
FITTED = datetime(2025, 10, 31, 22, tzinfo=UTC)  # midnight in Kyiv
MONTH_LATER = datetime(2025, 11, 30, 22, tzinfo=UTC)
QUARTER_LATER = datetime(2026, 1, 31, 22, tzinfo=UTC)


def made(seed, *, end=QUARTER_LATER, temperature=True):
    load, temp = make_history(start=START, end=end, special_days=(), seed=seed)
    return History(start=START, load_mw=load, temp_c=temp if temperature else None, zone=KYIV)


def save(history):
    return SavedModel(
        model=fit_history(history), mark=mark_history(history), gridtool_version="1.0"
    )


def changed(history, *, after, factor):
    load = history.load_mw.copy()
    load[int((after - history.start) / timedelta(hours=1)) :] *= factor
    return dataclasses.replace(history, load_mw=load)


@pytest.fixture(scope="module")
def cities():
    """By seed: what came in all, and the model of what was known in October."""
    wholes = {seed: made(seed) for seed in SEEDS}
    return {seed: (whole, save(whole.until(FITTED))) for seed, whole in wholes.items()}


@pytest.fixture(scope="module")
def city(cities):
    return cities[SEEDS[0]]


def test_an_appended_clean_month_raises_no_alarm(cities):
    """Of twelve cities; chance is 1 % a check, so that two alarms would be odd."""
    alarms = {
        seed: reasons
        for seed, (whole, saved) in cities.items()
        if (reasons := refit_reasons(saved, whole.until(MONTH_LATER), gridtool_version="1.0"))
    }
    assert len(alarms) <= 1, alarms


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_a_step_of_ten_percent_is_always_seen(cities, factor):
    for whole, saved in cities.values():
        stepped = changed(whole.until(MONTH_LATER), after=FITTED, factor=factor)
        reasons = " | ".join(refit_reasons(saved, stepped))
        assert "the level has moved" in reasons
        assert ("above" if factor > 1 else "below") in reasons
        assert "of 30 days" in reasons
        assert "outside the model's own 90 % interval" in reasons
        assert "revised" not in reasons


def test_the_shift_is_said_in_its_size(cities):
    """The mean over cities of what is said is the step made, within two standard errors or so."""
    said = []
    for whole, saved in cities.values():
        stepped = changed(whole.until(MONTH_LATER), after=FITTED, factor=0.8)
        words = next(r for r in refit_reasons(saved, stepped) if "level" in r)
        said.append(float(words.split(" % below")[0].rpartition(" ")[2]))
    assert abs(np.mean(said) - 20.0) < 1.0


def test_a_step_without_weather_is_seen_when_it_is_large():
    whole = made(SEEDS[1], temperature=False)
    saved = save(whole.until(FITTED))
    stepped = changed(whole.until(MONTH_LATER), after=FITTED, factor=0.6)
    reasons = " | ".join(refit_reasons(saved, stepped))
    assert "below what the model expects for these months (the weather may be why)" in reasons


def test_three_new_months_are_a_reason_and_two_are_not(city):
    whole, saved = city
    two = whole.until(datetime(2025, 12, 31, 22, tzinfo=UTC))
    assert not any("new since" in reason for reason in refit_reasons(saved, two))
    words = next(r for r in refit_reasons(saved, whole) if "new since" in r)
    assert words == (
        "3 whole months are new since the fit, which saw 34: the history now ends on 2026-02-01"
    )


def test_the_same_history_gives_no_reason(city):
    whole, saved = city
    assert refit_reasons(saved, whole.until(FITTED), gridtool_version="1.0") == ()


def test_a_revised_history_is_told_from_one_that_grew(city):
    whole, saved = city
    grown = whole.until(MONTH_LATER)
    assert find_changes(saved.mark, grown) == ()
    load = grown.load_mw.copy()
    load[9000] = np.nan
    load[9001] += 50.0
    revised = dataclasses.replace(grown, load_mw=load)
    (words,) = find_changes(saved.mark, revised)
    assert words.startswith("2024 was revised since the fit: 8784 hours were known, 8783 are now")
    assert words in refit_reasons(saved, revised)
    temp = grown.temp_c.copy()
    temp[0] += 1.0
    (words,) = find_changes(saved.mark, dataclasses.replace(grown, temp_c=temp))
    assert words == (
        "2023 was revised since the fit: demand adds up to the same, other values or hours differ"
    )
    lost = dataclasses.replace(
        grown, start=datetime(2024, 1, 1, tzinfo=UTC), load_mw=load[8760:], temp_c=temp[8760:]
    )
    assert "2023 is no longer in the history" in find_changes(saved.mark, lost)


def test_a_year_without_a_value_is_still_a_year_without_a_value(city):
    """NaN of any kind is the same to the hash, and so is a zero of any sign."""
    whole, _ = city
    load = whole.load_mw.copy()
    load[:5], load[7] = np.nan, 0.0
    other = load.copy()
    other[:5], other[7] = -np.nan, -0.0
    marks = [mark_history(dataclasses.replace(whole, load_mw=one)) for one in (load, other)]
    assert marks[0] == marks[1]


def test_a_history_that_ends_before_the_model_s_is_said(city):
    whole, saved = city
    reasons = refit_reasons(saved, whole.until(datetime(2025, 6, 1, tzinfo=UTC)))
    assert any("before the model's own (2025-10-31)" in reason for reason in reasons)


def test_versions_and_unknown_histories_are_said(city):
    whole, saved = city
    known = whole.until(FITTED)
    assert refit_reasons(saved, known, gridtool_version="2.0") == (
        "the model was fitted by gridtool 1.0; this is 2.0",
    )
    assert refit_reasons(saved.model, known) == (
        "the model does not say what history it was fitted to",
    )


def test_months_beyond_the_reach_are_said(city):
    whole, saved = city
    (words,) = refit_reasons(saved, whole.until(FITTED), months=40)
    assert words.startswith("the 40 months after the history are beyond the model's reach")


def test_hours_known_to_be_short_are_no_shift(city):
    """Served 30 % less during a stated outage says nothing against the model."""
    whole, saved = city
    later = changed(whole.until(MONTH_LATER), after=FITTED, factor=1.0)
    short = np.zeros(later.hours, dtype=bool)
    short[-20 * 24 :] = True
    load = np.where(short, 0.7 * later.load_mw, later.load_mw)
    told = dataclasses.replace(later, load_mw=load, short=short)
    untold = dataclasses.replace(later, load_mw=load)
    assert any("below" in reason for reason in refit_reasons(saved, untold))
    assert not any("below" in reason for reason in refit_reasons(saved, told))
    shed = dataclasses.replace(untold, shed_mw=np.where(short, later.load_mw - load, 0.0))
    assert not any("below" in reason for reason in refit_reasons(saved, shed))


def test_periods_are_compared_as_periods(city):
    """A model by hours judges a history by days, once it is of its own step or not."""
    whole, saved = city
    later = whole.until(MONTH_LATER)
    first = 2  # local midnight comes two hours before UTC's
    days = (later.hours - 22) // 24
    edges = np.datetime64("2023-01-01T22:00:00", "s") + np.arange(days + 1) * np.timedelta64(1, "D")
    energy = later.load_mw[22 : 22 + 24 * days].reshape(days, 24).sum(axis=1)
    history = PeriodHistory(
        step="day", edges=edges[first:], energy_mwh=energy[first:], temp_c=None, zone=KYIV
    )
    reasons = refit_reasons(saved, history)
    assert "the history is by day now; the model was fitted to one by hour" in reasons
    halved = dataclasses.replace(history, energy_mwh=0.5 * history.energy_mwh)
    words = " | ".join(refit_reasons(saved, halved))
    assert "days (100 %) lie outside" in words
    assert "the level has moved" in words


def by_month(history, *, months):
    """Monthly energy of a made history in Kyiv, the first ``months`` whole ones."""
    stamps = pd.date_range(history.start, periods=history.hours, freq="h").tz_convert(KYIV)
    key = stamps.tz_localize(None).to_period("M")
    first = np.flatnonzero(key != np.roll(key, 1))[1 : months + 2]
    edges = stamps[first].tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[s]")
    energy = np.add.reduceat(history.load_mw, first)[:-1]
    return PeriodHistory(step="month", edges=edges, energy_mwh=energy, temp_c=None, zone=KYIV)


def test_a_model_of_months_is_judged_by_months(city):
    whole, _ = city
    fitted, later = by_month(whole, months=33), by_month(whole, months=35)
    saved = save(fitted)
    assert refit_reasons(saved, later, gridtool_version="1.0") == ()
    energy = later.energy_mwh.copy()
    energy[-2:] *= 0.6
    words = " | ".join(refit_reasons(saved, dataclasses.replace(later, energy_mwh=energy)))
    assert "demand of the last 31 days lies 4" in words  # of two months no cover can be told
    assert "the level has moved" in words
    energy[0] *= 1.1
    words = " | ".join(refit_reasons(saved, dataclasses.replace(later, energy_mwh=energy)))
    assert "2023 was revised since the fit: its energy was" in words


def test_the_same_question_gets_the_same_answer(city):
    whole, saved = city
    assert refit_reasons(saved, whole) == refit_reasons(saved, whole)
