"""Placements against all placements, and what holds for every one of them."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest
from restoration.cases import AS_OF
from restoration.mobile_cases import (
    make_values,
    random_scene,
)

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.mobile.place import VISIT_MWH
from gridtool.restoration.mobile.units import place_units
from gridtool.restoration.mobile.view import view_placements
from gridtool.restoration.value.effects import make_effects

MOST_STOPS = 3


def place(scene):
    return place_units(scene.problem, scene.values, scene.timetable, **scene.placing)


def way_h(unit, one, other):
    return abs(one - other) * 1.3 / unit.speed_kmh


def x_of(scene, site):
    return float(scene.state.network.substations.at[site, "x_km"])


def all_tours(scene, unit):
    """Tours of up to :data:`MOST_STOPS` stops as ``(candidate, online, offline)``.

    A stop ends when a repair is finished, or so that the next one begins when one is, or at the
    end: for a unit alone no other date is better, as rates change only then.
    """
    finish = sorted({float(h) for h in scene.timetable.finish_h})
    own = [k for k, candidate in enumerate(scene.candidates) if candidate.unit == unit.id]
    x = {k: x_of(scene, scene.candidates[k].site) for k in own}
    tours = [()]

    def extend(stops, spot, free_h):  # every tour that goes on from a stop, depth first
        for k in own:
            if stops and stops[-1][0] == k:
                continue
            online = free_h + way_h(unit, spot, x[k]) + unit.setup_h
            if online >= finish[-1]:
                continue
            tours.append((*stops, (k, online, finish[-1])))
            if len(stops) + 1 == MOST_STOPS:
                continue
            dates = {h for h in finish if h > online}
            for other in own:
                move = unit.teardown_h + way_h(unit, x[k], x[other]) + unit.setup_h
                dates |= {h - move for h in finish if other != k and h - move > online}
            for offline in dates:
                extend((*stops, (k, online, offline)), x[k], offline + unit.teardown_h)

    extend((), unit.x_km, 0.0)
    return tours


def least_energy(scene):
    """Least energy not served over all tours of all units, by a clock of all their dates."""
    by_unit = [all_tours(scene, unit) for unit in scene.units]
    finish = scene.timetable.finish_h
    dates = {h for tours in by_unit for tour in tours for _, *ends in tour for h in ends}
    clock = np.array(sorted({0.0, *finish.tolist(), *dates}))
    clock = clock[clock <= finish.max()]
    done = [sum(1 << j for j in range(len(finish)) if finish[j] <= h) for h in clock[:-1]]
    rows = []
    for tours in by_unit:
        row = np.full((len(tours), len(clock) - 1), -1)
        for t, tour in enumerate(tours):
            for k, online, offline in tour:
                row[t, (clock[:-1] >= online) & (clock[:-1] < offline)] = k
        rows.append(row)

    @cache
    def short_mw(mask, *placed):
        for k in placed:
            mask |= 0 if k < 0 else 1 << (len(finish) + k)
        return scene.values.full_mw - scene.values.served_mw(mask)

    energy = np.zeros([len(tours) for tours in by_unit])
    for cell, (mask, length) in enumerate(zip(done, np.diff(clock), strict=True)):
        choices = [sorted(set(row[:, cell].tolist())) for row in rows]
        table = np.array([short_mw(mask, *placed) for placed in product(*choices)])
        table = table.reshape([len(choice) for choice in choices])
        where = [np.searchsorted(c, row[:, cell]) for c, row in zip(choices, rows, strict=True)]
        energy += length * table[np.ix_(*where)]
    return float(energy.min())


@pytest.mark.parametrize("seed", range(12))
def test_one_unit_is_placed_as_well_as_can_be(seed):
    scene = random_scene(seed, units=1)
    _, switchings = place(scene)
    assert scene.energy(switchings) <= least_energy(scene) + MOST_STOPS * VISIT_MWH


def test_two_units_are_placed_nearly_as_well_as_can_be():
    lost = []
    for seed in range(24):
        scene = random_scene(seed)
        if max(len(all_tours(scene, unit)) for unit in scene.units) > 700:
            continue  # too many pairs to try
        _, switchings = place(scene)
        without, best, found = scene.energy(), least_energy(scene), scene.energy(switchings)
        lost.append(max(0.0, (found - best) / (without - best)) if without > best else 0.0)
    assert len(lost) >= 15
    assert max(lost) < 0.02
    assert np.mean(lost) < 0.002


@pytest.mark.parametrize("seed", range(10))
def test_what_holds_for_all_placements(seed):
    scene = random_scene(seed, units=3)
    placements, switchings = place(scene)
    without, found = scene.energy(), scene.energy(switchings)
    assert found <= without
    assert bool(placements) == (found < without)
    assert place(scene) == (placements, switchings)
    for unit in scene.units:
        stops = [placed for placed in placements if placed.unit == unit.id]
        spot, free = unit.x_km, AS_OF
        for placed in stops:
            here = x_of(scene, placed.site)
            assert placed.travel_h == pytest.approx(way_h(unit, spot, here))
            assert placed.start >= free + timedelta(hours=placed.travel_h, seconds=-2)
            assert placed.online >= placed.start + timedelta(hours=unit.setup_h, seconds=-2)
            assert placed.served_gain_mw > 0
            free, spot = placed.offline, here
            if free is not None:
                assert free > placed.online
                free += timedelta(hours=unit.teardown_h)
        # It stays only where it stands last.
        assert all(one.offline is not None for one, _ in pairwise(stops))


@pytest.mark.parametrize("seed", range(5))
def test_screened_sites_lose_nothing(seed):
    # Where the plan without units leaves nobody unserved, units have nothing to win.
    screened, everywhere = random_scene(seed), random_scene(seed, screen=False)
    one, other = (scene.energy(place(scene)[1]) for scene in (screened, everywhere))
    assert one == pytest.approx(other, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_load_is_conserved_and_served_from_the_placed_parts(seed):
    scene = random_scene(seed)
    placements, _ = place(scene)
    jobs = len(scene.problem.jobs)
    view = view_placements(scene.state, placements, scene.units, jobs=jobs)
    dispatcher = Dispatcher(compile_case(view.state.network))
    effects = make_effects(scene.state, scene.problem.jobs, candidates=view.parts)
    _, values = make_values(scene.blocks)(dispatcher, effects)
    energy = values.energy_not_served(scene.timetable, switchings=view.switchings)
    # The same energy on the network of the placed parts alone, with dates to the second.
    assert energy == pytest.approx(scene.energy(place(scene)[1]), abs=0.2)
    for bits in range(1 << len(view.parts)):
        shares = effects.shares(bits << jobs)
        dispatch = dispatcher.solve(shares)
        np.testing.assert_allclose(dispatch.served_mw + dispatch.unserved_mw, dispatch.demand_mw)
        assert dispatch.certificate.residual_mw < 1e-6


def test_budget_ends_the_placing_and_no_dispatch_means_no_unit():
    energy = []
    for budget in (0, 4, 16, 10_000):
        scene = random_scene(5)
        found = place_units(
            scene.problem,
            scene.values,
            scene.timetable,
            **scene.placing | {"evaluations": budget},
        )
        energy.append(scene.energy(found[1]))
    assert energy[0] == scene.energy()
    assert energy[1] == energy[0]
    # A budget that ends before all is placed is not wasted.
    assert energy[0] > energy[2] > energy[3]


def test_stops_when_asked():
    scene = random_scene(5)
    stopped = {**scene.placing, "stop": lambda: True}
    assert place_units(scene.problem, scene.values, scene.timetable, **stopped) == ((), ())
