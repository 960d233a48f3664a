"""Forecasts from histories with months of shedding, against those of a model that saw demand.

New York with a step of demand and half a year of shedding made into it; the summer after is
forecast. The truth is known, since the shedding is made.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from forecast.demand.shedding_cases import HOUR, MILD, PEACE, SEVERE, WAR, shed_history

from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.censored.unconstrain import unconstrain
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.demand.model import DemandEvent, SpecialDays, Unconstrained
from gridtool.forecast.demand.rungs import FULL
from gridtool.forecast.history.read import read_history
from gridtool.timegrid import TimeGrid

pytestmark = pytest.mark.reference
NEW_YORK = ZoneInfo("America/New_York")
AHEAD = TimeGrid(PEACE, int((datetime(2016, 11, 1, 4, tzinfo=UTC) - PEACE) / HOUR), NEW_YORK)
TAUS = np.arange(1, 10)[:, None] / 10
STATED = (DemandEvent(kind="level", start=WAR),)
LOGGED_MW = 1.0


@pytest.fixture(scope="module")
def history(reference):
    path = reference / "load" / "nyc_city_hourly_2012_2017.csv.gz"
    return read_history(path, zone=NEW_YORK)


def flagged(served, demand):
    return replace(served, short=demand - served.load_mw > LOGGED_MW)


def estimated_part(served, demand, *, events=()):
    """Estimated shed energy over the true one."""
    calendar = make_calendar(served.start, served.hours, zone=served.zone)
    found = unconstrain(
        served, calendar=calendar, terms=FULL.terms, special_days=SpecialDays(), events=events
    )
    war = slice(int((WAR - served.start) / HOUR), None)
    shed = np.nansum((demand - served.load_mw)[war])
    return float(np.nansum((found.load_mw - served.load_mw)[war]) / shed), found


def score(model, truth):
    """Mean pinball over 0.1 to 0.9 in percent of demand, and the cover of the 80 % interval."""
    quantiles = np.quantile(model.simulate(300, grid=AHEAD, seed=1), TAUS[:, 0], axis=0)
    known = np.isfinite(truth)
    error = truth[known] - quantiles[:, known]
    loss = np.maximum(TAUS * error, (TAUS - 1) * error).mean()
    inside = (error[0] >= 0) & (error[-1] <= 0)
    return np.array([100 * loss / truth[known].mean(), inside.mean()])


def truth_ahead(history, shedding):
    first = int((PEACE - history.start) / HOUR)
    return history.load_mw[first : first + AHEAD.hours] * (1 + shedding.step)


def fit_as_served(served, monkeypatch):
    """The model of one who takes what was served for demand."""
    none = np.zeros(served.hours, dtype=bool)
    blind = Unconstrained(load_mw=served.load_mw, guessed=none, measured=none)
    with monkeypatch.context() as patch:
        patch.setattr("gridtool.forecast.demand.fit.unconstrain", lambda *_, **__: blind)
        return fit_demand(served)


LATER = [pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3)]


@pytest.mark.parametrize("seed", [0, *LATER[:2]])
def test_severe_shedding_is_estimated(history, seed):
    """18 % of the energy, three quarters of the hours; with and without a log of the hours."""
    served, demand = shed_history(history, SEVERE, seed=seed)
    part, found = estimated_part(served, demand)
    assert part == pytest.approx(1, abs=0.12)
    (step,) = found.breaks
    assert abs((step.at - WAR).days) <= 3
    assert step.step == pytest.approx(np.log(0.75), abs=3 * step.step_se)
    part, found = estimated_part(flagged(served, demand), demand, events=STATED)
    assert part == pytest.approx(1, abs=0.12)
    assert found.breaks[0].at == WAR


@pytest.mark.parametrize("seed", [0, *LATER])
def test_mild_shedding_is_estimated(history, seed):
    """3 % of the energy: within 15 % with a log of the hours, 25 % without."""
    served, demand = shed_history(history, MILD, seed=seed)
    assert estimated_part(served, demand)[0] == pytest.approx(1, abs=0.25)
    assert estimated_part(flagged(served, demand), demand)[0] == pytest.approx(1, abs=0.15)


@pytest.mark.slow
def test_severe_shedding_hardly_harms_the_forecast(history, monkeypatch):
    truth = truth_ahead(history, SEVERE)
    found, logged, blind = [], [], []
    for seed in range(3):
        served, demand = shed_history(history, SEVERE, seed=seed)
        found.append(score(fit_demand(served), truth))
        logged.append(score(fit_demand(flagged(served, demand), events=STATED), truth))
        blind.append(score(fit_as_served(served, monkeypatch), truth))
    oracle = score(fit_demand(replace(served, load_mw=demand)), truth)
    for scores in (found, logged):
        pinball, cover = np.mean(scores, axis=0)
        assert pinball <= 1.04 * oracle[0]
        assert cover == pytest.approx(oracle[1], abs=0.03)
    assert np.mean(blind, axis=0)[0] > 1.15 * oracle[0]


@pytest.mark.slow
def test_mild_shedding_is_no_reason_to_do_worse(history, monkeypatch):
    """Near the model that saw the demand, and not behind the one that took served for demand."""
    truth = truth_ahead(history, MILD)
    found, logged, blind = [], [], []
    for seed in range(4):
        served, demand = shed_history(history, MILD, seed=seed)
        found.append(score(fit_demand(served), truth))
        logged.append(score(fit_demand(flagged(served, demand)), truth))
        blind.append(score(fit_as_served(served, monkeypatch), truth))
    oracle = score(fit_demand(replace(served, load_mw=demand)), truth)
    for scores in (found, logged):
        assert np.mean(scores, axis=0)[0] <= 1.02 * oracle[0]
        assert np.mean(scores, axis=0)[0] <= 1.005 * np.mean(blind, axis=0)[0]
