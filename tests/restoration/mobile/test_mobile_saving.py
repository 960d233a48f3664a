"""What is dispatched to know what units save, and what is spared."""

from __future__ import annotations

import numpy as np
import pytest
from restoration.cases import AS_OF, crew, damaged
from restoration.mobile_cases import (
    Scene,
    city,
    mobile_generator,
    mobile_substation,
    random_scene,
    with_units,
)

from gridtool.restoration.mobile.board import Board, first_hours, last_hour
from gridtool.restoration.mobile.place import place_tours
from gridtool.restoration.mobile.saving import estimate_saved, find_savings
from gridtool.restoration.mobile.shortage import find_shortage


def board_of(scene, **changes):
    stations = scene.state.network.substations
    settings = {
        "values": scene.values,
        "timetable": scene.timetable,
        "units": scene.units,
        "candidates": scene.candidates,
        "places_km": {s: (float(x), 0.0) for s, x in stations["x_km"].items()},
        "as_of": AS_OF,
        "evaluations": 10_000,
        "spent": scene.values.evaluations,
        "shortage": scene.shortage,
    }
    return Board(**(settings | changes))


@pytest.mark.parametrize("seed", range(6))
def test_estimate_is_what_tours_save(seed):
    scene = random_scene(seed, units=3)
    board = board_of(scene)
    tours = place_tours(board)
    saved = scene.energy() - board.energy_mwh(tours)
    assert estimate_saved(board, tours) == pytest.approx(saved, abs=1e-3)
    assert estimate_saved(board, {}) == 0.0


@pytest.mark.parametrize("seed", range(6))
def test_spared_dispatches_change_no_saving(seed):
    scene = random_scene(seed, units=1)
    (unit,) = scene.units
    own = list(range(len(scene.candidates)))
    found = []
    for shortage in (scene.shortage, None):
        board = board_of(scene, shortage=shortage)
        first = first_hours(board, unit, own)
        found.append(find_savings(board, {}, own, first_h=first, end_h=last_hour(board, unit)))
    for place, (spared, all_of_them) in enumerate(zip(*found, strict=True)):
        sisters = [
            k for k in own[:place] if scene.candidates[k].site == scene.candidates[place].site
        ]
        equal = [
            found[1][k] for k in sisters if np.allclose(found[1][k].energy, all_of_them.energy)
        ]
        expected = np.zeros(len(all_of_them.hours)) if equal else all_of_them.energy
        at = np.interp(all_of_them.hours, spared.hours, spared.energy)
        np.testing.assert_allclose(at, expected, atol=1e-3)


def test_many_repairs_elsewhere_need_few_dispatches():
    # The unit serves 9 MW at S1 while 40 other substations come back one after the other.
    network = city([(9.0, None), *[(1.0, None)] * 40], spacing_km=0.0)
    hours = {"S1/T1": 500.0} | {f"S{k}/T1": 5.0 for k in range(2, 42)}
    state = damaged(network, dict.fromkeys(hours, 0.0), hours=hours)
    team = [crew("A", skills=("substation",)), crew("B", skills=("substation",))]
    scene = Scene(state, with_units(team, mobile_substation(sites=("S1",))))
    board = board_of(scene)
    tours = place_tours(board)
    assert estimate_saved(board, tours) == pytest.approx(9 * (500 - 4))
    # Both ends of the time it stands there, with and without it.
    assert scene.values.evaluations - board.spent <= 8


def test_units_alike_are_dispatched_once():
    network = city([(20.0, None)])
    state = damaged(network, {"S1/T1": 0.0}, hours={"S1/T1": 100.0})
    fleet = [mobile_substation("A"), mobile_substation("B"), mobile_generator("C")]
    scene = Scene(state, with_units([crew(x_km=20.0)], *fleet))
    board = board_of(scene)
    one, other, generator = (board.bit(place) for place in range(3))
    assert board.levels_mw(other) is board.levels_mw(one)
    assert board.levels_mw(other | generator) is board.levels_mw(one | generator)
    assert board.levels_mw(one | other) is not board.levels_mw(one)
    assert board.levels_mw(one | other)[0] == pytest.approx(18.0)
    assert scene.values.evaluations - board.spent == 3


class TestShortage:
    def shortage(self, network, shares, **changes):
        state = damaged(network, shares)
        scene = Scene(state, with_units([crew()], mobile_substation()))
        settings = {"end_h": 10.0} | changes
        return find_shortage(scene.dispatcher, [(0.0, state.capacity_share)], **settings)

    def test_by_substation(self):
        found = self.shortage(city([(20.0, None), (5.0, None)]), {"S1/T1": 0.0})
        np.testing.assert_allclose(found.site_mw, [[0, 20, 0]])
        np.testing.assert_allclose(found.hours, [10])
        assert found.unserved_at("S1", 3.0) == pytest.approx(20)
        assert found.unserved_at("S2", 3.0) == 0.0

    def test_at_another_demand(self):
        network = city([(20.0, None), (5.0, None)])
        found = self.shortage(network, {"S1/T1": 0.0}, demand_factor=0.5)
        np.testing.assert_allclose(found.site_mw, [[0, 10, 0]])

    def test_beyond_what_is_short_everywhere(self):
        # 44 MW for 64 that can be reached: a share of 20/64 is shed everywhere but at S1.
        network = city([(20.0, None), (20.0, None), (20.0, None), (24.0, None)], infeed_mw=44.0)
        found = self.shortage(network, {"S1/T1": 0.0})
        np.testing.assert_allclose(found.site_mw, [[0, 20, 6.25, 6.25, 7.5]])
        np.testing.assert_allclose(found.excess_mw, [[0, 13.75, 0, 0, 0]], atol=1e-9)

    def test_sections_in_service_and_with_voltage(self):
        network = city([(20.0, None), (5.0, None)])
        found = self.shortage(network, {"L1": 0.0, "S2/10-1": 0.0})
        ids = found.case.busbar_ids
        dark = {ids[k] for k in np.flatnonzero(~found.energised[0])}
        gone = {ids[k] for k in np.flatnonzero(~found.in_service[0])}
        assert dark == {"S1/110", "S1/10-1", "S2/10-1"}
        assert gone == {"S2/10-1"}
