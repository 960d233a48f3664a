"""The whole chain on a real history: New York's load and weather, scaled to rivercity."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gridtool.damage.apply import make_state
from gridtool.damage.model import AssetDamage, DamageState
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.history.read import read_history
from gridtool.forecast.model import ForecastConfig
from gridtool.forecast.shortage import forecast_shortage
from gridtool.network.catalog import load_network

AS_OF = datetime(2027, 1, 12, 8, tzinfo=UTC)


@pytest.mark.reference
def test_new_york_s_history_forecasts_rivercity(reference, root):
    network = load_network(str(root / "networks" / "rivercity"))
    history = read_history(
        reference / "load" / "nyc_city_hourly_2012_2017.csv.gz",
        zone=ZoneInfo("America/New_York"),
    )
    demand = fit_demand(history, peak_mw=network.peak_mw)
    grid_hours = forecast_of(network, demand, shares={}, samples=4).grid
    paths = demand.simulate(100, grid=grid_hours, seed=1)
    noon = [hour.hour == 12 for hour in grid_hours.local]
    night = [hour.hour == 4 for hour in grid_hours.local]
    assert paths[:, noon].mean() > 1.2 * paths[:, night].mean()  # by Kyiv's clock, not New York's
    assert 0.4 < paths.mean() / network.peak_mw < 0.75
    assert "scaled from a peak of" in demand.description

    without_a_plant = forecast_of(network, demand, shares={"PP-1": 0.0, "IF-1": 0.3, "IF-2": 0.3})
    intact = forecast_of(network, demand, shares={})
    for result in (without_a_plant, intact):
        assert result.grid.months == ("2027-01", "2027-02")
        assert len(result.monthly) == 2 * 11
        unknown = result.monthly.select_dtypes("number").isna().any()
        # Of 30 samples one is in the worst 5 %: what its mean is worth nobody knows.
        assert set(unknown.index[unknown]) == {"eue_cvar95_mwh_se", "hours_off_cvar95_se"}
    assert without_a_plant.monthly["eue_mwh"].sum() > intact.monthly["eue_mwh"].sum() + 1000


def forecast_of(network, demand, *, shares, samples=30):
    damage = [
        AssetDamage(
            asset=asset,
            kind=network.assets[asset].kind,
            state=DamageState.COMPLETE,
            capacity_share=share,
            occurred_at=AS_OF,
            reported_at=AS_OF,
        )
        for asset, share in shares.items()
    ]
    return forecast_shortage(
        make_state(network, damage, as_of=AS_OF),
        None,
        demand,
        config=ForecastConfig(months=2, samples=samples, workers=1),
        seed=1,
    )
