"""Unserved load as a function of the demand factor, against LPs hour by hour."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from builders import grid
from hypothesis import given, settings
from hypothesis import strategies as st
from least_shed import least_shed

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.load_profile import LoadProfiles, sort_factors
from gridtool.flow.shedding import SHEDDING, merge_sources, tier_by_policy
from gridtool.flow.topology import apply_shares
from gridtool.network.read import read_package


def hours_of(factors, *, daily=None):
    factors = np.array(factors, dtype=np.float64)
    return sort_factors(factors, daily_peak=factors if daily is None else np.array(daily))


def profiles_of(case, shares, shedding):
    seen = tier_by_policy(case, shedding)
    return seen, LoadProfiles(seen, apply_shares(seen, shares), shedding=shedding)


@pytest.fixture(scope="module")
def rbts(root):
    return merge_sources(compile_case(read_package(root / "networks" / "rbts")))[0]


@pytest.fixture(scope="module")
def rts79(root):
    return merge_sources(compile_case(read_package(root / "networks" / "rts79")))[0]


@pytest.fixture(scope="module")
def rivercity(root):
    return merge_sources(compile_case(read_package(root / "networks" / "rivercity")))[0]


def some_states(case, random, *, out, n):
    """Shares of a topology with ``out`` branches out, and ``n`` sets of ratings."""
    branches = random.choice(len(case.branch_ids), out, replace=False)
    shares = {case.branch_ids[k]: 0.0 for k in branches}
    share = random.choice([0.0, 0.3, 0.5, 0.7, 1.0, 1.0], (n, len(case.source_ids)))
    return shares, case.source_max_mw * share


def test_a_shortage_of_supply_is_a_hinge_worked_by_hand():
    # 60 MW of supply for 40 + 60 MW of load at factor 1: short above factor 0.6.
    case = compile_case(
        grid(
            stations={"A": (40, 0), "B": (60, 0)},
            lines=[("L", "A", "B", 500)],
            units=[("G", "A", 60)],
        )
    )
    _, profiles = profiles_of(case, {}, "proportional")
    found = profiles.integrate(np.array([[60.0]]), hours_of([0.5, 0.6, 0.8, 1.0], daily=[0.6, 1.0]))
    assert found.energy_mwh[0, 0] == pytest.approx(20.0 + 40.0)
    assert found.hours[0, 0] == 2  # at 0.6 load equals capacity: no shortage
    assert found.days[0] == 1
    assert found.energy_mwh[0, 1:] == pytest.approx([0.4 * 60, 0.6 * 60, 60.0])
    assert found.supply_mwh[0] == pytest.approx(60.0)
    assert profiles.solved == 0


def test_a_line_that_binds_worked_by_hand():
    # B takes 60 MW at factor 1 through a line of 30 MW and 10 MW of its own.
    case = compile_case(
        grid(
            stations={"A": (40, 0), "B": (60, 0)},
            lines=[("L", "A", "B", 30)],
            units=[("G", "A", 200), ("H", "B", 10)],
        )
    )
    for shedding in SHEDDING:
        _, profiles = profiles_of(case, {}, shedding)
        found = profiles.integrate(np.array([[200.0, 10.0]]), hours_of([0.5, 2 / 3, 0.9, 1.0]))
        assert found.energy_mwh[0, 0] == pytest.approx(14.0 + 20.0)
        assert found.hours[0, 0] == 2
        assert found.supply_mwh[0] == 0.0
        if shedding != "total":
            assert found.energy_mwh[0, 1:3] == pytest.approx([0.0, 34.0], abs=1e-7)
            assert found.hours[0, 1:3].tolist() == [0, 2]


def test_load_cut_off_is_lost_in_every_hour():
    case = compile_case(
        grid(
            stations={"A": (40, 0), "B": (60, 0)},
            lines=[("L", "A", "B", 500)],
            units=[("G", "A", 60)],
        )
    )
    _, profiles = profiles_of(case, {"L": 0.0}, "proportional")
    found = profiles.integrate(np.array([[60.0]]), hours_of([0.5, 1.0]))
    assert found.energy_mwh[0].tolist() == pytest.approx([90.0, 0.0, 90.0, 90.0])
    assert found.hours[0].tolist() == [2, 0, 2, 2]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["rbts", "rts79"])
def test_the_least_total_is_that_of_an_angle_lp_in_every_hour(name, seed, request):
    case = request.getfixturevalue(name)
    random = np.random.default_rng(seed)
    shares, rating = some_states(case, random, out=2 + seed, n=6)
    _, profiles = profiles_of(case, shares, "total")
    topology = apply_shares(case, shares)
    for state in rating:
        for factor in (0.35, 0.7, 0.93, 1.0):
            found = profiles.integrate(state[None], hours_of([factor]))
            expected = least_shed(case, topology, rating=state, factor=factor)
            assert found.energy_mwh[0, 0] == pytest.approx(expected, abs=1e-6)
            assert found.hours[0, 0] == (expected > 1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_a_series_is_the_sum_of_its_hours(rbts, seed):
    random = np.random.default_rng(seed)
    shares, rating = some_states(rbts, random, out=3, n=20)
    factors = random.uniform(0.3, 1.1, 30)
    for shedding in SHEDDING:
        _, together = profiles_of(rbts, shares, shedding)
        _, apart = profiles_of(rbts, shares, shedding)
        whole = together.integrate(rating, hours_of(factors))
        parts = [apart.integrate(rating, hours_of([factor])) for factor in factors]
        for name in ("energy_mwh", "hours", "days", "supply_mwh"):
            expected = sum(getattr(part, name) for part in parts)
            np.testing.assert_allclose(getattr(whole, name), expected, atol=1e-5)


def compare_with_dispatcher(case, shares, rating, *, factors, shedding):
    seen, profiles = profiles_of(case, shares, shedding)
    topology = apply_shares(seen, shares)
    dispatcher = Dispatcher(seen)
    busbars = len(seen.busbar_ids)
    for state in rating:
        for factor in factors:
            found = profiles.integrate(state[None], hours_of([factor])).energy_mwh[0]
            dispatch = dispatcher.solve(
                {}, topology=topology, demand_mw=seen.demand_mw * factor, source_max_mw=state
            )
            expected = dispatch.unserved_mw.sum(axis=1)
            np.testing.assert_allclose(found[1 : 1 + busbars], expected, atol=2e-6)
            district = np.bincount(
                seen.busbar_district, weights=expected, minlength=len(seen.district_ids)
            )
            np.testing.assert_allclose(found[1 + busbars :], district, atol=1e-5)


@pytest.mark.parametrize("shedding", ["proportional", "priority"])
@pytest.mark.parametrize("seed", range(3))
def test_the_split_is_that_of_the_dispatch(rbts, rts79, seed, shedding):
    random = np.random.default_rng(seed)
    for case in (rbts, rts79):
        shares, rating = some_states(case, random, out=1 + seed, n=4)
        compare_with_dispatcher(case, shares, rating, factors=(0.6, 0.9, 1.05), shedding=shedding)


@pytest.mark.parametrize("seed", range(2))
def test_the_split_of_a_city_with_protected_load_couplers_and_leaves(rivercity, seed):
    random = np.random.default_rng(seed)
    shares, rating = some_states(rivercity, random, out=4, n=2)
    for shedding in ("proportional", "priority"):
        compare_with_dispatcher(
            rivercity, shares, rating, factors=(0.5, 0.85, 1.0), shedding=shedding
        )


def test_protected_load_is_served_last():
    case = compile_case(
        grid(
            stations={"A": (30, 20), "B": (40, 10)},
            lines=[("L", "A", "B", 500)],
            units=[("G", "A", 100)],
        )
    )
    series = hours_of([1.0])
    _, priority = profiles_of(case, {}, "priority")
    found = priority.integrate(np.array([[51.0], [15.0]]), series)
    assert found.energy_mwh[0, 1:3] == pytest.approx([30 * 0.7, 40 * 0.7])
    assert found.energy_mwh[1, 1:3] == pytest.approx([30 + 20 * 0.5, 40 + 10 * 0.5])
    _, alike = profiles_of(case, {}, "proportional")
    found = alike.integrate(np.array([[51.0]]), series)
    assert found.energy_mwh[0, 1:3] == pytest.approx([50 * 0.49, 50 * 0.49])


def test_phase_shifters_that_drive_flows_of_their_own_are_followed_down(rbts):
    shifted = replace(
        rbts, branch_shift_rad=np.where(np.arange(len(rbts.branch_ids)) == 2, 0.35, 0.0)
    )
    random = np.random.default_rng(5)
    rating = shifted.source_max_mw * random.uniform(0.3, 1.0, (6, len(shifted.source_ids)))
    _, profiles = profiles_of(shifted, {}, "total")
    topology = apply_shares(shifted, {})
    for state in rating:
        for factor in (0.2, 0.6, 1.0):
            found = profiles.integrate(state[None], hours_of([factor]))
            expected = least_shed(shifted, topology, rating=state, factor=factor)
            assert found.energy_mwh[0, 0] == pytest.approx(expected, abs=1e-6)
    assert profiles.hinges == 0


@settings(max_examples=25, deadline=None)
@given(
    ratings=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=2),
    out=st.sets(st.integers(0, 8), max_size=4),
    factor=st.floats(0.05, 1.2),
)
def test_more_supply_never_leaves_more_unserved(rbts, ratings, out, factor):
    shares = {rbts.branch_ids[k]: 0.0 for k in out}
    _, profiles = profiles_of(rbts, shares, "total")
    less = rbts.source_max_mw * np.array(ratings)
    more = rbts.source_max_mw * (0.5 + 0.5 * np.array(ratings))
    found = profiles.integrate(np.stack([less, more]), hours_of([factor])).energy_mwh[:, 0]
    assert found[1] <= found[0] + 1e-6
    assert 0.0 <= found[0] <= factor * rbts.demand_mw.sum() + 1e-6


@pytest.mark.parametrize("factors", [[], [-0.1], [11.0], [np.nan]])
def test_factors_that_are_none_are_refused(factors):
    with pytest.raises(ValueError, match="within 0 to 10"):
        sort_factors(np.array(factors, dtype=np.float64), daily_peak=np.array([1.0]))


_PLAIN = """
import numpy as np
from builders import grid
from gridtool.flow.compile import compile_case
from gridtool.flow.load_profile import LoadProfiles, sort_factors
from gridtool.flow.topology import apply_shares
case = compile_case(grid(
    stations={"A": (40, 0), "B": (60, 0)}, lines=[("L", "A", "B", 30)],
    units=[("G", "A", 200), ("H", "B", 10)]))
factors = np.array([0.5, 0.9, 1.0])
found = LoadProfiles(case, apply_shares(case, {}), shedding="proportional").integrate(
    np.array([[200.0, 10.0], [20.0, 10.0]]), sort_factors(factors, daily_peak=factors))
print(found.energy_mwh[:, 0].tolist())
"""


def test_it_works_without_compiled_code(root):
    found = subprocess.run(
        [sys.executable, "-c", _PLAIN],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(root / "tests")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(found.stdout) == pytest.approx([34.0, 20.0 + 60.0 + 70.0])
