"""How stages share a shortage: as the screen does, and affine between kinks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.flow.screen_kernel import share_shortage
from gridtool.flow.stage_share_kernel import find_kinks, same_piece, share_load


@st.composite
def islands(draw):
    """Terminals of islands with whole numbers of MW, so that kinks coincide now and then."""
    random = np.random.Generator(np.random.Philox(draw(st.integers(0, 2**32 - 1))))
    count, number = draw(st.integers(1, 9)), draw(st.integers(1, 3))
    island = np.concatenate([np.arange(number), random.integers(0, number, count)])
    demand = random.integers(0, 9, (len(island), 2)).astype(float)
    cap = np.where(random.random(len(island)) < 0.5, random.integers(0, 15, len(island)), np.inf)
    supply = random.integers(0, 40, number).astype(float)
    return demand, cap, island, supply


def split(demand, cap, island, islands):
    """The arguments of the stage kernels: only leaves with a cap are kept apart."""
    capped = np.isfinite(cap)
    total = np.zeros((islands, 2))
    np.add.at(total, island[~capped], demand[~capped])
    none = np.zeros(0)
    load = (total, np.zeros((0, 2, 0)), np.zeros((0, 2)), none, none, none)
    at = np.flatnonzero(capped)
    return load, (island[at], at, cap[at], demand[at], np.zeros((0, 2, 0))), at


def shed_at(factor, drawn):
    demand, cap, island, supply = drawn
    load, caps, at = split(demand, cap, island, len(supply))
    share, leaf = share_load(factor, supply, load, caps)
    shed = share[island] * demand * factor
    shed[at] = leaf
    return shed


@given(islands(), st.floats(0.0, 3.0))
@settings(max_examples=200, deadline=None)
def test_equals_the_screen(drawn, factor):
    demand, cap, island, supply = drawn
    expected = share_shortage(demand * factor, cap, island, supply)
    np.testing.assert_allclose(shed_at(factor, drawn), expected, atol=1e-9)


@given(islands(), st.floats(0.01, 0.99))
@settings(max_examples=200, deadline=None)
def test_affine_between_kinks_where_the_piece_is_the_same(drawn, share):
    demand, cap, island, supply = drawn
    load, caps, _ = split(demand, cap, island, len(supply))
    kinks = find_kinks(supply, load, caps)
    ends = np.unique(np.concatenate([[0.0, 3.0], kinks[(kinks > 0.0) & (kinks < 3.0)]]))
    for low, high in pairwise(ends):
        inward = 1e-6 * (high - low)
        one, other = low + inward, high - inward
        if other - one < 1e-6 or not same_piece((one, other), supply, load, caps):
            continue
        between = shed_at(one + share * (other - one), drawn)
        mean = shed_at(one, drawn) * (1 - share) + shed_at(other, drawn) * share
        np.testing.assert_allclose(between, mean, atol=1e-9)
