"""Simulated areas with interfaces: against exact values, each hour against a program."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from forecast.adequacy.systems import pras
from forecast.adequacy.test_sampled import series, unit, within, without_jit
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridtool.errors import InputError
from gridtool.forecast.adequacy.areas_exact import assess_areas
from gridtool.forecast.adequacy.areas_exact_shares import (
    list_groups,
    need_of_groups,
)
from gridtool.forecast.adequacy.areas_exact_shares import (
    share_unserved as share_by_groups,
)
from gridtool.forecast.adequacy.areas_sampled_kernel import open_flow, share_unserved
from gridtool.forecast.adequacy.model import GeneratingSystem, Interface
from gridtool.forecast.adequacy.sampled import simulate_system
from gridtool.forecast.adequacy.storage import Storage


def split(supply, load, link):
    unserved = np.zeros(len(load))
    share_unserved(supply, load, link, open_flow(len(load)), unserved)
    return unserved


def least_unserved(supply, load, link):
    """Least total by a linear program of the flows."""
    areas = len(load)
    pairs = [(a, b) for a in range(areas) for b in range(areas) if link[a, b] > 0]
    served = np.eye(areas)
    rows = np.zeros((areas, areas + len(pairs)))
    rows[:, :areas] = served
    for k, (a, b) in enumerate(pairs):
        rows[a, areas + k], rows[b, areas + k] = 1.0, -1.0
    bounds = [(0, mw) for mw in load] + [(0, link[pair]) for pair in pairs]
    cost = np.concatenate([-np.ones(areas), np.zeros(len(pairs))])
    return load.sum() + linprog(cost, A_ub=rows, b_ub=supply, bounds=bounds).fun


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_least_total_and_the_fair_split_of_random_areas(seed, areas):
    rng = np.random.default_rng(seed)
    supply, load = rng.integers(0, 30, areas).astype(float), rng.integers(0, 30, areas) + 0.0
    link = np.where(rng.random((areas, areas)) < 0.5, rng.integers(0, 12, (areas, areas)), 0) + 0.0
    np.fill_diagonal(link, 0.0)
    unserved = split(supply, load, link)
    assert (unserved >= 0).all()
    assert (unserved <= load + 1e-9).all()
    assert unserved.sum() == pytest.approx(least_unserved(supply, load, link), abs=1e-6)
    member = list_groups(areas)
    need = need_of_groups(supply[:, None], load[:, None], limits=link, member=member)
    expected = share_by_groups(need, load[:, None], member=member)[:, 0]
    assert unserved == pytest.approx(expected, abs=1e-6)


def test_splits_by_hand():
    # 12 MW lack of 60 MW where nothing binds: a fifth everywhere.
    free = np.full((3, 3), 100.0)
    assert split(np.array([48.0, 0, 0]), np.array([10.0, 20, 30]), free) == pytest.approx([2, 4, 6])
    # Into the third area only 6 MW pass: it loses 24 of 30, the others share what is left of 48.
    bound = free.copy()
    bound[0, 2] = bound[1, 2] = 3.0
    assert split(np.array([48.0, 0, 0]), np.array([10.0, 20, 30]), bound) == pytest.approx(
        [0, 0, 24]
    )
    # Apart, each area is short on its own.
    alone = np.zeros((2, 2))
    assert split(np.array([5.0, 50.0]), np.array([8.0, 20.0]), alone) == pytest.approx([3, 0])


@pytest.mark.reference
def test_three_nodes_of_pras_hour_by_hour_and_area_by_area(reference):
    system, load, case = pras(reference, "threenode")
    found = simulate_system(system, load, samples=100_000)
    within(found.tally.lolp, case["expected"]["LOLP"])
    within(found.tally.eue_mwh, case["expected"]["EUE_t"])
    exact = assess_areas(system, load)
    for area in range(3):
        within(found.tally.lolp, exact.area_lolp_h[area], row=area)
        within(found.tally.eue_mwh, exact.area_eue_h_mwh[area], row=area)
    areas = found.tabulate_areas()
    assert areas["eue_mwh"].sum() == pytest.approx(found.estimate("eue_mwh").value)
    months = found.tabulate_area_months()
    assert months["eue_mwh"].to_numpy() == pytest.approx(areas["eue_mwh"].to_numpy())
    plate = simulate_system(replace(system, interfaces=()), load, samples=100_000)
    within(plate.tally.lolp, case["expected_copperplate"]["LOLP"])
    within(plate.tally.eue_mwh, case["expected_copperplate"]["EUE_t"])


def test_interfaces_that_fail_within_three_standard_errors_of_enumeration():
    def link(name, a, b, limit, *, p_fail):
        return Interface(
            id=name,
            from_area=a,
            to_area=b,
            forward_mw=np.array([limit]),
            backward_mw=np.array([limit / 2]),
            outage_rate=p_fail / (p_fail + 0.5),
            p_fail=p_fail,
            p_repair=0.5,
        )

    system = GeneratingSystem(
        groups=(
            unit("A", 20, count=3, p_fail=0.1, p_repair=0.4, area="a"),
            unit("B", 10, count=2, p_fail=0.2, p_repair=0.4, area="b"),
            unit("C", 5, count=2, p_fail=0.0, p_repair=1.0, area="c"),
        ),
        areas=("a", "b", "c"),
        interfaces=(
            link("ab", "a", "b", 12.0, p_fail=0.1),
            link("bc", "b", "c", 8.0, p_fail=0.05),
            link("ca", "c", "a", 6.0, p_fail=0.0),
        ),
    )
    hours = np.arange(24)
    mw = np.stack([22 + 4 * np.sin(hours), 18 + 5 * np.cos(hours), 12 + hours / 6])
    load = replace(series(mw), areas=("a", "b", "c"))
    exact = assess_areas(system, load)
    found = simulate_system(system, load, samples=60_000, seed=8)
    for row in range(3):
        within(found.tally.lolp, exact.area_lolp_h[row], row=row, most=4.0)
        within(found.tally.eue_mwh, exact.area_eue_h_mwh[row], row=row, most=4.0)
    within(found.tally.lolp, exact.lolp_h, most=4.0)
    eue = found.estimate("eue_mwh")
    assert abs(eue.value - exact.eue_mwh) < 3 * eue.standard_error


def test_refuses_areas_that_are_not_there():
    system = GeneratingSystem(
        groups=(unit("A", 10, p_fail=0.1, p_repair=0.3, area="x"),),
        areas=("a", "b"),
        interfaces=(
            Interface(
                id="ac",
                from_area="a",
                to_area="c",
                forward_mw=np.array([7.0]),
                backward_mw=np.array([7.0]),
            ),
        ),
    )
    load = replace(series(np.ones((2, 24))), areas=("a", "b"))
    with pytest.raises(InputError) as refused:
        simulate_system(system, load, samples=10)
    assert [(issue.ids, issue.value) for issue in refused.value.issues] == [
        (("A",), "x"),
        (("ac",), "c"),
    ]


def mixed():
    """A small simulation of areas with an interface that fails and a storage."""
    system = GeneratingSystem(
        groups=(
            unit("A", 10, count=3, p_fail=0.1, p_repair=0.3, area="a"),
            unit("B", 9, count=2, p_fail=0.2, p_repair=0.5, area="b"),
        ),
        areas=("a", "b"),
        interfaces=(
            Interface(
                id="ab",
                from_area="a",
                to_area="b",
                forward_mw=np.array([7.0]),
                backward_mw=np.array([7.0]),
                outage_rate=0.2,
                p_fail=0.1,
                p_repair=0.4,
            ),
        ),
    )
    load = replace(series(np.full((2, 24), 14.0)), areas=("a", "b"))
    storages = [
        Storage(id="S", area="b", charge_mw=3, discharge_mw=4, energy_mwh=9, loss_per_hour=0.01),
        Storage(id="T", area="a", charge_mw=2, discharge_mw=2, energy_mwh=9, initial_share=0.5),
    ]
    return simulate_system(system, load, storages=storages, samples=6, seed=2)


def test_is_the_same_without_compilation():
    found = mixed().tally
    assert without_jit("forecast.adequacy.test_areas_sampled") == repr(found.eue_mwh.mean.tolist())
    assert found.eue_mwh.mean.sum() > 0
