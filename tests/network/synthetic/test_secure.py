"""The intact city keeps everybody supplied with any one part lost, by AC power flow."""

from __future__ import annotations

import time

import pytest

from gridtool.flow.contingency import ac_contingencies
from gridtool.flow.margin import calibrate_margin
from gridtool.network.catalog import load_network
from gridtool.network.pandapower_net import build_net, quiet_pandapower
from gridtool.network.synthetic import generate_city


def assert_secure(network):
    outages = ac_contingencies(network)
    branches_and_sources = sum(
        len(network.tables[table]) for table in ("lines", "transformers", "infeeds", "units")
    )
    assert len(outages) == branches_and_sources
    assert outages["converged"].all()
    assert outages["unserved_mw"].max() < 1e-6
    assert outages["max_loading_pct"].max() <= 100.0
    assert outages["min_voltage_pu"].min() >= 0.95


def run_pandapower(network, **damage):
    import pandapower

    built = build_net(network, **damage)
    with quiet_pandapower():
        pandapower.runpp(built.net, numba=False, init="dc", lightsim2grid=False)
    return built


def test_the_shipped_city_is_secure():
    assert_secure(load_network("rivercity"))


@pytest.mark.parametrize(("substations", "seed"), [(10, 1), (11, 7), (30, 2), (120, 1)])
def test_cities_of_other_sizes_and_seeds_are_secure(substations, seed):
    assert_secure(generate_city(substations=substations, seed=seed))


@pytest.mark.slow
def test_the_shipped_margin_is_the_calibrated_one():
    network = load_network("rivercity")
    assert network.manifest.pf_margin == calibrate_margin(network, seed=1)


@pytest.mark.slow
def test_a_large_city_is_made_in_seconds_and_secure():
    begin = time.perf_counter()
    network = generate_city(substations=400, seed=1)
    assert time.perf_counter() - begin < 10.0
    assert_secure(network)


def test_voltages_and_loadings_of_the_intact_city_are_those_of_a_healthy_one():
    network = load_network("rivercity")
    built = run_pandapower(network)
    results = built.net.res_bus.vm_pu
    at_10_kv = [results[built.busbars[b]] for b in network.busbars.query("vn_kv == 10").index]
    assert min(at_10_kv) >= 1.0
    assert max(at_10_kv) <= 1.06
    assert results.between(1.0, 1.05).all()
    assert built.net.res_line.loading_percent.max() < 60
    assert built.net.res_trafo.loading_percent.max() < 80
    losses = built.net.res_line.pl_mw.sum() + built.net.res_trafo.pl_mw.sum()
    assert 0.005 < losses / network.peak_mw < 0.02


@pytest.mark.parametrize("infeed", ["IF-1", "IF-2"])
def test_either_infeed_brings_all_that_is_missing(infeed):
    network = load_network("rivercity")
    built = run_pandapower(network, capacity_share={infeed: 0.0})
    left = ({"IF-1", "IF-2"} - {infeed}).pop()
    table, index = built.sources[left]
    assert built.net[f"res_{table}"].p_mw[index] <= network.infeeds.at[left, "max_mw"]
