"""Storages in simulated futures: by hand, against published values, other engines and physics."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders import grid
from forecast.simulate.storage_cases import World, battery, with_storages
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.flow.compile import compile_case
from gridtool.flow.topology import share_vector
from gridtool.forecast.adequacy.storage_kernel import (
    Stores,
    StoreState,
    level_amounts,
    open_levels,
    set_charge,
    set_discharge,
    store_charge,
    take_discharge,
)
from gridtool.forecast.simulate import storage
from gridtool.forecast.simulate.storage_fleet import read_fleet

PEAK_MW = 20.0


def one_bus(*rows, unit_mw=100.0):
    network = grid(stations={"A": (PEAK_MW, 0)}, lines=[], units=[("U", "A", unit_mw)])
    return World(with_storages(network, *rows))


def bottleneck(station):
    """A unit at A, 60 MW of load at B behind a line of 40 MW, a battery of 20 MW for 3 hours."""
    network = grid(
        stations={"A": (0, 0), "B": (60, 0)}, lines=[("L", "A", "B", 40)], units=[("U", "A", 100)]
    )
    return World(with_storages(network, battery("S", station, 20, 60)))


def test_one_battery_by_hand():
    world = one_bus(battery("S", "A", 10, 10))
    load = np.array([8.0, 9.0, 12.0, 5.0, 5.0, 20.0, 12.0])
    found = world.run(load / PEAK_MW, np.full((7, 1), 10.0))
    # filled by 2 and 1, gives 2, filled by 5 and by the 4 that fit, gives 10, then has nothing
    assert found.stored_mwh[:, 0] == pytest.approx([2, 3, 1, 6, 10, 0, 0])
    unserved = found.shortage.district_mw.sum(axis=(0, 2, 3))
    assert unserved == pytest.approx([0, 0, 0, 0, 0, 0, 2])
    assert found.shortage.supply_mw[0] == pytest.approx(unserved)
    assert found.shortage.class_mw.sum(axis=2)[0] == pytest.approx(unserved)


def test_losses_and_efficiencies_by_hand():
    lossy = {"charge_efficiency": 0.8, "discharge_efficiency": 0.5, "loss_per_hour": 0.1}
    world = one_bus(battery("S", "A", 6, 20, initial_share=0.5, **lossy))
    load = np.array([12.0, 5.0, 10.0, 14.0])
    found = world.run(load / PEAK_MW, np.full((4, 1), 10.0))
    # 10 MWh; gives 2, which takes 4: 6; less a tenth 5.4, and 0.8 of 5 MW: 9.4; less a tenth
    # 8.46; less a tenth 7.614, half of which, 3.807 MW, is given of the 4 that lack
    assert found.stored_mwh[:, 0] == pytest.approx([6.0, 9.4, 8.46, 0.0])
    unserved = found.shortage.district_mw.sum(axis=(0, 2, 3))
    assert unserved == pytest.approx([0, 0, 0, 0.193])


def test_the_longest_time_to_go_gives_first_and_the_shortest_is_charged_first():
    # 3 h, 1 h and 2 h at 10, 5 and 5 MW
    rows = [battery("S1", "A", 10, 40, initial_share=0.75), battery("S2", "A", 5, 20)]
    rows = [rows[0], rows[1] | {"initial_share": 0.25}, battery("S3", "A", 5, 20)]
    rows[2]["initial_share"] = 0.5
    world = one_bus(*rows)
    short = world.run([13 / PEAK_MW], np.full((1, 1), 0.0)).stored_mwh[0]
    # to 1.8 h: 12 of 13 MW would be 10 (S1 at full power, 2 h) and 2 more: S3 gives 3 of its 5
    assert short == pytest.approx([20.0, 5.0, 7.0])
    surplus = world.run([4 / PEAK_MW], np.full((1, 1), 10.0)).stored_mwh[0]
    # 6 MW: 5 of them bring S2, at its full power, from 1 h to 2 h; the other goes to S3
    assert surplus == pytest.approx([30.0, 10.0, 11.0])


def test_equal_levels_share_in_proportion_to_their_power():
    rows = [battery("S1", "A", 10, 40, initial_share=0.5), battery("S2", "A", 5, 20)]
    rows[1]["initial_share"] = 0.5
    world = one_bus(*rows)
    stored = world.run([6 / PEAK_MW], np.full((1, 1), 0.0)).stored_mwh[0]
    assert stored == pytest.approx([20 - 4.0, 10 - 2.0])


@pytest.mark.reference
def test_the_storage_case_of_pras_within_three_standard_errors(reference):
    case = json.loads((reference / "pras" / "cases.json").read_text())["test2"]
    (load,), (unit,), (store,) = case["load"], case["gens"], case["storage"]
    network = grid(stations={"A": (10, 0)}, lines=[], units=[("U", "A", unit[2][0])])
    row = battery("S", "A", store["charge"], store["energy"])
    world = World(with_storages(network, row))
    n = 20_000
    random = np.random.Generator(np.random.Philox(4))
    # with these chances every hour is drawn anew: up with probability 0.9
    unit_up = random.random((n, 2)) < 0.9
    up = (random.random((n, 2)) < store["mu"])[:, :, None]
    generated = np.where(unit_up, 10.0, 0.0)
    found = world.run(np.tile(np.array(load) / 10, (n, 1)), generated[:, :, None], up=up)
    unserved = found.shortage.district_mw.sum(axis=(2, 3))
    expected = case["expected"]
    for hour in range(2):
        error = unserved[:, hour].std() / np.sqrt(n)
        assert abs(unserved[:, hour].mean() - expected["EUE_t"][hour]) < 3 * error
    # Energy is conserved here: what is generated is served, stored or left over.
    stored = found.stored_mwh[:, 0]
    left = generated.mean(axis=0) - (np.array(load) - unserved.mean(axis=0))
    # PRAS counts as surplus what could be discharged as well: the 2 MWh of the first hour, where
    # the second one needs none of them.
    filled = unit_up[:, 0] & up[:, 0, 0]
    idle = np.array([0.0, 2.0 * (filled & unit_up[:, 1] & up[:, 1, 0]).mean()])
    surplus = left - np.diff(stored, prepend=0.0) + idle
    spread = 10 / np.sqrt(n)  # nothing here varies by more than 10 MW
    assert np.abs(stored - expected["storage_energy"]).max() < 3 * spread / 2
    assert np.abs(surplus - expected["esurplus"]).max() < 3 * spread / 2


def test_behind_a_bottleneck_a_battery_helps_and_before_it_none():
    factor = [1 / 3, 1 / 3, 1.0, 1.0]
    behind, before = bottleneck("B"), bottleneck("A")
    # 20 MW of night load leave 20 MW of the line to charge with
    night = behind.run(factor)
    assert night.stored_mwh[:, 0] == pytest.approx([20, 40, 20, 0], abs=1e-6)
    assert night.shortage.district_mw.sum() == pytest.approx(0.0, abs=1e-6)
    idle = before.run(factor)
    assert idle.stored_mwh[:, 0] == pytest.approx([20, 40, 60, 60], abs=1e-6)
    assert idle.shortage.district_mw.sum(axis=(0, 2, 3)) == pytest.approx([0, 0, 20, 20])
    assert idle.shortage.network_mw[0] == pytest.approx([0, 0, 20, 20])


def test_charging_takes_what_the_line_leaves_and_no_load():
    world = bottleneck("B")
    stored = world.run([0.5, 0.6, 2 / 3]).stored_mwh[:, 0]
    # 30, 36 and 40 MW of load leave 10, 4 and 0 MW of the 40
    assert stored == pytest.approx([10, 14, 14])
    assert world.dispatch.by_program > 0


def test_what_was_served_in_an_hour_of_one_call_is_not_taken_for_another_call_s():
    world = bottleneck("B")
    # 36, then 33 MW of load leave 4 and 7 MW of the 40 to charge with
    assert world.run([0.6]).stored_mwh[:, 0] == pytest.approx([4])
    assert world.run([0.55]).stored_mwh[:, 0] == pytest.approx([7])


def test_of_two_batteries_the_one_that_can_pass_the_limit_gives():
    network = grid(
        stations={"A": (0, 0), "B": (60, 0)}, lines=[("L", "A", "B", 40)], units=[("U", "A", 40)]
    )
    far = battery("FAR", "A", 20, 200, initial_share=1.0)
    near = battery("NEAR", "B", 20, 40, initial_share=1.0)
    found = World(with_storages(network, far, near)).run([1.0, 1.0, 1.0])
    assert found.stored_mwh[:, 0] == pytest.approx([200, 200, 200])
    assert found.stored_mwh[:, 1] == pytest.approx([20, 0, 0], abs=1e-6)
    unserved = found.shortage.district_mw.sum(axis=(0, 2, 3))
    assert unserved == pytest.approx([0, 0, 20], abs=1e-6)


def test_a_storage_out_keeps_what_it_has():
    world = one_bus(battery("S", "A", 10, 10, initial_share=1.0))
    up = np.array([[[False], [False], [True]]])
    found = world.run([0.5, 0.2, 0.5], np.array([[5.0], [10.0], [5.0]]), up=up)
    assert found.stored_mwh[:, 0] == pytest.approx([10, 10, 5])
    assert found.shortage.district_mw.sum(axis=(0, 2, 3)) == pytest.approx([5, 0, 0])


def test_damage_leaves_the_same_part_of_charge_and_discharge():
    world = one_bus(battery("S", "A", 8, 80) | {"charge_mw": 4.0})
    half = np.array([[10.0, 4.0], [0.0, 4.0]])  # the unit, then half of the battery
    found = world.run([0.1, 0.5], half)
    assert found.stored_mwh[:, 0] == pytest.approx([2.0, 0.0])
    gone = np.array([[10.0, 0.0], [0.0, 0.0]])
    assert world.run([0.1, 0.5], gone).stored_mwh[:, 0] == pytest.approx([0.0, 0.0])


def test_a_storage_holds_no_island_on_its_own():
    world = bottleneck("B")
    cut = share_vector(world.case, {"L": 0.0})[None, :]
    full = World(with_storages(world.network, battery("S", "B", 20, 60, initial_share=1.0)))
    assert full.unserved([1.0], shares=cut)[0] == pytest.approx([60.0])
    assert full.run([1.0], shares=cut).stored_mwh[0, 0] == 60.0


def test_out_of_service_or_all_out_nothing_changes_against_no_storages():
    network = grid(
        stations={"A": (30, 10), "B": (60, 5), "C": (20, 0)},
        lines=[("L1", "A", "B", 40), ("L2", "B", "C", 30), ("L3", "A", "C", 30)],
        units=[("U1", "A", 70), ("U2", "C", 40)],
    )
    random = np.random.Generator(np.random.Philox(9))
    factor, source = random.uniform(0.4, 1.2, (3, 8)), random.uniform(0, 70, (3, 8, 2))
    off = battery("S", "B", 10, 40, initial_share=1.0, in_service=False)
    idle = World(with_storages(network, off)).run(factor, source).shortage
    down = World(with_storages(network, off | {"in_service": True})).run(
        factor, source, up=np.zeros((3, 8, 1), dtype=bool)
    )
    plain = World(with_storages(network)).run(factor, source).shortage
    for found in (idle, down.shortage):
        assert found.district_mw == pytest.approx(plain.district_mw, abs=1e-6)
        assert found.class_mw == pytest.approx(plain.class_mw, abs=1e-6)
        assert found.supply_mw == pytest.approx(plain.supply_mw, abs=1e-6)
    assert down.stored_mwh[:, 0] == pytest.approx(np.full(8, 40.0))
    case = compile_case(network)
    with pytest.raises(ValueError, match="compiled without storages"):
        read_fleet(with_storages(network, off), case)


def plain_hour(stores, stored, margin):
    """One area: what lacks, storages changed; the engine of generating systems' rules."""
    state = StoreState(stored, np.zeros(len(stored), dtype=bool))
    levels, amounts = open_levels(len(stored)), np.zeros(len(stored))
    if margin < 0:
        set_discharge(stores, state, levels)
        lacks = -margin - level_amounts(levels, -margin, amounts)
        take_discharge(stores, stored, amounts)
        return lacks
    set_charge(stores, state, levels)
    level_amounts(levels, margin, amounts)
    store_charge(stores, stored, amounts)
    return 0.0


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_one_bus_equals_the_rules_of_one_area_hour_by_hour(seed):
    random = np.random.Generator(np.random.Philox(seed))
    rows = [
        battery(
            f"S{k}",
            "A",
            float(random.uniform(1, 8)),
            float(random.uniform(2, 40)),
            charge_efficiency=float(random.uniform(0.7, 1)),
            discharge_efficiency=float(random.uniform(0.7, 1)),
            loss_per_hour=float(random.choice([0.0, 0.01])),
            initial_share=float(random.uniform()),
        )
        for k in range(3)
    ]
    world = one_bus(*rows)
    factor, unit = random.uniform(0.2, 1.0, 30), random.uniform(0, 30, (30, 1))
    found = world.run(factor, unit)
    stores: Stores = world.fleet[0]
    stored, expected, levels = stores.initial_mwh.copy(), [], []
    for hour in range(30):
        stored *= 1 - stores.loss_per_hour * (hour > 0)
        expected.append(plain_hour(stores, stored, unit[hour, 0] - PEAK_MW * factor[hour]))
        levels.append(stored.copy())
    assert found.shortage.district_mw.sum(axis=(0, 2, 3)) == pytest.approx(expected, abs=1e-6)
    assert found.stored_mwh == pytest.approx(np.array(levels), abs=1e-5)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_no_storage_makes_energy(seed):
    random = np.random.Generator(np.random.Philox(seed))
    lossy = {"charge_efficiency": 0.9, "discharge_efficiency": 0.8, "initial_share": 0.4}
    network = grid(
        stations={"A": (10, 5), "B": (30, 5), "C": (20, 0)},
        lines=[("L1", "A", "B", 25), ("L2", "B", "C", 12), ("L3", "A", "C", 20)],
        units=[("U1", "A", 60), ("U2", "C", 15)],
    )
    rows = [battery("S1", "B", 8, 30, **lossy), battery("S2", "C", 5, 10, **lossy)]
    world = World(with_storages(network, *rows))
    factor, source = random.uniform(0.3, 1.2, 24), random.uniform(0, 1, (24, 2)) * [60, 15]
    found = world.run(factor, source)
    unserved = found.shortage.district_mw.sum(axis=(0, 2, 3))
    idle = world.unserved(factor, source, up=np.zeros((1, 24, 2), dtype=bool))[0]
    assert (unserved <= idle + 1e-6).all()
    stored = found.stored_mwh
    assert (stored >= 0).all()
    assert (stored <= [30, 10]).all()
    change = np.diff(stored, axis=0, prepend=world.fleet[0].initial_mwh[None, :])
    assert (change <= np.array([8, 5]) * 0.9 + 1e-9).all()
    assert (change >= -np.array([8, 5]) / 0.8 - 1e-9).all()
    # All that is served and charged is generated or discharged.
    drawn = np.maximum(change, 0).sum(axis=1) / 0.9 - np.maximum(-change, 0).sum(axis=1) * 0.8
    assert (70 * factor - unserved + drawn <= source.sum(axis=1) + 1e-6).all()


@given(seed=st.integers(0, 10_000), more=st.floats(0.0, 40.0))
@settings(max_examples=25, deadline=None)
def test_a_larger_battery_leaves_no_hour_of_one_area_worse(seed, more):
    """One battery of given power: by induction the larger one never has less stored, because
    what lacks is drawn from both alike until the smaller one is empty, and a surplus goes into
    both alike until the smaller one is full."""
    random = np.random.Generator(np.random.Philox(seed))
    factor, unit = random.uniform(0.2, 1.0, 24), random.uniform(0, 30, (24, 1))
    small = battery("S", "A", 6, 12, initial_share=0.5)
    large = small | {"energy_mwh": 12 + more, "initial_share": 6 / (12 + more)}
    worse, better = (one_bus(row).unserved(factor, unit)[0] for row in (small, large))
    assert (better <= worse + 1e-6).all()


def test_two_halves_of_a_battery_do_as_the_whole():
    random = np.random.Generator(np.random.Philox(2))
    factor, unit = random.uniform(0.2, 1.0, 48), random.uniform(0, 30, (48, 1))
    whole = one_bus(battery("S", "A", 8, 24)).run(factor, unit)
    halves = one_bus(battery("S1", "A", 4, 12), battery("S2", "A", 4, 12)).run(factor, unit)
    assert halves.stored_mwh.sum(axis=1) == pytest.approx(whole.stored_mwh[:, 0], abs=1e-6)
    assert halves.shortage.district_mw == pytest.approx(whole.shortage.district_mw, abs=1e-6)


def meshed(random):
    network = grid(
        stations={"A": (20, 5), "B": (40, 5), "C": (30, 0), "D": (10, 10)},
        lines=[
            ("L1", "A", "B", 45),
            ("L2", "B", "C", 25),
            ("L3", "A", "C", 40),
            ("L4", "C", "D", 30),
            ("L5", "A", "D", 30),
        ],
        infeeds=[("I", "A", 70)],
        units=[("U", "D", 40)],
    )
    rows = [
        battery(f"S{k}", station, power, energy, initial_share=float(random.uniform()))
        for k, (station, power, energy) in enumerate([("B", 8, 20), ("C", 6, 30), ("D", 5, 10)])
    ]
    return World(with_storages(network, *rows))


def test_programs_and_closed_form_agree(monkeypatch):
    random = np.random.Generator(np.random.Philox(5))
    world, forced = meshed(random), None
    factor = random.uniform(0.5, 1.2, (4, 24))
    source = random.choice([0.3, 0.7, 1.0], (4, 24, 2)) * [70, 40]
    closed = world.run(factor, source)
    few = world.dispatch.by_program
    monkeypatch.setattr(storage, "FLOW_TOLERANCE_MW", -1e9)  # no closed form passes
    forced = world.run(factor, source)
    assert world.dispatch.by_program - few > 2 * few
    assert forced.stored_mwh == pytest.approx(closed.stored_mwh, abs=1e-4)
    for name in ("district_mw", "class_mw", "supply_mw"):
        one, other = getattr(forced.shortage, name), getattr(closed.shortage, name)
        assert one == pytest.approx(other, abs=1e-4), name


def test_the_least_is_unserved_then_discharged_and_the_most_charged():
    """An independent program in angles: one hour, first unserved, then discharge, then charge."""
    random = np.random.Generator(np.random.Philox(8))
    short = charged = 0
    for _ in range(40):
        world = meshed(random)
        factor = float(random.uniform(0.5, 1.3))
        source = random.choice([0.2, 0.6, 1.0], 2) * [70.0, 40.0]
        found = world.run([factor], source[None, :])
        stores = world.fleet[0]
        change = found.stored_mwh[0] - stores.initial_mwh
        expected = by_angles(world, factor, source)
        assert found.shortage.district_mw.sum() == pytest.approx(expected[0], abs=1e-5)
        assert np.maximum(-change, 0).sum() == pytest.approx(expected[1], abs=1e-5)
        assert np.maximum(change, 0).sum() == pytest.approx(expected[2], abs=1e-5)
        short += expected[0] > 0.1
        charged += expected[2] > 0.1
    assert min(short, charged) >= 8


def by_angles(world, factor, source):
    """Least unserved, then least discharge, then most charge, MW, of one hour."""
    from scipy.optimize import linprog

    case, stores = world.case, world.fleet[0]
    demand = case.demand_mw.sum(axis=1) * factor
    buses, storages = len(demand), len(stores.charge_mw)
    most = np.concatenate(
        [
            source,
            demand,
            np.minimum(stores.initial_mwh, stores.discharge_mw),
            np.minimum(stores.energy_mwh - stores.initial_mwh, stores.charge_mw),
        ]
    )
    count = len(most)
    balance = np.zeros((buses, count + buses))
    for g, bus in enumerate(case.source_busbar[: len(source)]):
        balance[bus, g] = 1.0
    balance[:, len(source) : len(source) + buses] = np.eye(buses)
    for s, bus in enumerate(case.source_busbar[len(source) :]):
        balance[bus, len(source) + buses + s] = 1.0
        balance[bus, len(source) + buses + storages + s] = -1.0
    flows = np.zeros((len(case.branch_ids), count + buses))
    for branch, (a, b) in enumerate(zip(case.branch_from, case.branch_to, strict=True)):
        weight = case.branch_susceptance_mw[branch]
        flows[branch, count + a], flows[branch, count + b] = weight, -weight
        balance[a] -= flows[branch]
        balance[b] += flows[branch]
    bounds = [(0.0, value) for value in most] + [(0.0, 0.0)] + [(None, None)] * (buses - 1)
    limits = [np.concatenate([flows, -flows]), np.concatenate([case.branch_limit_mw] * 2)]
    groups = [(0, buses, 1.0), (buses, storages, 1.0), (buses + storages, storages, -1.0)]
    best = []
    for start, size, sign in groups:
        price = np.zeros(count + buses)
        price[len(source) + start : len(source) + start + size] = sign
        found = linprog(
            price, A_ub=limits[0], b_ub=limits[1], A_eq=balance, b_eq=demand, bounds=bounds
        )
        assert found.status == 0
        best.append(float(found.fun * sign))
        limits = [np.vstack([limits[0], price]), np.append(limits[1], found.fun + 1e-7)]
    return best


def test_a_future_does_not_depend_on_the_others():
    random = np.random.Generator(np.random.Philox(1))
    world = meshed(random)
    factor, source = random.uniform(0.5, 1.2, (3, 12)), random.uniform(20, 70, (3, 12, 2))
    together = world.run(factor, source)
    alone = [world.run(factor[row], source[row]) for row in range(3)]
    for row, one in enumerate(alone):
        np.testing.assert_array_equal(
            one.shortage.district_mw[0], together.shortage.district_mw[row]
        )
    mean = np.mean([one.stored_mwh for one in alone], axis=0)
    assert together.stored_mwh == pytest.approx(mean, abs=1e-12)


ONCE = """
import numpy as np
from test_storage import bottleneck
from gridtool.flow.model import Stages
world = bottleneck("B")
stages = Stages(row=np.zeros(1, np.int64), first=np.zeros(1, np.int64), end=np.full(1, 4),
    parts=np.zeros(1, np.int64), part_shares=np.ones((1, world.case.part_count)),
    source_mw=world.case.source_max_mw[None, :], import_mw=np.full(1, np.inf))
found = world.dispatch.shortage(stages, np.array([[1/3, 0.5, 1.0, 1.0]]))
print(found.stored_mwh[:, 0].round(6).tolist(), found.shortage.district_mw.sum().round(6))
"""


def test_without_compiled_code_the_answers_are_the_same():
    """The kernels are plain Python too: NUMBA_DISABLE_JIT gives the same answers, slowly."""
    here = Path(__file__).parent
    folders = os.pathsep.join([str(here), str(here.parents[1])])
    said = [
        subprocess.run(
            [sys.executable, "-c", ONCE],
            env=os.environ | {"PYTHONPATH": folders, "NUMBA_DISABLE_JIT": flag},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for flag in ("0", "1")
    ]
    assert said[0] == said[1] == "[20.0, 30.0, 10.0, 0.0] 10.0\n"
