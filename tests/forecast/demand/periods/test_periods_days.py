"""Daily histories: effects found, weather years, weeks of residual days, shed days."""

from datetime import date, timedelta

import numpy as np
import pytest
from forecast.demand.period_cases import KYIV, ahead, hourly, midnight, periods

from gridtool.errors import HistoryError
from gridtool.forecast.demand.model import DemandEvent, SpecialDays
from gridtool.forecast.demand.periods.ahead import add_steps, cover_edges, find_periods_ahead
from gridtool.forecast.demand.periods.coarsen import sum_hours
from gridtool.forecast.demand.periods.days import fit_day_levels
from gridtool.forecast.demand.periods.days_terms import BEYOND_SEEN_C, fit_days, trailing_days
from gridtool.forecast.demand.periods.days_weather import DayWeather
from gridtool.forecast.demand.periods.fit import fit_periods
from gridtool.forecast.demand.periods.shape import HourShape

END = midnight(2026)
NO_DAYS = SpecialDays()
DAYS = 3 * 365 + 1  # 2023-2025


def past(days=DAYS):
    """Days up to the end of 2025."""
    edges = [add_steps(END, k - days, step="day", zone=KYIV) for k in range(days + 1)]
    return cover_edges(edges, zone=KYIV)


def temperatures(days, *, seed=1):
    rng = np.random.default_rng(seed)
    usual = 9.0 - 12.0 * np.cos(2 * np.pi * past(days).year_part)
    noise = np.empty(days)
    last = 0.0
    for day, drawn in enumerate(rng.standard_normal(days)):
        last = noise[day] = 0.8 * last + 2.4 * drawn
    return usual + noise


def demand(days=DAYS, *, free=0.9, heating=0.01, noise=0.01, seed=2):
    """Log demand: weekends at ``free``, heating below 15 degrees by the degree."""
    temp = temperatures(days)
    weekday = past(days).calendar.weekday[past(days).middle]
    rng = np.random.default_rng(seed)
    log = np.log(1000.0) + np.where(weekday >= 5, np.log(free), 0.0)
    log += heating * np.maximum(15.0 - temp, 0.0) + noise * rng.standard_normal(days)
    return log, temp


def test_weekdays_and_temperature_are_found():
    log, temp = demand()
    terms = fit_days(log, past=past(), temp_c=temp, special_days=NO_DAYS)
    assert terms.day_types[:4] == pytest.approx([0.0] * 4, abs=0.004)
    assert terms.day_types[4:] == pytest.approx([np.log(0.9)] * 2, abs=0.004)
    cold, mild = (terms.predict_temperature((np.array([t]), np.array([t])))[0] for t in (-5.0, 5.0))
    assert cold - mild == pytest.approx(0.1, abs=0.015)


def test_the_temperature_effect_goes_on_for_three_degrees_only():
    log, temp = demand()
    terms = fit_days(log, past=past(), temp_c=temp, special_days=NO_DAYS)
    least = temp.min()
    at = np.array([least, least - BEYOND_SEEN_C, least - 20.0])
    effect = terms.predict_temperature((at, np.full(3, 0.0)))
    assert effect[1] == effect[2]
    assert effect[1] > effect[0]


def test_special_days_have_their_own_effect():
    log, temp = demand()
    holidays = [date(year, 5, 1) for year in (2023, 2024, 2025)]
    days = SpecialDays.holidays([*holidays, date(2026, 5, 1)])
    log[np.isin(past().day, days.numbers("holiday"))] -= 0.2
    terms = fit_days(log, past=past(), temp_c=temp, special_days=days)
    assert terms.day_types[6] == pytest.approx(-0.2, abs=0.015)


def test_holidays_never_seen_are_sundays():
    log, temp = demand()
    coming = SpecialDays.holidays([date(2026, 1, 7)])  # a Wednesday
    found = fit_day_levels(log, past=past(), temp_c=temp, special_days=coming)
    assert any("Sundays" in note for note in found.notes)
    week = find_periods_ahead(END, step="day", grid=ahead(END, days=14))
    explained = found.terms.predict_calendar(week)
    sunday = explained[[3, 10]]  # 4 and 11 January
    assert explained[6] == pytest.approx(sunday[0])
    assert explained[6] < explained[13] - 0.08


def test_trailing_means_by_hand():
    temp = np.array([1.0, 4.0, 7.0, np.nan, 2.0])
    found = trailing_days(temp, days=3)
    assert found[:3] == pytest.approx([1.0, 2.0, 4.0])
    assert np.isnan(found[3:]).all()


def test_weather_years_are_the_same_dates_of_past_years_shifted():
    days = 730
    record = DayWeather(temp_c=np.arange(days, dtype=float), first_day=0)
    week = find_periods_ahead(midnight(1972), step="day", grid=ahead(midnight(1972), days=3))
    today, _ = record.scenarios(week)
    # Two years back from day 730, three days each, shifted by up to 21 days where they fit.
    assert today.shape[1] == 3
    starts = set(today[:, 0].astype(int).tolist())
    assert {365 + shift for shift in range(-21, 22)} <= starts
    assert all(start % 365 <= 21 or start % 365 >= 344 for start in starts)
    late = today[today[:, 0] == 729][0]
    assert late.tolist() == [729.0, 365.0, 366.0]  # goes on with the year before


def test_months_no_year_has_seen_are_refused():
    log, temp = demand(120)
    found = fit_day_levels(log, past=past(120), temp_c=temp, special_days=NO_DAYS)
    assert found.terms.short
    july = find_periods_ahead(
        END, step="day", grid=ahead(midnight(2026, 7, 1), until=midnight(2026, 8, 1))
    )
    with pytest.raises(HistoryError, match="no past year's temperatures"):
        found.prepare(july)


def test_what_is_left_within_weeks_adds_up_to_nothing():
    log, temp = demand()
    log[[100, 101, 400]] = np.nan
    found = fit_day_levels(log, past=past(), temp_c=temp, special_days=NO_DAYS)
    assert found.within.shape[1] == 7
    np.testing.assert_allclose(found.within.sum(axis=1), 0.0, atol=1e-12)
    assert found.within.std() == pytest.approx(0.01, rel=0.2)


def test_weekdays_ahead_follow_on_from_the_history():
    rng = np.random.default_rng(3)
    log = np.log(1000.0) + 0.01 * rng.standard_normal(DAYS)
    thursday = past().calendar.weekday[past().middle] == 3
    # Every other Thursday low: neither weekday nor level, but a day within its week.
    low = thursday & (past().day // 7 % 2 == 0)
    log[low] -= 0.3
    found = fit_day_levels(log, past=past(), temp_c=None, special_days=NO_DAYS)
    month = find_periods_ahead(END, step="day", grid=ahead(END, days=28))
    drawn = found.prepare(month)(400, seed=1)
    by_weekday = [(drawn[:, month.calendar.weekday[month.middle] == k].std()) for k in range(7)]
    assert int(np.argmax(by_weekday)) == 3
    assert by_weekday[3] == pytest.approx(0.15, rel=0.15)
    assert max(by_weekday[:3] + by_weekday[4:]) < 0.06


def test_a_daily_model_forecasts_its_city():
    history = hourly()
    shape = HourShape.of(None, zone=KYIV, special_days=NO_DAYS)
    days = sum_hours(history.until(midnight(2025, 7, 1)), shape=shape, zone=KYIV)
    model = fit_periods(days)
    assert model.description.startswith(
        "daily model: one regression on calendar and temperature by day, weekly walking level"
    )
    grid = ahead(midnight(2025, 7, 1), until=midnight(2026))
    paths = model.simulate(200, grid=grid, seed=1)
    first = int((grid.start - history.start) / timedelta(hours=1))
    truth = history.load_mw[first : first + grid.hours]
    median = np.median(paths, axis=0)
    assert np.abs(median / truth - 1).mean() < 0.10
    assert median.mean() == pytest.approx(truth.mean(), rel=0.03)
    low, high = np.quantile(paths, [0.1, 0.9], axis=0)
    assert 0.6 < ((truth >= low) & (truth <= high)).mean() < 0.97


def test_days_without_temperature_need_a_year_of_them():
    log, temp = demand(200)
    model = fit_periods(periods(midnight(2025, 6, 15), np.exp(log), step="day"))
    assert model.description.startswith("energy with typical profiles: 200 days")
    with_temp = fit_periods(periods(midnight(2025, 6, 15), np.exp(log), step="day", temp_c=temp))
    assert with_temp.description.startswith("daily model: one small regression on weekday and")


def test_shed_days_and_outages_do_not_pull_demand_down():
    log, _ = demand(heating=0.0)
    served = np.exp(log)
    shed = np.zeros(DAYS)
    shed[-60:] = 0.25 * served[-60:]
    hours = np.diff([0, *past().first_hour[1:], past().hours.sum()])
    history = periods(midnight(2023), served - shed, step="day", shed_mwh=shed * hours)
    grid = ahead(END, days=56)
    honest = np.median(fit_periods(history).simulate(60, grid=grid, seed=1).mean(axis=1))
    assert honest == pytest.approx(np.exp(log).mean(), rel=0.02)
    outage = DemandEvent(kind="outage", start=midnight(2025, 11, 2), end=END)
    blind = periods(midnight(2023), served - shed, step="day")
    told = fit_periods(blind, events=[outage]).simulate(60, grid=grid, seed=1)
    assert np.median(told.mean(axis=1)) == pytest.approx(np.exp(log).mean(), rel=0.04)
    fooled = fit_periods(blind).simulate(60, grid=grid, seed=1)
    assert np.median(fooled.mean(axis=1)) < 0.9 * np.exp(log).mean()


def test_temperature_may_begin_years_before_demand():
    log, temp = demand()
    late = np.where(np.arange(DAYS) < 2 * 365, np.nan, np.exp(log))
    model = fit_periods(periods(midnight(2023), late, step="day", temp_c=temp))
    assert "1.0 years of daily history to 2026-01-01" in model.description
    with pytest.raises(HistoryError, match="beyond the reach of the history, 12 months"):
        model.check_reach(ahead(END, days=370))
    january = find_periods_ahead(END, step="day", grid=ahead(END, days=31))
    own = fit_periods(periods(midnight(2025), late[-365:], step="day", temp_c=temp[-365:]))
    scenarios = [len(m.source.weather.scenarios(january)[0]) for m in (model, own)]
    assert scenarios[0] > 2 * scenarios[1]
    whole = fit_periods(periods(midnight(2023), np.exp(log), step="day", temp_c=temp))
    means = [m.simulate(100, grid=ahead(END, days=31), seed=1).mean() for m in (model, whole)]
    assert means[0] == pytest.approx(means[1], rel=0.03)
