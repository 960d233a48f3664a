from __future__ import annotations

import pytest
from builders import build_network

from gridtool.network.catalog import load_network
from gridtool.network.foreign import read_foreign, write_pandapower_json
from gridtool.network.registry import build_registry


@pytest.fixture(scope="module")
def city():
    return load_network("rivercity")


def test_a_station_has_two_levels_with_what_stands_on_them(city):
    entry = build_registry(city)["SS-07"]
    high, low = entry.levels
    assert (high.vn_kv, low.vn_kv) == (110.0, 10.0)
    assert high.busbars == ("SS-07/110-1", "SS-07/110-2")
    assert high.carried["couplers"] == ("SS-07/C110",)
    assert high.carried["transformers"] == low.carried["transformers"] == ("SS-07/T1", "SS-07/T2")
    assert high.carried["lines"] == (
        "L-SP-1-SS-07-1",
        "L-SP-1-SS-07-2",
        "L-SS-07-SS-08-1",
        "L-SS-07-SS-08-2",
    )
    assert low.carried["feeders"][0] == "SS-07/F01"
    assert "feeders" not in high.carried


def test_the_registry_has_every_asset_that_stands_somewhere(city):
    listed = {
        asset
        for entry in build_registry(city).values()
        for level in entry.levels
        for ids in (level.busbars, *level.carried.values())
        for asset in ids
    }
    assert listed | set(city.substations.index) == set(city.assets)


def test_a_foreign_network_has_a_registry_too(root, tmp_path):
    write_pandapower_json(load_network(root / "networks" / "toy5"), tmp_path / "toy.json")
    network = read_foreign(tmp_path / "toy.json")
    registry = build_registry(network)
    (old_town,) = [entry for entry in registry.values() if len(entry.levels) == 2]
    assert [len(level.carried["transformers"]) for level in old_town.levels] == [2, 2]


def test_a_site_without_busbars_has_no_levels():
    site = {"id": "A", "name": "A", "district": "D", "kind": "supply", "x_km": 0, "y_km": 0}
    network = build_network({"districts": [{"id": "D", "name": "D"}], "substations": [site]})
    assert build_registry(network)["A"].levels == ()
