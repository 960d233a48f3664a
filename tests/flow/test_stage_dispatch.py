"""Stages: every hour is what the dispatcher finds."""

from __future__ import annotations

import numpy as np
import pytest
from stage_cases import assert_stages_equal_the_dispatcher, random_stages

from gridtool.flow.class_shares import class_shares
from gridtool.flow.compile import compile_case
from gridtool.flow.stage_dispatch import StageDispatch
from gridtool.network.catalog import load_network


@pytest.mark.parametrize("name", ["rivercity", "rts79"])
def test_equals_the_dispatcher(name):
    network = load_network(name)
    case = compile_case(network)
    share, _ = class_shares(network, case)
    random = np.random.Generator(np.random.Philox(5))
    stages, factor = random_stages(
        case, random, rows=3, each=5, limits=[500.0, 800.0, np.inf], levels=[0.5, 0.7, 0.9, 1.0]
    )
    found = StageDispatch(case, share).shortage(stages, factor)
    assert_stages_equal_the_dispatcher(case, stages, factor, share, found)
    total = found.district_mw.sum(axis=(2, 3))
    np.testing.assert_allclose(found.class_mw.sum(axis=2), total, atol=1e-6)
    np.testing.assert_allclose(
        found.supply_mw + found.network_mw + found.delivery_mw, total, atol=1e-6
    )
