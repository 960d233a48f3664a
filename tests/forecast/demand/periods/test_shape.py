"""Shaping keeps the energy of every period; days of 23 and 25 hours; what is drawn of the shape."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from forecast.demand.period_cases import KYIV, ahead, edges_of, midnight
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.periods.ahead import (
    add_steps,
    cover_edges,
    find_periods_ahead,
)
from gridtool.forecast.demand.periods.shape import (
    DAY_SD,
    HOUR_MEMORY,
    HOUR_SD,
    YEAR_SD,
    HourShape,
    _remember,
    shape_hours,
)
from gridtool.forecast.demand.periods.shape_learned import learn_shape
from gridtool.forecast.history.model import History
from gridtool.timegrid import TimeGrid

CITY = HourShape.of(None, zone=KYIV, special_days=SpecialDays())


def laid_out(start, number, *, step, zone=KYIV):
    moments = [add_steps(start, k, step=step, zone=zone) for k in range(number + 1)]
    return cover_edges(moments, zone=zone)


def test_steps_follow_the_local_calendar():
    assert add_steps(midnight(2026, 3, 28), 2, step="day", zone=KYIV) == midnight(2026, 3, 30)
    assert add_steps(midnight(2026, 1, 31), 1, step="month", zone=KYIV) == midnight(2026, 2, 28)
    assert add_steps(midnight(2024, 2, 29), 1, step="year", zone=KYIV) == midnight(2025, 2, 28)
    assert add_steps(midnight(2026, 12, 1), 1, step="month", zone=KYIV) == midnight(2027, 1, 1)
    assert add_steps(midnight(2026, 12, 28), 1, step="week", zone=KYIV) == midnight(2027, 1, 4)


def test_days_of_the_clock_change_have_23_and_25_hours():
    spring = laid_out(midnight(2026, 3, 28), 3, step="day")
    autumn = laid_out(midnight(2026, 10, 24), 3, step="day")
    assert spring.hours.tolist() == [24, 23, 24]
    assert autumn.hours.tolist() == [24, 25, 24]


def test_a_leap_year_has_8784_hours_and_its_february_29_days():
    year = laid_out(midnight(2024), 12, step="month")
    assert year.hours.sum() == 8784
    assert year.hours[1] == 29 * 24
    assert year.hours[2] == 31 * 24 - 1


def test_half_hour_zones_lose_no_hour():
    india = ZoneInfo("Asia/Kolkata")
    days = laid_out(midnight(2026, 1, 1, zone=india), 5, step="day", zone=india)
    assert days.hours.tolist() == [24] * 5
    assert days.calendar.hour[0] == 0  # 00:30 local is the first full hour of UTC


@settings(max_examples=15, deadline=None)
@given(
    step=st.sampled_from(["day", "week", "month", "year"]),
    month=st.integers(1, 12),
    number=st.integers(1, 5),
    seed=st.integers(0, 1000),
)
def test_every_path_keeps_the_energy_of_every_period(step, month, number, seed):
    periods = laid_out(midnight(2024, month), number, step=step)
    shaped = shape_hours(CITY, periods, by_day=step == "day", seasons=step == "year")
    levels = np.random.default_rng(seed).normal(6.0, 0.3, (3, number))
    paths = shaped.draw(levels, seed=seed)
    assert paths.shape == (3, periods.hours.sum())
    assert (paths > 0).all()
    np.testing.assert_allclose(
        np.add.reduceat(paths, periods.first_hour, axis=1),
        np.exp(levels) * shaped.energy_per_level,
        rtol=1e-12,
    )


def test_at_level_zero_a_day_has_a_mean_of_one_mw():
    days = laid_out(midnight(2026, 3, 28), 3, step="day")
    shaped = shape_hours(CITY, days, by_day=True, seasons=False)
    sums = np.add.reduceat(shaped.draw(np.zeros((1, 3)), seed=1), days.first_hour, axis=1)
    np.testing.assert_allclose(sums, [[24.0, 23.0, 24.0]])


def test_a_path_depends_on_seed_and_number_only():
    months = laid_out(midnight(2026), 2, step="month")
    shaped = shape_hours(CITY, months, by_day=False, seasons=False)
    levels = np.full((4, 2), 5.0)
    whole = shaped.draw(levels, seed=3)
    np.testing.assert_array_equal(whole[2:], shaped.draw(levels[2:], seed=3, first=2))
    assert not np.array_equal(whole[0], whole[1])
    assert not np.array_equal(whole, shaped.draw(levels, seed=4))


def test_levels_are_joined_without_steps_at_the_months():
    months = laid_out(midnight(2026), 3, step="month")
    shaped = shape_hours(CITY, months, by_day=False, seasons=False)
    joined = shaped._join_levels(np.array([[1.0, 2.0, 1.0]]))[0]
    assert joined[0] == pytest.approx(1.0)
    assert joined[months.middle[1]] == pytest.approx(2.0, abs=0.01)
    assert np.abs(np.diff(joined)).max() < 0.002
    assert joined[months.first_hour[1]] == pytest.approx(1.5, abs=0.06)


def test_noise_has_the_stated_spread_and_memory():
    normal = np.random.default_rng(1).standard_normal((400, 500))
    drawn = _remember(normal, sd=HOUR_SD, memory=HOUR_MEMORY)
    assert drawn.shape == normal.shape
    # 400 independent rows: the standard error of each column's deviation is 3.5 %.
    assert drawn[:, 0].std() == pytest.approx(HOUR_SD, rel=0.12)
    assert drawn[:, -1].std() == pytest.approx(HOUR_SD, rel=0.12)
    assert drawn.std() == pytest.approx(HOUR_SD, rel=0.02)
    lagged = np.corrcoef(drawn[:, :-1].ravel(), drawn[:, 1:].ravel())[0, 1]
    assert lagged == pytest.approx(HOUR_MEMORY, abs=0.01)


def test_days_vary_between_but_daily_energy_known_does_not():
    fortnight = laid_out(midnight(2026, 5, 4), 2, step="week")
    drawn = shape_hours(CITY, fortnight, by_day=False, seasons=False).draw(
        np.full((200, 2), 5.0), seed=1
    )
    by_day = np.log(drawn.reshape(200, 14, 24).sum(axis=2))
    spread = by_day[:, :7].std(axis=0).mean()
    assert 0.4 * DAY_SD < spread < 1.1 * DAY_SD  # what weeks leave of it
    workdays = by_day[:, :5].mean()
    assert by_day[:, 6].mean() < workdays - 0.05


def test_special_days_are_lived_as_sundays():
    shape = HourShape.of(None, zone=KYIV, special_days=SpecialDays.holidays([date(2026, 5, 6)]))
    week = laid_out(midnight(2026, 5, 4), 7, step="day")
    days = shape.follow(week.calendar, seasons=False).reshape(7, 24)
    # The wandering evening moves a little from Wednesday to Sunday.
    np.testing.assert_allclose(days[2], days[6], rtol=0.002)
    assert days[1].mean() > 1.05 * days[2].mean()


def test_winter_is_in_july_where_the_clock_says_so():
    melbourne, johannesburg = ZoneInfo("Australia/Melbourne"), ZoneInfo("Africa/Johannesburg")
    assert HourShape.of(None, zone=melbourne, special_days=SpecialDays()).southern
    assert not HourShape.of(None, zone=johannesburg, special_days=SpecialDays()).southern
    assert not CITY.southern
    year = laid_out(midnight(2026), 1, step="year")
    cold = CITY.season_cosine(year.calendar)
    assert year.calendar.day_of_year[cold.argmax()] in (354, 355, 356)


def test_a_winter_wave_is_there_only_where_seasons_are_asked_for():
    year = laid_out(midnight(2026), 12, step="month")
    with_wave, without = (CITY.follow(year.calendar, seasons=s) for s in (True, False))
    ratio = np.add.reduceat(with_wave, year.first_hour) / np.add.reduceat(without, year.first_hour)
    assert ratio[0] > 1.05
    assert ratio[6] < 0.95
    assert ratio.mean() == pytest.approx(1.0, abs=0.01)


def test_seasons_in_doubt_spread_months_not_years():
    year = laid_out(midnight(2026), 1, step="year")
    shaped = shape_hours(CITY, year, by_day=False, seasons=True)
    paths = shaped.draw(np.zeros((300, 1)), seed=1)
    january = np.log(paths[:, :744].sum(axis=1))
    total = paths.sum(axis=1)
    assert total.std() / total.mean() < 1e-12
    # A wave's value at a time has the spread of one of its coefficients.
    assert january.std() == pytest.approx(np.hypot(*YEAR_SD), rel=0.2)
    doubt = CITY.season_doubt(laid_out(midnight(2026), 1, step="month").calendar)
    assert doubt == pytest.approx(np.hypot(*YEAR_SD), rel=0.05)
    assert CITY.season_doubt(year.calendar) < 0.002


def test_periods_ahead_cover_the_hours_and_count_from_the_history():
    end = midnight(2026, 1, 1)
    grid = ahead(midnight(2026, 1, 20), until=midnight(2026, 3, 5))
    months = find_periods_ahead(end, step="month", grid=grid)
    assert months.lead.tolist() == [1, 2, 3]
    assert months.start == end
    assert months.hours.tolist() == [744, 672, 743]
    later = find_periods_ahead(end, step="month", grid=ahead(midnight(2026, 2, 2), days=1))
    assert later.lead.tolist() == [2]
    assert later.start == midnight(2026, 2, 1)


def test_a_stale_history_stands_for_typical_years():
    grid = TimeGrid(midnight(2027, 2, 1), 24, KYIV)
    months = find_periods_ahead(midnight(2026), step="month", grid=grid)
    assert months.lead.tolist() == [1]
    assert months.start == grid.start


def test_edges_of_cases_follow_the_zone():
    edges = edges_of(midnight(2026, 3, 28), 2, step="day")
    assert (np.diff(edges) / np.timedelta64(1, "h")).tolist() == [24.0, 23.0]
    assert midnight(2026, 3, 29) + timedelta(hours=23) == midnight(2026, 3, 30)


def test_a_shape_learned_by_hand():
    hours = laid_out(midnight(2026, 5, 4), 70, step="day")
    expected = CITY.follow(hours.calendar, seasons=False)
    load = 300.0 * expected
    load[hours.calendar.hour == 12] *= 1.2
    known = hours.calendar.hour % 3 == 0
    history = History(
        start=hours.start, load_mw=np.where(known, load, np.nan), temp_c=None, zone=KYIV
    )
    learned = learn_shape(CITY, history, zone=KYIV).learned
    # Hours 9 and 15 are as expected, 12 a fifth above them; those between lie between.
    for kind in range(3):
        assert learned[kind, 12] - learned[kind, 9] == pytest.approx(np.log(1.2))
        assert learned[kind, 10] - learned[kind, 9] == pytest.approx(np.log(1.2) / 3)
        assert learned[kind, 21] == pytest.approx(learned[kind, 3])
        assert learned[kind, 23] == pytest.approx(learned[kind, 0])


def test_a_kind_of_day_never_seen_keeps_its_shape():
    days = laid_out(midnight(2026, 5, 4), 70, step="day")
    load = 300.0 * CITY.follow(days.calendar, seasons=False) ** 0.5
    load[CITY.kinds(days.calendar) == 2] = np.nan
    history = History(start=days.start, load_mw=load, temp_c=None, zone=KYIV)
    learned = learn_shape(CITY, history, zone=KYIV).learned
    assert (learned[2] == 0.0).all()
    assert np.abs(learned[:2]).max() > 0.05
