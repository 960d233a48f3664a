"""Dispatch: hand-worked networks, invariants, and agreement with a plain LP over angles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import grid
from dispatch_reference import reference_dispatch
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.flow.certificate import dispatch_residual
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.model import Topology
from gridtool.flow.program import TIE_STEP, TIER_PRICE
from gridtool.flow.topology import apply_shares


def solve(network, shares=(), **options):
    return Dispatcher(compile_case(network)).solve(dict(shares), **options)


def chain(supply=100.0, limit=30.0):
    """A source, then B and C one behind the other."""
    return grid(
        stations={"A": (10, 0), "B": (20, 5), "C": (10, 5)},
        lines=[("AB", "A", "B", limit), ("BC", "B", "C", 100)],
        infeeds=[("I", "A", supply)],
    )


def test_everything_is_served_when_nothing_binds():
    dispatch = solve(chain(limit=60))
    assert dispatch.total_unserved_mw == 0
    assert dispatch.flow_mw == pytest.approx([40, 15])
    assert dispatch.generation_mw == pytest.approx([50])
    assert dispatch.binding == ()


def test_short_supply_is_shared_in_proportion_ordinary_first():
    # 30 MW for 10 protected and 40 ordinary: every ordinary customer gets a half.
    dispatch = solve(chain(supply=30, limit=60))
    np.testing.assert_allclose(dispatch.served_mw, [[5, 0], [10, 5], [5, 5]])
    assert [(b.kind, b.limit_mw, b.price) for b in dispatch.binding] == [("supply", 30, 1)]


def test_very_short_supply_is_shared_by_the_protected():
    dispatch = solve(chain(supply=4, limit=60))
    np.testing.assert_allclose(dispatch.served_mw, [[0, 0], [0, 2], [0, 2]])


def test_load_behind_a_full_line_is_shed_there_only():
    dispatch = solve(chain(limit=30))
    assert dispatch.served_mw[0].tolist() == [10, 0]
    assert dispatch.served_mw.sum() == pytest.approx(40)
    assert dispatch.unserved_mw[:, 1].sum() == pytest.approx(0)
    assert [(b.id, round(b.price, 3)) for b in dispatch.binding] == [("AB", 1.0)]
    assert dispatch.certificate.method == "LP"


def test_load_behind_a_full_line_shares_the_shortage():
    # 30 MW for 50 MW of B and C behind AB: what protected customers need, then halves.
    network = grid(
        stations={"A": (40, 0), "B": (20, 5), "C": (10, 5), "D": (20, 0)},
        lines=[("AB", "A", "B", 25), ("BC", "B", "C", 99), ("AD", "A", "D", 99)],
        infeeds=[("I", "A", 500)],
    )
    dispatch = solve(network)
    np.testing.assert_allclose(dispatch.served_mw, [[40, 0], [10, 5], [5, 5], [20, 0]], atol=1e-6)


def test_a_station_that_cannot_help_is_spared_and_the_others_share():
    # G's unit sends all that the line takes: shedding there relieves nobody else.
    network = grid(
        stations={"A": (60, 0), "B": (30, 0), "G": (20, 0)},
        lines=[("AB", "A", "B", 99), ("AG", "G", "A", 10)],
        units=[("U", "G", 60), ("V", "A", 35)],
    )
    dispatch = solve(network)
    np.testing.assert_allclose(dispatch.served_mw[:, 0], [30, 15, 20], atol=1e-6)
    assert dispatch.certificate.gap_mw < 1e-6


def test_parallel_paths_follow_reactances():
    # Equal reactances: A-C takes 2/3 of C's load directly, 1/3 over B.
    network = grid(
        stations={"A": (0, 0), "B": (0, 0), "C": (60, 0)},
        lines=[("AC", "A", "C", 20), ("AB", "A", "B", 99), ("BC", "B", "C", 99)],
        infeeds=[("I", "A", 100)],
    )
    dispatch = solve(network)
    assert dispatch.total_served_mw == pytest.approx(30)
    assert dispatch.flow_mw == pytest.approx([20, 10, 10])
    assert dispatch.binding[0].price == pytest.approx(1.5, abs=1e-3)


def test_leaf_cap_sheds_ordinary_before_protected():
    network = grid(
        stations={"A": (10, 0), "B": (6, 6)}, lines=[("L", "A", "B", 8)], infeeds=[("I", "A", 50)]
    )
    dispatch = solve(network)
    np.testing.assert_allclose(dispatch.served_mw, [[10, 0], [2, 6]])
    assert dispatch.certificate.method == "closed form"
    assert [(b.kind, b.id, b.price) for b in dispatch.binding] == [("branch", "L", 1)]


@pytest.mark.parametrize(
    "shares",
    [{"I": 0}, {"A/B": 0, "B/B": 0, "C/B": 0}, {"AB": 0, "BC": 0, "I": 0}, {"A/B": 0}],
)
def test_no_supply_serves_nothing(shares):
    dispatch = solve(chain(), shares)
    assert dispatch.total_served_mw == 0
    assert dispatch.total_unserved_mw == 50
    assert dispatch.certificate.residual_mw == 0


def test_no_demand_is_a_valid_input():
    dispatch = solve(chain(), demand_mw=np.zeros((3, 2)))
    assert dispatch.total_served_mw == 0 == dispatch.total_unserved_mw
    assert dispatch.certificate.residual_mw == 0


def test_network_without_anything():
    dispatch = solve(grid(stations={"A": (0, 0)}, lines=[]))
    assert dispatch.total_served_mw == 0


def test_import_limit_spares_units():
    network = grid(
        stations={"A": (60, 0), "B": (20, 0)},
        lines=[("L", "A", "B", 100)],
        infeeds=[("I", "A", 100)],
        units=[("G", "B", 30)],
    )
    dispatch = solve(network, import_limit_mw=20.0)
    assert dispatch.generation_mw == pytest.approx([20, 30])
    np.testing.assert_allclose(dispatch.served_mw[:, 0], [37.5, 12.5])


def test_import_limit_is_shared_by_islands_in_proportion():
    network = grid(
        stations={"A": (60, 0), "B": (20, 0)},
        lines=[],
        infeeds=[("I", "A", 100), ("J", "B", 100)],
    )
    dispatch = solve(network, import_limit_mw=40.0)
    np.testing.assert_allclose(dispatch.served_mw[:, 0], [30, 10])
    assert [(b.id, b.limit_mw) for b in dispatch.binding] == [("import", 40.0)]


def test_units_come_before_imports_where_nothing_binds():
    network = grid(
        stations={"A": (60, 0)}, lines=[], infeeds=[("I", "A", 100)], units=[("G", "A", 30)]
    )
    assert solve(network).generation_mw == pytest.approx([30, 30])


def test_feeder_damage_leaves_the_rest_of_its_demand():
    dispatch = solve(chain(limit=60), {"B/F0": 0.25})
    assert dispatch.served_mw[1].tolist() == [5, 5]
    assert dispatch.unserved_mw[1].tolist() == [15, 0]


def test_source_maximum_never_exceeds_what_damage_leaves():
    dispatch = solve(chain(limit=60), {"I": 0.2}, source_max_mw=np.array([40.0]))
    assert dispatch.total_served_mw == pytest.approx(20)


_STATIONS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), min_size=2, max_size=6)


@st.composite
def damaged_grids(draw):
    # Odd fractions: where limits meet by chance in whole numbers, duals are not unique, and
    # with them which load shares a shortage.
    demand = [
        (mw + 0.0137 * (i + 1) if mw else 0, protected + 0.0059 * (i + 1) if protected else 0)
        for i, (mw, protected) in enumerate(draw(_STATIONS))
    ]
    names = [f"S{i}" for i in range(len(demand))]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[:i]]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=9))
    lines = [
        (f"L{i}", a, b, draw(st.sampled_from([5, 12, 20, 33, 60])) + 0.0031 * (i + 1))
        for i, (a, b) in enumerate(chosen)
    ]
    places = st.sampled_from(names)
    network = grid(
        stations=dict(zip(names, demand, strict=True)),
        lines=lines,
        infeeds=[
            (f"I{i}", draw(places), draw(st.integers(0, 60)) + 0.0211 * i)
            for i in range(draw(st.integers(0, 2)))
        ],
        units=[
            (f"G{i}", draw(places), draw(st.integers(0, 40)) + 0.0173 * i)
            for i in range(draw(st.integers(0, 2)))
        ],
    )
    case = compile_case(network)
    parts = [*case.busbar_ids, *case.branch_ids, *case.source_ids, *case.feeder_ids]
    shares = draw(st.dictionaries(st.sampled_from(parts), st.sampled_from([0.0, 0.3, 0.7])))
    limit = draw(st.none() | st.sampled_from([0.0, 15.0, 50.0]))
    return case, shares, limit


@given(damaged_grids())
@settings(max_examples=60, deadline=None)
def test_dispatch_equals_the_angle_lp(drawn):
    case, shares, limit = drawn
    dispatch = Dispatcher(case).solve(shares, import_limit_mw=limit)
    expected, _ = reference_dispatch(case, dispatch.topology, import_limit=limit)
    np.testing.assert_allclose(dispatch.served_mw, expected, atol=1e-6)


@given(damaged_grids())
@settings(max_examples=60, deadline=None)
def test_every_dispatch_is_balanced_within_limits_and_certified(drawn):
    case, shares, limit = drawn
    dispatch = Dispatcher(case).solve(shares, import_limit_mw=limit)
    total = dispatch.served_mw + dispatch.unserved_mw
    np.testing.assert_allclose(total, case.demand_mw, atol=1e-9)
    assert dispatch.certificate.residual_mw <= 1e-6
    assert dispatch.certificate.gap_mw <= 1e-6
    assert np.all(np.abs(dispatch.flow_mw) <= dispatch.topology.branch_limit_mw + 1e-6)
    assert np.all(dispatch.generation_mw <= dispatch.topology.source_max_mw + 1e-6)
    if limit is not None:
        assert dispatch.generation_mw[case.source_infeed].sum() <= limit + 1e-6


@given(damaged_grids(), st.sampled_from([0.5, 2.0, 7.0]))
@settings(max_examples=25, deadline=None)
def test_scaling_power_scales_the_dispatch(drawn, scale):
    case, shares, limit = drawn
    topology = apply_shares(case, shares)
    fields = {name: getattr(topology, name) for name in topology.__dataclass_fields__}
    for name in ("branch_limit_mw", "source_max_mw", "connectable_mw"):
        fields[name] = fields[name] * scale
    larger = replace(case, demand_mw=case.demand_mw * scale)
    grown = Dispatcher(larger).solve(
        {}, topology=Topology(**fields), import_limit_mw=None if limit is None else limit * scale
    )
    plain = Dispatcher(case).solve({}, topology=topology, import_limit_mw=limit)
    np.testing.assert_allclose(grown.served_mw, plain.served_mw * scale, atol=1e-6)


@given(damaged_grids(), st.data())
@settings(max_examples=60, deadline=None)
def test_more_damage_never_serves_more(drawn, data):
    """Of sources, feeders, and limits; opening a line may serve more (see the next test)."""
    case, shares, limit = drawn
    before = apply_shares(case, shares)
    fields = {name: getattr(before, name).copy() for name in before.__dataclass_fields__}
    name = data.draw(st.sampled_from(["branch_limit_mw", "source_max_mw", "connectable_mw"]))
    hit = data.draw(st.floats(0.1, 0.9))
    flat = fields[name].reshape(-1)
    if not len(flat):
        return
    flat[data.draw(st.integers(0, len(flat) - 1))] *= hit
    dispatcher = Dispatcher(case)
    more = dispatcher.solve({}, topology=before, import_limit_mw=limit)
    less = dispatcher.solve({}, topology=Topology(**fields), import_limit_mw=limit)
    price = np.array(TIER_PRICE)
    # Up to the price steps that make the split unique.
    allowed = 3 * TIE_STEP * (less.unserved_mw @ price).sum() + 1e-6
    assert (less.served_mw @ price).sum() <= (more.served_mw @ price).sum() + allowed


def test_opening_a_line_can_serve_more():
    """A weak line in parallel holds a strong path back: Braess's paradox of power flow."""
    stations = {"A": (0, 0), "B": (0, 0), "C": (60, 0)}
    lines = [("AC", "A", "C", 20), ("AB", "A", "B", 60), ("BC", "B", "C", 60)]
    network = grid(stations=stations, lines=lines, infeeds=[("I", "A", 100)])
    assert solve(network).total_served_mw == pytest.approx(30)
    assert solve(network, {"AC": 0}).total_served_mw == pytest.approx(60)


def test_served_mw_is_the_dispatch():
    dispatcher = Dispatcher(compile_case(chain()))
    for shares in ({}, {"BC": 0.0}, {"I": 0.3}, {"AB": 0.5, "C/F0": 0.5}):
        expected = dispatcher.solve(shares).total_served_mw
        assert dispatcher.served_mw(shares) == pytest.approx(expected)
        assert dispatcher.served_mw(shares) == dispatcher.served_mw(dict(shares))
    half = dispatcher.solve({}, demand_mw=dispatcher.case.demand_mw * 0.5)
    assert dispatcher.served_mw({}, demand_factor=0.5) == pytest.approx(half.total_served_mw)


def test_phase_shift_in_a_ring_drives_a_flow():
    """Equal angles of a shifter and three equal branches: a loop flow of shift / (x + x + x)."""
    network = grid(
        stations={"A": (0, 0), "B": (0, 0), "C": (0, 0)},
        lines=[("AB", "A", "B", 50), ("BC", "B", "C", 50), ("CA", "C", "A", 50)],
        infeeds=[("I", "A", 100)],
    )
    case = compile_case(network)
    shifted = replace(case, branch_shift_rad=np.array([0.01, 0.0, 0.0]))
    dispatch = Dispatcher(shifted).solve({})
    loop = -0.01 * case.branch_susceptance_mw[0] / 3
    np.testing.assert_allclose(dispatch.flow_mw, [loop] * 3)
    assert dispatch.certificate.residual_mw < 1e-9


def test_shift_beyond_the_limits_is_shown_by_the_residual():
    network = grid(
        stations={"A": (0, 0), "B": (0, 0), "C": (5, 0)},
        lines=[("AB", "A", "B", 2), ("BC", "B", "C", 2), ("CA", "C", "A", 2)],
        infeeds=[("I", "A", 100)],
    )
    shifted = replace(compile_case(network), branch_shift_rad=np.array([0.01, 0.0, 0.0]))
    dispatch = Dispatcher(shifted).solve({})
    assert dispatch.certificate.residual_mw > 1


def test_residual_finds_every_kind_of_violation():
    dispatch = solve(chain(limit=60))
    case, topology = dispatch.case, dispatch.topology
    sound = {
        "demand_mw": dispatch.demand_mw,
        "served_mw": dispatch.served_mw,
        "flow_mw": dispatch.flow_mw,
        "generation_mw": dispatch.generation_mw,
        "source_max_mw": topology.source_max_mw,
    }
    assert dispatch_residual(case, topology, **sound) < 1e-9
    wrong = {
        "served_mw": dispatch.served_mw + np.array([[0.5, 0], [0, 0], [0, 0]]),
        "flow_mw": dispatch.flow_mw + np.array([0.5, 0.0]),
        "generation_mw": dispatch.generation_mw + 0.5,
        "source_max_mw": dispatch.generation_mw - 0.5,
        "demand_mw": dispatch.demand_mw - np.array([[0.5, 0], [0, 0], [0, 0]]),
    }
    for name, value in wrong.items():
        found = dispatch_residual(case, topology, **sound | {name: value})
        assert found == pytest.approx(0.5), name
    out = apply_shares(case, {"C/B": 0.0})
    assert dispatch_residual(case, out, **sound) >= 15  # what a section that is out still takes
