"""What workers are given: the case with mobile units, its storages, shared by premises."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from builders import grid
from forecast.simulate.storage_cases import with_storages
from restoration import cases
from restoration.mobile_cases import city, mobile_generator, with_units

from gridtool.damage.apply import make_state
from gridtool.forecast.model import ForecastConfig
from gridtool.forecast.premises import Premise, prepare_chunks
from gridtool.forecast.simulate.futures import draw_futures
from gridtool.forecast.simulate.simulator import Chunk, Draw, Simulator
from gridtool.forecast.simulate.storage import StorageDispatch
from gridtool.restoration.plan import plan_restoration

CONFIG = ForecastConfig(months=1, samples=4, workers=1)
PEAK_MW = 44.0


@dataclass(frozen=True, kw_only=True)
class Peak:
    """The reference peak in every hour."""

    peak_mw: float = PEAK_MW
    description: str = "flat"

    def simulate(self, n, *, grid, seed, first=0):
        del seed, first
        return np.full((n, grid.hours), self.peak_mw)


@dataclass(frozen=True, kw_only=True)
class Swing:
    """30 to 50 MW and back, over 7 hours."""

    peak_mw: float = 50.0
    description: str = "a wave"

    def simulate(self, n, *, grid, seed, first=0):
        del seed, first
        return np.tile(40.0 + 10.0 * np.sin(np.arange(grid.hours) * 0.9), (n, 1))


@pytest.fixture(scope="module")
def premise():
    """A city with a battery where a generator bridges the repair of a station's transformers."""
    network = with_storages(
        city([(20.0, None), (12.0, None), (12.0, None)]),
        {"id": "BAT", "busbar": "S2/10-1", "energy_mwh": 8.0}
        | {"charge_mw": 4.0, "discharge_mw": 4.0},
    )
    state = cases.damaged(network, {"S1/T1": 0.0}, hours={"S1/T1": 100.0})
    plan = plan_restoration(state, with_units([cases.crew()], mobile_generator()), seed=1)
    assert plan.placements
    return Premise(state=state, plan=plan, config=CONFIG)


def test_storages_are_found_among_the_sources_that_mobile_units_bring(premise):
    inputs, _ = prepare_chunks({"as planned": premise}, Peak(), seed=1)
    main = inputs.premises["as planned"]
    _, position, rating_mw = main.fleet
    assert [main.futures.case.source_ids[at] for at in position] == ["BAT"]
    assert rating_mw == pytest.approx([4.0])
    assert not main.futures.brought[position].any()
    (sums,) = Simulator(inputs)(Chunk(0, 2, (Draw("as planned"),)))
    assert sums.samples == 2


def test_premises_of_one_plan_share_the_case_and_its_dispatch(premise):
    later = replace(premise, config=replace(CONFIG, slip_h=48.0))
    bare = replace(premise, plan=None)
    inputs, _ = prepare_chunks({"plan": premise, "later": later, "none": bare}, Peak(), seed=1)
    case = {name: given.futures.case for name, given in inputs.premises.items()}
    assert case["later"] is case["plan"]
    assert len(case["none"].source_ids) == len(case["plan"].source_ids) - 1
    simulator = Simulator(inputs)
    simulator(Chunk(0, 1, tuple(map(Draw, inputs.premises))))
    assert len(simulator._dispatchers) == 2


def test_a_storage_that_is_forced_out_neither_gives_nor_takes_in_the_whole_chain():
    """A battery out half of the time: by hand, hour by hour, from when the futures have it up."""
    network = grid(stations={"A": (50.0, 0.0)}, lines=(), infeeds=[("I", "A", 40.0)])
    network = with_storages(
        network,
        {"id": "BAT", "busbar": "A/B", "energy_mwh": 30.0, "initial_share": 1.0}
        | {"charge_mw": 4.0, "discharge_mw": 8.0, "mttf_h": 12.0, "mttr_h": 12.0},
    )
    premise = Premise(state=make_state(network, [], as_of=cases.AS_OF), plan=None, config=CONFIG)
    inputs, _ = prepare_chunks({"as planned": premise}, Swing(), seed=1)
    main = inputs.premises["as planned"]
    stages = draw_futures(main.futures, first=0, n=1)
    hours = inputs.layout.grid.hours
    source_mw = stages.source_mw[np.repeat(np.arange(len(stages.row)), stages.end - stages.first)]
    up = source_mw[:, main.futures.case.source_ids.index("BAT")] > 0
    factor = Swing().simulate(1, grid=inputs.layout.grid, seed=1) / network.peak_mw
    dispatch = StorageDispatch(main.futures.case, main.class_share, fleet=main.fleet)
    found = dispatch.shortage(stages, factor)
    stored, kept, lacking = 30.0, [], []
    for hour in range(hours):
        spare = 40.0 - 50.0 * factor[0, hour]
        given = min(8.0, stored, max(-spare, 0.0)) if up[hour] else 0.0
        stored += (min(4.0, 30.0 - stored, max(spare, 0.0)) if up[hour] else 0.0) - given
        kept.append(stored)
        lacking.append(max(-spare, 0.0) - given)
    assert found.stored_mwh[:, 0] == pytest.approx(kept, abs=1e-6)
    unserved = found.shortage.district_mw.sum(axis=(0, 2, 3))
    assert unserved == pytest.approx(lacking, abs=1e-6)
    assert 0.3 < up.mean() < 0.7
    (sums,) = Simulator(inputs)(Chunk(0, 1, (Draw("as planned"),)))
    assert sums.unserved_mwh[0, :, -1].sum() == pytest.approx(sum(lacking))
