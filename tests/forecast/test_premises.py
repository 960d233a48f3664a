"""What workers are given: the case with mobile units, its storages, shared by premises."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from forecast.simulate.storage_cases import with_storages
from restoration import cases
from restoration.mobile_cases import city, mobile_generator, with_units

from gridtool.forecast.model import ForecastConfig
from gridtool.forecast.premises import Premise, prepare_chunks
from gridtool.forecast.simulate.simulator import Chunk, Draw, Simulator
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
