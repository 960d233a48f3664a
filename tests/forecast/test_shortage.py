"""The simulation against exact convolution, and what must hold for any forecast."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from builders import grid
from restoration import cases as restoration

from gridtool.damage.apply import make_state
from gridtool.damage.model import AssetDamage, DamageState
from gridtool.errors import InputError
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.forecast import premises
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.forecast.model import ForecastConfig
from gridtool.forecast.premises import lay_out_chunks
from gridtool.forecast.shortage import forecast_grid, forecast_shortage
from gridtool.forecast.simulate.simulator import Draw
from gridtool.restoration.model import DeclaredRepair, RepairStage, Resources
from gridtool.restoration.plan import plan_restoration

AS_OF = datetime(2027, 2, 20, 5, 30, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A demand known in advance: daily wave, weekday steps; ``spread`` scatters whole paths."""

    peak_mw: float
    spread: float = 0.0
    description: str = "made for a test"

    def simulate(self, n, *, grid, seed, first=0):
        hour = np.arange(grid.hours)
        wave = 0.75 + 0.15 * np.sin(2 * np.pi * hour / 24) + 0.1 * (hour // 24 % 7 < 5)
        noise = [
            np.random.Generator(np.random.Philox(key=[seed, first + i])).standard_normal()
            for i in range(n)
        ]
        return self.peak_mw * wave * np.exp(self.spread * np.array(noise))[:, None]


@dataclass(frozen=True, kw_only=True)
class Flat:
    peak_mw: float
    description: str = "flat"

    def simulate(self, n, *, grid, seed, first=0):
        del seed, first
        return np.full((n, grid.hours), self.peak_mw)


def one_bus(units, *, ordinary=80.0, protected=20.0, infeeds=()):
    """Units (id, MW, MTTF, MTTR) and infeeds on one busbar."""
    network = grid(
        stations={"A": (ordinary, protected)},
        lines=(),
        units=[(name, "A", mw) for name, mw, _, _ in units],
        infeeds=[(name, "A", mw) for name, mw in infeeds],
    )
    frame = network.units.assign(
        mttf_h=[float(up) for *_, up, _ in units], mttr_h=[float(down) for *_, down in units]
    )
    object.__setattr__(network, "tables", dict(network.tables) | {"units": frame})
    return network


def damaged(network, shares=None):
    damage = [
        AssetDamage(
            asset=asset,
            kind=network.assets[asset].kind,
            state=DamageState.EXTENSIVE,
            capacity_share=share,
            occurred_at=AS_OF,
            reported_at=AS_OF,
        )
        for asset, share in (shares or {}).items()
    ]
    return make_state(network, damage, as_of=AS_OF)


def forecast(network, *, shares=None, demand=None, seed=1, **config):
    demand = demand or Shape(peak_mw=network.peak_mw)
    config = ForecastConfig(**({"months": 1, "samples": 200, "workers": 1} | config))
    return forecast_shortage(damaged(network, shares), None, demand, config=config, seed=seed)


def city(result):
    return result.monthly[result.monthly["district"] == "*"].set_index("month")


def convolve(units, load_mw):
    """Exact LOLE (h) and EUE (MWh) of two-state units that are all up at hour 0."""
    t = np.arange(len(load_mw))
    lole = eue = 0.0
    for states in product((True, False), repeat=len(units)):
        chance, capacity = np.ones(len(t)), 0.0
        for is_up, (_, mw, mttf, mttr) in zip(states, units, strict=True):
            fail, back = 1 / mttf, 1 / mttr
            available = back / (fail + back) + fail / (fail + back) * np.exp(-(fail + back) * t)
            chance = chance * (available if is_up else 1 - available)
            capacity += mw * is_up
        lole += (chance * (load_mw > capacity)).sum()
        eue += (chance * np.maximum(load_mw - capacity, 0.0)).sum()
    return lole, eue


UNITS = (("G1", 50.0, 200.0, 40.0), ("G2", 40.0, 300.0, 50.0), ("G3", 40.0, 100.0, 20.0))


def test_the_horizon_is_local_months_from_the_next_full_hour():
    hours = forecast_grid(AS_OF, months=2, zone=KYIV)
    assert hours.start == datetime(2027, 2, 20, 6, tzinfo=UTC)
    assert hours.end == datetime(2027, 3, 31, 21, tzinfo=UTC)  # 1 April 00:00 summer time
    assert hours.months == ("2027-02", "2027-03")
    on_the_hour = forecast_grid(datetime(2026, 12, 5, 6, tzinfo=UTC), months=1, zone=KYIV)
    assert on_the_hour.start.hour == 6
    assert on_the_hour.months == ("2026-12",)


def test_where_midnight_is_not_on_a_utc_hour_no_month_is_added():
    india = forecast_grid(datetime(2027, 3, 1, tzinfo=UTC), months=1, zone=ZoneInfo("Asia/Kolkata"))
    assert india.months == ("2027-03",)


def test_networks_without_sources_or_ordinary_customers_have_answers():
    dark = grid(stations={"A": (10.0, 5.0)}, lines=())
    row = city(forecast(dark, samples=2)).iloc[0]
    assert row["lolp"] == 1.0
    assert row["hours_off_p50"] == pytest.approx(24.0)
    assert row["neue_ppm"] == pytest.approx(1e6)
    protected = one_bus((), ordinary=0.0, protected=20.0, infeeds=(("I", 10.0),))
    row = city(forecast(protected, samples=2)).iloc[0]
    assert row["eue_mwh"] > 0
    assert np.isnan(row["hours_off_p50"])


def test_one_bus_equals_exact_convolution():
    network = one_bus(UNITS)
    demand = Shape(peak_mw=100.0)
    result = forecast(network, samples=1500, demand=demand, seed=4)
    load = demand.simulate(1, grid=result.grid, seed=1)[0]
    lole, eue = convolve(UNITS, load)
    row = city(result).iloc[0]
    assert lole > 20
    assert abs(row["lole_h"] - lole) <= 3 * row["lole_h_se"]
    assert abs(row["eue_mwh"] - eue) <= 3 * row["eue_mwh_se"]
    assert row["lole_h_se"] < 0.1 * lole
    assert row["lolp"] == pytest.approx(row["lole_h"] / result.grid.hours)
    assert row["demand_mwh"] == pytest.approx(load.sum())
    assert row["neue_ppm"] == pytest.approx(1e6 * row["eue_mwh"] / load.sum())


def test_load_equal_to_capacity_is_no_shortage():
    flat = Shape(peak_mw=100.0)
    network = one_bus((), infeeds=(("I", 100.0),))
    row = city(forecast(network, demand=flat, samples=3)).iloc[0]
    assert row["lole_h"] == 0
    assert row["eue_mwh"] == 0
    short = one_bus((), infeeds=(("I", 99.0),))
    row = city(forecast(short, demand=flat, samples=3)).iloc[0]
    load = flat.simulate(1, grid=forecast_grid(AS_OF, months=1, zone=KYIV), seed=1)[0]
    assert row["lole_h"] == (load > 99.0 + 1e-6).sum() > 0
    assert row["eue_mwh"] == pytest.approx(np.maximum(load - 99.0, 0).sum())


def test_hours_off_by_the_official_conversion():
    """Supply of 70 % of the demand, 20 % protected: 24 x 0.3 / 0.8 = 9 hours a day, every day."""
    network = one_bus((), infeeds=(("I", 1000.0),))
    result = forecast(network, shares={"I": 0.0}, demand=Flat(peak_mw=100.0), samples=2)
    assert city(result)["hours_off_mean"].tolist() == pytest.approx([24.0])
    result = forecast(network, shares={"I": 0.07}, demand=Flat(peak_mw=100.0), samples=2)
    row = city(result).iloc[0]
    for name in ("mean", "p10", "p50", "p90"):
        assert row[f"hours_off_{name}"] == pytest.approx(9.0)
    assert [row[f"day_over_{h}h"] for h in (4, 8, 12)] == [1.0, 1.0, 0.0]
    np.testing.assert_allclose(result.daily["hours_off_p50"], 9.0)
    np.testing.assert_allclose(result.daily["demand_p50_mw"], 100.0)


def test_a_plan_with_a_temporary_line_is_forecast_stage_by_stage():
    """100 MW behind a line: nothing for 10 h, 5 % of its 1000 MW for 20 h, then all of it."""
    state = restoration.damaged(restoration.star(100), {"L1": 0.0}, hours={"L1": 20.0})
    temporary = DeclaredRepair(
        asset="L1",
        stage=RepairStage.TEMPORARY,
        estimate=restoration.certain(10.0),
        capacity_after=0.05,
    )
    crew = restoration.crew(x_km=0.5)  # halfway, where the work is
    plan = plan_restoration(state, Resources(crews=(crew,), stock={}, repairs=(temporary,)))
    assert plan.order == ("L1:temporary", "L1")
    result = forecast_shortage(
        state,
        plan,
        Flat(peak_mw=100.0),
        config=ForecastConfig(months=1, samples=3, workers=1),
        seed=1,
    )
    row = city(result).iloc[0]
    assert row["lole_h"] == pytest.approx(30)
    assert row["eue_mwh"] == pytest.approx(10 * 100.0 + 20 * 50.0)
    assert plan.ens_mwh == pytest.approx(row["eue_mwh"], rel=1e-6)


def test_a_damaged_unit_gives_nothing_until_repaired_and_fails_like_others_after():
    intact = forecast(one_bus(UNITS), samples=300)
    without = forecast(one_bus(UNITS), samples=300, shares={"G2": 0.0})
    third = tuple(unit for unit in UNITS if unit[0] != "G2")
    load = Shape(peak_mw=100.0).simulate(1, grid=without.grid, seed=1)[0]
    lole, eue = convolve(third, load)
    row = city(without).iloc[0]
    assert abs(row["lole_h"] - lole) <= 3 * row["lole_h_se"] + 1e-9
    assert abs(row["eue_mwh"] - eue) <= 3 * row["eue_mwh_se"]
    assert row["eue_mwh"] > city(intact).iloc[0]["eue_mwh"]
    assert "stays so" in without.notes[-1]


def test_standard_errors_are_honest():
    """95 % intervals of EUE over 200 seeds cover the exact value in 90-99 % of them."""
    units = (("G1", 70.0, 60.0, 20.0), ("G2", 40.0, 50.0, 15.0))
    network = one_bus(units)
    demand = Shape(peak_mw=100.0)
    inside = []
    for seed in range(200):
        result = forecast(network, samples=40, demand=demand, seed=seed)
        row = city(result).iloc[0]
        if not inside:
            load = demand.simulate(1, grid=result.grid, seed=1)[0]
            _, exact = convolve(units, load)
        inside.append(abs(row["eue_mwh"] - exact) <= 2.02 * row["eue_mwh_se"])
    assert 0.90 <= np.mean(inside) <= 0.99


def test_quantiles_are_ordered_and_causes_add_up():
    network = grid(
        stations={"A": (0.0, 0.0), "B": (60.0, 10.0), "C": (30.0, 0.0)},
        lines=(("L1", "A", "B", 50.0), ("L2", "B", "C", 20.0)),
        infeeds=(("I", "A", 80.0),),
    )
    demand = Shape(peak_mw=100.0, spread=0.2)
    result = forecast(network, demand=demand, samples=40, months=2, shares={"L2": 0.0})
    for table in (result.monthly, result.daily):
        assert (table["hours_off_p10"] <= table["hours_off_p50"]).all()
        assert (table["hours_off_p50"] <= table["hours_off_p90"]).all()
    causes = result.causes.set_index("month")
    total = causes[["supply_mwh", "network_mwh", "delivery_mwh"]].sum(axis=1)
    np.testing.assert_allclose(total, city(result)["eue_mwh"], rtol=1e-9)
    assert (causes["network_mwh"] > 0).all()  # C has lost its only line
    np.testing.assert_allclose(result.daily["eue_mwh"].sum(), total.sum(), rtol=1e-9)


def test_network_limits_equal_the_dispatch_hour_by_hour():
    """One future of a network with a narrow line: the sums of single certified dispatches."""
    network = grid(
        stations={"A": (20.0, 0.0), "B": (50.0, 10.0), "C": (30.0, 5.0)},
        lines=(("L1", "A", "B", 45.0), ("L2", "B", "C", 20.0), ("L3", "A", "C", 15.0)),
        infeeds=(("I", "A", 90.0),),
        units=(("G", "C", 12.0),),
    )
    demand = Shape(peak_mw=network.peak_mw, spread=0.1)
    shares = {"L3": 0.0, "I": 0.9}
    result = forecast(network, demand=demand, samples=1, shares=shares)
    dispatcher = Dispatcher(compile_case(network))
    path = demand.simulate(1, grid=result.grid, seed=1)[0]
    hourly = [
        dispatcher.solve(shares, demand_mw=dispatcher.case.demand_mw * mw / network.peak_mw)
        for mw in path
    ]
    row = city(result).iloc[0]
    assert row["eue_mwh"] == pytest.approx(sum(found.total_unserved_mw for found in hourly))
    assert row["lole_h"] == sum(found.total_unserved_mw > 1e-6 for found in hourly)
    ordinary = sum(found.unserved_mw[:, 0].sum() for found in hourly)
    wanted = 100.0 * path.sum() / network.peak_mw
    assert row["hours_off_mean"] == pytest.approx(24 * ordinary / wanted)
    assert row["eue_mwh"] > 100


def test_districts_add_up_to_the_city():
    network = one_bus(UNITS)
    result = forecast(network, samples=30)
    by_district = result.monthly[result.monthly["district"] != "*"].groupby("month")
    for column in ("eue_mwh", "demand_mwh"):
        np.testing.assert_allclose(by_district[column].sum(), city(result)[column])


def test_the_same_bytes_for_any_number_of_workers(monkeypatch):
    monkeypatch.setattr(premises, "POOL_FROM_HOURS", 0)
    monkeypatch.setattr(premises, "CHUNK_SAMPLES", 10)
    network = one_bus(UNITS, infeeds=(("I", 5.0),))
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 2, 20, tzinfo=UTC)
    load, temp = make_history(start=start, end=end, special_days=())
    history = History(start=start, load_mw=load, temp_c=temp, zone=KYIV)
    demand = fit_demand(history, peak_mw=network.peak_mw)
    done = []
    results = [
        forecast_shortage(
            damaged(network),
            None,
            demand,
            config=ForecastConfig(
                months=1, samples=35, workers=workers, outlook_samples=15, share_samples=20
            ),
            seed=3,
            progress=done.append,
        )
        for workers in (1, 2, 4)
    ]
    frames = [name for name, value in vars(results[0]).items() if isinstance(value, pd.DataFrame)]
    assert {"monthly", "outlook", "shares", "depths"} <= set(frames)
    for name in frames:
        assert len({getattr(result, name).to_csv() for result in results}) == 1, name
    assert done == [10, 5, 5, 10, 5] * 3


def test_chunks_cover_the_samples_and_bound_the_memory():
    layout = SimpleNamespace(
        district_ids=tuple("ABCDEFGHIJ"), class_names=("x",), grid=SimpleNamespace(hours=4080)
    )
    base, other, none = Draw("main"), Draw("other"), Draw("none")
    chunks = lay_out_chunks({base: 1000, other: 150, none: 0}, layout=layout)
    assert chunks[0].n * 4080 * 24 * 8 <= premises.CHUNK_BYTES < (chunks[0].n + 1) * 4080 * 24 * 8
    assert [chunk.first for chunk in chunks] == [
        0,
        *(chunk.first + chunk.n for chunk in chunks[:-1]),
    ]
    for draw, samples in ((base, 1000), (other, 150), (none, 0)):
        assert sum(chunk.n for chunk in chunks if draw in chunk.draws) == samples
    hourly = SimpleNamespace(district_ids=(), class_names=(), grid=SimpleNamespace(hours=10**9))
    assert {chunk.n for chunk in lay_out_chunks({base: 3}, layout=hourly)} == {1}


def test_a_wanted_error_ends_the_simulation(monkeypatch):
    """It is the first chunk whose standard error is small enough that ends it."""
    monkeypatch.setattr(premises, "CHUNK_SAMPLES", 50)
    network = one_bus(UNITS)

    def run(**config):
        return forecast(network, samples=2000, seed=4, **config)

    result = run(until=0.1)
    row = result.horizon.iloc[-1]
    assert row["eue_mwh_se"] <= 0.1 * row["eue_mwh"]
    assert 100 <= result.samples < 2000
    before = forecast(network, samples=result.samples - 50, seed=4).horizon.iloc[-1]
    assert before["eue_mwh_se"] > 0.1 * before["eue_mwh"]
    whole = forecast(network, samples=result.samples, seed=4)
    assert whole.monthly.to_csv() == result.monthly.to_csv()
    assert run(until=0.9).samples == 100
    assert run(until=0.9, share_samples=140).samples == 140


def test_a_sample_does_not_depend_on_how_many_there_are():
    few, more = (forecast(one_bus(UNITS), samples=n) for n in (150, 300))
    other = forecast(one_bus(UNITS), samples=150, seed=2)
    assert city(few)["eue_mwh"].iloc[0] != city(other)["eue_mwh"].iloc[0]
    assert abs(city(few)["eue_mwh"].iloc[0] - city(more)["eue_mwh"].iloc[0]) > 0


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"months": 0}, "months"),
        ({"samples": 0}, "samples"),
        ({"workers": 0}, "workers"),
        ({"until": 1.5}, "until"),
    ],
)
def test_requests_out_of_range_are_refused(config, words):
    with pytest.raises(InputError, match=f"{words} out of range"):
        forecast(one_bus(UNITS), **config)


def test_a_network_without_demand_is_refused():
    network = one_bus(UNITS, ordinary=0.0, protected=0.0)
    with pytest.raises(InputError, match="no demand"):
        forecast(network, demand=Flat(peak_mw=1.0))
