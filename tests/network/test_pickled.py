"""A network travels to other processes by its fields."""

from __future__ import annotations

from multiprocessing.reduction import ForkingPickler

import pandas as pd

from gridtool.network.catalog import load_network


def test_a_network_comes_back_as_it_was():
    network = load_network("toy5")
    assert network.assets  # derived before: it does not travel
    again = ForkingPickler.loads(ForkingPickler.dumps(network))
    assert again.manifest == network.manifest
    assert again.sha256 == network.sha256
    assert list(again.tables) == list(network.tables)
    for name, table in network.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table)
    assert dict(again.assets) == dict(network.assets)
