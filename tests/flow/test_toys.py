"""The toy networks give the answers worked by hand in their folders."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gridtool.damage.apply import spread_damage
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.catalog import load_network


def cases(root):
    for name in ("toy3", "toy5"):
        expected = json.loads((root / "networks" / name / "expected.json").read_text("utf-8"))
        for case in expected["dispatch"]:
            yield name, case


@pytest.fixture(scope="module")
def dispatchers(root):
    networks = {name: load_network(root / "networks" / name) for name in ("toy3", "toy5")}
    return {
        name: (network, Dispatcher(compile_case(network))) for name, network in networks.items()
    }


def test_every_case(root, dispatchers):
    checked = 0
    for name, case in cases(root):
        network, dispatcher = dispatchers[name]
        shares = spread_damage(network, dict.fromkeys(case["out"], 0.0))
        dispatch = dispatcher.solve(shares)
        assert_expected(case, dispatch)
        assert dispatch.certificate.residual_mw < 1e-6
        assert dispatch.certificate.gap_mw < 1e-6
        assert dispatcher.served_mw(shares) == pytest.approx(case["served_mw"], abs=1e-3)
        checked += 1
    assert checked >= 12


def assert_expected(case, dispatch):
    compiled = dispatch.case
    assert dispatch.total_served_mw == pytest.approx(case["served_mw"], abs=1e-6), case["case"]
    if "unserved_mw" in case:
        expected = np.zeros_like(dispatch.unserved_mw)
        for busbar, pair in case["unserved_mw"].items():
            expected[compiled.busbar_ids.index(busbar)] = pair
        np.testing.assert_allclose(dispatch.unserved_mw, expected, atol=1e-6, err_msg=case["case"])
    for substation, unserved in case.get("unserved_at", {}).items():
        own = compiled.busbar_substation == compiled.substation_ids.index(substation)
        assert dispatch.unserved_mw[own].sum() == pytest.approx(unserved), case["case"]
    for branch, flow in case.get("flow_mw", {}).items():
        found = dispatch.flow_mw[compiled.branch_ids.index(branch)]
        assert found == pytest.approx(flow, abs=1e-6), (case["case"], branch)
    for source, output in case.get("generation_mw", {}).items():
        found = dispatch.generation_mw[compiled.source_ids.index(source)]
        assert found == pytest.approx(output, abs=1e-6), (case["case"], source)
