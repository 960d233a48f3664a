"""A sweep of the shipped city, small enough to be run several times."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from gridtool.damage.apply import make_state
from gridtool.network.catalog import load_network
from gridtool.whatif.model import SweepContext
from gridtool.whatif.scenario import Scenario
from gridtool.whatif.space import Named, ScenarioSpace


@pytest.fixture(scope="session")
def city_sweep():
    """One to twenty assets lost, drawn: few and many limits bind, in no order."""
    city = load_network("rivercity")
    assets = sorted(city.assets)
    random = np.random.Generator(np.random.Philox(5))
    groups = []
    for number in range(149):
        lost = random.choice(assets, int(random.integers(1, 21)), replace=False)
        scenario = Scenario(out=tuple(map(str, lost)))
        groups.append(Named(name=f"drawn {number}", scenario=scenario))
    return SweepContext(
        level="assess",
        state=make_state(city, [], as_of=datetime(2027, 1, 12, 6, tzinfo=UTC)),
        scenarios=ScenarioSpace(groups=tuple(groups)),
        seed=1,
        counted_h=24.0,
    )
