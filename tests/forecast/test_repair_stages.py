from datetime import UTC, datetime

import numpy as np
from builders import grid
from hypothesis import given
from hypothesis import strategies as st

from gridtool.damage.apply import make_state, spread_damage
from gridtool.damage.model import AssetDamage, DamageState
from gridtool.flow.compile import compile_case
from gridtool.forecast.repair_stages import (
    Stage,
    find_stages,
    read_damage_effects,
    unit_returns,
)

AS_OF = datetime(2027, 1, 12, tzinfo=UTC)
NETWORK = grid(
    stations={"A": (10.0, 5.0), "B": (20.0, 0.0)},
    lines=(("L", "A", "B", 50.0),),
    infeeds=(("I", "A", 80.0),),
    units=(("G", "B", 30.0), ("K", "B", 30.0)),
)
SHARES = {"B": 0.3, "B/F0": 0.5, "G": 0.0, "I": 0.6, "L": 0.0}


def effects_of(shares):
    damage = [
        AssetDamage(
            asset=asset,
            kind=NETWORK.assets[asset].kind,
            state=DamageState.MODERATE,
            capacity_share=share,
            occurred_at=AS_OF,
            reported_at=AS_OF,
        )
        for asset, share in shares.items()
    ]
    state = make_state(NETWORK, damage, as_of=AS_OF)
    return read_damage_effects(state, compile_case(NETWORK))


def test_stages_of_three_repairs_by_hand():
    found = find_stages(np.array([5, 0, 5, 90]), hours=20)
    assert found == [Stage(0, 5, 0b1101), Stage(5, 20, 0b1000)]
    assert find_stages(np.array([], dtype=int), hours=4) == [Stage(0, 4, 0)]
    assert find_stages(np.array([0]), hours=4) == [Stage(0, 4, 0)]


@given(st.lists(st.integers(0, 30), max_size=6))
def test_stages_cover_the_horizon_and_only_shrink(repaired_at):
    found = find_stages(np.array(repaired_at, dtype=np.int64), hours=24)
    assert [stage.first for stage in found] == [0, *(stage.end for stage in found[:-1])]
    assert found[-1].end == 24
    for stage in found:
        for asset, at in enumerate(repaired_at):
            assert bool(stage.damaged >> asset & 1) == (at > stage.first)


@given(st.integers(0, 31))
def test_effects_of_any_subset_equal_the_spread_of_its_damage(damaged):
    effects = effects_of(SHARES)
    left = {
        asset: SHARES[asset]
        for position, asset in enumerate(effects.assets)
        if damaged >> position & 1
    }
    spread = spread_damage(NETWORK, left)
    case = compile_case(NETWORK)
    sources = dict(zip(case.source_ids, effects.sources_left(damaged), strict=True))
    assert effects.parts_left(damaged) == {k: v for k, v in spread.items() if k not in sources}
    assert {k: v for k, v in sources.items() if v < 1} == {
        k: v for k, v in spread.items() if k in sources
    }


def test_sources_return_when_the_last_asset_that_stops_them_is_whole():
    effects = effects_of({"B": 0.0, "G": 0.0})
    order = [effects.assets.index(asset) for asset in ("B", "G")]
    repaired = np.empty((1, 2), dtype=np.int64)
    repaired[0, order] = (40, 10)
    case = compile_case(NETWORK)
    found = dict(zip(case.source_ids, unit_returns(effects, repaired)[0], strict=True))
    assert found == {"I": 0, "G": 40, "K": 40}
