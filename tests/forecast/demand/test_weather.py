"""Courses of temperature for the months ahead, from past years."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.forecast.demand.weather import (
    LOOKBACK_H,
    MOST_SCENARIOS,
    TemperatureRecord,
    make_weather_years,
    remove_trend,
)
from gridtool.forecast.history.made import make_history
from gridtool.timegrid import TimeGrid

UTC_ZONE = ZoneInfo("UTC")
START = datetime(2023, 1, 1, tzinfo=UTC)
HOURS_3Y = 3 * 8760


def season(hours):
    """A season that two harmonics and the hour of the day can follow to the last digit."""
    year = 2 * np.pi * hours / 8766
    return 9 - 12 * np.cos(year) + 2 * np.sin(2 * year) + 3 * np.sin(2 * np.pi * (hours % 24) / 24)


def record_of(temp):
    return TemperatureRecord(start=START, temp_c=temp, zone=UTC_ZONE)


def grid_after(hours, *, length):
    return TimeGrid(START + timedelta(hours=hours), length, UTC_ZONE)


def test_a_short_record_gives_its_own_dates_shifted_by_up_to_three_weeks():
    """A temperature that counts its own hours shows where each scenario was taken from."""
    hours = 200 * 24  # too short to know a season: to 20 July
    temp = np.arange(hours, dtype=float)
    scenarios = make_weather_years(record_of(temp), grid=grid_after(hours - 30 * 24, length=48))
    first = hours - 30 * 24
    taken = scenarios[:, LOOKBACK_H].astype(int)
    assert sorted(taken) == [first + 24 * shift for shift in range(-21, 22)]
    np.testing.assert_array_equal(np.diff(scenarios[:, LOOKBACK_H:], axis=1), 1.0)
    before = np.tile(np.arange(first - LOOKBACK_H, first), (len(taken), 1))
    np.testing.assert_array_equal(scenarios[:, :LOOKBACK_H], before)


def test_what_a_year_lay_apart_from_its_season_is_laid_on_the_season_of_the_grid():
    """A warm day every 40 days shows at shifted dates; the season stays that of the grid."""
    hours = np.arange(HOURS_3Y)
    warm = np.where(hours // 24 % 40 == 0, 8.0, 0.0)
    scenarios = make_weather_years(
        record_of(season(hours) + warm), grid=grid_after(HOURS_3Y, length=60 * 24)
    )
    assert scenarios.shape == (2 * 91 + 45, LOOKBACK_H + 60 * 24)
    ahead = np.arange(HOURS_3Y, HOURS_3Y + 60 * 24)
    apart = scenarios[:, LOOKBACK_H:] - season(ahead)
    days = apart.reshape(len(apart), 60, 24).mean(axis=2)
    assert (np.sort(days, axis=1)[:, -1] > 6.0).all()  # each has one or two of the warm days
    assert len(np.unique(days.argmax(axis=1))) > 30  # not all on the same date
    np.testing.assert_allclose(days.mean(), 0.2, atol=0.15)  # 8 degrees on a day in 40


def test_each_course_has_a_season_of_its_own_as_uncertain_as_so_few_years_make_it():
    """White monthly means of 1 degree: the season ahead is uncertain by sqrt(2 p / N)."""
    rng = np.random.default_rng(3)
    months = rng.standard_normal(HOURS_3Y // 730 + 1)
    hours = np.arange(HOURS_3Y)
    record = record_of(season(hours) + months[hours // 730])
    courses = make_weather_years(record, grid=grid_after(HOURS_3Y, length=8760 // 2))
    assert (courses[:, :LOOKBACK_H] == courses[0, :LOOKBACK_H]).all()
    alone = record_of(season(hours))
    none = make_weather_years(alone, grid=grid_after(HOURS_3Y, length=8760 // 2))
    np.testing.assert_allclose(none, np.tile(none[0], (len(none), 1)), atol=1e-9)
    spread = courses[:, LOOKBACK_H + 480 :].var(axis=0).mean()
    assert 1.0 < spread < 2.2  # 1 of the months, and up to 2 x 5 / 36 of the season
    np.testing.assert_array_equal(
        courses, make_weather_years(record, grid=grid_after(HOURS_3Y, length=8760 // 2))
    )


def test_months_no_year_covers_give_none_and_long_records_not_too_many():
    _, temp = make_history(
        start=START - timedelta(days=8 * 365),
        end=START,
        special_days=(date(2020, 1, 1),),
    )
    record = TemperatureRecord(start=START - timedelta(days=8 * 365), temp_c=temp, zone=UTC_ZONE)
    grid = TimeGrid(START, 24, UTC_ZONE)
    assert len(make_weather_years(record, grid=grid)) == MOST_SCENARIOS
    short = TemperatureRecord(start=START, temp_c=temp[: 100 * 24], zone=UTC_ZONE)
    later = TimeGrid(START + timedelta(days=200), 24, UTC_ZONE)
    assert len(make_weather_years(short, grid=later)) == 0


def test_a_trend_is_removed_to_the_warmth_of_the_end():
    hours = np.arange(HOURS_3Y)
    warming = season(hours) + 2.0 * (hours - hours[-1]) / 8766
    flat = remove_trend(record_of(warming)).temp_c
    apart = (flat - season(hours)).reshape(-1, 8760).mean(axis=1)
    np.testing.assert_allclose(apart, apart[-1], atol=0.35)  # of 2 degrees a year
    assert flat[-1] == pytest.approx(warming[-1])
    short = record_of(warming[:8760])
    assert remove_trend(short) is short
