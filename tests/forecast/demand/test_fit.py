from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

from gridtool.errors import HistoryError
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.regression import compress_rows
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
UTC_ZONE = ZoneInfo("UTC")
SHIFTS = range(-21, 22)
START = datetime(2023, 1, 1, tzinfo=UTC)
END = datetime(2026, 1, 1, tzinfo=UTC)


def made(*, start=START, end=END, temperature=True, seed=3):
    load, temp = make_history(start=start, end=end, special_days=(), seed=seed)
    return History(start=start, load_mw=load, temp_c=temp if temperature else None, zone=KYIV)


@pytest.fixture(scope="module")
def history():
    return made()


@pytest.fixture(scope="module")
def model(history):
    return fit_demand(history)


def ahead(start, *, days=90):
    return TimeGrid(start, 24 * days, KYIV)


def test_paths_depend_on_seed_and_number_only(model):
    grid = ahead(END, days=30)
    paths = model.simulate(60, grid=grid, seed=7)
    assert paths.shape == (60, grid.hours)
    np.testing.assert_array_equal(model.simulate(10, grid=grid, seed=7), paths[:10])
    np.testing.assert_array_equal(model.simulate(5, grid=grid, seed=7, first=40), paths[40:45])
    assert not np.array_equal(model.simulate(5, grid=grid, seed=8), paths[:5])


def test_scaling_maps_the_last_year_s_peak_to_the_network_s(history):
    plain, scaled = fit_demand(history), fit_demand(history, peak_mw=300.0)
    assert plain.reference_peak_mw == history.load_mw[-8760:].max()
    grid = ahead(END, days=7)
    ratio = scaled.simulate(3, grid=grid, seed=1) / plain.simulate(3, grid=grid, seed=1)
    np.testing.assert_allclose(ratio, 300.0 / history.load_mw[-8760:].max())
    assert "scaled from a peak of" in scaled.description


def test_a_future_made_by_the_same_city_lies_within_its_intervals():
    """Three winters ahead of different made cities: the 80 % interval covers about 80 %."""
    covers, energies = [], []
    for seed in (11, 12, 13):
        whole = made(end=datetime(2026, 5, 1, tzinfo=UTC), seed=seed)
        grid = ahead(END, days=110)
        paths = fit_demand(whole.until(END)).simulate(300, grid=grid, seed=1)
        truth = whole.load_mw[-120 * 24 :][: grid.hours]
        low, high = np.quantile(paths, [0.1, 0.9], axis=0)
        covers.append(((truth >= low) & (truth <= high)).mean())
        energies.append(truth.sum() / np.median(paths.sum(axis=1)))
    assert 0.68 <= np.mean(covers) <= 0.92
    np.testing.assert_allclose(energies, 1.0, atol=0.05)


def test_the_fitted_response_to_cold_is_the_made_one(model):
    """At 18:00 a lasting drop from 0 to -10 degrees adds ten times 16 MW x (0.75 + 0.25 x 1.05)."""
    hour = np.full(1, 18)
    warm, cold = (
        model.regression.predict_temperature((np.full(1, t),) * 3, hour=hour)[0]
        for t in (0.0, -10.0)
    )
    at_zero = 905 * 1.05 * 1.02 + 16 * 15 * (0.75 + 0.25 * 1.05)
    expected = np.log1p(160 * (0.75 + 0.25 * 1.05) / at_zero)
    assert cold - warm == pytest.approx(expected, rel=0.15)


@pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")
def test_compressed_rows_have_the_same_least_squares_solution():
    rng = np.random.default_rng(5)
    design = rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6))
    target = design @ np.arange(1.0, 7.0) + rng.normal(size=300)
    rows, values = compress_rows(design, target)
    assert rows.shape == (6, 6)
    expected = OLS(target, design).fit().params
    np.testing.assert_allclose(OLS(values, rows).fit().params, expected, rtol=1e-9)
    doubled = np.column_stack([design, design[:, :1]])  # a column twice: least norm, as pinv
    rows, values = compress_rows(doubled, target)
    np.testing.assert_allclose(
        OLS(values, rows).fit().params, OLS(target, doubled).fit().params, rtol=1e-6
    )


def test_temperatures_beyond_what_was_seen_do_not_run_away(model):
    hour = np.full(1, 18)
    low = model.regression.knots_c[0, 0]

    def effect(temp):
        return model.regression.predict_temperature((np.full(1, temp),) * 3, hour=hour)[0]

    assert effect(low - 3) == effect(low - 30)
    assert effect(low - 3) > effect(low)


def test_special_days_take_less(history):
    days = [date(2023, 3, 8), date(2024, 3, 8), date(2025, 3, 7), date(2024, 5, 1)]
    load = history.load_mw.copy()
    local = [(START + timedelta(hours=i)).astimezone(KYIV).date() for i in range(history.hours)]
    load[np.isin(local, days)] *= 0.8
    changed = History(start=START, load_mw=load, temp_c=history.temp_c, zone=KYIV)
    fitted = fit_demand(changed, special_days=SpecialDays.holidays(days))
    np.testing.assert_allclose(fitted.regression.calendar[:, 7], np.log(0.8), atol=0.04)


def test_without_temperature_the_label_says_so():
    fitted = fit_demand(made(temperature=False))
    assert fitted.description.startswith("no weather")
    paths = fitted.simulate(200, grid=ahead(END, days=60), seed=1)
    assert 0.03 < (paths.std(axis=0) / paths.mean(axis=0)).mean() < 0.12


def test_four_months_with_temperature_give_the_short_model():
    short = made(start=datetime(2025, 9, 1, tzinfo=UTC))
    fitted = fit_demand(short)
    assert fitted.description.startswith("short history")
    assert fitted.level.step_sigma >= 0.009
    with pytest.raises(HistoryError, match="no past year's temperatures cover"):
        fitted.simulate(2, grid=ahead(END, days=120), seed=1)


def test_a_reader_is_told_of_old_histories_and_few_winters(model):
    assert model.notes(ahead(END)) == ()
    (late,) = model.notes(ahead(END + timedelta(days=400)))
    assert "ends on 2026-01-01, 400 days before" in late
    (few,) = fit_demand(made(start=datetime(2024, 6, 1, tzinfo=UTC))).notes(ahead(END))
    assert "only 1.6 years of temperature" in few


def test_too_short_histories_are_refused():
    with pytest.raises(HistoryError, match="at least 90 days"):
        fit_demand(made(start=datetime(2025, 11, 1, tzinfo=UTC)))
    with pytest.raises(HistoryError, match="at least 360 days, or 90 with temperature"):
        fit_demand(made(start=datetime(2025, 6, 1, tzinfo=UTC), temperature=False))


def test_a_temperature_that_hardly_changes_is_refused(history):
    flat = History(
        start=START, load_mw=history.load_mw, temp_c=np.full(history.hours, 10.0), zone=KYIV
    )
    with pytest.raises(HistoryError, match="temperature hardly changes"):
        fit_demand(flat)


def test_three_hours_in_ten_missing_at_random_do_not_stop_the_fit(history):
    load = history.load_mw.copy()
    load[np.random.default_rng(1).random(len(load)) < 0.3] = np.nan
    fitted = fit_demand(History(start=START, load_mw=load, temp_c=history.temp_c, zone=KYIV))
    whole = fit_demand(history)
    grid = ahead(END, days=60)
    means = [m.simulate(60, grid=grid, seed=1).mean() for m in (fitted, whole)]
    assert means[0] == pytest.approx(means[1], rel=0.02)


def test_gaps_do_not_stop_the_fit(history):
    load, temp = history.load_mw.copy(), history.temp_c.copy()
    load[5000:6000] = np.nan
    temp[9000:9100] = np.nan
    fitted = fit_demand(History(start=START, load_mw=load, temp_c=temp, zone=KYIV))
    assert np.isfinite(fitted.simulate(50, grid=ahead(END), seed=1)).all()
