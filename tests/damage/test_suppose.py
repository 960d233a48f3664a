"""Supposed damage, and how it acts on the parts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.damage.apply import spread_damage
from gridtool.damage.model import DamageState
from gridtool.damage.read import damage_assets, intact
from gridtool.errors import DamageReportError

NOW = datetime(2027, 1, 12, tzinfo=UTC)


def test_an_intact_network_has_no_damage(network):
    state = intact(network, NOW)
    assert (state.damage, state.capacity_share, state.conflicts) == ({}, {}, ())


def test_shares_and_states_may_be_supposed(network):
    state = damage_assets(
        network,
        {"SS-01/T1": 0.25, "L-SS-01-SS-02-1": DamageState.SLIGHT, "PP-1/G1": DamageState.COMPLETE,
         "IF-1": 1.0},
        NOW,
    )  # fmt: skip
    assert list(state.damage) == ["L-SS-01-SS-02-1", "SS-01/T1", "PP-1/G1"]
    assert state.capacity_share == {"SS-01/T1": 0.25, "PP-1/G1": 0.0}
    assert state.damage["SS-01/T1"].state is DamageState.EXTENSIVE
    assert state.as_of == NOW


def test_all_wrong_suppositions_are_found(network):
    with pytest.raises(DamageReportError) as caught:
        damage_assets(network, {"SS-1/T1": 0.5, "SS-01/T1": 1.5, "IF-1": float("nan")}, NOW)
    assert len(caught.value.issues) == 3
    assert "did you mean 'SS-01/T1'?" in str(caught.value)


def test_a_substation_acts_on_its_parts_and_at_zero_takes_its_sections_out(network):
    part = spread_damage(network, {"SS-02": 0.3})
    assert part == {"SS-02/T1": 0.3, "PP-1/G1": 0.3}
    gone = spread_damage(network, {"SS-02": 0.0})
    assert gone == dict.fromkeys(
        ("SS-02/110-1", "SS-02/110-2", "SS-02/10-1", "SS-02/T1", "PP-1/G1"), 0.0
    )


def test_a_bay_opens_what_it_switches(network):
    assert spread_damage(network, {"SS-02/B-L1": 0.0}) == {"L-SS-01-SS-02-1": 0.0}


SHARES = st.floats(0, 1)


@given(shares=st.data())
def test_more_damage_never_leaves_more(network, shares):
    damage = shares.draw(st.dictionaries(st.sampled_from(sorted(network.assets)), SHARES))
    worse = {asset: share * shares.draw(SHARES) for asset, share in damage.items()}
    before, after = spread_damage(network, damage), spread_damage(network, worse)
    assert all(after.get(part, 1.0) <= share for part, share in before.items())
    assert all(share < 1 for share in before.values())
