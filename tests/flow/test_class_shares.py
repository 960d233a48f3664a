"""Shares of demand by class of customers."""

from __future__ import annotations

import numpy as np
import pytest
from builders import build_network, grid

from gridtool.flow.class_shares import class_shares
from gridtool.flow.compile import compile_case
from gridtool.network.catalog import load_network


def two_classes():
    """A section with 10 MW (60 % household) and 30 MW (all industry) ordinary, 5 MW of whom
    nobody knows protected."""
    network = grid(stations={"A": (10, 5)}, lines=[], infeeds=[("I", "A", 60)])
    tables = {
        name: frame.reset_index().to_dict("records") for name, frame in network.tables.items()
    }
    tables["feeders"].append({"id": "A/F9", "busbar": "A/B", "peak_mw": 30, "critical": False})
    customer = {"customers": 5, "demand_share": 1.0}
    tables["customers"] = [
        {"feeder": "A/F0", "customer_class": "household", "customers": 9, "demand_share": 0.6},
        {"feeder": "A/F0", "customer_class": "commercial", "customers": 1, "demand_share": 0.4},
        {"feeder": "A/F9", "customer_class": "industry", **customer},
    ]
    return build_network(tables)


def test_hand_worked():
    network = two_classes()
    shares, names = class_shares(network, compile_case(network))
    assert names[-1] == "other"
    by_name = dict(zip(names, shares[0].T, strict=True))
    np.testing.assert_allclose(by_name["household"], [6 / 40, 0])
    np.testing.assert_allclose(by_name["commercial"], [4 / 40, 0])
    np.testing.assert_allclose(by_name["industry"], [30 / 40, 0])
    np.testing.assert_allclose(by_name["other"], [0, 1])


@pytest.mark.parametrize("name", ["rivercity", "rts79"])
def test_shares_add_up_where_there_is_demand(name):
    network = load_network(name)
    case = compile_case(network)
    shares, names = class_shares(network, case)
    assert shares.shape == (*case.demand_mw.shape, len(names))
    np.testing.assert_allclose(shares.sum(axis=2), case.demand_mw > 0, atol=1e-12)
    assert "other" not in names
