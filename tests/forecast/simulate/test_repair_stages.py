from datetime import UTC, datetime

import numpy as np
from builders import grid
from hypothesis import given
from hypothesis import strategies as st

from gridtool.damage.apply import make_state, spread_damage
from gridtool.damage.model import AssetDamage, DamageState
from gridtool.flow.compile import compile_case
from gridtool.forecast.simulate.repair_stages import (
    DamageStep,
    Stage,
    find_repair_hours,
    find_stages,
    list_steps,
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


def state_of(shares):
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
    return make_state(NETWORK, damage, as_of=AS_OF)


def effects_of(shares):
    return read_damage_effects(state_of(shares), compile_case(NETWORK))


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


def test_steps_of_a_repair_in_stages_by_hand():
    """B: made safe (still 30 %), temporary 60 %, permanent; G at once; I by nobody."""
    state = state_of({"B": 0.3, "G": 0.0, "I": 0.6})
    repairs = [("B", 0.3), ("G", 1.0), ("B", 0.6), ("B", 1.0), ("L", 1.0)]
    assert sorted(list_steps(state, repairs), key=lambda step: (step.asset, step.share)) == [
        DamageStep("B", 0.3, (2, 3)),
        DamageStep("B", 0.6, (3,)),
        DamageStep("G", 0.0, (1,)),
        DamageStep("I", 0.6, ()),
    ]


def test_an_asset_repaired_at_once_is_one_step_as_it_is():
    state = state_of(SHARES)
    repairs = [(asset, 1.0) for asset in reversed(list(state.damage))]
    steps = list_steps(state, repairs)
    assert [(step.asset, step.share) for step in steps] == [
        (asset, entry.capacity_share) for asset, entry in state.damage.items()
    ]
    assert [step.until for step in steps] == [(at,) for at in range(len(steps))][::-1]


def test_damage_that_takes_nothing_lasts_until_its_repair_or_for_ever():
    assert list_steps(state_of({"L": 1.0})) == (DamageStep("L", 1.0, ()),)


def test_repair_hours_are_those_of_the_first_better_stage():
    """Hours 10.5 and 30 after as-of; the grid begins half an hour later."""
    steps = (DamageStep("B", 0.3, (0, 1)), DamageStep("B", 0.6, (1,)), DamageStep("I", 0.6, ()))
    finish = np.array([[10.5, 30.0], [np.inf, np.inf], [0.2, 0.4]])
    found = find_repair_hours(steps, finish, later_h=0.5, hours=48)
    assert found.tolist() == [[10, 30, 48], [48, 48, 48], [0, 0, 48]]


@given(st.lists(st.floats(0, 40), min_size=3, max_size=3), st.integers(0, 47))
def test_parts_left_in_any_hour_are_those_of_the_best_finished_stage(finish, hour):
    """Steps and masks give what spreading the capacity of that hour gives."""
    state = state_of({"B": 0.0, "L": 0.0})
    after = {"B": [(0, 0.5), (1, 1.0)], "L": [(2, 1.0)]}
    steps = list_steps(state, [("B", 0.5), ("B", 1.0), ("L", 1.0)])
    case = compile_case(NETWORK)
    effects = read_damage_effects(state, case, steps=steps)
    repaired = find_repair_hours(steps, np.array([finish]), later_h=0.0, hours=48)
    (stage,) = (s for s in find_stages(repaired[0], hours=48) if s.first <= hour < s.end)
    now = {
        asset: max([0.0, *(share for job, share in jobs if np.ceil(finish[job] - 1e-9) <= hour)])
        for asset, jobs in after.items()
    }
    spread = spread_damage(NETWORK, now)
    left = effects.parts_left(stage.damaged)
    sources = dict(zip(case.source_ids, effects.sources_left(stage.damaged), strict=True))
    left |= {source: share for source, share in sources.items() if share < 1}
    assert left == spread
