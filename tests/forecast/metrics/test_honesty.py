"""Reported intervals are honest: they hold as many futures as they say.

Every world is a small system of its own: units that fail, one of them damaged and under repair,
uncertain demand. It is forecast, and its futures are drawn by other code and other random
numbers. An interval from P10 to P90 must hold 80 % of them.

Ties: hours off are often exactly 0. A future that equals an end of the interval counts with the
part of the forecast's probability of that value that lies inside (the expectation of the
randomised probability integral transform); any other counts as inside or outside.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
from builders import grid
from restoration import cases as restoration

from gridtool.damage.apply import make_state
from gridtool.damage.model import AssetDamage, DamageState, Estimate3
from gridtool.flow.class_shares import class_shares
from gridtool.flow.compile import compile_case
from gridtool.flow.stage_dispatch import StageDispatch
from gridtool.forecast.metrics.model import make_layout
from gridtool.forecast.metrics.sums import sum_samples
from gridtool.forecast.metrics.tally import ShortageTally
from gridtool.forecast.model import ForecastConfig
from gridtool.forecast.shortage import forecast_grid
from gridtool.forecast.simulate.futures import draw_futures, prepare_futures
from gridtool.restoration.model import Resources
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.schedule.execute import simulate_completions

AS_OF = datetime(2027, 2, 21, 5, 30, tzinfo=UTC)
SAMPLES, FUTURES = 400, 100
ORDINARY_MW, PROTECTED_MW = 80.0, 20.0
BOUNDS = {"80 %": (0.1, 0.9), "90 %": (0.05, 0.95)}


@cache
def plain_network(units):
    """One busbar with all demand, some units and an infeed, to be rated by each world."""
    return grid(
        stations={"A": (ORDINARY_MW, PROTECTED_MW)},
        lines=(),
        units=[(f"G{at}", "A", 1.0) for at in range(units)],
        infeeds=[("I", "A", 1.0)],
    )


@dataclass(frozen=True, kw_only=True)
class World:
    """Units (MW, MTTF, MTTR), of which the first is damaged, and how far demand scatters."""

    units: tuple[tuple[float, float, float], ...]
    infeed_mw: float
    repair_h: tuple[float, float, float]
    spread: float
    seed: int

    def network(self):
        network = plain_network(len(self.units))
        ratings, mttf, mttr = zip(*self.units, strict=True)
        units = network.units.assign(max_mw=ratings, p_mw=ratings, mttf_h=mttf, mttr_h=mttr)
        infeeds = network.infeeds.assign(max_mw=self.infeed_mw)
        changed = {"units": units, "infeeds": infeeds}
        return replace(network, tables=dict(network.tables) | changed)

    def demand_factor(self, rng, *, n, hours):
        """Demand by hour as a share of the peak (n, hours): a wave at an uncertain level."""
        wave = 0.75 + 0.15 * np.sin(2 * np.pi * np.arange(hours) / 24)
        return wave * np.exp(self.spread * rng.standard_normal((n, 1)))


def make_world(seed):
    rng = np.random.default_rng([seed, 1])
    count = int(rng.integers(2, 5))
    total_mw = rng.uniform(80.0, 200.0)
    parts = rng.dirichlet(np.full(count, 4.0))
    return World(
        units=tuple(
            (float(total_mw * part), float(rng.uniform(40, 200)), float(rng.uniform(10, 40)))
            for part in parts
        ),
        infeed_mw=float(rng.uniform(0.0, 20.0)),
        repair_h=tuple(np.sort(rng.uniform(10.0, 200.0, 3)).tolist()),
        spread=float(rng.uniform(0.02, 0.1)),
        seed=seed,
    )


def plan_of(world):
    network = world.network()
    low, likely, high = world.repair_h
    damage = AssetDamage(
        asset="G0",
        kind=network.assets["G0"].kind,
        state=DamageState.EXTENSIVE,
        capacity_share=0.0,
        occurred_at=AS_OF,
        reported_at=AS_OF,
        estimate=Estimate3(low_h=low, likely_h=likely, high_h=high),
    )
    state = make_state(network, [damage], as_of=AS_OF)
    return state, plan_restoration(state, Resources(crews=(restoration.crew(),), stock={}))


def forecast(world, state, plan):
    """Distribution of hours off a day, as forecast."""
    network = state.network
    case = compile_case(network)
    hours = forecast_grid(AS_OF, months=1, zone=network.manifest.zone)
    inputs, _ = prepare_futures(
        state, plan, case, grid=hours, config=ForecastConfig(), seed=world.seed
    )
    shares, classes = class_shares(network, inputs.case)
    layout = make_layout(
        inputs.case, hours, names={"D1": "One"}, class_share=shares, class_names=classes
    )
    rng = np.random.default_rng([world.seed, 2])
    factor = world.demand_factor(rng, n=SAMPLES, hours=hours.hours)
    stages = draw_futures(inputs, first=0, n=SAMPLES)
    found = StageDispatch(inputs.case, shares).shortage(stages, factor)
    tally = ShortageTally(layout)
    tally.add(sum_samples(found, factor, layout=layout))
    return hours, tally.hours_off_spread


def draw_hours_off(world, plan, hours):
    """Hours off a day of FUTURES futures, hour by hour, without the engine (FUTURES,)."""
    rng = np.random.default_rng([world.seed, 3])
    completions = simulate_completions(plan, n=FUTURES, seed=10**6 + world.seed)
    later_h = (hours.start - AS_OF).total_seconds() / 3600
    back = np.ceil(completions.finish_h.max(axis=1) - later_h)
    factor = world.demand_factor(rng, n=FUTURES, hours=hours.hours)
    supply = np.full((FUTURES, hours.hours), world.infeed_mw)
    for at, (mw, mttf, mttr) in enumerate(world.units):
        fail, mend = 1 / mttf, 1 / mttr
        change = (1 - np.exp(-(fail + mend))) / (fail + mend)
        first = np.maximum(back, 0.0) if at == 0 else np.zeros(FUTURES)
        up = np.ones(FUTURES, dtype=bool)
        for hour in range(hours.hours):
            began = hour > first  # up for certain in its first hour
            turn = rng.random(FUTURES) < np.where(up, fail, mend) * change
            up ^= turn & began
            supply[:, hour] += mw * (up & (hour >= first))
    lacking = np.maximum((ORDINARY_MW + PROTECTED_MW) * factor - supply, 0.0)
    ordinary = np.minimum(lacking, ORDINARY_MW * factor)  # protected customers go last
    return 24.0 * ordinary.sum(axis=1) / (ORDINARY_MW * factor.sum(axis=1))


def held(spread, values, *, bounds):
    """Which of ``values`` the city's interval holds, ties in part."""
    low, high = (float(spread.quantile(share)[0, -1]) for share in bounds)
    inside = ((values > low) & (values < high)).astype(float)
    (below_low, at_low), (below_high, at_high) = (
        (float(found[0, -1]) for found in spread.shares(np.full(spread.top.shape, end)))
        for end in (low, high)
    )
    close = 1e-9
    tie_low, tie_high = np.abs(values - low) <= close, np.abs(values - high) <= close
    if at_low > 0:
        first = np.clip((below_low + at_low - bounds[0]) / at_low, 0.0, 1.0)
        inside[tie_low & ~tie_high] = first
    if at_high > 0:
        last = np.clip((bounds[1] - below_high) / at_high, 0.0, 1.0)
        inside[tie_high & ~tie_low] = last
    if at_low > 0:  # both ends are one value
        inside[tie_low & tie_high] = (bounds[1] - bounds[0]) / at_low
    return inside


def coverage_of(worlds):
    """Mean share of futures inside each interval and its standard error over worlds."""
    shares = {name: [] for name in BOUNDS}
    nothing = 0.0
    for seed in worlds:
        world = make_world(seed)
        state, plan = plan_of(world)
        hours, spread = forecast(world, state, plan)
        values = draw_hours_off(world, plan, hours)
        nothing += float((values == 0).mean())
        for name, bounds in BOUNDS.items():
            shares[name].append(held(spread, values, bounds=bounds).mean())
    count = len(shares["80 %"])
    print(f"{count} worlds, {100 * nothing / count:.0f} % of the futures lack nothing")
    found = {}
    for name, inside in shares.items():
        mean, error = np.mean(inside), np.std(inside, ddof=1) / np.sqrt(count)
        print(f"{name} intervals hold {100 * mean:.2f} +- {100 * error:.2f} %")
        found[name] = (mean, error)
    return found


def test_intervals_hold_what_they_say_in_forty_worlds():
    for name, (mean, error) in coverage_of(range(40)).items():
        low, high = BOUNDS[name]
        assert abs(mean - (high - low)) <= 0.01 + 3 * error
        assert error < 0.01


@pytest.mark.slow
def test_intervals_hold_what_they_say_in_500_worlds():
    found = coverage_of(range(500))
    assert 0.78 <= found["80 %"][0] <= 0.82
    assert 0.88 <= found["90 %"][0] <= 0.92
    assert max(error for _, error in found.values()) < 0.005
