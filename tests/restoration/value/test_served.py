from __future__ import annotations

import numpy as np
import pytest
from restoration.cases import damaged, flow_served, random_instance

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.topology import share_vector
from gridtool.network.catalog import load_network
from gridtool.restoration.value.effects import RepairEffects, make_effects
from gridtool.restoration.value.served import DispatchedLoad, ShareVectors
from gridtool.restoration.work.jobs import make_jobs


@pytest.fixture(scope="module")
def city(root):
    return load_network(root / "networks" / "rivercity")


@pytest.fixture(scope="module")
def struck(city):
    rng = np.random.default_rng(2)
    assets = [a for a in city.assets if city.assets[a].kind not in {"shunt", "feeder"}]
    chosen = rng.choice(assets, size=30, replace=False).tolist()
    return damaged(city, {asset: float(rng.choice([0.0, 0.0, 0.5])) for asset in chosen})


def test_vectors_of_shares_are_the_shares(struck):
    dispatcher = Dispatcher(compile_case(struck.network))
    jobs = make_jobs(struck)
    plain = make_effects(struck, jobs)
    stages = (*plain.stages, ((1, {}), (0, {"SS-01/T1": 0.6}), (-1, {"SS-01/T1": 0.2})))
    effects = RepairEffects(jobs=plain.jobs, stages=stages, candidates=("SS-02/T1", "SS-03/T1"))
    vectors = ShareVectors(effects, dispatcher)
    rng = np.random.default_rng(1)
    for _ in range(50):
        mask = int(rng.integers(0, 1 << 62)) & int(rng.integers(0, 1 << 62))
        mask &= (1 << (effects.jobs + 2)) - 1
        expected = share_vector(dispatcher.case, effects.shares(mask))
        assert (vectors.at(mask) == expected).all()


@pytest.mark.parametrize("import_mw", [None, 500.0])
def test_levels_and_weights_are_those_of_the_certified_dispatch(struck, import_mw):
    case = compile_case(struck.network)
    dispatcher = Dispatcher(case)
    effects = make_effects(struck, make_jobs(struck))
    rng = np.random.default_rng(7)
    weights = rng.uniform(0.2, 4.0, case.demand_mw.shape)
    levels = np.array([0.5, 0.8, 1.1])
    plain = DispatchedLoad(dispatcher, levels=levels, import_limit_mw=import_mw)
    weighted = DispatchedLoad(dispatcher, levels=levels, import_limit_mw=import_mw, weights=weights)
    for _ in range(15):
        mask = int(rng.integers(0, 1 << 62)) & effects.all_done
        shares = effects.shares(mask)
        for k, level in enumerate(levels):
            dispatch = dispatcher.solve(
                shares, demand_mw=case.demand_mw * level, import_limit_mw=import_mw
            )
            assert plain(shares)[k] == pytest.approx(dispatch.total_served_mw, abs=1e-4)
            counted = float((weights * dispatch.served_mw).sum())
            assert weighted(shares)[k] == pytest.approx(counted, abs=1e-3)


def test_a_tree_serves_what_flows_at_most():
    """Random trees by maximum flow: lines of 40 to 300 A behind one another."""
    rng = np.random.default_rng(3)
    for _ in range(10):
        state, _ = random_instance(rng, jobs=8, crews=1)
        case = compile_case(state.network)
        flow = flow_served(state.network)
        load = DispatchedLoad(Dispatcher(case), levels=np.array([1.0]))
        effects = make_effects(state, make_jobs(state))
        scale = case.pf_margin
        for mask in rng.integers(0, 256, 6).tolist():
            shares = effects.shares(mask)
            whole = dict.fromkeys(state.network.lines.index, scale)
            limited = whole | {part: share * scale for part, share in shares.items()}
            assert load(shares)[0] == pytest.approx(flow(limited)[0], abs=1e-3)
