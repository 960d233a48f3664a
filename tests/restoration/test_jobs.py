from __future__ import annotations

import pytest
from restoration.cases import damaged, star

from gridtool.network.catalog import load_network
from gridtool.network.schema import ASSET_TABLES
from gridtool.restoration.jobs import DEFAULT_SKILLS, asset_place, make_jobs
from gridtool.restoration.rules import asset_load_mw, rule_orders, substation_graph


def test_every_kind_of_asset_has_a_skill():
    assert set(DEFAULT_SKILLS) == set(ASSET_TABLES.values())


def test_a_job_for_every_asset_below_full_capacity():
    state = damaged(
        star(30, 20),
        {"L1": 0.0, "L2": 1.0, "IF": 0.6, "S1": 0.0},
        skills={"IF": ("crane",)},
        spares={"IF": ("bushing", "bushing")},
    )
    jobs = {job.id: job for job in make_jobs(state)}
    assert list(jobs) == ["S1", "L1", "IF"]
    assert jobs["L1"].skills == ("line",)
    assert jobs["S1"].skills == ("substation",)
    assert (jobs["IF"].skills, jobs["IF"].spares) == (("crane",), ("bushing", "bushing"))


def test_a_line_is_repaired_halfway():
    network = star(30, 20)  # station i stands at (i, 0)
    assert asset_place(network, "L2") == (1.0, 0.0)
    assert asset_place(network, "S2") == (2.0, 0.0)
    assert asset_place(network, "S2/F0") == (2.0, 0.0)


def test_every_asset_of_the_city_has_a_place_and_a_load(root):
    city = load_network(root / "networks" / "rivercity")
    for asset in list(city.assets)[::37]:
        x_km, y_km = asset_place(city, asset)
        assert abs(x_km) < 100
        assert abs(y_km) < 100
        assert asset_load_mw(city, asset) >= 0


def test_rules_sort_as_they_say():
    state = damaged(
        star(30, 20, 50),
        dict.fromkeys(("L1", "L2", "L3"), 0.0),
        hours={"L1": 3.0, "L2": 1.0, "L3": 10.0},
    )
    from restoration.cases import crew, resources

    orders = rule_orders(state.network, make_jobs(state), resources(crew(x_km=3.0)))
    assert orders["largest load first"].tolist() == [2, 0, 1]
    assert orders["shortest repair first"].tolist() == [1, 0, 2]
    assert orders["load per hour"].tolist() == [1, 0, 2]
    assert orders["nearest first"].tolist() == [2, 1, 0]


def test_connections_are_counted_between_substations():
    graph = substation_graph(star(30, 20, 50))
    assert dict(graph.degree()) == {"S0": 3, "S1": 1, "S2": 1, "S3": 1}


@pytest.mark.parametrize(("asset", "load"), [("L2", 20), ("S1", 30), ("IF", 10_000), ("S1/F0", 30)])
def test_the_load_of_an_asset(asset, load):
    assert asset_load_mw(star(30, 20), asset) == load
