from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.demand.model import Calibration
from gridtool.forecast.demand.scoring import calibrate as module
from gridtool.forecast.demand.scoring.backtest_origins import fit_origins
from gridtool.forecast.demand.scoring.calibrate import calibrate
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")


@pytest.fixture(scope="module")
def history():
    start, end = datetime(2023, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    load, temp = make_history(start=start, end=end, special_days=(), seed=2)
    return History(start=start, load_mw=load, temp_c=temp, zone=KYIV)


def narrow(fitted):
    """A model whose residual days are a fifth of what they should be."""
    days = fitted.residual_days
    return replace(fitted, residual_days=replace(days, values=0.2 * days.values))


def test_the_parts_left_out_add_up_to_the_spread(history):
    """Paths less the level, less the residual days, vary by weather alone."""
    model = fit_demand(history)
    grid = TimeGrid(history.end, 24 * 60, KYIV)
    variance = {}
    for name, scales in {
        "whole": Calibration(),
        "no level": Calibration(level_scale=0.0),
        "no residual": Calibration(residual_scale=0.0),
        "neither": Calibration(level_scale=0.0, residual_scale=0.0),
        "twice the level": Calibration(level_scale=2.0),
    }.items():
        paths = replace(model, calibration=scales).simulate(200, grid=grid, seed=3)
        variance[name] = np.log(paths).var(axis=0).mean()
    left = variance["no level"] + variance["no residual"] - variance["whole"]
    assert variance["neither"] == pytest.approx(left, rel=0.1)
    level = variance["whole"] - variance["no level"]
    assert variance["twice the level"] == pytest.approx(variance["whole"] + 3 * level, rel=0.1)
    assert variance["neither"] < min(variance["no residual"], variance["no level"])


def test_too_narrow_residual_days_are_widened(history, monkeypatch):
    def fit_narrow(*given, **named):
        for at in fit_origins(*given, **named):
            yield replace(at, model=narrow(at.model))

    plain = calibrate(history, months=3, origins=4, paths=80)
    monkeypatch.setattr(module, "fit_origins", fit_narrow)
    found = calibrate(history, months=3, origins=4, paths=80)
    assert found.origins == 4
    assert found.residual_scale > 1.5 * plain.residual_scale
    assert found.residual_scale > 1.3
    assert "over 4 past origins the hours ask for intervals" in found.words


def test_same_seed_same_calibration(history):
    one, other = (calibrate(history, months=6, origins=2, paths=40, seed=7) for _ in range(2))
    assert one == other
    assert one.origins == 2


def test_a_short_history_is_left_alone(history):
    found = calibrate(history.until(datetime(2024, 2, 1, tzinfo=UTC)), months=6)
    assert (found.residual_scale, found.level_scale, found.origins) == (1.0, 1.0, 0)
    assert "too short" in found.words


def test_a_history_without_hours_is_left_alone():
    edges = np.array(["2024-01", "2024-02", "2024-03"], dtype="datetime64[s]")
    months = PeriodHistory(
        step="month", edges=edges, energy_mwh=np.array([1.0, 2.0]), temp_c=None, zone=KYIV
    )
    assert calibrate(months).origins == 0


def test_temperature_years_before_the_load_are_no_history_of_demand(history):
    """Origins count from the first known demand, not from the first temperature."""
    late = replace(
        history, load_mw=np.where(np.arange(history.hours) < 17_544, np.nan, history.load_mw)
    )
    assert late.load_start == datetime(2025, 1, 1, tzinfo=UTC)
    found = calibrate(late)
    assert (found.residual_scale, found.level_scale, found.origins) == (1.0, 1.0, 0)
    assert "too short" in found.words
