"""The 24 regressions: their columns, their splines, what they may be wrong by."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from statsmodels.regression.linear_model import OLS

from gridtool.forecast.demand.base import fit_base
from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.deviations import BLOCK_H, draw_deviations
from gridtool.forecast.demand.model import LevelBreak, SpecialDays
from gridtool.forecast.demand.regression import compress_rows, fit_regression
from gridtool.forecast.demand.spline import BEYOND_SEEN_C, SplineTable, place_knots, spline_basis
from gridtool.forecast.demand.terms import Terms, calendar_terms, slow_terms
from gridtool.forecast.history.made import make_history

UTC_ZONE = ZoneInfo("UTC")
START = datetime(2024, 1, 1, tzinfo=UTC)
TERMS = Terms(harmonics=1, knots=5, memories_h=(1, 24))
NO_DAYS = SpecialDays()


def test_calendar_columns_by_hand():
    """Noon of Monday 1 January 2024, of Christmas 2024 (a Wednesday) and of 8 January 2025."""
    days = SpecialDays.holidays([date(2024, 12, 25)])
    calendar = make_calendar(START, 400 * 24, zone=UTC_ZONE)
    rows = calendar_terms(calendar, terms=Terms(harmonics=1), special_days=days)
    noon = {day: rows[24 * day + 12] for day in (0, 359, 373)}
    wave = 2 * np.pi * 0.5 / 365.25
    np.testing.assert_allclose(
        noon[0], [1, 0, 0, 0, 0, 0, 0, 0, np.sin(wave), np.cos(wave), 1, 1, 0]
    )
    wave = 2 * np.pi * 359.5 / 365.25
    np.testing.assert_allclose(
        noon[359], [1, 0, 1, 0, 0, 0, 0, 1, np.sin(wave), np.cos(wave), 1, 1, 0]
    )
    wave = 2 * np.pi * 7.5 / 365.25
    np.testing.assert_allclose(
        noon[373], [1, 0, 1, 0, 0, 0, 0, 0, np.sin(wave), np.cos(wave), 0, 0, 1]
    )


def test_a_day_that_resembles_another_takes_its_weekday():
    days = SpecialDays(like={date(2024, 1, 6): 0})
    calendar = make_calendar(START, 7 * 24, zone=UTC_ZONE)
    rows = calendar_terms(calendar, terms=Terms(harmonics=0), special_days=days)
    np.testing.assert_array_equal(rows[5 * 24 + 3, 1:7], 0.0)  # the Saturday as a Monday
    assert rows[6 * 24, 6] == 1.0


def test_the_slow_course_is_straight_between_years_and_zero_at_the_end():
    usable = np.ones(3 * 8766, dtype=bool)
    usable[:8766] = False
    rows = slow_terms(usable)
    assert rows.shape == (3 * 8766, 2)
    np.testing.assert_allclose(rows[[0, 8766, 2 * 8766]], [[1, 0], [1, 0], [0, 1]])
    np.testing.assert_allclose(rows[8766 + 4383], [0.5, 0.5])
    np.testing.assert_allclose(rows[-1], [0, 1 / 8766], atol=1e-12)


def test_spline_weights_are_those_of_the_natural_cubic_spline():
    knots = np.array([-10.0, 0.0, 8.0, 20.0, 31.0])
    heights = np.array([0.3, 0.1, 0.0, 0.05, 0.4])
    curve = CubicSpline(knots, heights, bc_type="natural")
    at = np.linspace(-10, 31, 57)
    np.testing.assert_allclose(spline_basis(at, knots=knots) @ heights, curve(at), atol=1e-12)
    far = np.array([-11.0, -13.0, -60.0, 33.0, 34.0, 90.0])
    slopes = curve(-10.0, 1), curve(31.0, 1)
    expected = [
        heights[0] - slopes[0],
        *[heights[0] - BEYOND_SEEN_C * slopes[0]] * 2,
        heights[-1] + 2 * slopes[1],
        *[heights[-1] + BEYOND_SEEN_C * slopes[1]] * 2,
    ]
    np.testing.assert_allclose(spline_basis(far, knots=knots) @ heights, expected)
    table = SplineTable.of(np.tile(heights, (2, 24, 1)), knots=knots)
    found = np.zeros((1, 57))
    table.add_to(found, at[None], hour=np.arange(57) % 24, variant=np.array([1]))
    np.testing.assert_allclose(found[0], curve(at), atol=2e-6)


def test_knots_are_the_extremes_and_even_quantiles():
    np.testing.assert_array_equal(place_knots(np.r_[np.arange(9.0), 8.0, 8.0], 5), [0, 2, 4, 6, 8])


def test_a_penalty_is_rows_of_zeros_in_the_target():
    rng = np.random.default_rng(2)
    design, target = rng.normal(size=(200, 4)), rng.normal(size=200)
    steps = np.array([[0.0, 0.0, 3.0, -3.0]])
    rows, values = compress_rows(design, target, penalty=steps.T @ steps)
    expected = OLS(np.r_[target, 0.0], np.r_[design, steps]).fit().params
    np.testing.assert_allclose(OLS(values, rows).fit().params, expected, rtol=1e-9)


def test_the_jackknife_leaves_out_one_block_after_the_other():
    """Its variance of a mean of block means is the textbook one, and of a slope by brute force."""
    rng = np.random.default_rng(4)
    hours = 12 * BLOCK_H
    age = np.arange(hours)[::-1]
    block = age // BLOCK_H
    shock = rng.normal(size=12)
    x = rng.normal(size=hours) + 0.3 * shock[block] ** 2
    target = 1.0 + 0.5 * x + shock[block] + 0.1 * rng.normal(size=hours)
    design = np.column_stack([np.ones(hours), x])
    hour = np.arange(hours) % 24
    residual, left_out = np.empty(hours), []
    for h in range(24):
        at = hour == h
        residual[at] = OLS(target[at], design[at]).fit().resid
    for b in range(12):
        at = (hour == 7) & (block != b)
        left_out.append(OLS(target[at], design[at]).fit().params)
    drawn = draw_deviations(design, residual, hour=hour, age_h=age, penalty=np.zeros((2, 2)))[:, 7]
    apart = np.array(left_out) - OLS(target[hour == 7], design[hour == 7]).fit().params
    expected = 11 / 12 * apart.T @ apart
    # 40 draws tell a variance to within 3 x sqrt(2 / 40) of itself
    ratio = np.mean(drawn**2, axis=0) / np.diag(expected)
    np.testing.assert_allclose(ratio, 1.0, atol=3 * np.sqrt(2 / 40))
    again = draw_deviations(design, residual, hour=hour, age_h=age, penalty=np.zeros((2, 2)))
    np.testing.assert_array_equal(again[:, 7], drawn)


@pytest.fixture(scope="module")
def made():
    """Two years of the made city."""
    hours = 2 * 8760
    end = datetime(2025, 12, 31, tzinfo=UTC)
    load, temp = make_history(start=START, end=end, special_days=())
    assert len(load) == hours
    return load, temp, make_calendar(START, hours, zone=UTC_ZONE)


def test_growth_does_not_bend_the_season(made):
    """Of one year with 6 % of growth: without the slow course the season would swallow it."""
    load, temp, calendar = made
    year = slice(8760, 2 * 8760)
    grown = load[year] * np.exp(0.06 * (np.arange(8760) / 8760 - 1))
    last = calendar.last(8760)
    terms = Terms(harmonics=3, knots=7, memories_h=(1, 24, 72))
    fits = [
        fit_base(one, temp_c=temp[year], calendar=last, terms=terms, special_days=NO_DAYS)
        for one in (load[year], grown)
    ]
    apart = fits[1].regression.predict_calendar(last) - fits[0].regression.predict_calendar(last)
    month = apart[:8736].reshape(12, -1).mean(axis=1)
    assert np.ptp(month) < 0.03  # of 6 %
    assert fits[1].level.mean - fits[0].level.mean + month[-1] == pytest.approx(0.0, abs=0.006)


def test_the_parts_of_a_fit_add_up_and_breaks_lie_in_the_level(made):
    load, temp, calendar = made
    at = datetime(2025, 3, 1, tzinfo=UTC)
    step = np.where(np.arange(len(load)) < (at - START).days * 24, 0.0, -0.2)
    breaks = [LevelBreak(at=at, step=-0.2, step_se=0.01, stated=True)]
    plain = fit_base(load, temp_c=temp, calendar=calendar, terms=TERMS, special_days=NO_DAYS)
    stepped = fit_base(
        load * np.exp(step),
        temp_c=temp,
        calendar=calendar,
        terms=TERMS,
        special_days=NO_DAYS,
        breaks=breaks,
        start=START,
    )
    for fit, demand in ((plain, load), (stepped, load * np.exp(step))):
        total = fit.explained + fit.level.smoothed + fit.residual
        np.testing.assert_allclose(total, np.log(demand), atol=1e-12)
    np.testing.assert_allclose(stepped.residual, plain.residual, atol=1e-6)
    np.testing.assert_allclose(stepped.regression.effects, plain.regression.effects, atol=1e-6)


def test_deviations_leave_the_last_weeks_where_they_were(made):
    """What coefficients give more near the end the level gives less."""
    load, temp, calendar = made
    fit = fit_base(
        load, temp_c=temp, calendar=calendar, terms=TERMS, special_days=NO_DAYS, deviate=True
    )
    drawn = fit.deviations
    assert drawn is not None
    recent = calendar.last(26 * 168)
    more = fit.regression.predict_calendar(recent, deviations=drawn)
    more -= fit.regression.predict_calendar(recent)
    moved = np.abs(more[:, -28 * 24 :].mean(axis=1))
    left = np.abs((more + drawn.level[:, None])[:, -28 * 24 :].mean(axis=1))
    assert left.mean() < moved.mean()


def test_a_temperature_unknown_is_an_effect_unknown(made):
    load, temp, calendar = made
    regression, none = fit_regression(
        load, temp_c=temp, calendar=calendar, terms=TERMS, special_days=NO_DAYS
    )
    assert none is None
    means = np.array([5.0, np.nan, 6.0])
    effect = regression.predict_temperature((means, means), hour=np.array([3, 4, 5]))
    np.testing.assert_array_equal(np.isnan(effect), [False, True, False])
