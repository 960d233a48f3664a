"""Histories without hours: energy of their periods against hand-worked paths."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.errors import HistoryError
from gridtool.forecast.demand.scoring import backtest_periods
from gridtool.forecast.demand.scoring.backtest import backtest_demand
from gridtool.forecast.history.model import PeriodHistory
from gridtool.report.backtest import describe_backtest, tables_backtest

KYIV = ZoneInfo("Europe/Kyiv")


def month_edges(first_year, months):
    starts = [
        datetime(first_year + m // 12, m % 12 + 1, 1, tzinfo=KYIV).astimezone(UTC)
        for m in range(months + 1)
    ]
    return np.array([start.replace(tzinfo=None) for start in starts], dtype="datetime64[s]")


def monthly(months=48, growth=1.05):
    """Energy of 100 MW in each hour of the first year, more in each following."""
    edges = month_edges(2021, months)
    hours = np.diff(edges).astype(np.int64) / 3600
    load = 100 * growth ** (np.arange(months) // 12)
    return PeriodHistory(step="month", edges=edges, energy_mwh=hours * load, temp_c=None, zone=KYIV)


@dataclass(frozen=True)
class FlatModel:
    """Paths of 90, 100, 110, ... MW in every hour."""

    description: str = "flat"
    weaker: str | None = None

    def prepare(self, grid):
        @dataclass(frozen=True)
        class Draws:
            hours: int

            def draw(self, n, **_):
                return np.repeat((90.0 + 10 * np.arange(n))[:, None], self.hours, axis=1)

        return Draws(grid.hours)


@pytest.fixture
def seen(monkeypatch):
    """What the model was fitted to."""
    given = []

    def fit(history, **_):
        given.append(history)
        return FlatModel()

    monkeypatch.setattr(backtest_periods, "fit_history", fit)
    return given


def test_energy_of_months_by_hand(seen):
    history = monthly()
    found = backtest_demand(history, months=6, origins=2, paths=11)
    assert [len(known.energy_mwh) for known in seen] == [36, 42]
    assert seen[0].edges[-1] == np.datetime64("2023-12-31T22:00:00")
    model = found.months.query("method == 'model'")
    naive = found.months.query("method == 'seasonal naive'")
    truth = 100 * 1.05**3  # 115.8 MW against a median of 140, from 90 to 190
    np.testing.assert_allclose(model["energy_bias_pct"], 100 * (140 / truth - 1))
    assert (model["energy_held_80"] == 1).all()
    np.testing.assert_allclose(naive["energy_bias_pct"], 100 * (1 / 1.05 - 1))
    assert naive["energy_held_80"].isna().all()
    assert model["months_ahead"].tolist() == [1, 2, 3, 4, 5, 6] * 2
    scores = found.scores.set_index("method")
    assert scores.at["model", "energy_coverage_80"] == 1.0
    assert "pinball_pct" not in scores
    words = describe_backtest(found)
    assert f"the model missed energy by {100 * (140 / truth - 1):.1f} % on average" in words
    assert "Its 80 % intervals of energy held 100 % of the periods: wider than need be." in words
    assert "Here seasonal naive was the better forecast" in words
    assert {table.name for table in tables_backtest(found)} == {
        "scores",
        "by_lead",
        "by_month",
        "origins",
        "months",
    }


@pytest.mark.usefixtures("seen")
def test_shed_energy_belongs_to_the_truth():
    history = monthly()
    shed = np.full(48, np.nan)
    shed[-6:] = 0.1 * history.energy_mwh[-6:]
    served = history.energy_mwh - np.nan_to_num(shed)
    found = backtest_demand(
        replace(history, energy_mwh=served, shed_mwh=shed), months=6, origins=1, paths=11
    )
    whole = backtest_demand(history, months=6, origins=1, paths=11)
    np.testing.assert_allclose(found.scores["energy_error_pct"], whole.scores["energy_error_pct"])


@pytest.mark.usefixtures("seen")
def test_unknown_months_do_not_count():
    history = monthly()
    energy = history.energy_mwh.copy()
    energy[-2] = np.nan
    found = backtest_demand(replace(history, energy_mwh=energy), months=6, origins=1, paths=5)
    assert len(found.months.query("method == 'model'")) == 5


@pytest.mark.usefixtures("seen")
def test_days_are_added_up_to_months():
    start = np.datetime64("2021-12-31T22:00:00", "s")
    hours = np.full(3 * 365, 24)
    edges = start + np.concatenate([[0], np.cumsum(hours)]) * np.timedelta64(3600, "s")
    history = PeriodHistory(
        step="day",
        edges=edges.astype("datetime64[s]"),
        energy_mwh=np.full(3 * 365, 2400.0),
        temp_c=None,
        zone=ZoneInfo("Etc/GMT-2"),
    )
    found = backtest_demand(history, months=3, origins=1, paths=3)
    model = found.months.query("method == 'model'")
    assert model["month"].tolist() == ["2024-09", "2024-10", "2024-11"]
    np.testing.assert_allclose(model["energy_error_pct"], 0.0, atol=1e-9)


@pytest.mark.usefixtures("seen")
def test_a_history_too_short_is_refused():
    with pytest.raises(HistoryError, match="too short to look back"):
        backtest_demand(monthly(24), months=6)
