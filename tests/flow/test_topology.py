"""What is connected to what: rules stated in words, checked on small networks."""

from __future__ import annotations

import numpy as np
import pytest
from builders import build_network, grid
from hypothesis import given
from hypothesis import strategies as st

from gridtool.errors import InputError
from gridtool.flow.compile import compile_case
from gridtool.flow.topology import apply_shares


def triangle(**sources):
    return compile_case(
        grid(
            stations={"A": (10, 0), "B": (20, 4), "C": (0, 5)},
            lines=[("AB", "A", "B", 30), ("BC", "B", "C", 30), ("CA", "C", "A", 30)],
            **(sources or {"infeeds": [("I", "A", 100)]}),
        )
    )


def test_intact_is_one_island():
    topology = apply_shares(triangle(), {})
    np.testing.assert_array_equal(topology.node_of_busbar, [0, 1, 2])
    np.testing.assert_array_equal(topology.island_of_node, [0, 0, 0])
    assert topology.energised.all()


def test_busbar_out_takes_its_lines_with_it():
    topology = apply_shares(triangle(), {"B/B": 0})
    np.testing.assert_array_equal(topology.node_of_busbar, [0, -1, 1])
    np.testing.assert_array_equal(topology.branch_in_service, [False, False, True])
    np.testing.assert_array_equal(topology.branch_limit_mw == 0, [True, True, False])
    np.testing.assert_array_equal(topology.connectable_mw, [[10, 0], [0, 0], [0, 5]])


def test_shares_scale_limits_sources_and_feeders():
    topology = apply_shares(triangle(), {"AB": 0.5, "I": 0.25, "B/F0": 0.1})
    np.testing.assert_allclose(topology.branch_limit_mw, [15, 30, 30])
    np.testing.assert_allclose(topology.source_max_mw, [25])
    np.testing.assert_allclose(topology.connectable_mw, [[10, 0], [2, 4], [0, 5]])


def test_island_without_source_is_dead():
    topology = apply_shares(triangle(), {"AB": 0, "CA": 0})
    np.testing.assert_array_equal(topology.island_of_node, [0, 1, 1])
    np.testing.assert_array_equal(topology.energised, [True, False, False])


def test_source_on_dead_section_gives_nothing():
    case = triangle(infeeds=[("I", "A", 100)], units=[("G", "C", 30)])
    assert apply_shares(case, {"C/B": 0}).source_max_mw.tolist() == [100, 0]


def test_unknown_and_wrong_shares_are_all_named():
    with pytest.raises(InputError) as caught:
        apply_shares(triangle(), {"X": 0, "AB": 1.5, "A": 0.0})
    assert len(caught.value.issues) == 3


def sections(**coupler):
    """Two 110 kV sections with a line each, two transformers, two 10 kV sections."""
    line = {"length_km": 1, "r_ohm_per_km": 0, "x_ohm_per_km": 0.4, "c_nf_per_km": 0}
    transformer = {
        "sn_mva": 40,
        "vn_hv_kv": 110,
        "vn_lv_kv": 10,
        "vk_pct": 10,
        "vkr_pct": 0.4,
    }
    place = {"district": "D", "kind": "distribution", "x_km": 0, "y_km": 0}
    return compile_case(
        build_network(
            {
                "districts": [{"id": "D", "name": "D"}],
                "substations": [{"id": s, "name": s} | place for s in ("P", "S")],
                "busbars": [
                    {"id": "P1", "substation": "P", "vn_kv": 110},
                    {"id": "H1", "substation": "S", "vn_kv": 110},
                    {"id": "H2", "substation": "S", "vn_kv": 110},
                    {"id": "S1", "substation": "S", "vn_kv": 10},
                    {"id": "S2", "substation": "S", "vn_kv": 10},
                ],
                "couplers": [
                    {
                        "id": "C",
                        "busbar_a": "S1",
                        "busbar_b": "S2",
                        "closed": False,
                        "automatic_transfer": True,
                    }
                    | coupler
                ],
                "lines": [
                    {"id": "L1", "from_busbar": "P1", "to_busbar": "H1", "max_i_ka": 0.5} | line,
                    {"id": "L2", "from_busbar": "P1", "to_busbar": "H2", "max_i_ka": 0.5} | line,
                ],
                "transformers": [
                    {"id": "T1", "hv_busbar": "H1", "lv_busbar": "S1"} | transformer,
                    {"id": "T2", "hv_busbar": "H2", "lv_busbar": "S2"} | transformer,
                ],
                "infeeds": [{"id": "I", "busbar": "P1", "max_mw": 100}],
                "feeders": [
                    {"id": "F1", "busbar": "S1", "peak_mw": 20},
                    {"id": "F2", "busbar": "S2", "peak_mw": 20},
                ],
            }
        )
    )


@pytest.mark.parametrize("out", ["T1", "T2", "L1", "L2"])
def test_transfer_closes_when_one_section_is_dead(out):
    topology = apply_shares(sections(), {out: 0})
    assert topology.coupler_closed.all()
    assert topology.node_of_busbar[3] == topology.node_of_busbar[4]
    assert topology.energised[topology.node_of_busbar[3]]


def test_transfer_never_feeds_a_transformer_backwards():
    topology = apply_shares(sections(), {"L1": 0})
    assert not topology.branch_in_service[2]
    assert not topology.energised[topology.node_of_busbar[1]]


@pytest.mark.parametrize(
    "shares",
    [{}, {"T1": 0, "T2": 0}, {"S1": 0}, {"T1": 0, "C": 0}, {"T1": 0, "S1": 0}, {"P1": 0}],
)
def test_transfer_stays_open(shares):
    assert not apply_shares(sections(), shares).coupler_closed.any()


def test_coupler_without_transfer_stays_open():
    case = sections(automatic_transfer=False)
    assert not apply_shares(case, {"T1": 0}).coupler_closed.any()


def test_closed_coupler_fuses_until_it_is_damaged():
    case = sections(closed=True, automatic_transfer=False)
    assert apply_shares(case, {}).node_of_busbar.tolist() == [0, 1, 2, 3, 3]
    assert apply_shares(case, {"C": 0}).node_of_busbar.tolist() == [0, 1, 2, 3, 4]


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=12, max_size=12))
def test_islands_partition_the_sections_in_service(values):
    case = sections()
    parts = [*case.busbar_ids, *case.branch_ids, *case.coupler_ids, *case.source_ids, "F1"]
    topology = apply_shares(case, dict(zip(parts, values, strict=False)))
    nodes = topology.node_of_busbar
    on = nodes >= 0
    np.testing.assert_array_equal(np.unique(nodes[on]), np.arange(len(topology.energised)))
    islands = topology.island_of_node
    np.testing.assert_array_equal(np.unique(islands), np.arange(islands.max(initial=-1) + 1))
    ends = [nodes[e[topology.branch_in_service]] for e in (case.branch_from, case.branch_to)]
    np.testing.assert_array_equal(islands[ends[0]], islands[ends[1]])
    for i in np.unique(islands):  # all nodes of an island are energised, or none
        assert len(np.unique(topology.energised[islands == i])) == 1
