from __future__ import annotations

import networkx as nx
import pandas as pd
import pytest

from gridtool.errors import NetworkError
from gridtool.network.synthetic import generate_city


@pytest.fixture(scope="module")
def city():
    return generate_city()


def test_the_shipped_city_has_the_size_the_readme_states(city):
    kinds = city.substations["kind"].value_counts()
    assert (kinds["distribution"], kinds["supply"], kinds["plant"]) == (60, 4, 2)
    assert city.peak_mw == pytest.approx(1500.0, abs=0.1)
    assert 680 <= len(city.feeders) <= 730
    assert {"SS-01", "SS-60", "SP-1", "SP-4", "PP-1", "PP-2"} <= set(city.substations.index)
    assert {"SS-07/T1", "SS-07/C110", "SS-07/C10", "SS-07/F01", "PP-1/G1", "IF-2"} <= set(
        city.assets
    )


def test_the_same_seed_gives_the_same_tables_and_another_seed_others(city):
    again = generate_city()
    for name, frame in city.tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[name])
    other = generate_city(seed=2)
    assert not other.feeders["peak_mw"].head(20).equals(city.feeders["peak_mw"].head(20))


@pytest.mark.parametrize("substations", [10, 11, 30, 61, 120])
def test_every_size_is_connected_and_every_district_has_a_substation(substations):
    city = generate_city(substations=substations, seed=substations)
    graph = nx.Graph()
    graph.add_nodes_from(city.busbars.index)
    closed = city.couplers[city.couplers["closed"]]
    graph.add_edges_from(zip(closed["busbar_a"], closed["busbar_b"], strict=True))
    graph.add_edges_from(zip(city.lines["from_busbar"], city.lines["to_busbar"], strict=True))
    ends = city.transformers
    graph.add_edges_from(zip(ends["hv_busbar"], ends["lv_busbar"], strict=True))
    assert nx.is_connected(graph)
    assert set(city.substations["district"]) == set(city.districts.index)
    assert city.peak_mw == pytest.approx(25.0 * substations, rel=1e-3)


def test_one_transformer_carries_its_station(city):
    station = city.feeders.index.str.split("/").str[0]
    load_mva = (city.feeders["peak_mw"].groupby(station).sum()) / 0.94
    rating = (
        city.transformers["sn_mva"].groupby(city.transformers.index.str.split("/").str[0]).min()
    )
    assert ((load_mva / rating.loc[load_mva.index]) <= 1.26).all()


def test_rotation_groups_are_balanced_and_leave_critical_feeders_out(city):
    feeders = city.feeders
    critical = feeders["critical"]
    assert feeders.loc[critical, "rotation_group"].isna().all()
    groups = feeders.loc[~critical].groupby("rotation_group")["peak_mw"].sum()
    assert list(groups.index) == [f"{i}.{k}" for i in range(1, 7) for k in (1, 2)]
    assert groups.max() - groups.min() < 0.02 * groups.mean()
    share = feeders.loc[critical, "peak_mw"].sum() / city.peak_mw
    assert 0.15 <= share <= 0.20


def test_the_infeeds_hold_with_one_lost_and_the_allocation_is_short_in_the_coldest_hours(city):
    units = city.units["max_mw"].sum()
    assert city.infeeds["max_mw"].min() + units >= 1.03 * city.peak_mw
    january = city.import_allocation.loc[1]
    assert january["low_mw"] <= january["likely_mw"] <= january["high_mw"]
    assert 0.85 < (january["likely_mw"] + units) / city.peak_mw < 1.0


def test_customer_shares_of_each_feeder_add_up_to_one(city):
    shares = city.customers.groupby("feeder")["demand_share"].sum()
    assert set(shares.index) == set(city.feeders.index)
    assert shares.to_numpy() == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    ("field", "value"), [("substations", 9), ("substations", 401), ("seed", -1)]
)
def test_a_size_out_of_range_is_refused_with_what_is_accepted(field, value):
    with pytest.raises(NetworkError) as caught:
        generate_city(**{field: value})
    (issue,) = caught.value.issues
    assert (issue.field, issue.value) == (field, str(value))
    assert "10 to 400" in issue.accepted or issue.accepted.startswith("0 to")
