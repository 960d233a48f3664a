"""Scenarios by number: grids by hand, draws in standard errors, a million without a list."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from itertools import combinations
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.damage.model import DamageState
from gridtool.whatif.draws import (
    ChosenAssets,
    Integers,
    Normal,
    OneOf,
    Triangular,
    Uniform,
)
from gridtool.whatif.scenario import Scenario
from gridtool.whatif.space import Axis, Grid, Named, Option, Sample, ScenarioSpace, Variable

IMPORTS = Axis(
    key="import_mw",
    field="import_mw",
    options=tuple(Option(words=f"{mw:g}", value=mw) for mw in (200.0, 300.0)),
)
CREWS = Axis(
    key="crews",
    field="crews",
    options=tuple(Option(words=str(n), value=n) for n in (4, 6, 8)),
)


def test_a_grid_is_every_combination_the_last_axis_fastest():
    grid = Grid(name="g", axes=(IMPORTS, CREWS), fixed=Scenario(out=("A",)))
    assert len(grid) == 6
    names, scenarios = zip(*(grid.pick(at) for at in range(6)), strict=True)
    assert names[:4] == (
        "g: import_mw = 200, crews = 4",
        "g: import_mw = 200, crews = 6",
        "g: import_mw = 200, crews = 8",
        "g: import_mw = 300, crews = 4",
    )
    assert [(one.import_mw, one.crews) for one in scenarios] == [
        (mw, n) for mw in (200.0, 300.0) for n in (4, 6, 8)
    ]
    assert {one.out for one in scenarios} == {("A",)}


def test_numbers_go_through_the_groups_and_the_base_is_first():
    space = ScenarioSpace(
        (
            Named(name="one", scenario=Scenario(crews=1)),
            Grid(name="g", axes=(CREWS,)),
            Named(name="two", scenario=Scenario(crews=2)),
        )
    )
    assert len(space) == 6
    assert [one.name for one in space] == [
        "base",
        "one",
        "g: crews = 4",
        "g: crews = 6",
        "g: crews = 8",
        "two",
    ]
    assert [one.number for one in space] == list(range(6))
    assert space[0].scenario.is_empty
    for outside in (-1, 6):
        with pytest.raises(IndexError):
            space[outside]
    assert [one.name for one in ScenarioSpace(())] == ["base"]


def test_a_million_scenarios_take_no_room_and_travel_in_a_few_bytes():
    among = tuple(f"S{i:02d}" for i in range(60))
    choice = Variable(field="out", distribution=ChosenAssets(least=3, most=3, among=among))
    space = ScenarioSpace((Sample(name="s", draws=1_000_000, seed=1, variables=(choice,)),))
    assert len(ForkingPickler.dumps(space)) < 2_000
    tracemalloc.start()
    assert len(space) == 1_000_001
    last = space[1_000_000]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert last.name == "s #1000000"
    assert len(last.scenario.out) == 3
    assert most < 100_000


def test_draws_depend_on_seed_number_and_field_alone():
    chosen = Variable(
        field="out", distribution=ChosenAssets(least=1, most=3, among=("A", "B", "C", "D"))
    )
    growth = Variable(field="demand_growth", distribution=Uniform(low=0, high=10, unit=0.01))
    alone = Sample(name="s", draws=10, seed=7, variables=(growth,))
    both = Sample(name="s", draws=99, seed=7, variables=(chosen, growth))
    assert [alone.pick(k)[1].demand_growth for k in range(10)] == [
        both.pick(k)[1].demand_growth for k in range(10)
    ]
    other = Sample(name="s", draws=10, seed=8, variables=(growth,))
    assert other.pick(0)[1].demand_growth != alone.pick(0)[1].demand_growth


def draws_of(distribution, count=20_000, seed=1):
    stream = np.random.default_rng(seed)
    return [distribution.draw(stream) for _ in range(count)]


@pytest.mark.parametrize(
    ("distribution", "mean", "sd"),
    [
        (Uniform(low=2, high=8), 5.0, 6 / 12**0.5),
        (Uniform(low=2, high=8, unit=24.0), 120.0, 144 / 12**0.5),
        (Normal(mean=3, sd=2), 3.0, 2.0),
        # Half normal: mean sqrt(2 / pi), variance 1 - 2 / pi.
        (Normal(mean=0, sd=1, low=0), (2 / np.pi) ** 0.5, (1 - 2 / np.pi) ** 0.5),
        (Triangular(low=0, likely=1, high=5), 2.0, (21 / 18) ** 0.5),
        (Integers(low=1, high=6), 3.5, (35 / 12) ** 0.5),
        (OneOf(values=(1.0, 4.0), weights=(3.0, 1.0)), 1.75, (27 / 16) ** 0.5),
        (OneOf(values=(1.0, 4.0)), 2.5, 1.5),
    ],
)
def test_draws_have_their_mean_and_spread(distribution, mean, sd):
    values = np.array(draws_of(distribution))
    error = sd / len(values) ** 0.5
    assert abs(values.mean() - mean) < 4 * error
    assert values.std() == pytest.approx(sd, rel=0.03)


@given(st.integers(0, 2**32), st.floats(-5, 5), st.floats(0.1, 3))
def test_draws_stay_within_their_bounds(seed, low, width):
    stream = np.random.default_rng(seed)
    high = low + width
    assert low <= Uniform(low=low, high=high).draw(stream) <= high
    assert low <= Normal(mean=0, sd=1, low=low, high=high).draw(stream) <= high
    value = Triangular(low=low, likely=low + width / 3, high=high).draw(stream)
    assert low - 1e-9 <= value <= high + 1e-9
    assert Integers(low=-2, high=3).draw(stream) in range(-2, 4)


def test_every_choice_of_assets_is_alike():
    """2 of 5: ten pairs, each in a tenth of the draws (chi-square with 9 degrees of freedom)."""
    found = Counter(draws_of(ChosenAssets(least=2, most=2, among=tuple("ABCDE"))))
    assert set(found) == set(combinations("ABCDE", 2))
    expected = 20_000 / 10
    chi_square = sum((count - expected) ** 2 / expected for count in found.values())
    assert chi_square < 27.9  # 99.9 %


def test_chosen_assets_may_be_left_in_a_state():
    hit = ChosenAssets(least=1, most=2, among=("A", "B"), state=DamageState.MODERATE)
    values = draws_of(hit, count=200)
    assert {len(value) for value in values} == {1, 2}
    assert {state for value in values for _, state in value} == {DamageState.MODERATE}
