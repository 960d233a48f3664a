"""What a fitted model makes of its parts ahead: events, scales, deviations, what it tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.errors import HistoryError
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.demand.model import Calibration, DemandEvent
from gridtool.forecast.demand.spline import BEYOND_SLOPE, draw_beyond
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def history():
    load, temp = make_history(start=START, end=END, special_days=())
    return History(start=START, load_mw=load, temp_c=temp, zone=KYIV)


@pytest.fixture(scope="module")
def model(history):
    return fit_demand(history)


def ahead(days):
    return TimeGrid(END, days * 24, KYIV)


def test_a_rebound_and_a_level_stated_ahead_change_the_paths_and_nothing_else(model):
    grid = ahead(20)
    events = (
        DemandEvent(kind="rebound", start=END, end=END + 10 * HOUR, change=0.2),
        DemandEvent(kind="level", start=END + 240 * HOUR, change=-0.3),
    )
    plain = model.simulate(5, grid=grid, seed=1)
    changed = replace(model, events=events).simulate(5, grid=grid, seed=1)
    factor = np.ones(grid.hours)
    factor[:10] += 0.2 * (1 - (np.arange(10) + 0.5) / 10)
    factor[240:] *= 0.7
    np.testing.assert_allclose(changed / plain, np.tile(factor, (5, 1)), rtol=1e-12)


def test_a_level_ahead_without_its_size_is_refused(model):
    event = DemandEvent(kind="level", start=END + 240 * HOUR)
    with pytest.raises(HistoryError):
        replace(model, events=(event,)).prepare(ahead(20))


def test_a_calibration_scales_residual_days_and_the_level_around_its_mean(model):
    grid = ahead(30)
    plain = replace(model, deviations=None, band=(-np.inf, np.inf))

    def logs(residual, level):
        scaled = replace(plain, calibration=Calibration(residual_scale=residual, level_scale=level))
        return np.log(scaled.simulate(40, grid=grid, seed=1))

    none = logs(0.0, 0.0)
    residual, level = logs(1.0, 0.0) - none, logs(0.0, 1.0) - none
    np.testing.assert_allclose(logs(1.5, 0.5), none + 1.5 * residual + 0.5 * level, atol=1e-9)
    np.testing.assert_allclose(logs(1.0, 1.0), np.log(plain.simulate(40, grid=grid, seed=1)))
    hours = level.reshape(40, 30, 24)
    assert (hours.min(axis=2) == hours.max(axis=2))[:, :6].all()  # one level all through a week


def test_the_level_grows_more_uncertain_with_lead_time_as_its_steps_say(model):
    grid = ahead(180)
    plain = replace(model, deviations=None, calibration=Calibration(residual_scale=0.0))
    fixed = replace(plain, calibration=Calibration(residual_scale=0.0, level_scale=0.0))
    n = 450
    apart = np.log(plain.simulate(n, grid=grid, seed=2)) - np.log(
        fixed.simulate(n, grid=grid, seed=2)
    )
    level = model.level
    for week in (0, 12, 25):
        expected = level.variance + (week + 1) * level.step_sigma**2  # the last week is known
        found = apart[:, week * 168].var()
        assert found == pytest.approx(expected, rel=4 * np.sqrt(2 / n))


def test_deviations_widen_the_paths_and_leave_their_middle(model):
    grid = ahead(120)
    means, spreads = [], []
    for one in (model, replace(model, deviations=None)):
        energy = np.log(one.simulate(400, grid=grid, seed=1).sum(axis=1))
        means.append(energy.mean())
        spreads.append(energy.std())
    assert abs(means[0] - means[1]) < 4 * spreads[0] / np.sqrt(400)
    assert spreads[0] > 0.95 * spreads[1]


def test_paths_stay_within_the_band(model):
    tight = replace(model, band=(np.log(700.0), np.log(800.0)))
    paths = tight.simulate(20, grid=ahead(20), seed=1)
    assert paths.min() == pytest.approx(700.0)
    assert paths.max() == pytest.approx(800.0)


def test_each_course_goes_on_in_its_own_way_beyond_what_was_seen():
    knots = np.array([-5.0, 5.0, 15.0])
    temp = np.tile([-7.0, -5.0, 10.0, 15.0, 16.0, 90.0], (2000, 1))
    found = draw_beyond(temp, knots=knots, variant=np.arange(2000))
    np.testing.assert_array_equal(found[:, 1:4], 0.0)
    np.testing.assert_allclose(found[:, 5], 15 * found[:, 4])
    for column, degrees in ((0, 2), (4, 1)):
        spread = found[:, column].std()
        assert spread == pytest.approx(BEYOND_SLOPE * degrees, rel=4 / np.sqrt(2 * 2000))
    assert abs(np.corrcoef(found[:, 0], found[:, 4])[0, 1]) < 4 / np.sqrt(2000)


def test_a_winter_alone_is_unsure_of_the_summer(history):
    """Four months of winter: the summer's paths lie wider apart than those of whole years."""
    load = history.load_mw.copy()
    load[: -120 * 24] = np.nan
    winter = fit_demand(replace(history, load_mw=load))
    summer = TimeGrid(datetime(2026, 4, 1, tzinfo=UTC), 90 * 24, KYIV)
    spreads = [
        np.log(one.simulate(200, grid=summer, seed=1).sum(axis=1)).std()
        for one in (winter, fit_demand(history))
    ]
    assert spreads[0] > 1.3 * spreads[1]


def test_the_peak_is_that_of_demand_not_of_what_was_served(history):
    """Measured shed load counts for the peak that a network is scaled to."""
    shed = np.zeros(history.hours)
    top = int(np.argmax(history.load_mw[-8760:])) + history.hours - 8760
    shed[top - 1 : top + 2] = 200.0
    served = np.where(shed > 0, history.load_mw - 200.0, history.load_mw)
    fitted = fit_demand(replace(history, load_mw=served, shed_mw=shed))
    assert fitted.reference_peak_mw == pytest.approx(history.load_mw[-8760:].max())


def test_what_the_fit_has_to_tell_is_told(model):
    assert replace(model, said=("A thing.",)).notes(ahead(10))[0] == "A thing."


def test_a_file_that_promised_more_makes_a_weaker_model(history):
    assert fit_demand(history).weaker is None
    assert fit_demand(replace(history, set_aside="the column is text")).weaker is not None


def test_weather_without_its_trend_says_so(history):
    fitted = fit_demand(history, weather_trend="remove")
    assert any("without their trend" in words for words in fitted.notes(ahead(10)))
    assert fitted.weather is not None
    assert (fitted.weather.temp_c != history.temp_c).any()
