"""Storages by time-to-go: by hand, against a bound by linear programming, and as PRAS has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from forecast.adequacy.systems import pras
from forecast.adequacy.test_sampled import series, unit, within
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridtool.errors import InputError
from gridtool.forecast.adequacy.model import GeneratingSystem, Interface
from gridtool.forecast.adequacy.read_storages import read_storages
from gridtool.forecast.adequacy.sampled import simulate_system
from gridtool.forecast.adequacy.storage import Storage
from gridtool.forecast.adequacy.storage_kernel import Levels, level_amounts


def store(name, charge, discharge, energy, **more):
    return Storage(id=name, charge_mw=charge, discharge_mw=discharge, energy_mwh=energy, **more)


def run(load, capacity, storages, **more):
    """The shortage by hour (H,) of a system that is never out, and its tally."""
    system = GeneratingSystem(groups=(unit("G", capacity, p_fail=0.0, p_repair=1.0),))
    found = simulate_system(system, series(load), storages=storages, samples=2, **more)
    return found.tally.eue_mwh.mean[-1], found.tally


def test_charges_then_gives_by_hand():
    battery = store(
        "B", 4.0, 6.0, 10.0, charge_efficiency=0.8, discharge_efficiency=0.5, loss_per_hour=0.1
    )
    short, tally = run([6.0, 8, 9, 14, 14], 10.0, [battery])
    # Stored: .8 x 4 = 3.2; .9 x 3.2 + .8 x 2 = 4.48; .9 x 4.48 + .8 x 1 = 4.832; then 4.3488,
    # which gives 2.1744 of the 4 MW that lack; then nothing.
    assert tally.stored_mwh.mean == pytest.approx([3.2, 4.48, 4.832, 0.0, 0.0])
    assert short == pytest.approx([0, 0, 0, 4 - 2.1744, 4])
    # Nobody uses what the storage could give in an hour: .5 x 2.88 and .5 x 4.032.
    assert tally.surplus_mwh.mean == pytest.approx([0, 1.44, 2.016, 0, 0])


def test_longest_time_to_go_gives_first_and_shortest_is_charged_first():
    full = [
        store("long", 5.0, 2.0, 8.0, initial_share=1.0),  # 4 h
        store("short", 5.0, 4.0, 4.0, initial_share=1.0),  # 1 h
    ]
    # 2 MW: all from the long one. Then 4 MW: 2 from each; then 5 MW: the long one's 2, and the
    # short one is left with 2.
    assert run([2.0, 4.0, 5.0, 3.0], 0.0, full)[0] == pytest.approx([0, 0, 1, 1])
    # 4 MW of both: the level falls to 0.5 h, where the long one's 2 MW are all it can give.
    levels = Levels(np.array([-4.0, -1.0]), np.array([2.0, 4.0]), np.array([2.0, 4.0]))
    given = np.zeros(2)
    assert level_amounts(levels, 4.0, given) == pytest.approx(4.0)
    assert given == pytest.approx([2.0, 2.0])
    # Equal time-to-go of 1 h: shared as their powers, both have 0.5 h left.
    level_amounts(
        Levels(np.array([-1.0, -1.0]), np.array([2.0, 4.0]), np.array([2.0, 4.0])), 3.0, given
    )
    assert given == pytest.approx([1.0, 2.0])


def test_what_a_forced_out_storage_holds_stays():
    battery = store("B", 10.0, 10.0, 10.0, initial_share=1.0, p_fail=0.0, p_repair=1.0)
    out = replace(battery, p_fail=1.0, p_repair=1.0)  # in and out by turns
    load = np.full(2, 5.0)
    system = GeneratingSystem(groups=(unit("G", 0.0, p_fail=0.0, p_repair=1.0),))
    found = simulate_system(system, series(load), storages=[out], samples=4_000)
    # Half begin out: they lack 5 MW at first, and give it in the second hour; and the reverse.
    within(found.tally.eue_mwh, [2.5, 2.5])
    within(found.tally.lolp, [0.5, 0.5])
    assert found.tally.stored_mwh.mean[-1] == 5.0


@pytest.mark.reference
def test_storage_of_pras(reference):
    system, load, case = pras(reference, "test2")
    given = case["storage"][0]
    battery = store(
        given["name"],
        given["charge"],
        given["discharge"],
        given["energy"],
        area=given["region"],
        p_fail=given["lam"],
        p_repair=given["mu"],
    )
    groups = tuple(replace(group, area="") for group in system.groups)
    alone = replace(system, areas=("",), groups=groups)
    found = simulate_system(alone, replace(load, areas=("",)), storages=[battery], samples=100_000)
    expected = case["expected"]
    within(found.tally.lolp, expected["LOLP"])
    within(found.tally.eue_mwh, expected["EUE_t"])
    within(found.tally.surplus_mwh, expected["esurplus"], row=slice(None))
    within(found.tally.stored_mwh, expected["storage_energy"], row=slice(None))


def least_unserved(margin, storages):
    """Least unserved energy with foresight, by a linear program over all hours: a bound."""
    hours, count = len(margin), len(storages)
    size = hours * (1 + 3 * count)
    at = lambda kind, k, t: hours * (1 + 3 * k + kind) + t  # noqa: E731
    cost = np.zeros(size)
    cost[:hours] = 1.0
    bounds = [(0, max(-m, 0)) for m in margin]
    equal, right, above, limit = [], [], [], []
    for k, storage in enumerate(storages):
        bounds += [(0, storage.charge_mw)] * hours + [(0, storage.discharge_mw)] * hours
        bounds += [(0, storage.energy_mwh)] * hours
        for t in range(hours):
            row = np.zeros(size)
            row[at(2, k, t)] = 1.0
            row[at(0, k, t)] = -storage.charge_efficiency
            row[at(1, k, t)] = 1.0 / storage.discharge_efficiency
            before = 0.0
            if t:
                row[at(2, k, t - 1)] = -(1.0 - storage.loss_per_hour)
            else:
                before = storage.initial_share * storage.energy_mwh
            equal.append(row)
            right.append(before)
    for t in range(hours):
        row = np.zeros(size)
        row[t] = -1.0
        for k in range(count):
            row[at(0, k, t)], row[at(1, k, t)] = 1.0, -1.0
        above.append(row)
        limit.append(margin[t])
    solved = linprog(cost, A_ub=above, b_ub=limit, A_eq=equal, b_eq=right, bounds=bounds)
    return solved.fun


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_without_recharge_nothing_serves_more(seed):
    """While only given from, storages without losses leave the least there is with foresight.

    That is the theorem (Evans, Tindemans and Angeli 2019); with recharge in between it holds
    for full recharge only, and with losses over time giving first from another may be better.
    """
    rng = np.random.default_rng(seed)
    storages = [
        store(
            f"B{k}",
            0.0,  # else storages could charge each other in the program
            rng.uniform(1, 6),
            rng.uniform(1, 20),
            discharge_efficiency=rng.uniform(0.6, 1),
            initial_share=rng.uniform(0.2, 1),
        )
        for k in range(rng.integers(1, 5))
    ]
    load = rng.uniform(0, 12, 12)
    short, _ = run(load, 0.0, storages)
    assert short.sum() == pytest.approx(least_unserved(-load, storages), abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_foresight_bounds_what_is_left_and_one_storage_needs_none(seed):
    rng = np.random.default_rng(seed)
    storages = [
        store(
            f"B{k}",
            rng.uniform(1, 5),
            rng.uniform(1, 6),
            rng.uniform(1, 20),
            charge_efficiency=rng.uniform(0.6, 1),
            discharge_efficiency=rng.uniform(0.6, 1),
            initial_share=rng.uniform(0, 1),
        )
        for k in range(3)
    ]
    load = rng.uniform(0, 20, 16)
    short, _ = run(load, 10.0, storages)
    assert short.sum() >= least_unserved(10.0 - load, storages) - 1e-5
    # One storage: to give at once what lacks and to take what is left is never worse.
    alone, _ = run(load, 10.0, storages[:1])
    assert alone.sum() == pytest.approx(least_unserved(10.0 - load, storages[:1]), abs=1e-4)


def areas_run(load, capacity, storages, limit):
    system = GeneratingSystem(
        groups=tuple(
            unit(f"G{area}", mw, p_fail=0.0, p_repair=1.0, area=area)
            for area, mw in capacity.items()
        ),
        areas=tuple(capacity),
        interfaces=(
            Interface(
                id="ab",
                from_area="a",
                to_area="b",
                forward_mw=np.array([limit]),
                backward_mw=np.array([limit]),
            ),
        ),
    )
    given = replace(series(load), areas=tuple(capacity))
    found = simulate_system(system, given, storages=storages, samples=2)
    return found.tally.eue_mwh.mean, found.tally


def test_storage_gives_across_an_interface_as_far_as_it_carries():
    battery = store("B", 5.0, 5.0, 20.0, area="a", initial_share=1.0)
    load = [[4.0, 4.0, 0.0], [6.0, 6.0, 0.0]]
    short, tally = areas_run(load, {"a": 4.0, "b": 2.0}, [battery], 3.0)
    assert short[1] == pytest.approx([1, 1, 0])  # 4 MW lack, 3 pass
    assert short[0] == pytest.approx([0, 0, 0])
    # Then 4 MW of a and 2 MW of b charge it, as far as it takes 5 MW.
    assert tally.stored_mwh.mean == pytest.approx([17, 14, 19])


def test_areas_that_nothing_holds_apart_use_storages_as_one():
    rng = np.random.default_rng(5)
    storages = [
        store("A", 3.0, 4.0, 9.0, initial_share=0.8),
        store("B", 2.0, 2.0, 12.0, initial_share=0.5, charge_efficiency=0.9),
    ]
    load = rng.uniform(4, 14, (2, 30))
    pooled, whole = run(load.sum(axis=0), 18.0, storages)
    apart = [replace(storages[0], area="a"), replace(storages[1], area="b")]
    short, tally = areas_run(load, {"a": 9.0, "b": 9.0}, apart, 1000.0)
    assert short[-1] == pytest.approx(pooled, abs=1e-6)
    assert tally.stored_mwh.mean == pytest.approx(whole.stored_mwh.mean, abs=1e-6)
    assert tally.surplus_mwh.mean == pytest.approx(whole.surplus_mwh.mean, abs=1e-6)


def test_reads_storages_and_refuses_all_faults_at_once(tmp_path):
    path = tmp_path / "storages.csv"
    path.write_text(
        "storage,charge_mw,discharge_mw,energy_mwh,charge_efficiency,mttf_h,mttr_h\n"
        "B1,10,12,40,0.9,990,10\nB2,5,5,5,,,\n"
    )
    storages, warnings = read_storages(path, areas=("",))
    assert warnings == []
    first, second = storages
    assert (first.charge_mw, first.discharge_mw, first.energy_mwh) == (10, 12, 40)
    assert first.charge_efficiency == 0.9
    assert first.p_fail / (first.p_fail + first.p_repair) == pytest.approx(0.01)
    assert (second.charge_efficiency, second.p_fail) == (1.0, 0.0)
    path.write_text(
        "storage,charge_mw,discharge_mw,energy_mwh,charge_efficiency,mttf_h,area\n"
        "B1,10,0,40,0.9,,a\nB2,-1,5,5,1.2,,a\nB3,1,1,1,1,100,x\n"
    )
    with pytest.raises(InputError) as refused:
        read_storages(path, areas=("a", "b"))
    fields = [issue.field for issue in refused.value.issues]
    assert sorted(fields) == ["area", "charge_efficiency", "charge_mw", "discharge_mw", "mttf_h"]
