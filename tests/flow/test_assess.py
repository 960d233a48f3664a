"""Assessments: sums, hand-worked cases, the states at the edges."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import numpy as np
import pytest
from builders import grid
from hypothesis import given
from hypothesis import strategies as st

from gridtool.damage.read import damage_assets
from gridtool.flow.assess import assess
from gridtool.flow.assess_tables import electrical_islands
from gridtool.flow.next_outage import next_outages
from gridtool.flow.people import round_shares
from gridtool.network.catalog import load_network

NOW = datetime(2027, 1, 13, 8, tzinfo=UTC)


def radial(**sources):
    """A feeds B over two lines and C over one behind B."""
    return grid(
        stations={"A": (0, 0), "B": (30, 10), "C": (20, 0)},
        lines=[("L1", "A", "B", 50), ("L2", "A", "B", 50), ("L3", "B", "C", 50)],
        **({"infeeds": [("I", "A", 200)]} | sources),
    )


def assess_damage(network, damage, **options):
    return assess(damage_assets(network, damage, as_of=NOW), **options)


def assert_sums(assessment):
    dispatch = assessment.dispatch
    np.testing.assert_allclose(
        dispatch.served_mw + dispatch.unserved_mw, dispatch.demand_mw, atol=1e-6
    )
    substations, districts = assessment.substations, assessment.districts
    for frame in (substations, districts):
        assert frame["demand_mw"].sum() == pytest.approx(assessment.demand_mw)
        assert frame["served_mw"].sum() == pytest.approx(assessment.served_mw)
        assert frame["unserved_mw"].sum() == pytest.approx(assessment.unserved_mw, abs=1e-6)
        assert frame["customers_out"].sum() == assessment.customers_out
        assert frame["critical_out"].sum() == assessment.critical_out
    by_district = substations.groupby("district")["customers_out"].sum()
    assert districts.set_index("district")["customers_out"].to_dict() == by_district.to_dict()
    assert (substations["customers_out"] <= substations["customers"]).all()
    given = np.where(dispatch.topology.source_max_mw > 0, dispatch.generation_mw, 0.0)
    assert (given <= dispatch.topology.source_max_mw + 1e-6).all()


@pytest.fixture(scope="module")
def rivercity():
    return load_network("rivercity")


def test_nothing_damaged_serves_all():
    found = assess_damage(radial(), {})
    assert found.unserved_mw == pytest.approx(0, abs=1e-9)
    assert found.customers_out == 0
    assert found.substations["energised"].tolist() == ["yes"] * 3
    assert found.islands[["substations", "demand_mw", "served_mw"]].to_numpy().tolist() == [
        [3, 60, 60]
    ]
    assert found.ac is not None
    assert found.ac.violations == ()
    assert_sums(found)


def test_lost_line_is_shared_and_counted_by_hand():
    """One line of 50 MW is left for 60 MW: 10 MW of ordinary load is shed, of 50."""
    found = assess_damage(radial(), {"L1": 0.0}, ac=False)
    assert found.unserved_mw == pytest.approx(10)
    # 500 customers per MW, a fifth of the ordinary load: of 15 000 at B and 10 000 at C
    assert found.substations["customers_out"].tolist() == [0, 3000, 2000]
    assert found.critical_out == 0
    row = found.limits.iloc[0]
    assert (row["element"], row["loading_pct"]) == ("L2", pytest.approx(100))
    assert row["relief_value"] > 0
    assert_sums(found)


def test_dead_substation_has_its_customers_and_critical_customers_out():
    found = assess_damage(radial(), {"B": 0.0})
    assert found.substations["energised"].tolist() == ["yes", "no", "no"]
    assert found.customers_out == 30_000
    assert found.critical_out == 5_000
    assert found.unserved_mw == pytest.approx(60)
    assert_sums(found)


def test_next_outages_of_the_radial_network_by_hand():
    state = damage_assets(radial(), {}, as_of=NOW)
    from gridtool.flow.compile import compile_case
    from gridtool.flow.dispatch import Dispatcher

    frame = next_outages(state, Dispatcher(compile_case(state.network))).set_index("element")
    expected = {"I": 60, "A": 60, "A/B": 60, "B": 60, "B/B": 60, "L3": 20, "C": 20, "C/B": 20}
    expected |= {"L1": 10, "L2": 10}
    assert frame["extra_unserved_mw"].to_dict() == pytest.approx(expected)
    assert frame.loc["L3", "extra_customers_out"] == 10_000
    assert frame["extra_unserved_mw"].is_monotonic_decreasing


@pytest.mark.parametrize("ac", [True, False])
def test_everything_destroyed(rivercity, ac):
    found = assess_damage(rivercity, dict.fromkeys(rivercity.substations.index, 0.0), ac=ac)
    assert found.served_mw == 0
    assert found.unserved_mw == pytest.approx(rivercity.peak_mw)
    assert found.customers_out == rivercity.customers["customers"].sum()
    assert set(found.substations["energised"]) == {"no"}
    assert found.contingencies.empty
    assert found.islands.empty
    assert found.limits.empty
    assert_sums(found)


def test_no_source_serves_nothing():
    found = assess_damage(radial(infeeds=()), {})
    assert found.served_mw == 0
    assert not found.islands["energised"].any()
    assert_sums(found)


def test_zero_load():
    network = grid(
        stations={"A": (0, 0), "B": (0, 0)}, lines=[("L", "A", "B", 10)], infeeds=[("I", "A", 5)]
    )
    found = assess_damage(network, {"L": 0.0})
    assert found.demand_mw == found.unserved_mw == 0
    assert found.districts["unserved_pct"].tolist() == [0]
    assert found.ac is not None
    assert found.ac.converged
    assert_sums(found)


def test_converged_is_not_supplied():
    """Half of the load cannot be reached; the power flow of the rest converges all the same."""
    found = assess_damage(radial(), {"L3": 0.0})
    assert found.ac is not None
    assert found.ac.converged
    assert found.ac.violations == ()
    assert found.unserved_mw == pytest.approx(20)
    assert found.ac.served_mw == pytest.approx(40)


def test_islands_equal_those_of_the_topology(rivercity):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        chosen = rng.choice(rivercity.substations.index, size=12, replace=False)
        found = assess_damage(
            rivercity, dict.fromkeys(map(str, chosen), 0.0), ac=False, contingencies=False
        )
        topology = found.dispatch.topology
        placed = topology.node_of_busbar >= 0
        island = np.where(placed, topology.island_of_node[topology.node_of_busbar], -1)
        groups = {tuple(np.flatnonzero(island == i).tolist()) for i in set(island[placed].tolist())}
        assert {tuple(part) for part in electrical_islands(found.dispatch)} == groups
        assert_sums(found)


def test_more_damage_never_serves_more(rivercity):
    rng = np.random.default_rng(5)
    assets = [a for a, x in rivercity.assets.items() if x.kind in {"line", "transformer", "busbar"}]
    order = [str(a) for a in rng.permutation(assets)[:60]]
    served = [
        assess_damage(
            rivercity, dict.fromkeys(order[:k], 0.0), ac=False, contingencies=False
        ).served_mw
        for k in range(0, 61, 15)
    ]
    assert all(b <= a + 1e-6 for a, b in itertools.pairwise(served))


def test_demand_and_import_limit(rivercity):
    found = assess_damage(
        rivercity, {}, ac=True, contingencies=False, demand_factor=0.9, import_limit_mw=500.0
    )
    units = rivercity.units["max_mw"].sum()
    assert found.demand_mw == pytest.approx(0.9 * rivercity.peak_mw)
    assert found.ac is not None
    # what sources may give is served, losses taken from it
    assert found.served_mw + found.ac.losses_mw == pytest.approx(500 + units, abs=1.0)
    assert found.ac.violations == ()


@given(st.lists(st.floats(0, 1000), max_size=30))
def test_rounded_shares_add_up(values):
    values = np.array(values)
    whole = round_shares(values)
    assert whole.sum() == round(float(values.sum()))
    assert (np.abs(whole - values) <= 1 + 1e-6).all()


def test_rounding_gives_to_the_largest_remainder_first():
    assert round_shares(np.array([1.4, 1.6, 2.0])).tolist() == [1, 2, 2]
    assert round_shares(np.array([0.5, 0.5, 0.5, 0.5])).tolist() == [1, 1, 0, 0]
