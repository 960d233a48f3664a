"""Capacity tables against hand-worked values, brute force and invariants."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.errors import AnalysisError
from gridtool.forecast.adequacy.convolve import capacity_table


def table_of(*units):
    """Units as (capacity, count, outage rate)."""
    size, count, rate = zip(*units, strict=True)
    return capacity_table(
        np.array(size, dtype=float), count=np.array(count), outage_rate=np.array(rate)
    )


def brute_force(units, load):
    """LOLP and EUE by all states of all units."""
    single = [(size, rate) for size, count, rate in units for _ in range(count)]
    lolp = eue = 0.0
    for up in product((True, False), repeat=len(single)):
        chance = np.prod([1 - q if there else q for (_, q), there in zip(single, up, strict=True)])
        capacity = sum(size for (size, _), there in zip(single, up, strict=True) if there)
        short = load - capacity
        if short > 1e-9:
            lolp += chance
            eue += chance * short
    return lolp, eue


def test_two_units_by_hand():
    table = table_of((10, 1, 0.1), (20, 1, 0.2))
    assert table.capacity_mw.tolist() == [0, 10, 20, 30]
    assert table.chance == pytest.approx([0.02, 0.18, 0.08, 0.72], rel=1e-15)
    # A load of 25 MW lacks 25, 15 or 5 MW.
    assert table.lolp(np.array([25.0]))[0] == pytest.approx(0.28, rel=1e-15)
    assert table.eue(np.array([25.0]))[0] == pytest.approx(
        0.02 * 25 + 0.18 * 15 + 0.08 * 5, rel=1e-15
    )


def test_load_equal_to_capacity_is_no_shortage():
    table = table_of((10, 1, 0.1), (20, 1, 0.2))
    loads = np.array([20.0, 20.0 + 1e-10, 20.0 + 1e-6])
    assert table.lolp(loads) == pytest.approx([0.2, 0.2, 0.28], rel=1e-15)


def test_loads_at_and_beyond_the_ends():
    table = table_of((10, 2, 0.5))
    assert table.lolp(np.array([-5.0, 0.0, 20.0, 21.0])).tolist() == [0, 0, 0.75, 1]
    assert table.eue(np.array([-5.0, 0.0, 20.0, 21.0])).tolist() == [0, 0, 10, 11]


@pytest.mark.parametrize(
    "units",
    [
        [(12.5, 2, 0.1), (7.25, 1, 0.3), (40, 3, 0.02)],  # a grid of 0.25 MW
        [(np.pi, 2, 0.1), (np.e, 2, 0.3), (np.sqrt(2), 1, 0.5)],  # no common step
        [(0.1, 3, 0.2), (0.2, 2, 0.1)],  # tenths, which are no binary numbers
        [(5, 0, 0.2), (10, 1, 0.0), (0, 4, 0.3), (3, 1, 1.0)],  # nothing, never, always out
    ],
)
def test_any_capacities_agree_with_all_states(units):
    table = table_of(*units)
    total = sum(size * count for size, count, _ in units)
    for load in [*np.linspace(0, total * 1.1, 23), 0.3, 0.4, 10.0]:
        lolp, eue = brute_force(units, load)
        assert table.lolp(np.array([load]))[0] == pytest.approx(lolp, rel=1e-12, abs=1e-15)
        assert table.eue(np.array([load]))[0] == pytest.approx(eue, rel=1e-12, abs=1e-13)


@given(
    st.lists(
        st.tuples(
            st.floats(0.5, 90).map(lambda v: round(v, 2)), st.integers(1, 3), st.floats(0, 1)
        ),
        min_size=1,
        max_size=4,
    )
)
def test_chances_add_up_and_the_mean_is_that_of_the_units(units):
    table = table_of(*units)
    assert table.chance.sum() == pytest.approx(1, abs=1e-12)
    mean = sum(size * count * (1 - rate) for size, count, rate in units)
    assert table.capacity_mw @ table.chance == pytest.approx(mean, rel=1e-9, abs=1e-9)
    loads = np.linspace(-1, 300, 50)
    assert np.all(np.diff(table.lolp(loads)) >= 0)
    assert np.all(np.diff(table.eue(loads)) >= 0)
    # What a load above everything lacks is the load less the mean capacity.
    assert table.eue(np.array([1e4]))[0] == pytest.approx(1e4 - mean, rel=1e-9)


def test_a_normal_load_agrees_with_quadrature():
    table = table_of((50, 3, 0.05), (20, 4, 0.1))
    mean, sd = 170.0, 12.0
    z = np.linspace(-8, 8, 160_001)
    weight = np.exp(-0.5 * z * z) * (z[1] - z[0]) / np.sqrt(2 * np.pi)
    lolp = float(weight @ table.lolp(mean + sd * z))
    eue = float(weight @ table.eue(mean + sd * z))
    found = table.lolp(np.array([mean]), sd_mw=np.array([sd]))[0]
    assert found == pytest.approx(lolp, rel=2e-4)  # the quadrature's step at each capacity
    assert table.eue(np.array([mean]), sd_mw=np.array([sd]))[0] == pytest.approx(eue, rel=1e-7)


def test_a_normal_load_without_spread_is_the_load():
    table = table_of((50, 3, 0.05), (20, 4, 0.1))
    loads = np.array([10.0, 100.0, 170.0, 231.0])
    assert table.lolp(loads, sd_mw=np.zeros(4)) == pytest.approx(table.lolp(loads), rel=1e-14)
    assert table.eue(loads, sd_mw=np.full(4, 1e-9)) == pytest.approx(table.eue(loads), rel=1e-9)


def test_too_many_sums_are_refused_not_searched_for_ever():
    size = np.sqrt(np.arange(2.0, 40.0))
    with pytest.raises(AnalysisError, match="distinct sums"):
        capacity_table(size, count=np.ones(38, dtype=int), outage_rate=np.full(38, 0.1))
    with pytest.raises(AnalysisError, match="too many for an exact table"):
        table_of((10.0, 100_000, 0.1), (7.0, 10_000, 0.1))
