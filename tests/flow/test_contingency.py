"""Single outages by AC power flow, each against pandapower on the same topology."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import build_network, grid
from contingency_reference import reference_state

from gridtool.flow.ac_leaf import LeafSections
from gridtool.flow.contingency import ac_contingencies, run_contingencies
from gridtool.formats.frames import make_frame
from gridtool.network.catalog import load_network
from gridtool.network.schema import table_schema


@pytest.fixture(scope="module")
def rivercity():
    return load_network("rivercity")


def assert_equals_reference(network, states, rows, *, share=None):
    for row in rows:
        reference = reference_state(network, states.elements[row], capacity_share=share)
        if reference is None:
            assert not states.converged[row], states.elements[row]
            continue
        np.testing.assert_allclose(
            states.v[row], reference.v, atol=1e-6, err_msg=states.elements[row]
        )
        np.testing.assert_allclose(states.loading[row], reference.loading, atol=1e-6)


def test_every_outage_of_rts79_equals_pandapower():
    network = load_network("rts79")
    states = run_contingencies(network)
    assert_equals_reference(network, states, range(0, len(states.elements), 3))


def test_outages_of_the_city_equal_pandapower(rivercity):
    states = run_contingencies(rivercity)
    assert states.converged.all()
    assert np.nanmax(states.residual_mva) < 1e-5
    chosen = np.random.default_rng(7).choice(len(states.elements), size=12, replace=False)
    assert_equals_reference(rivercity, states, chosen)


def test_outages_of_the_damaged_city_equal_pandapower(rivercity):
    share = {"SS-07/T1": 0.0, "SP-2/T1": 0.0, "SS-20/110-1": 0.0, "L-SP-2-SS-21-1": 0.0}
    states = run_contingencies(rivercity, capacity_share=share)
    assert set(share).isdisjoint(states.elements)
    chosen = [states.elements.index(e) for e in ("SS-07/T2", "SS-20/T2", "IF-1", "PP-1/G1")]
    assert_equals_reference(rivercity, states, chosen, share=share)


def test_automatic_transfer_keeps_the_load_of_a_lost_transformer(rivercity):
    frame = ac_contingencies(rivercity).set_index("element")
    row = frame.loc["SS-07/T1"]
    assert row["unserved_mw"] == pytest.approx(0, abs=1e-9)
    assert row["max_loading_branch"] == "SS-07/T2"


def test_without_transfer_the_section_of_a_lost_transformer_is_dead(rivercity):
    couplers = rivercity.couplers.assign(automatic_transfer=False)
    network = replace(rivercity, tables=dict(rivercity.tables) | {"couplers": couplers})
    frame = ac_contingencies(network).set_index("element")
    feeders = rivercity.feeders
    lost = feeders.loc[feeders["busbar"] == "SS-07/10-1", "peak_mw"].sum()
    assert frame.loc["SS-07/T1", "unserved_mw"] == pytest.approx(lost)


def test_leaf_outages_are_what_the_topology_says(rivercity, monkeypatch):
    quick = run_contingencies(rivercity)
    monkeypatch.setattr(LeafSections, "outage", lambda _self, _branch: None)
    general = run_contingencies(rivercity)
    np.testing.assert_allclose(quick.v, general.v, atol=1e-9)
    np.testing.assert_allclose(quick.loading, general.loading, atol=1e-8)
    np.testing.assert_allclose(quick.unserved_mw, general.unserved_mw, atol=1e-9)


def test_radial_line_out_leaves_its_load_unserved():
    network = grid(
        stations={"A": (0, 0), "B": (30, 10), "C": (20, 0)},
        lines=[("L1", "A", "B", 100), ("L2", "A", "B", 100), ("L3", "B", "C", 100)],
        infeeds=[("I", "A", 200)],
    )
    frame = ac_contingencies(network).set_index("element")
    assert frame.loc["L1", "unserved_mw"] == 0
    assert frame.loc["L3", "unserved_mw"] == 20
    assert frame.loc["I", "unserved_mw"] == 60
    assert pd.isna(frame.loc["I", "min_voltage_pu"])
    assert frame.loc["L1", "max_loading_pct"] == pytest.approx(60, rel=0.01)
    assert frame.loc["L1", "max_loading_branch"] == "L2"


def test_island_with_a_unit_is_held_by_it():
    network = grid(
        stations={"A": (10, 0), "B": (20, 0)},
        lines=[("L", "A", "B", 100)],
        infeeds=[("I", "A", 200)],
        units=[("U", "B", 50)],
    )
    states = run_contingencies(network)
    assert states.converged.all()
    assert states.unserved_mw.tolist() == [0, 0, 0]
    assert_equals_reference(network, states, range(3))


def test_a_transfer_that_joins_live_sections_has_its_own_equations():
    """Sections 1 and 2 at B: losing line L1 kills 1, which still feeds C; the coupler closes."""
    stations = ("A", "B", "C")
    network = build_network(
        {
            "districts": [{"id": "D", "name": "D"}],
            "substations": [
                {"id": s, "name": s, "district": "D", "kind": "supply", "x_km": 0, "y_km": 0}
                for s in stations
            ],
            "busbars": [
                {"id": b, "substation": b[0], "vn_kv": 110} for b in ("A/1", "B/1", "B/2", "C/1")
            ],
            "couplers": [
                {
                    "id": "B/C",
                    "busbar_a": "B/1",
                    "busbar_b": "B/2",
                    "closed": False,
                    "automatic_transfer": True,
                }
            ],
            "lines": [
                {
                    "id": name,
                    "from_busbar": a,
                    "to_busbar": b,
                    "length_km": 10,
                    "r_ohm_per_km": 0.05,
                    "x_ohm_per_km": 0.4,
                    "c_nf_per_km": 9,
                    "max_i_ka": 0.6,
                }
                for name, a, b in (
                    ("L1", "A/1", "B/1"),
                    ("L2", "A/1", "B/2"),
                    ("L3", "B/1", "C/1"),
                )
            ],
            "infeeds": [{"id": "I", "busbar": "A/1", "max_mw": 200}],
            "feeders": [
                {"id": f"{b}/F", "busbar": b, "peak_mw": 20, "peak_mvar": 6}
                for b in ("B/1", "B/2", "C/1")
            ],
        }
    )
    states = run_contingencies(network)
    row = states.elements.index("L1")
    assert states.own_equations[row]
    assert states.unserved_mw[row] == 0
    assert_equals_reference(network, states, range(3))


def test_collapse_is_no_state_and_no_supply():
    network = grid(
        stations={"A": (0, 0), "B": (1000, 0)},
        lines=[("L1", "A", "B", 900), ("L2", "A", "B", 900)],
        infeeds=[("I", "A", 2000)],
    )
    frame = ac_contingencies(network).set_index("element")
    lines = network.lines.assign(length_km=[10.0, 20.0])
    longer = replace(network, tables=dict(network.tables) | {"lines": lines})
    row = ac_contingencies(longer).set_index("element").loc["L1"]
    assert frame.loc["L2", "converged"]
    assert not row["converged"]
    assert pd.isna(row["max_loading_pct"])
    assert pd.isna(row["min_voltage_pu"])


def test_nothing_in_service_has_no_outages():
    network = build_network({"districts": [{"id": "D", "name": "D"}]})
    assert make_frame(table_schema("lines"), ()).empty
    assert ac_contingencies(network).empty
