"""Mobile units placed in small cities whose energy is worked out by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from restoration.cases import AS_OF, crew, damaged
from restoration.mobile_cases import (
    Scene,
    city,
    mobile_substation,
    with_units,
)

from gridtool.restoration.mobile import place_units


def place(scene, **changes):
    return place_units(scene.problem, scene.values, scene.timetable, **(scene.placing | changes))


def at_site(x_km=20.0, **changes):
    """A crew that is where the work is."""
    return crew("C1", x_km=x_km, **changes)


def one_dead_transformer(*units):
    network = city([(20.0, None)])
    state = damaged(network, {"S1/T1": 0.0}, hours={"S1/T1": 100.0})
    return Scene(state, with_units([at_site()], *units))


class TestHandWorked:
    def test_mobile_substation_for_a_dead_transformer(self):
        scene = one_dead_transformer(mobile_substation())
        placements, switchings = place(scene)
        assert scene.energy() == pytest.approx(20 * 100)
        (placed,) = placements
        # On the road from 0 to 2 h, set up from 2 to 6 h; 10 MVA at the margin of 0.9 from then.
        assert placed.start == AS_OF + timedelta(hours=2)
        assert placed.online == AS_OF + timedelta(hours=6)
        assert placed.offline is None
        assert placed.travel_h == pytest.approx(2)
        assert (placed.unit, placed.site, placed.part) == ("MS-1", "S1", "MS-1@S1/10-1")
        assert placed.served_gain_mw == pytest.approx(10 * 0.9)
        assert scene.energy(switchings) == pytest.approx(20 * 6 + 11 * 94)
