"""Shares of districts: by hand, coherent in every path and hour, intervals that hold."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.errors import HistoryError
from gridtool.forecast.demand.districts.history import DistrictHistory
from gridtool.forecast.demand.districts.level import (
    LONGEST_MEMORY,
    ShareLevel,
    fit_share_level,
    weekly_means,
)
from gridtool.forecast.demand.districts.shares import fit_shares, split_paths
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2025, 6, 1, tzinfo=UTC)


def made(logs, *, city=1000.0, start=START, step="hour"):
    """A history whose log shares are ``logs`` (D, n) up to a common number."""
    shares = np.exp(logs) / np.exp(logs).sum(axis=0)
    names = tuple(f"D{k}" for k in range(len(logs)))
    return DistrictHistory(
        districts=names, start=start, load_mw=city * shares, zone=KYIV, step=step
    )


def wandering(seed, *, weeks, count=4, memory=0.9, step=0.03, noise=0.02):
    """Weekly autoregressions and hourly noise around fixed shares."""
    rng = np.random.default_rng(seed)
    level = np.zeros((count, weeks))
    level[:, 0] = rng.normal(0, step / np.sqrt(1 - memory**2), count)
    for week in range(1, weeks):
        level[:, week] = memory * level[:, week - 1] + rng.normal(0, step, count)
    usual = np.log(np.arange(1.0, count + 1))[:, None]
    return usual + np.repeat(level, 168, axis=1) + rng.normal(0, noise, (count, weeks * 168))


def test_constant_shares_stay_what_they_are():
    logs = np.log(np.array([0.5, 0.3, 0.2]))[:, None] * np.ones(60 * 168)
    fitted = fit_shares(made(logs))
    grid = TimeGrid(fitted.end, 24 * 30, KYIV)
    assert fitted.usual(grid) == pytest.approx({"D0": 0.5, "D1": 0.3, "D2": 0.2})
    assert fitted.notes == ()
    ahead = fitted.prepare(grid)
    for share, found in zip((0.5, 0.3, 0.2), ahead.expect(), strict=True):
        np.testing.assert_allclose(found, share, rtol=1e-6)
    np.testing.assert_allclose(ahead.expect().sum(axis=0), 1.0)


def test_the_hours_of_a_district_are_learnt():
    """A district that takes 30 % by day and 20 % by night, on Sundays always 20 %."""
    hours = 60 * 168
    stamps = pd.date_range(START, periods=hours, freq="h").tz_convert(KYIV)
    day = (stamps.hour >= 8) & (stamps.hour < 20) & (stamps.dayofweek < 6)
    share = np.where(day, 0.3, 0.2)
    fitted = fit_shares(made(np.log(np.stack([share, 1 - share]))))
    grid = TimeGrid(fitted.end, 24 * 14, KYIV)
    local = grid.local
    wanted = [0.3 if 8 <= t.hour < 20 and t.weekday() < 6 else 0.2 for t in local]
    np.testing.assert_allclose(fitted.prepare(grid).expect()[0], wanted, atol=0.004)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(2, 5))
def test_district_paths_add_up_to_the_city_in_every_path_and_hour(seed, count):
    fitted = fit_shares(made(wandering(seed, weeks=30, count=count)))
    grid = TimeGrid(fitted.end, 24 * 40 + 7, KYIV)
    shares = fitted.prepare(grid).draw(7, seed=seed)
    city = np.random.default_rng(seed).uniform(100, 2000, (7, grid.hours))
    paths = split_paths(city, shares=shares)
    assert paths.shape == (7, count, grid.hours)
    assert (paths > 0).all()
    np.testing.assert_allclose(paths.sum(axis=1), city, rtol=1e-12)


def test_a_path_depends_on_its_number_only():
    ahead = fit_shares(made(wandering(3, weeks=30))).prepare(
        TimeGrid(START + timedelta(weeks=30), 24 * 60, KYIV)
    )
    whole = ahead.draw(6, seed=5)
    parts = [ahead.draw(2, seed=5, first=first) for first in (0, 2, 4)]
    assert np.array_equal(whole, np.concatenate(parts))
    assert not np.array_equal(whole, ahead.draw(6, seed=6))


def test_the_order_of_districts_does_not_matter():
    history = made(wandering(4, weeks=40))
    turned = DistrictHistory(
        districts=history.districts[::-1],
        start=history.start,
        load_mw=history.load_mw[::-1],
        zone=KYIV,
    )
    grid = TimeGrid(history.end, 24 * 90, KYIV)
    one, other = fit_shares(history), fit_shares(turned)
    for district, share in one.usual(grid).items():
        assert other.usual(grid)[district] == pytest.approx(share, rel=1e-6)
    spread = one.prepare(grid).draw(600, seed=1).std(axis=0)[:, -1]
    back = other.prepare(grid).draw(600, seed=1).std(axis=0)[::-1, -1]
    np.testing.assert_allclose(spread, back, rtol=4 / np.sqrt(2 * 600))


def test_intervals_of_shares_hold_six_months_ahead():
    """12 histories of which the last 26 weeks are kept back: 80 % intervals of hours and months.

    Weeks remember each other and so do the districts of a history: the 12 x 4 x 6 monthly means
    count as about 12 x 3 x 3 independent ones, which gives a standard error of 0.04.
    """
    hourly, monthly = [], []
    for seed in range(12):
        logs = wandering(100 + seed, weeks=110)
        history = made(logs)
        fitted = fit_shares(history.until(START + timedelta(weeks=84)))
        grid = TimeGrid(fitted.end, 26 * 168, KYIV)
        drawn = fitted.prepare(grid).draw(150, seed=1)
        truth = history.load_mw[:, 84 * 168 :] / 1000.0
        low, high = np.quantile(drawn[:, :, ::29], [0.1, 0.9], axis=0)
        hourly.append(np.mean((truth[:, ::29] >= low) & (truth[:, ::29] <= high)))
        means = drawn[:, :, : 6 * 728].reshape(150, 4, 6, 728).mean(axis=-1)
        low, high = np.quantile(means, [0.1, 0.9], axis=0)
        month = truth[:, : 6 * 728].reshape(4, 6, 728).mean(axis=-1)
        monthly.append(np.mean((month >= low) & (month <= high)))
    assert 0.72 <= np.mean(hourly) <= 0.88
    assert 0.70 <= np.mean(monthly) <= 0.90


def test_days_and_months_of_a_history_are_enough():
    logs = wandering(8, weeks=120, noise=0.0)
    for block, step in ((24, "day"), (730, "month")):
        whole = logs.shape[1] // block * block
        coarse = logs[:, :whole].reshape(4, -1, block).mean(axis=2)
        fitted = fit_shares(made(np.repeat(coarse, block, axis=1), step=step))
        assert step in fitted.description
        usual = fitted.usual(TimeGrid(fitted.end, 4000, KYIV))
        for k in range(4):
            assert usual[f"D{k}"] == pytest.approx((k + 1) / 10, abs=0.06)


def test_hours_without_all_districts_are_left_out_and_counted():
    history = made(np.log(np.array([0.5, 0.5]))[:, None] * np.ones(60 * 168))
    load = history.load_mw.copy()
    load[0, :300] = np.nan
    load[1, 200:400] = 1.0
    load[:, 200:250] = np.nan
    gaps = DistrictHistory(districts=history.districts, start=START, load_mw=load, zone=KYIV)
    fitted = fit_shares(gaps)
    assert "300 of 10080 hours are left out" in fitted.notes[0]


def test_too_little_is_refused_with_everything_that_is_wrong():
    with pytest.raises(HistoryError) as caught:
        fit_shares(made(np.zeros((1, 24 * 20))))
    messages = [issue.message for issue in caught.value.issues]
    assert "two districts" in messages[0]
    assert "20 days" in messages[1] or "21 days" in messages[1]


def test_level_of_an_autoregression_is_found():
    """600 weeks of memory 0.8: the standard error of the memory is sqrt((1 - 0.64) / 600)."""
    weeks = wandering(11, weeks=600, count=1, memory=0.8, step=0.05, noise=0.0)[0, ::168]
    level, smoothed = fit_share_level(weeks)
    np.testing.assert_allclose(smoothed, weeks, atol=0.05)
    assert level.memory == pytest.approx(0.8, abs=3 * np.sqrt(0.36 / 600))
    assert level.step_sigma == pytest.approx(0.05, rel=3 / np.sqrt(2 * 600) + 0.05)
    assert level.mean == pytest.approx(weeks[-1], abs=0.02)
    assert level.usual_sd[0] == pytest.approx(0.05 / 0.2 / np.sqrt(600), rel=0.3)
    wave = abs(1 - 0.8 * np.exp(-2j * np.pi * 7 / 365.25))
    assert level.usual_sd[1] == pytest.approx(0.05 / wave / np.sqrt(600), rel=0.3)


def test_courses_by_hand():
    level = ShareLevel(
        mean=0.2, variance=0.04, memory=0.5, step_sigma=0.1, usual_sd=(1.0, 1.0, 0.0)
    )
    courses = level.follow(np.array([[1.0, 2.0, 0.0, 3.0]]), weeks=3)
    # 0.2 + 0.2 = 0.4; 0.2 + 0.2 = 0.4; 0.2 + 0; and 3 x (0, 0.5, 0.75) of the usual course
    np.testing.assert_allclose(courses, [[0.4, 1.9, 2.45]])
    np.testing.assert_allclose(level.expect(3), [0.2, 0.1, 0.05])
    # A yearly wave as well: its cosine is at its top at first and 0.5 ** 26 of it is made up for.
    waves = level.follow(np.concatenate([np.zeros((1, 27)), [[0.0, 1.0, 0.0]]], axis=1), weeks=27)
    plain = level.follow(np.zeros((1, 28)), weeks=27)
    half = np.sqrt(2) * np.cos(2 * np.pi * 26 / (365.25 / 7))
    np.testing.assert_allclose((waves - plain)[0, [0, 26]], [0.0, half], atol=1e-6)


def test_a_level_that_moved_for_good_is_hardly_given_back():
    moved = np.concatenate([np.zeros(60), np.full(60, -0.7)])
    moved += np.random.default_rng(1).normal(0, 0.01, 120)
    level, _ = fit_share_level(moved - moved.mean())
    assert level.expect(27)[-1] < -0.25 or level.memory == LONGEST_MEMORY
    assert level.mean == pytest.approx(-0.35, abs=0.03)


def test_weekly_means_count_back_from_the_end():
    values = np.concatenate([np.full(10, 99.0), np.full(168, 1.0), np.full(168, 2.0)])
    values[20:40] = np.nan
    np.testing.assert_allclose(weekly_means(values), [1.0, 2.0])
    values[10:110] = np.nan
    assert np.isnan(weekly_means(values)[0])


@pytest.mark.reference
def test_zones_of_bangladesh(reference):
    """Nine zones, seven origins, six months: better than the mean and the last two months."""
    zone = ZoneInfo("Asia/Dhaka")
    path = reference / "load" / "bpdb_daily_zone_demand_loadshed_2020_2022.csv"
    table = pd.read_csv(path, parse_dates=["Date"]).drop_duplicates("Date").set_index("Date")
    demand = table.filter(like="_Demand").asfreq("D")
    daily = demand.where(demand > 0).to_numpy().T
    start = datetime(2020, 1, 1, tzinfo=zone).astimezone(UTC)
    history = DistrictHistory(
        districts=tuple(demand),
        start=start,
        load_mw=np.repeat(daily, 24, axis=1),
        zone=zone,
        step="day",
    )
    inside, errors = [], []
    for year, month in ((2021, 1), (2021, 4), (2021, 7), (2021, 10), (2022, 1), (2022, 4)):
        origin = datetime(year, month, 1, tzinfo=zone).astimezone(UTC)
        grid = TimeGrid(origin, 181 * 24, zone)
        drawn = fit_shares(history.until(origin)).prepare(grid).draw(200, seed=1)[:, :, 12::24]
        first = (origin - start).days
        truth = daily[:, first : first + 181]
        known = np.isfinite(truth).all(axis=0)
        truth = truth[:, known] / truth[:, known].sum(axis=0)
        low, middle, high = np.quantile(drawn[:, :, known], [0.1, 0.5, 0.9], axis=0)
        inside.append(np.mean((truth >= low) & (truth <= high)))
        past = daily[:, :first] / daily[:, :first].sum(axis=0)
        mean, recent = np.nanmean(past, axis=1), np.nanmean(past[:, -60:], axis=1)
        forecasts = (middle, mean[:, None], recent[:, None])
        errors.append([np.mean(np.abs(f - truth).mean(1) / truth.mean(1)) for f in forecasts])
    print("coverage", np.mean(inside), "errors", np.mean(errors, axis=0))
    assert 0.72 <= np.mean(inside) <= 0.88
    ours, mean, recent = np.mean(errors, axis=0)
    assert ours < mean < recent
