"""Share vectors looked up are those that the network is searched for."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.damage.apply import spread_damage
from gridtool.flow.compile import compile_case
from gridtool.flow.topology import share_vector
from gridtool.network.catalog import load_network
from gridtool.whatif.parts import PartShares

NETWORK = load_network("rivercity")
CASE = compile_case(NETWORK)
BOOK = PartShares(NETWORK, CASE)
ASSETS = sorted(NETWORK.assets)


@given(
    st.dictionaries(
        st.sampled_from(ASSETS), st.sampled_from([0.0, 0.3, 0.6, 0.95, 1.0]), max_size=40
    )
)
@settings(max_examples=150, deadline=None)
def test_looked_up_is_as_searched(left):
    expected = share_vector(CASE, spread_damage(NETWORK, left))
    np.testing.assert_array_equal(BOOK.vector(left), expected)
