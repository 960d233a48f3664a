"""Areas joined by interfaces: PRAS's closed forms, linear programs, and the fair share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from forecast.adequacy.systems import pras, shipped
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridtool.errors import AnalysisError
from gridtool.forecast.adequacy.areas_exact import assess_areas
from gridtool.forecast.adequacy.areas_exact_shares import (
    list_groups,
    need_of_groups,
    share_unserved,
)
from gridtool.forecast.adequacy.exact import assess_pooled
from gridtool.forecast.adequacy.model import GeneratingSystem, Interface, LoadSeries, UnitGroup
from gridtool.forecast.adequacy.read_load import plain_calendar


def one_hour(*loads):
    names = tuple("ABCDEFGH"[: len(loads)])
    return LoadSeries(
        load_mw=np.array(loads, dtype=float)[:, None], calendar=plain_calendar(1), areas=names
    )


def unit(area, size, rate=0.0):
    return UnitGroup(id=f"{area}{size}", area=area, capacity_mw=np.array([size]), outage_rate=rate)


def link(a, b, forward, backward=None, rate=0.0):
    return Interface(
        id=f"{a}-{b}",
        from_area=a,
        to_area=b,
        forward_mw=np.array([float(forward)]),
        backward_mw=np.array([float(forward if backward is None else backward)]),
        outage_rate=rate,
    )


@pytest.mark.reference
def test_pras_three_nodes(reference):
    system, load, case = pras(reference, "threenode")
    result = assess_areas(system, load)
    assert result.lolp_h == pytest.approx(case["expected"]["LOLP"], abs=1e-9)
    assert result.eue_h_mwh == pytest.approx(case["expected"]["EUE_t"], abs=1e-9)
    assert result.lole_hours == pytest.approx(case["expected"]["LOLE"], abs=1e-9)
    assert result.eue_mwh == pytest.approx(case["expected"]["EUE"], abs=1e-9)
    assert result.area_eue_h_mwh.sum(axis=0) == pytest.approx(result.eue_h_mwh, abs=1e-12)


@pytest.mark.reference
def test_wide_interfaces_are_no_limit(reference):
    system, load, case = pras(reference, "threenode")
    wide = tuple(
        replace(i, forward_mw=np.array([1e3]), backward_mw=np.array([1e3]))
        for i in system.interfaces
    )
    result = assess_areas(replace(system, interfaces=wide), load)
    assert result.lolp_h == pytest.approx(case["expected_copperplate"]["LOLP"], abs=1e-9)
    assert result.eue_h_mwh == pytest.approx(assess_pooled(system, load).eue_h_mwh, abs=1e-12)


def test_without_interfaces_each_area_is_alone():
    groups = (unit("A", 10.0, 0.1), unit("B", 20.0, 0.2))
    system = GeneratingSystem(groups=groups, areas=("A", "B"))
    result = assess_areas(system, one_hour(8, 15))
    assert result.area_lolp_h[:, 0] == pytest.approx([0.1, 0.2], rel=1e-14)
    assert result.area_eue_h_mwh[:, 0] == pytest.approx([0.8, 3.0], rel=1e-14)
    assert result.lolp == pytest.approx(1 - 0.9 * 0.8, rel=1e-14)


def test_an_interface_that_fails_is_out_with_its_rate():
    system = GeneratingSystem(
        groups=(unit("A", 20.0), unit("B", 0.0)), areas=("A", "B"),
        interfaces=(link("A", "B", 6, rate=0.25),),
    )  # fmt: skip
    result = assess_areas(system, one_hour(10, 10))
    # In service 6 MW reach B, out of service none.
    assert result.eue_mwh == pytest.approx(0.75 * 4 + 0.25 * 10, rel=1e-14)
    assert result.area_eue_h_mwh[0, 0] == 0


def test_forward_and_backward_limits_differ():
    areas = ("A", "B")
    there = GeneratingSystem(
        groups=(unit("A", 30.0), unit("B", 0.0)), areas=areas, interfaces=(link("A", "B", 7, 3),)
    )
    back = replace(there, groups=(unit("A", 0.0), unit("B", 30.0)))
    assert assess_areas(there, one_hour(10, 10)).eue_mwh == pytest.approx(3)
    assert assess_areas(back, one_hour(10, 10)).eue_mwh == pytest.approx(7)


def test_areas_that_are_not_held_apart_lose_the_same_share():
    system = GeneratingSystem(
        groups=(unit("A", 20.0), unit("B", 0.0)), areas=("A", "B"), interfaces=(link("A", "B", 50),)
    )
    result = assess_areas(system, one_hour(10, 30))
    assert result.area_eue_h_mwh[:, 0] == pytest.approx([5, 15], rel=1e-14)  # half of each


def test_a_narrow_interface_leaves_the_area_behind_it_worse_off():
    system = GeneratingSystem(
        groups=(unit("A", 20.0), unit("B", 0.0)), areas=("A", "B"), interfaces=(link("A", "B", 12),)
    )
    result = assess_areas(system, one_hour(10, 30))
    assert result.area_eue_h_mwh[:, 0] == pytest.approx([2, 18], rel=1e-14)


def linear_program(capacity, load, limits, ceiling=None):
    """Least unserved total, or with ``ceiling`` the total's least largest share, by HiGHS."""
    n = len(load)
    arcs = [(a, b) for a in range(n) for b in range(n) if a != b]
    share = ceiling is not None
    columns = n + len(arcs) + share
    balance = np.zeros((n, columns))  # unserved + inflow - outflow + capacity >= load
    for i in range(n):
        balance[i, i] = 1.0
    for k, (a, b) in enumerate(arcs):
        balance[a, n + k] -= 1.0
        balance[b, n + k] += 1.0
    rows, right = [-balance], [-(load - capacity)]
    cost = np.zeros(columns)
    cost[:n] = 1.0
    if share:
        cost[:] = 0.0
        cost[-1] = 1.0
        worst = np.zeros((n, columns))
        worst[:, :n] = np.eye(n)
        worst[:, -1] = -load
        total = np.zeros((1, columns))
        total[0, :n] = 1.0
        rows += [worst, total]
        right += [np.zeros(n), np.array([ceiling])]
    bounds = [(0, x) for x in load] + [(0, limits[a, b]) for a, b in arcs] + [(0, 1)] * share
    found = linprog(cost, A_ub=np.vstack(rows), b_ub=np.concatenate(right), bounds=bounds)
    assert found.status == 0, found.message
    return found.fun


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
def test_total_and_largest_share_are_those_of_linear_programs(seed, areas):
    rng = np.random.default_rng(seed)
    load = rng.uniform(1, 20, areas)
    capacity = rng.uniform(0, 20, (areas, 1)) * (rng.random((areas, 1)) > 0.3)
    limits = rng.uniform(0, 8, (areas, areas)) * (1 - np.eye(areas))
    member = list_groups(areas)
    need = need_of_groups(capacity, load[:, None], limits=limits, member=member)
    unserved = share_unserved(need, load[:, None], member=member)[:, 0]
    total = max(0.0, need.max())
    assert total == pytest.approx(linear_program(capacity[:, 0], load, limits), abs=1e-7)
    assert unserved.sum() == pytest.approx(total, abs=1e-9)
    assert np.all(unserved >= 0)
    assert np.all(unserved <= load + 1e-9)
    assert np.all(member @ unserved >= need[:, 0] - 1e-9)  # some flow delivers the rest
    worst = linear_program(capacity[:, 0], load, limits, ceiling=total + 1e-9)
    assert (unserved / load).max() == pytest.approx(worst, abs=1e-6)


def test_too_many_states_are_refused():
    system, load = shipped("rts79")
    areas = ("A", "B", "C")
    groups = tuple(replace(g, id=f"{g.id}{a}", area=a) for g in system.groups for a in areas)
    many = GeneratingSystem(groups=groups, areas=areas, interfaces=(link("A", "B", 100),))
    with pytest.raises(AnalysisError, match="use --samples"):
        assess_areas(many, replace(load, load_mw=np.repeat(load.load_mw, 3, axis=0), areas=areas))
