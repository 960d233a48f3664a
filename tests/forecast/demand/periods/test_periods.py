"""Weeks, months and years: hand-worked levels, what is refused, size, energy, words."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from forecast.demand.period_cases import KYIV, ahead, hourly, midnight, month_sums, periods

from gridtool.errors import HistoryError
from gridtool.forecast.demand.days.special_days import SpecialDays
from gridtool.forecast.demand.model import DemandEvent
from gridtool.forecast.demand.periods.ahead import find_periods_ahead
from gridtool.forecast.demand.periods.coarsen import coarsen_days, sum_hours
from gridtool.forecast.demand.periods.demand import wanted_energy
from gridtool.forecast.demand.periods.fit import fit_periods
from gridtool.forecast.demand.periods.levels import (
    LEAST_NOISE,
    LEAST_STEP,
    LEAST_STEP_SHORT,
    annual_waves,
    fit_levels,
)
from gridtool.forecast.demand.periods.profile import DECLARED_SD, declare_levels, walk_levels
from gridtool.forecast.demand.periods.shape import HourShape
from gridtool.forecast.demand.periods.weather import fit_weather
from gridtool.forecast.model import FittedModel

CITY = HourShape.of(None, zone=KYIV, special_days=SpecialDays())
NORMAL_80 = 1.2816
END = midnight(2026)


def months(mean_mw, *, start=None, **given):
    return periods(start or midnight(2023), mean_mw, step="month", **given)


def waved(number, *, level=1000.0, wave=0.2, noise=0.02, seed=1):
    """Months with a winter wave and noise."""
    rng = np.random.default_rng(seed)
    season = wave * np.cos(2 * np.pi * (np.arange(number) + 0.5) / 12)
    return level * np.exp(season + noise * rng.standard_normal(number))


def year_part(number):
    return (np.arange(number) % 12 + 0.5) / 12


# --- levels -----------------------------------------------------------------------------------


def test_the_state_space_finds_the_wave_and_the_level():
    found = fit_levels(np.log(waved(60)), year_part=year_part(60), temp_c=None, period_days=30.44)
    assert found.mean[0] == pytest.approx(np.log(1000.0), abs=0.02)
    assert found.mean[2:] == pytest.approx([0.0, 0.2, 0.0, 0.0], abs=0.015)
    assert found.noise_sd == pytest.approx(0.02, rel=0.4)
    assert abs(found.memory) < 0.4
    assert found.step_sd == pytest.approx(LEAST_STEP)
    assert found.degrees == 55


def test_gaps_are_stood():
    values = np.log(waved(60))
    values[[3, 4, 30]] = np.nan
    found = fit_levels(values, year_part=year_part(60), temp_c=None, period_days=30.44)
    assert found.mean[3] == pytest.approx(0.2, abs=0.015)
    assert found.degrees == 52


def test_one_year_alone_knows_its_seasons_less():
    short, long = (
        fit_levels(np.log(waved(n)), year_part=year_part(n), temp_c=None, period_days=30.44)
        for n in (12, 60)
    )
    assert short.step_sd == LEAST_STEP_SHORT
    assert "assumed" in short.words
    assert np.sqrt(short.cov[3, 3]) > 1.5 * np.sqrt(long.cov[3, 3])
    assert short.degrees == 7


def test_without_noise_the_level_is_the_last_months():
    found = fit_levels(
        np.log(np.full(36, 500.0)), year_part=year_part(36), temp_c=None, period_days=30.44
    )
    assert found.noise_sd >= LEAST_NOISE
    assert found.mean[:2].sum() == pytest.approx(np.log(500.0), abs=1e-6)


def test_the_spread_of_a_level_ahead_grows_as_a_walk():
    found = replace(
        fit_levels(np.log(waved(60)), year_part=year_part(60), temp_c=None, period_days=30.44),
        cov=np.zeros((6, 6)),
        step_sd=0.03,
        noise_sd=0.04,
        memory=0.5,
        degrees=10**6,
    )
    terms = annual_waves(year_part(12), number=2)
    unit = np.arange(12)
    courses = np.stack(
        [found.follow(np.random.default_rng(s), terms=terms, unit=unit) for s in range(4000)]
    )
    # n steps of 0.03 and a departure of 0.04, 0.02, 0.01 ...; 4000 draws: an error of 1.1 %.
    for lead in (1, 4, 12):
        departure = 0.04**2 * sum(0.25**k for k in range(lead))
        wanted = np.sqrt(lead * 0.03**2 + departure)
        assert courses[:, lead - 1].std() == pytest.approx(wanted, rel=0.04)


def test_few_degrees_of_freedom_widen_the_tails():
    base = fit_levels(np.log(waved(60)), year_part=year_part(60), temp_c=None, period_days=30.44)
    terms, unit = annual_waves(year_part(1), number=2), np.zeros(1, dtype=int)
    spread = {}
    for degrees in (3, 10**6):
        found = replace(base, cov=np.zeros((6, 6)), step_sd=0.0, noise_sd=1.0, degrees=degrees)
        drawn = [
            found.follow(np.random.default_rng(s), terms=terms, unit=unit)[0] for s in range(4000)
        ]
        spread[degrees] = np.quantile(drawn, 0.9) - np.quantile(drawn, 0.5)
    # Student's t with 3 degrees: 1.638 at 90 %, the normal distribution: 1.282.
    assert spread[3] == pytest.approx(1.638, rel=0.07)
    assert spread[10**6] == pytest.approx(NORMAL_80, rel=0.05)


def test_temperature_explains_what_it_can():
    rng = np.random.default_rng(2)
    usual = 10.0 - 12.0 * np.cos(2 * np.pi * year_part(60))
    temp = usual + 3.0 * rng.standard_normal(60)
    values = 7.0 + 0.15 * np.maximum(15.0 - temp, 0.0) / 10.0 + 0.005 * rng.standard_normal(60)
    found = fit_levels(values, year_part=year_part(60), temp_c=temp, period_days=30.44)
    assert found.terms == (0, 1)
    assert found.mean[6] == pytest.approx(0.15, abs=0.02)
    blind = fit_levels(values, year_part=year_part(60), temp_c=None, period_days=30.44)
    assert found.noise_sd < 0.5 * blind.noise_sd


def test_weather_ahead_is_the_usual_course_and_departures_of_its_season():
    temp = 10.0 - 12.0 * np.cos(2 * np.pi * year_part(36))
    temp[12:24] += 4.0
    temp[[0, 12, 24]] = np.nan
    weather = fit_weather(temp, year_part=year_part(36))
    assert np.isfinite(weather.fill(temp)).all()
    assert weather.usual(year_part(12)).mean() == pytest.approx(10.0 + 4.0 / 3, abs=0.1)
    assert weather.departures[[0, 12, 24]].tolist() == [0.0] * 3
    quarter = find_periods_ahead(END, step="month", grid=ahead(END, until=midnight(2026, 4, 1)))
    drawn = {
        tuple(np.round(weather.draw(quarter, share=share) - weather.usual(quarter.year_part), 2))
        for share in np.arange(20) / 20
    }
    assert 3 <= len(drawn) <= 9  # three years, shifted by a month to either side


def test_yearly_changes_are_the_spread_of_a_year_ahead():
    found = walk_levels(np.log([100.0, 110.0, 99.0, 110.0, np.nan, 99.0]))
    up = np.log(1.1)
    # Changes of +-10 % and one over two years: its square halves.
    moved = np.sqrt((up**2 + np.log(0.9) ** 2 + np.log(110 / 99) ** 2 + np.log(0.9) ** 2 / 2) / 4)
    assert found.year_sd == pytest.approx(moved)
    assert found.mean == pytest.approx(np.log(99.0))
    assert found.degrees == 4


def test_one_figure_has_a_declared_spread():
    found = walk_levels(np.log([8000.0]))
    assert (found.mean, found.known_sd) == (np.log(8000.0), DECLARED_SD)
    low, high = np.exp(NORMAL_80 * DECLARED_SD * np.array([-1, 1]))
    assert low == pytest.approx(0.83, abs=0.01)
    assert high == pytest.approx(1.20, abs=0.01)
    assert declare_levels(0.0, words="", season_sd=0.1).known_sd == pytest.approx(
        np.hypot(DECLARED_SD, 0.1)
    )


# --- what was wanted --------------------------------------------------------------------------


def test_shed_energy_is_added_and_outages_are_left_out():
    history = months(np.full(24, 100.0), shed_mwh=np.where(np.arange(24) == 3, 7200.0, np.nan))
    outage = DemandEvent(kind="outage", start=midnight(2023, 6, 10), end=midnight(2023, 6, 12))
    found = wanted_energy(history, events=[outage], day=np.arange(24) * 30)
    assert found.energy_mwh[3] == pytest.approx(72000.0 + 7200.0)
    assert np.isnan(found.energy_mwh[5])
    assert np.isfinite(found.energy_mwh).sum() == 23
    assert len(found.notes) == 2


def test_months_before_a_stated_change_are_moved_to_the_level_after_it():
    history = months(np.full(24, 100.0))
    hours = np.diff(history.edges).astype(float) / 3600
    moved = DemandEvent(kind="level", start=midnight(2023, 4, 16), change=-0.2)
    found = wanted_energy(history, events=[moved], day=np.arange(24) * 30).energy_mwh / hours
    assert found[0] == pytest.approx(80.0)
    # Half of April before: 100 = (D + 0.8 D) / 2, afterwards 0.8 D = 88.9.
    assert found[3] == pytest.approx(100.0 * 0.8 / 0.9, rel=1e-3)
    assert found[4] == pytest.approx(100.0)
    later = DemandEvent(kind="level", start=midnight(2027), change=-0.2)
    np.testing.assert_array_equal(
        wanted_energy(history, events=[later], day=np.arange(24) * 30).energy_mwh,
        history.energy_mwh,
    )


def test_a_history_of_nothing_is_refused():
    with pytest.raises(HistoryError, match="no period with demand"):
        wanted_energy(months([0.0, np.nan]), events=[], day=np.arange(2))


# --- fitted models ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def monthly():
    return months(waved(36))


@pytest.fixture(scope="module")
def fitted(monthly):
    return fit_periods(monthly)


def test_it_is_a_fitted_model_that_says_what_it_is(fitted):
    assert isinstance(fitted, FittedModel)
    assert fitted.description == (
        "monthly model: walking level; hours shaped as those of a mean city; "
        "3.0 years of monthly history to 2026-01-01"
    )
    assert fitted.weaker is None
    (note,) = fitted.notes(ahead(END, days=30))
    assert note.startswith("the history holds months: hours are shaped by profiles")
    assert "of its mean hour" in note


def test_months_ahead_have_the_energy_of_their_season(fitted):
    grid = ahead(END, until=midnight(2027))
    mean = np.median(month_sums(fitted.simulate(200, grid=grid, seed=1), grid), axis=0)
    mean = mean / np.bincount(grid.month_index)
    wave = 1000.0 * np.exp(0.2 * np.cos(2 * np.pi * (np.arange(12) + 0.5) / 12))
    np.testing.assert_allclose(mean, wave, rtol=0.05)


def test_a_part_of_a_month_is_that_part_of_the_whole(fitted):
    whole = fitted.simulate(5, grid=ahead(END, until=midnight(2026, 3, 1)), seed=4)
    part = fitted.simulate(5, grid=ahead(midnight(2026, 1, 11), until=midnight(2026, 2, 5)), seed=4)
    np.testing.assert_allclose(part, whole[:, 240 : 240 + part.shape[1]], rtol=1e-12)


def test_paths_do_not_depend_on_the_draws_they_come_in(fitted):
    paths = fitted.prepare(ahead(END, days=40))
    whole = paths.draw(6, seed=2)
    np.testing.assert_array_equal(whole[4:], paths.draw(2, seed=2, first=4))


def test_the_intervals_widen_with_the_lead(fitted):
    grid = ahead(END, until=midnight(2027))
    energy = np.log(month_sums(fitted.simulate(400, grid=grid, seed=1), grid))
    spread = energy.std(axis=0)
    assert spread[9:].mean() > 1.2 * spread[:3].mean()


def test_scaling_makes_the_shaped_years_highest_hour_the_networks(monthly, fitted):
    scaled = fit_periods(monthly, peak_mw=200.0)
    grid = ahead(END, days=30)
    factor = 200.0 / fitted.reference_peak_mw
    np.testing.assert_allclose(
        scaled.simulate(2, grid=grid, seed=1), factor * fitted.simulate(2, grid=grid, seed=1)
    )
    assert scaled.reference_peak_mw == fitted.reference_peak_mw
    assert 1.3 * 1200 < fitted.reference_peak_mw < 1.9 * 1200  # mean of the highest month: 1217
    assert scaled.description.endswith("to the network's 200 MW")


def test_months_ahead_before_the_end_are_refused(fitted):
    with pytest.raises(HistoryError, match="before the history's end"):
        fitted.prepare(ahead(END - timedelta(days=3), days=10))


def test_a_model_reaches_as_far_as_its_history(fitted):
    fitted.check_reach(ahead(END, until=midnight(2028, 12, 31)))
    with pytest.raises(HistoryError, match="beyond the reach of the history, 36 months"):
        fitted.check_reach(ahead(END, until=midnight(2029, 2, 1)))


def test_an_old_history_says_so_and_stands_for_typical_years(fitted):
    grid = ahead(midnight(2026, 7, 1), days=31)
    assert any("stands for typical years" in note for note in fitted.notes(grid))
    fitted.simulate(2, grid=grid, seed=1)


def test_events_ahead_move_paths(monthly, fitted):
    left = DemandEvent(kind="level", start=midnight(2026, 2, 1), change=-0.3)
    grid = ahead(END, until=midnight(2026, 3, 1))
    moved = fit_periods(monthly, events=[left]).simulate(2, grid=grid, seed=1)
    ratio = moved / fitted.simulate(2, grid=grid, seed=1)
    np.testing.assert_allclose(ratio[:, :744], 1.0)
    np.testing.assert_allclose(ratio[:, 744:], 0.7)


def test_temperature_in_few_months_is_said_to_be_unused(monthly):
    temp = np.full(36, np.nan)
    temp[:10] = 5.0
    model = fit_periods(replace(monthly, temp_c=temp))
    assert model.weaker == "temperature in less than half of the months: not used"
    promised = fit_periods(replace(monthly, set_aside="the shed column is empty"))
    assert promised.weaker == "the shed column is empty"


def test_half_a_year_of_months_is_energy_with_profiles():
    model = fit_periods(months(np.full(6, 1000.0), start=midnight(2025, 7, 1)))
    assert model.description.startswith("energy with typical profiles: 6 months")
    assert model.step == "year"
    grid = ahead(END, until=midnight(2027))
    year = model.simulate(400, grid=grid, seed=1).mean(axis=1)
    # Summer is the lower half of the profile's year, so the year is a little above.
    assert 1000.0 < np.median(year) < 1100.0
    low, high = np.quantile(year, [0.1, 0.9]) / np.median(year)
    assert low < 0.85
    assert high > 1.17


def test_weeks_of_two_months_are_refused():
    short = periods(midnight(2026), np.full(9, 100.0), step="week")
    with pytest.raises(HistoryError, match=r"63 days of demand.*the energy of a year"):
        fit_periods(short)


# --- a year's energy --------------------------------------------------------------------------


def test_a_years_energy_is_kept_and_its_peak_met():
    history = periods(midnight(2025), [1000.0], step="year")
    for peak_mw in (1700.0, 2100.0):
        model = fit_periods(history, peak_mw=peak_mw)
        assert model.factor == pytest.approx(1.0, abs=0.01)
        assert model.reference_peak_mw == pytest.approx(peak_mw, rel=0.01)
        assert "as sharp as energy and a peak of" in model.description
        grid = ahead(END, until=midnight(2027))
        paths = model.simulate(200, grid=grid, seed=1)
        assert np.median(paths.mean(axis=1)) == pytest.approx(1000.0, rel=0.03)
        peaks = paths.max(axis=1) / paths.mean(axis=1)
        assert np.median(peaks) == pytest.approx(peak_mw / 1000.0, rel=0.02)


def test_energy_and_peak_of_two_sizes_are_scaled():
    history = periods(midnight(2025), [1000.0], step="year")
    model = fit_periods(history, peak_mw=50.0)
    assert model.factor == pytest.approx(50.0 / model.reference_peak_mw)
    assert "scaled from a peak of" in model.description


def test_the_interval_of_a_single_year_is_the_declared_one():
    model = fit_periods(periods(midnight(2025), [1000.0], step="year"))
    grid = ahead(END, until=midnight(2027))
    year = np.log(model.simulate(600, grid=grid, seed=3).mean(axis=1) / 1000.0)
    # 600 draws: a standard error of 3 % of the spread.
    assert year.std() == pytest.approx(np.hypot(DECLARED_SD, 0.03), rel=0.1)


# --- sums -------------------------------------------------------------------------------------


def test_hours_sum_to_whole_days_and_months():
    history = hourly()
    days = sum_hours(history, shape=CITY, zone=KYIV)
    assert (days.start, days.end) == (midnight(2023), midnight(2026))
    np.testing.assert_allclose(days.energy_mwh.sum(), history.load_mw.sum())
    clock_change = (midnight(2025, 3, 30) - days.start) // timedelta(days=1)
    first = int((midnight(2025, 3, 30) - history.start) / timedelta(hours=1))
    assert days.energy_mwh[clock_change] == pytest.approx(history.load_mw[first : first + 23].sum())
    monthly = coarsen_days(days, step="month")
    assert len(monthly.energy_mwh) == 36
    np.testing.assert_allclose(monthly.energy_mwh.sum(), history.load_mw.sum())
    assert monthly.temp_c[0] == pytest.approx(days.temp_c[:31].mean())
    weekly = coarsen_days(days, step="week")
    assert weekly.end == midnight(2026)
    assert len(weekly.energy_mwh) == (365 * 3 + 1) // 7
    yearly = coarsen_days(days, step="year")
    assert len(yearly.energy_mwh) == 3


def test_missing_hours_of_a_day_are_filled_by_the_shape():
    history = hourly(midnight(2025), midnight(2025, 3, 1))
    load = history.load_mw.copy()
    load[np.arange(len(load)) % 3 != 0] = np.nan
    load[240:264] = np.nan
    whole = sum_hours(history, shape=CITY, zone=KYIV).energy_mwh
    part = sum_hours(replace(history, load_mw=load), shape=CITY, zone=KYIV).energy_mwh
    assert np.flatnonzero(np.isnan(part)).tolist() == [10]
    np.testing.assert_allclose(np.delete(part / whole, 10), 1.0, atol=0.02)


def test_hours_known_to_be_short_do_not_count():
    history = hourly(midnight(2025), midnight(2025, 2, 1))
    load, short = history.load_mw.copy(), np.zeros(history.hours, dtype=bool)
    load[24:30] = 1.0
    short[24:30] = True
    marked = sum_hours(replace(history, load_mw=load, short=short), shape=CITY, zone=KYIV)
    whole = sum_hours(history, shape=CITY, zone=KYIV)
    assert marked.energy_mwh[1] == pytest.approx(whole.energy_mwh[1], rel=0.05)


def test_partial_days_and_months_are_left_out():
    history = hourly(midnight(2025, 1, 10) + timedelta(hours=5), midnight(2025, 4, 3))
    days = sum_hours(history, shape=CITY, zone=KYIV)
    assert (days.start, days.end) == (midnight(2025, 1, 11), midnight(2025, 4, 3))
    monthly = coarsen_days(days, step="month")
    assert (monthly.start, monthly.end) == (midnight(2025, 2, 1), midnight(2025, 4, 1))
    with pytest.raises(HistoryError, match="no whole year"):
        coarsen_days(days, step="year")
