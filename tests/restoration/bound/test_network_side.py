from __future__ import annotations

import numpy as np
import pytest
from restoration.bound.exhaustive import random_blocks, random_case, set_up

from gridtool.restoration.bound.crew_groups import earliest_times, make_groups
from gridtool.restoration.bound.network_program import make_network_program
from gridtool.restoration.bound.network_side import NetworkSide
from gridtool.restoration.bound.reach import Reach


def is_closed(mask, before):
    """Whether the predecessors of every finished job are finished too."""
    return all(mask >> i & 1 or not mask >> j & 1 for i, j in np.argwhere(before).tolist())


# Presolve of HiGHS 1.14.0 calls 73.66 MW proven for the first, where one state is worth 85.1 MW.
WRONG_WITH_PRESOLVE = [(47, (34.4353456, 0.0, 0.0))]


@pytest.mark.parametrize(("seed", "cost"), WRONG_WITH_PRESOLVE)
def test_no_state_is_worth_more_than_what_the_solver_calls_proven(seed, cost):
    rng = np.random.default_rng(seed)
    state, supplies = random_case(rng)
    problem, values, case = set_up(state, supplies, blocks=random_blocks(rng))
    groups = make_groups(problem)
    levels = values.blocks.level
    mix = np.full(len(levels), 1.0 / len(levels))
    program = make_network_program(case, values.effects, levels=levels.tolist(), loops=False)
    side = NetworkSide(
        program,
        Reach(problem, groups, earliest_times(problem, groups)),
        level_weight=mix,
        nodes=50,
        seed=1,
    )
    price = np.array(cost)
    bits = 1 << np.arange(len(price))
    worth = [
        float(mix @ values.levels_mw(mask)) - float(price @ (mask & bits > 0))
        for mask in range(1 << len(price))
        if is_closed(mask, problem.before)
    ]
    found = side.solve(price)
    assert found.most >= max(worth) - 1e-6
    assert found.served_mw - float(price @ found.done) == pytest.approx(found.most, abs=1e-3)
