"""Stages against an independent LP over angles with its own sharing, state by state."""

from __future__ import annotations

import numpy as np
import pytest
from dispatch_reference import reference_dispatch
from stage_cases import random_stages

from gridtool.flow.class_shares import class_shares
from gridtool.flow.compile import compile_case
from gridtool.flow.stage_dispatch import StageDispatch
from gridtool.flow.topology import topology_of
from gridtool.network.catalog import load_network

PARTS = {"rivercity": 16, "rts79": 6}
BATCH = 100


def compare(name, *, states, seed):
    """Each of ``states`` random states: total and split by district and tier within 1e-6 MW."""
    network = load_network(name)
    case = compile_case(network)
    solver = StageDispatch(case, class_shares(network, case)[0])
    capacity = case.source_max_mw.sum()
    for batch in range(states // BATCH):
        stages, factor = random_stages(
            case,
            np.random.Generator(np.random.Philox(key=seed, counter=batch)),
            rows=BATCH,
            each=1,
            hours=1,
            parts=PARTS[name],
            limits=[0.3 * capacity, 0.5 * capacity, 10.0 * capacity],
            levels=[0.5, 0.7, 0.9, 1.0, 1.2],
        )
        found = solver.shortage(stages, factor)
        for k in range(BATCH):
            served, _ = reference_dispatch(
                case,
                topology_of(case, stages.part_shares[stages.parts[k]]),
                rating=stages.source_mw[k],
                factor=factor[k, 0],
                import_limit=stages.import_mw[k],
            )
            expected = np.zeros((len(case.district_ids), 2))
            np.add.at(expected, case.busbar_district, case.demand_mw * factor[k, 0] - served)
            message = f"{name}, batch {batch}, state {k}"
            got = found.district_mw[k, 0]
            assert got.sum() == pytest.approx(expected.sum(), abs=1e-6), message
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6, err_msg=message)
    return solver


@pytest.mark.parametrize(("name", "states"), [("rivercity", 300), ("rts79", 1000)])
def test_some_states(name, states):
    solver = compare(name, states=states, seed=1)
    assert solver.by_program > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PARTS))
def test_fifty_thousand_states(name):
    compare(name, states=50_000, seed=2)
