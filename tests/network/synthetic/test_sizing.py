"""The planner's linear flows, checked by hand and by solving each outage anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.errors import NetworkError
from gridtool.network.synthetic import generate_city
from gridtool.network.synthetic.dcflow import GRID, Branch, worst_flows
from gridtool.network.synthetic.equipment import choose_tap, transformer_for
from gridtool.network.synthetic.layout import lay_out, route_length_km
from gridtool.network.synthetic.parameters import STATION_TRANSFORMERS


def branch(start, end, x_ohm=1.0):
    return Branch(start=start, end=end, x_ohm=x_ohm, owner=("test", f"{start}{end}", False))


def test_flows_of_a_triangle_worked_by_hand():
    triangle = [branch(GRID, "A"), branch(GRID, "B"), branch("A", "B")]
    intact, worst = worst_flows(triangle, {"A": -60.0, "B": -30.0}, losses=[])
    # grid to A: 2/3 of A's load and 1/3 of B's; with either way lost the other carries all
    assert intact == pytest.approx([50, 40, 10])
    assert worst == pytest.approx([90, 90, 60])


def test_a_lost_source_is_made_up_by_the_grid():
    line = [branch(GRID, "A"), branch(GRID, "A")]
    intact, worst = worst_flows(line, {"A": -60.0 + 50.0}, losses=[("A", 50.0)])
    assert intact == pytest.approx([5, 5])
    assert worst == pytest.approx([30, 30])


def solve(branches, injections):
    names = [GRID, *sorted({e for b in branches for e in (b.start, b.end)} - {GRID})]
    matrix = np.zeros((len(names), len(names)))
    for b in branches:
        i, j = names.index(b.start), names.index(b.end)
        matrix[[i, j], [i, j]] += 1 / b.x_ohm
        matrix[[i, j], [j, i]] -= 1 / b.x_ohm
    power = np.array([injections.get(name, 0.0) for name in names[1:]])
    angle = dict(zip(names, [0.0, *np.linalg.solve(matrix[1:, 1:], power)], strict=True))
    return np.array([(angle[b.start] - angle[b.end]) / b.x_ohm for b in branches])


@given(
    reactances=st.lists(st.floats(0.1, 10.0), min_size=8, max_size=8),
    loads=st.lists(st.floats(-100.0, 100.0), min_size=4, max_size=4),
)
def test_outage_factors_equal_solving_without_the_branch(reactances, loads):
    ends = ["GA", "AB", "BC", "CD", "DG", "AC", "BD", "GB"]
    node = {"G": GRID}
    branches = [
        branch(node.get(a, a), node.get(b, b), x)
        for (a, b), x in zip(ends, reactances, strict=True)
    ]
    injections = dict(zip("ABCD", loads, strict=True))
    intact, worst = worst_flows(branches, injections, losses=[])
    expected = np.abs(solve(branches, injections))
    assert intact == pytest.approx(expected, abs=1e-6)
    for lost in range(len(branches)):
        left = branches[:lost] + branches[lost + 1 :]
        flows = np.insert(np.abs(solve(left, injections)), lost, 0.0)
        expected = np.maximum(expected, flows)
    assert worst == pytest.approx(expected, abs=1e-6)


def test_the_tap_is_the_one_that_lands_nearest_to_the_target():
    nameplate = STATION_TRANSFORMERS[1]
    # unloaded: 1.025 x (110/115) x (10.5/10) = 1.0295, one step down 1.0481, planned 1.04
    assert choose_tap(nameplate, 0.0, levels=(110, 10)) == -1
    taps = [choose_tap(nameplate, load / 10, levels=(110, 10)) for load in range(15)]
    # more load, more drop, fewer turns on the high-voltage side
    assert taps == sorted(taps, reverse=True)
    assert taps[-1] < 0


def test_the_smallest_sufficient_transformer_is_taken():
    assert [transformer_for(mw).sn_mva for mw in (10, 29, 30, 47, 48, 74)] == [
        25,
        25,
        40,
        40,
        63,
        63,
    ]
    with pytest.raises(NetworkError):
        transformer_for(80.0)


@given(substations=st.integers(10, 400), seed=st.integers(0, 2**63 - 1))
def test_a_layout_places_every_station_once_near_its_corridor(substations, seed):
    layout = lay_out(substations=substations, seed=seed)
    assert len(layout.stations) == len(set(layout.stations)) == substations
    for corridor in layout.corridors:
        assert corridor.start != corridor.end
        assert corridor.stations
    lengths = [
        route_length_km(layout.sites[a], layout.sites[b])
        for corridor in layout.corridors
        for a, b in zip(corridor.path, corridor.path[1:], strict=False)
    ]
    assert min(lengths) >= 0.5
    assert max(lengths) < 3 * layout.radius_km


def test_seeds_move_sites_but_not_numbers():
    first, second = generate_city(substations=20, seed=1), generate_city(substations=20, seed=2)
    assert list(first.substations.index) == list(second.substations.index)
    assert not first.substations["x_km"].equals(second.substations["x_km"])
