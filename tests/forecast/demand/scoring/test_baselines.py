from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.model import SpecialDays, SpecialPeriod
from gridtool.forecast.demand.scoring.baselines import LAG_H, repeat_last_year, usual_load

UTC_ZONE = ZoneInfo("UTC")
HOUR = timedelta(hours=1)


def test_seasonal_naive_is_the_load_of_52_weeks_before():
    load = np.random.default_rng(1).uniform(50, 150, LAG_H + 500)
    point, paths = repeat_last_year(load, hours=300)
    np.testing.assert_array_equal(point, load[500:800])
    np.testing.assert_array_equal(paths, point[None])


def test_seasonal_naive_fills_gaps_with_the_usual_hour_of_the_week():
    load = np.tile(100.0 + np.arange(168), 60)
    load[-LAG_H + 5] = np.nan
    load[: 3 * 168 + 1] = np.nan  # nothing is known of the first weeks
    point, _ = repeat_last_year(load, hours=168)
    np.testing.assert_allclose(point, 100.0 + np.arange(168))


def test_spread_of_seasonal_naive_is_its_own_past_error_with_both_signs():
    """The second year is a tenth above the first: the third is as likely a tenth below."""
    year = 100.0 + 10 * np.sin(np.arange(LAG_H))
    point, paths = repeat_last_year(np.concatenate([year, 1.1 * year]), hours=1000)
    np.testing.assert_allclose(point, 1.1 * year[:1000])
    assert paths.shape == (2 * 52, 1000)
    np.testing.assert_allclose(paths[:52], np.tile(1.21 * year[:1000], (52, 1)))
    np.testing.assert_allclose(paths[52:], np.tile(year[:1000], (52, 1)))


def brute_quantiles(load, start, moment, *, special):
    """Quantiles of the hours of the same hour and day type within 15 days, one by one."""

    def kind(day):
        if day.weekday() == 6 or day in special:
            return 2
        return 1 if day.weekday() == 5 else 0

    pool = []
    for i, value in enumerate(load):
        at = start + i * HOUR
        apart = abs(at.timetuple().tm_yday - moment.timetuple().tm_yday)
        near = min(apart, 366 - apart) <= 15
        if near and at.hour == moment.hour and kind(at.date()) == kind(moment.date()):
            pool.append(value)
    pool = [value for value in pool if np.isfinite(value)]
    return np.quantile(pool, np.arange(101) / 100)


def test_climatology_is_what_was_usual_near_the_date():
    start = datetime(2023, 1, 1, tzinfo=UTC)
    ahead = datetime(2025, 12, 20, tzinfo=UTC)
    hours = int((ahead - start) / HOUR)
    load = np.random.default_rng(2).uniform(50, 150, hours)
    load[100:160] = np.nan
    special = {date(2024, 1, 1), date(2025, 1, 1), date(2026, 1, 1), date(2024, 12, 25)}
    found = usual_load(
        load,
        calendar=make_calendar(start, hours, zone=UTC_ZONE),
        ahead=make_calendar(ahead, 20 * 24, zone=UTC_ZONE),
        special_days=SpecialDays.holidays(special),
    )
    assert found.shape == (101, 480)
    for hour in (0, 29, 12 * 24 + 3, 479):  # Saturday, Sunday, the holiday, a working day
        expected = brute_quantiles(load, start, ahead + hour * HOUR, special=special)
        np.testing.assert_allclose(found[:, hour], expected)


def test_climatology_takes_the_whole_year_where_hardly_any_day_is_near():
    """Sixty days in spring know nothing of December but its day types."""
    start, ahead = datetime(2025, 3, 3, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC)
    load = np.arange(60 * 24.0)
    calendar = make_calendar(start, len(load), zone=UTC_ZONE)
    found = usual_load(
        load,
        calendar=calendar,
        ahead=make_calendar(ahead, 24, zone=UTC_ZONE),
        special_days=SpecialDays(),
    )
    working = load.reshape(-1, 24)[(np.arange(60) % 7) < 5]
    np.testing.assert_allclose(found[50], np.median(working, axis=0))
    assert found[0, 7] == pytest.approx(working[:, 7].min())


def test_both_hours_of_a_repeated_clock_are_forecast():
    zone = ZoneInfo("Europe/Kyiv")
    start, ahead = datetime(2024, 10, 1, tzinfo=UTC), datetime(2025, 10, 25, tzinfo=UTC)
    hours = int((ahead - start) / HOUR)
    found = usual_load(
        np.random.default_rng(3).uniform(50, 150, hours),
        calendar=make_calendar(start, hours, zone=zone),
        ahead=make_calendar(ahead, 48, zone=zone),
        special_days=SpecialDays(),
    )
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=0) >= 0).all()


def test_a_saturday_worked_counts_as_a_working_day_and_a_long_period_as_no_sunday():
    """1 for working days, 2 for the rest, so that the median names the day type."""
    start, ahead = datetime(2023, 1, 2, tzinfo=UTC), datetime(2025, 1, 6, tzinfo=UTC)
    days = (ahead - start).days
    load = np.repeat(np.where(np.arange(days) % 7 < 5, 1.0, 2.0), 24)
    found = usual_load(
        load,
        calendar=make_calendar(start, len(load), zone=UTC_ZONE),
        ahead=make_calendar(ahead, 14 * 24, zone=UTC_ZONE),
        special_days=SpecialDays(
            kind_of={date(2025, 1, 8): "holiday"},
            like={date(2025, 1, 11): 0},
            periods=(SpecialPeriod(kind="school", first=date(2025, 1, 1), last=date(2025, 1, 31)),),
        ),
    )
    by_day = found[50].reshape(14, 24)[:, 12]
    assert by_day.tolist() == [1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1, 2, 2]
