"""The exact preview and the control variate, against the simulation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.damage.apply import make_state
from gridtool.damage.model import AssetDamage, DamageState
from gridtool.errors import AnalysisError
from gridtool.flow.class_shares import class_shares
from gridtool.flow.compile import compile_case
from gridtool.flow.stage_dispatch import StageDispatch
from gridtool.forecast.control import control_supply, expect_control
from gridtool.forecast.metrics.controlled import ControlTally
from gridtool.forecast.model import ForecastConfig, FurtherDamage
from gridtool.forecast.preview import BATCHES, pick_demands, pick_imports, preview_shortage
from gridtool.forecast.shortage import forecast_grid
from gridtool.forecast.simulate.futures import draw_futures, prepare_futures
from gridtool.network.catalog import load_network
from gridtool.restoration.model import PlanConfig
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.resources import read_resources

AS_OF = datetime(2027, 1, 12, 8, tzinfo=UTC)
SAMPLES = 400


class Swing:
    """Demand that swings by the hour about a level of its own in each path."""

    description = "made"

    def simulate(self, n, *, grid, seed, first=0):
        hour = np.arange(grid.hours)
        shape = 0.78 + 0.17 * np.sin(2 * np.pi * (hour - 8) / 24)
        level = np.array([np.random.default_rng((seed, first + i)).normal() for i in range(n)])
        return 1500.0 * shape * np.clip(1 + 0.06 * level, 0.7, 1.3)[:, None]


@pytest.fixture(scope="module")
def world(root):
    """The damaged city with a plan, for two months, and its supply simulated."""
    city = load_network(str(root / "networks" / "rivercity"))
    damage = [
        AssetDamage(
            asset=asset,
            kind=city.assets[asset].kind,
            state=DamageState.COMPLETE,
            capacity_share=share,
            occurred_at=AS_OF,
            reported_at=AS_OF,
        )
        for asset, share in {
            "PP-1/G1": 0.0,
            "PP-1/G2": 0.3,
            "PP-2/G1": 0.5,
            "SS-32": 0.0,
            "SS-36/F04": 0.0,
        }.items()
    ]
    state = make_state(city, damage, as_of=AS_OF)
    resources = read_resources(root / "networks" / "rivercity" / "resources", city)
    plan = plan_restoration(state, resources, config=PlanConfig(evaluations=20), seed=1)
    config = ForecastConfig(months=2)
    grid = forecast_grid(AS_OF, months=2, zone=ZoneInfo("Europe/Kyiv"))
    inputs, _ = prepare_futures(state, plan, compile_case(city), grid=grid, config=config, seed=5)
    inputs = without_branch_outages(inputs)
    factor = Swing().simulate(SAMPLES, grid=grid, seed=5) / city.peak_mw
    share, _ = class_shares(city, inputs.case)
    stages = draw_futures(inputs, first=0, n=SAMPLES)
    hourly = StageDispatch(inputs.case, share).shortage(stages, factor)

    def by_month(values):
        return np.stack([np.bincount(grid.month_index, weights=row) for row in values])

    preview = preview_shortage(state, plan, Swing(), grid=grid, config=config, seed=5)
    return {
        "preview": preview,
        "inputs": inputs,
        "factor": factor,
        "supply": by_month(hourly.supply_mw),
        "delivery": by_month(hourly.delivery_mw),
        "supply_h": by_month(hourly.supply_mw > 1e-6),
        "state": state,
        "plan": plan,
        "grid": grid,
    }


def without_branch_outages(inputs):
    """The preview leaves outages of lines and transformers out, and says so."""
    outages = inputs.outages
    kept = outages.part >= inputs.case.part_cuts[2]
    return replace(
        inputs,
        outages=replace(
            outages,
            part=outages.part[kept],
            p_fail=outages.p_fail[kept],
            p_repair=outages.p_repair[kept],
            stream=outages.stream[kept],
        ),
    )


@pytest.mark.parametrize(
    ("column", "simulated"),
    [("supply_mwh", "supply"), ("delivery_mwh", "delivery"), ("supply_lole_h", "supply_h")],
)
def test_the_preview_is_the_simulated_mean(world, column, simulated):
    values = world[simulated]
    # The preview mixes 320 futures and 960 paths: it has an error of its own.
    error = values.std(axis=0, ddof=1) * np.sqrt(1 / SAMPLES + 1 / 320)
    found = world["preview"].monthly[column].to_numpy()
    assert values.mean(axis=0)[0] > 0
    assert np.all(np.abs(found - values.mean(axis=0)) <= 3 * error + 1e-6)


def test_further_damage_is_mixed_as_it_is_drawn(world):
    """More damage, to plants and substations, against futures simulated with it."""
    state, plan, grid = world["state"], world["plan"], world["grid"]
    assets = [*state.network.units.index, *state.network.substations.index[:8]]
    damage = FurtherDamage(
        rate_per_month=3.0, batch=(0.5, 0.5), exposure={str(asset): 1.0 for asset in assets}
    )
    config = ForecastConfig(months=2, further_damage=damage)
    found = preview_shortage(state, plan, Swing(), grid=grid, config=config, seed=5).monthly
    case = compile_case(state.network)
    inputs, _ = prepare_futures(state, plan, case, grid=grid, config=config, seed=5)
    inputs = without_branch_outages(inputs)
    share, _ = class_shares(state.network, inputs.case)
    stages = draw_futures(inputs, first=0, n=200)
    hourly = StageDispatch(inputs.case, share).shortage(stages, world["factor"][:200])
    values = np.stack([np.bincount(grid.month_index, weights=row) for row in hourly.supply_mw])
    error = np.hypot(values.std(axis=0, ddof=1) / np.sqrt(200), found["supply_mwh_se"])
    assert np.all(np.abs(found["supply_mwh"] - values.mean(axis=0)) <= 3 * error)
    assert found["supply_mwh"].sum() > world["preview"].monthly["supply_mwh"].sum()


def test_the_months_of_the_preview_add_up(world):
    monthly = world["preview"].monthly
    parts = monthly[["supply_mwh", "delivery_mwh", "cut_off_mwh"]].sum(axis=1)
    assert monthly["eue_mwh"].to_numpy() == pytest.approx(parts.to_numpy(), rel=1e-12)
    assert monthly["supply_mwh"].sum() == pytest.approx(world["preview"].supply_mw.sum())
    assert monthly["hours"].sum() == world["grid"].hours
    assert any("left out" in note for note in world["preview"].notes)


def test_the_stated_errors_are_those_between_seeds(world):
    state, plan, grid = world["state"], world["plan"], world["grid"]
    found = [
        preview_shortage(state, plan, Swing(), grid=grid, seed=seed, futures=64, paths=64).monthly
        for seed in range(24)
    ]
    for column in ("supply_mwh", "eue_mwh"):
        spread = np.std([table[column] for table in found], axis=0, ddof=1)
        stated = np.sqrt(np.mean([table[f"{column}_se"] ** 2 for table in found], axis=0))
        # 24 seeds tell a standard deviation to 15 %.
        assert stated == pytest.approx(spread, rel=0.45)


def test_without_a_plan_and_damage_only_demand_is_uncertain(world):
    intact = make_state(world["state"].network, [], as_of=AS_OF)
    found = preview_shortage(intact, None, Swing(), grid=world["grid"], seed=5)
    assert found.futures == 1
    assert found.monthly["delivery_mwh"].tolist() == [0, 0]
    assert found.monthly["cut_off_mwh"].tolist() == [0, 0]
    assert found.monthly["eue_mwh"].sum() < world["preview"].monthly["eue_mwh"].sum()


def test_less_import_and_later_repairs_are_shorter(world):
    def total(**changes):
        config = ForecastConfig(months=2, **changes)
        state, plan, grid = world["state"], world["plan"], world["grid"]
        found = preview_shortage(state, plan, Swing(), grid=grid, config=config, seed=5)
        return found.monthly["eue_mwh"].sum()

    asked = world["preview"].monthly["eue_mwh"].sum()
    assert total(import_change_mw=-100.0) > 1.5 * asked
    assert total(slip_h=336.0) > asked


def test_the_control_has_the_mean_of_the_simulation_and_moves_with_it(world):
    control = control_supply(world["inputs"], world["factor"], first=0)
    apart = world["supply"] - control
    error = apart.std(axis=0, ddof=1) / np.sqrt(SAMPLES)
    assert np.all(np.abs(apart.mean(axis=0)) <= 3 * error)
    assert np.all(world["supply"].var(axis=0) > 1.5 * apart.var(axis=0))


def test_the_known_mean_is_the_mean_of_the_control(world):
    """Futures and paths of its own, against the controls of the samples."""
    inputs, grid = world["inputs"], world["grid"]
    known = expect_control(inputs, Swing(), grid=grid, peak_mw=1500.0, futures=320)
    control = control_supply(inputs, world["factor"], first=0)
    error = np.sqrt(control.var(axis=0, ddof=1) / SAMPLES + np.diagonal(known.covariance))
    assert np.all(np.abs(known.mean - control.mean(axis=0)) <= 3 * error)
    assert np.all(np.diagonal(known.covariance) < control.var(axis=0) / SAMPLES)


def test_few_samples_with_the_control_tell_as_much_as_many(world):
    """100 samples against all 400, and with the smaller error."""
    inputs, grid = world["inputs"], world["grid"]
    known = expect_control(inputs, Swing(), grid=grid, peak_mw=1500.0, futures=320)
    tally = ControlTally(2)
    tally.add(world["supply"][:100], control_supply(inputs, world["factor"][:100], first=0))
    found = tally.estimate(known)
    assert np.all(found.error < 0.8 * found.plain_error)
    truth, error = world["supply"].mean(axis=0), world["supply"].std(axis=0) / np.sqrt(SAMPLES)
    assert np.all(np.abs(found.mean[:2] - truth) <= 3 * np.hypot(found.error[:2], error))


def test_the_control_of_a_sample_does_not_depend_on_the_others(world):
    inputs, factor = world["inputs"], world["factor"]
    whole = control_supply(inputs, factor[:20], first=0)
    part = control_supply(inputs, factor[12:20], first=12)
    assert part == pytest.approx(whole[12:], rel=1e-9, abs=1e-9)


def test_picked_imports_have_the_mean_of_the_distribution(world):
    allocation, month_first = world["inputs"].allocation, world["inputs"].month_first
    mean = (allocation.low_mw + allocation.likely_mw + allocation.high_mw) / 3
    picked = pick_imports(world["inputs"], np.random.default_rng(3))
    found = np.add.reduceat(picked.mean(axis=(0, 2)), month_first[:-1]) / np.diff(month_first)
    assert found == pytest.approx(mean, rel=2e-4)


@pytest.mark.parametrize("paths", [32, 80, 200])
def test_picked_demands_are_as_likely_as_the_paths(paths):
    """Every path is picked equally often in the long run, also where parts are not whole."""
    paths_of_batch = np.bincount(np.arange(paths) % BATCHES)
    factor = np.repeat(np.arange(paths, dtype=float)[:, None], 4000, axis=1)
    picked = pick_demands(factor, np.random.default_rng(4))
    for batch in range(0, BATCHES, 5):
        share = np.array([(picked[batch] == path).mean() for path in range(batch, paths, BATCHES)])
        expected = 1 / paths_of_batch[batch]
        error = np.sqrt(expected * (1 - expected) / picked[batch].size)
        assert np.all(np.abs(share - expected) <= 4 * error)


def test_too_many_damaged_units_are_refused(root):
    city = load_network(str(root / "networks" / "rts79"))
    damage = [
        AssetDamage(
            asset=str(unit),
            kind=city.assets[str(unit)].kind,
            state=DamageState.COMPLETE,
            capacity_share=0.0,
            occurred_at=AS_OF,
            reported_at=AS_OF,
        )
        for unit in city.units.index[:14]
    ]
    grid = forecast_grid(AS_OF, months=1, zone=ZoneInfo("UTC"))
    with pytest.raises(AnalysisError, match="14 units"):
        preview_shortage(make_state(city, damage, as_of=AS_OF), None, Swing(), grid=grid)
