"""The ladder of models: which is chosen, what is refused, and that all of it can be simulated."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from forecast.demand.period_cases import hourly as make_hourly
from forecast.demand.period_cases import midnight, periods
from forecast.test_shortage import UNITS, damaged, one_bus

from gridtool.errors import HistoryError
from gridtool.forecast.demand.choose import MODELS, fit_history
from gridtool.forecast.demand.fit import FittedDemand, fit_demand
from gridtool.forecast.demand.periods.model import FittedPeriods
from gridtool.forecast.demand.periods.shape_network import network_mix
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.forecast.model import FittedModel, ForecastConfig
from gridtool.forecast.preview import preview_shortage
from gridtool.forecast.shortage import forecast_grid, forecast_shortage
from gridtool.network.catalog import load_network
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def hourly():
    load, temp = make_history(start=START, end=END, special_days=())
    return History(start=START, load_mw=load, temp_c=temp, zone=KYIV)


@pytest.fixture(scope="module")
def monthly():
    season = 0.2 * np.cos(2 * np.pi * (np.arange(37) + 0.5) / 12)
    return periods(midnight(2024), 900.0 * np.exp(season), step="month")


def test_hours_with_temperature_have_the_full_model(hourly):
    grid = TimeGrid(END, 240, KYIV)
    chosen, own = fit_history(hourly), fit_demand(hourly)
    np.testing.assert_array_equal(
        chosen.prepare(grid).draw(3, seed=1), own.prepare(grid).draw(3, seed=1)
    )
    assert chosen.weaker is None


def test_an_unknown_name_is_refused_with_those_known(hourly):
    with pytest.raises(HistoryError, match=r"no such demand model.*auto.*profile"):
        fit_history(hourly, model="magic")


@pytest.mark.parametrize("model", MODELS)
def test_a_full_history_carries_every_model(hourly, model):
    fitted = fit_history(hourly, model=model)
    assert isinstance(fitted, FittedModel)
    words = {
        "auto": "24 hourly regressions on calendar and temperature",
        "full": "24 hourly regressions on calendar and temperature",
        "short": "short history: 24 small regressions",
        "no-weather": "no weather: 24 hourly regressions on the calendar",
        "days": "daily model: one regression on calendar and temperature",
        "weeks": "weekly model: ",
        "months": "monthly model: ",
        "profile": "energy with typical profiles: ",
    }
    assert words[model] in fitted.description
    assert fitted.weaker is None  # asked for, not forced
    paths = fitted.simulate(3, grid=TimeGrid(END, 24 * 40, KYIV), seed=1)
    assert paths.shape == (3, 960)
    # December and January of a winter-peaking city: a tenth above the year.
    assert paths.mean() == pytest.approx(1.12 * np.nanmean(hourly.load_mw), rel=0.15)


def test_a_history_carries_no_finer_model_than_it_is(monthly):
    with pytest.raises(
        HistoryError, match=r"holds months: it cannot carry the model 'days'.*auto, months, profile"
    ):
        fit_history(monthly, model="days")
    with pytest.raises(HistoryError, match="cannot carry the model 'full'"):
        fit_history(monthly, model="full")
    assert fit_history(monthly, model="months").description == fit_history(monthly).description


def test_days_carry_weeks_and_months():
    history = make_hourly(midnight(2024), midnight(2026))
    days = periods(
        midnight(2024), np.linspace(900, 1000, 731), step="day", temp_c=np.linspace(0, 20, 731)
    )
    assert history.hours == 731 * 24
    assert fit_history(days).description.startswith("daily model")
    assert fit_history(days, model="weeks").description.startswith("weekly model")
    assert fit_history(days, model="months").description.startswith("monthly model")
    assert "730 days" not in fit_history(days, model="profile").description


def test_hourly_models_a_history_cannot_carry_are_refused_with_reasons(hourly):
    short = hourly.until(datetime(2024, 6, 1, tzinfo=UTC))
    with pytest.raises(HistoryError, match=r"'full': 152 days of demand, 360 are needed"):
        fit_history(short, model="full")
    with pytest.raises(HistoryError, match="'short': no temperature in half of the hours"):
        fit_history(replace(hourly, temp_c=None), model="short")
    assert fit_history(short, model="short").description.startswith("short history")


def test_the_short_model_is_of_the_last_year_of_demand(hourly):
    later = replace(hourly, load_mw=hourly.load_mw.copy())
    later.load_mw[: 8760 // 2] *= 0.5  # before a break: does not count
    grid = TimeGrid(END, 240, KYIV)
    drawn = [
        fit_history(history, model="short").simulate(2, grid=grid, seed=1).mean()
        for history in (hourly, later)
    ]
    assert drawn[0] == pytest.approx(drawn[1], rel=1e-6)


@pytest.mark.parametrize("kept", [range(0, 24, 3), (7, 8, 12, 18, 19, 20)])
def test_hours_that_cannot_be_used_leave_days_and_say_so(hourly, kept):
    clock = (np.arange(hourly.hours) + 2) % 24  # Kyiv, roughly
    gappy = replace(hourly, load_mw=np.where(np.isin(clock, list(kept)), hourly.load_mw, np.nan))
    fitted = fit_history(gappy)
    assert isinstance(fitted, FittedPeriods)
    assert "hours of the day are hardly ever known: its days are fitted" in fitted.weaker
    grid = TimeGrid(END, 24 * 60, KYIV)
    own = fit_history(hourly).simulate(50, grid=grid, seed=1).mean()
    assert fitted.simulate(50, grid=grid, seed=1).mean() == pytest.approx(own, rel=0.05)


def test_the_hours_that_are_known_shape_the_days(hourly):
    clock = (np.arange(hourly.hours) + 2) % 24
    gappy = replace(hourly, load_mw=np.where(clock % 3 == 0, hourly.load_mw, np.nan))
    grid = TimeGrid(END, 24 * 28, KYIV)
    fitted = fit_history(gappy)
    assert "shaped as those of the hours that are known" in fitted.description
    truth = fit_history(hourly).simulate(60, grid=grid, seed=1)
    learned = fitted.simulate(60, grid=grid, seed=1)
    city = replace(fitted, shape=replace(fitted.shape, learned=None))
    blind = city.simulate(60, grid=grid, seed=1)

    def day(paths):
        hours = np.median(paths, axis=0).reshape(28, 24).mean(axis=0)
        return hours / hours.mean()

    away = [np.abs(day(paths) - day(truth)).mean() for paths in (learned, blind)]
    assert away[0] < 0.7 * away[1]
    assert away[0] < 0.025


def test_half_a_year_of_hours_without_temperature_is_energy_with_their_shape(hourly):
    half = replace(hourly.until(datetime(2024, 7, 1, tzinfo=UTC)), temp_c=None)
    fitted = fit_history(half)
    assert fitted.weaker.startswith("182 days of hours without temperature tell of no seasons")
    assert fitted.description.startswith("energy with typical profiles: 181 days")


def test_gaps_that_leave_no_weeks_leave_days(hourly):
    hour = np.arange(hourly.hours)
    gaps = hour // 24 % 5 == 0  # every fifth day
    fitted = fit_history(replace(hourly, load_mw=np.where(gaps, np.nan, hourly.load_mw)))
    assert "leave fewer than 8 weeks whole" in fitted.weaker
    assert fitted.description.startswith("daily model")


def test_a_column_set_aside_is_not_forgotten(hourly):
    gaps = np.arange(hourly.hours) // 24 % 5 == 0
    gappy = replace(
        hourly,
        load_mw=np.where(gaps, np.nan, hourly.load_mw),
        set_aside="temperature: text in half of the cells",
    )
    assert fit_history(gappy).weaker.startswith("temperature: text in half of the cells; ")


def test_a_short_hourly_history_is_not_taken_for_gaps(hourly):
    short = hourly.until(datetime(2024, 2, 15, tzinfo=UTC))
    with pytest.raises(HistoryError, match="45 days of demand"):
        fit_history(short)


def test_the_networks_customers_shape_a_history_without_hours(monthly):
    city = load_network("rivercity")
    fitted = fit_history(monthly, peak_mw=city.peak_mw, network_profile=network_mix(city))
    assert "shaped as those of the network's classes of customers" in fitted.description
    grid = TimeGrid(monthly.end, 24 * 31, KYIV)
    mean = fit_history(monthly, peak_mw=city.peak_mw)
    own_day, mean_day = (
        np.median(model.simulate(40, grid=grid, seed=1), axis=0).reshape(31, 24).mean(axis=0)
        for model in (fitted, mean)
    )
    assert not np.allclose(own_day / own_day.mean(), mean_day / mean_day.mean(), rtol=0.01)


# --- a monthly history down the whole chain -----------------------------------------------------


@pytest.fixture(scope="module")
def network():
    return one_bus(UNITS, infeeds=(("I", 5.0),))


def test_a_shortage_forecast_from_monthly_totals(monthly, network):
    demand = fit_history(monthly, peak_mw=network.peak_mw)
    config = ForecastConfig(months=2, samples=60, workers=1)
    state = damaged(network)
    found = forecast_shortage(state, None, demand, config=config, seed=1)
    assert found.demand_description == demand.description
    assert any("hours are shaped by profiles" in note for note in found.notes)
    city = found.monthly[found.monthly["district"] == "*"]
    assert (city["demand_mwh"] > 0).all()
    assert city["eue_mwh"].sum() > 0
    again = forecast_shortage(state, None, demand, config=config, seed=1)
    assert found.monthly.to_csv() == again.monthly.to_csv()
    controlled = found.controlled
    assert controlled is not None
    assert (controlled["eue_mwh_se"] >= 0).all()


def test_the_preview_agrees_with_the_simulation_of_monthly_totals(monthly, network):
    demand = fit_history(monthly, peak_mw=network.peak_mw)
    state = damaged(network)
    grid = forecast_grid(state.as_of, months=1, zone=KYIV)
    preview = preview_shortage(state, None, demand, grid=grid, seed=1)
    config = ForecastConfig(months=1, samples=400, workers=1)
    found = forecast_shortage(state, None, demand, config=config, seed=1)
    city = found.monthly[(found.monthly["district"] == "*") & (found.monthly["month"] == "all")]
    row = city.iloc[0] if len(city) else found.horizon[found.horizon["district"] == "*"].iloc[0]
    expected, error = preview.monthly["eue_mwh"].sum(), preview.monthly["eue_mwh_se"].sum()
    assert abs(row["eue_mwh"] - expected) < 4 * np.hypot(row["eue_mwh_se"], error)


def test_hourly_models_stay_what_they_are(hourly):
    assert isinstance(fit_history(hourly), FittedDemand)
