"""Mobile units placed in small cities whose energy is worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from restoration.cases import AS_OF, crew, damaged
from restoration.mobile_cases import (
    Scene,
    city,
    mobile_generator,
    mobile_substation,
    with_units,
)

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.mobile.units import place_units, with_mobile_units
from gridtool.restoration.mobile.view import view_placements
from gridtool.restoration.model import DemandBlocks
from gridtool.restoration.value.blocks import constant_blocks, cut_blocks


def place(scene, **changes):
    return place_units(scene.problem, scene.values, scene.timetable, **(scene.placing | changes))


def hours(placed):
    """Online and offline in hours after the as-of time."""
    ends = None if placed.offline is None else (placed.offline - AS_OF) / timedelta(hours=1)
    return (placed.online - AS_OF) / timedelta(hours=1), ends


def on_site(crew_id="C1", x_km=20.0, **changes):
    """A crew that is where the work is."""
    return crew(crew_id, x_km=x_km, **changes)


def one_dead_transformer(*units, network=None, **changes):
    """20 MW behind one transformer that takes 100 h to repair."""
    network = network or city([(20.0, None)])
    state = damaged(network, {"S1/T1": 0.0}, hours={"S1/T1": 100.0})
    return Scene(state, with_units([on_site()], *units), **changes)


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

    def test_unit_larger_than_the_load_serves_all_of_it(self):
        scene = one_dead_transformer(mobile_substation(capacity_mva=40.0))
        _, switchings = place(scene)
        assert scene.energy(switchings) == pytest.approx(20 * 6)

    def test_two_units_stand_side_by_side(self):
        scene = one_dead_transformer(mobile_substation("MS-1"), mobile_substation("MS-2"))
        placements, switchings = place(scene)
        assert {placed.part for placed in placements} == {"MS-1@S1/10-1", "MS-2@S1/10-1"}
        assert scene.energy(switchings) == pytest.approx(20 * 6 + 2 * 94)

    def test_next_to_the_transformer_left_where_the_transfer_is_worth_more(self):
        # 20 + 20 MW, transformer 2 dead: the transfer hangs all on transformer 1, 22.5 MW. At
        # section 2 the unit would open the transfer (20 + 9 MW), at section 1 it adds to it.
        network = city([(20.0, 20.0)])
        state = damaged(network, {"S1/T2": 0.0}, hours={"S1/T2": 100.0})
        scene = Scene(state, with_units([on_site()], mobile_substation()))
        placements, switchings = place(scene)
        assert scene.energy() == pytest.approx((40 - 22.5) * 100)
        assert [placed.part for placed in placements] == ["MS-1@S1/10-1"]
        # Both have 10.5 % on their own rating, so each carries its share of the 35 MVA.
        assert placements[0].served_gain_mw == pytest.approx(9.0)
        assert scene.energy(switchings) == pytest.approx(17.5 * 6 + 8.5 * 94)

    def test_generator_holds_an_island(self):
        network = city([(12.0, 8.0)])
        state = damaged(network, {"L1": 0.0}, hours={"L1": 50.0})
        scene = Scene(state, with_units([crew("C1", x_km=20.0)], mobile_generator()))
        placements, switchings = place(scene)
        assert [placed.site for placed in placements] == ["S1"]
        begin = float(scene.timetable.finish_h.max()) - 6
        assert scene.energy(switchings) == pytest.approx(20 * 6 + 15 * begin)

    def test_generator_feeds_in_parallel_where_the_transfer_feeds_its_section(self):
        # Transformer 2 dead: the transfer hangs 30 MW on transformer 1, 22.5 MW. On its own the
        # generator would leave 5 of the 15 MW of section 2: 20 MW in all, less than without it.
        network = city([(15.0, 15.0)])
        state = damaged(network, {"S1/T2": 0.0}, hours={"S1/T2": 100.0})
        scene = Scene(state, with_units([on_site()], mobile_generator()))
        placements, switchings = place(scene)
        assert placements[0].served_gain_mw == pytest.approx(5.0)
        assert scene.energy() == pytest.approx(7.5 * 100)
        assert scene.energy(switchings) == pytest.approx(7.5 * 6 + 2.5 * 94)

    def test_generator_does_not_keep_what_is_repaired_early_from_helping(self):
        """While both transformers are out it holds both sections; either one back takes over."""
        network = city([(15.0, 15.0)])
        state = damaged(network, {"S1/T1": 0.0, "S1/T2": 0.0})
        scene = Scene(state, with_units([on_site()], mobile_generator()))
        found = {}
        for place_at, candidate in enumerate(scene.candidates):
            unit = 1 << (2 + place_at)
            for done in range(4):
                found[candidate.busbar, done] = (
                    scene.values.served_mw(done),
                    scene.values.served_mw(done | unit),
                )
        for busbar in ("S1/10-1", "S1/10-2"):
            assert found[busbar, 0] == pytest.approx((0.0, 5.0))
            for one in (1, 2):
                assert found[busbar, one] == pytest.approx((22.5, 27.5))
            assert found[busbar, 3] == pytest.approx((30.0, 30.0))

    @pytest.mark.parametrize("seed", range(30))
    def test_generators_never_leave_less_than_no_generators(self, seed):
        rng = np.random.Generator(np.random.Philox(1000 + seed))
        loads = rng.integers(4, 30, (2, 2)).tolist()
        network = city([*loads, (9.0, None)], infeed_mw=float(rng.choice([45.0, 1000.0])))
        parts = [*network.transformers.index, "L1", "L2", "S1/10-1", "S2/110"]
        state = damaged(network, dict.fromkeys(rng.choice(parts, 5, replace=False).tolist(), 0.0))
        units = [mobile_generator("A"), mobile_generator("B", capacity_mva=9.0)]
        extended, candidates = with_mobile_units(state, units)
        dispatcher = Dispatcher(compile_case(extended.network))
        away = {candidate.part for candidate in candidates}
        assert away

        def serve(out):
            return dispatcher.solve(dict.fromkeys(sorted(out), 0.0)).served_mw.sum()

        for _ in range(20):
            out = {part for part in state.damage if rng.random() < 0.5}
            without = serve(out | away)
            for part in away:
                assert serve(out | away - {part}) >= without - 1e-6
            some = {part for part in sorted(away) if rng.random() < 0.5}
            assert serve(out | some) >= without - 1e-6

    def test_fuel_limits_a_generator(self):
        network = city([(12.0, 8.0)])
        state = damaged(network, {"L1": 0.0}, hours={"L1": 50.0})
        generator = mobile_generator(fuel_mwh_per_day=48.0)  # 2 MW all day
        scene = Scene(state, with_units([crew("C1", x_km=20.0)], generator))
        placements, _ = place(scene)
        assert [placed.served_gain_mw for placed in placements] == pytest.approx([2.0])

    def test_goes_straight_where_it_is_needed_longest(self):
        network = city([(9.0, None), (9.0, None)])
        state = damaged(
            network, {"S1/T1": 0.0, "S2/T1": 0.0}, hours={"S1/T1": 30.0, "S2/T1": 100.0}
        )
        team = [on_site("C1", skills=("substation",)), on_site("C2", x_km=40.0)]
        scene = Scene(state, with_units(team, mobile_substation()), order=["S1/T1", "S2/T1"])
        np.testing.assert_allclose(scene.timetable.finish_h, [30, 100])
        placements, switchings = place(scene)
        # By way of S1: on from 6 to 30 h, down by 32 h, there at 34 h, on at S2 from 38 h: 24 + 62
        # hours of 9 MW. Straight to S2: 92 hours.
        assert [(p.site, hours(p)) for p in placements] == [("S2", (8.0, None))]
        assert scene.energy(switchings) == pytest.approx(scene.energy() - 9 * 92)

    def test_moves_once_the_transformer_is_repaired(self):
        network = city([(9.0, None), (3.0, None)])
        state = damaged(
            network, {"S1/T1": 0.0, "S2/T1": 0.0}, hours={"S1/T1": 60.0, "S2/T1": 100.0}
        )
        team = [on_site("C1"), on_site("C2", x_km=40.0)]
        scene = Scene(state, with_units(team, mobile_substation()))
        np.testing.assert_allclose(scene.timetable.finish_h, [60, 100])
        placements, switchings = place(scene)
        # 54 h of 9 MW at S1; taken down by 62 h, on the road until 64 h, 3 MW at S2 from 68 h.
        assert [(p.site, hours(p)) for p in placements] == [
            ("S1", (6.0, 60.0)),
            ("S2", (68.0, None)),
        ]
        assert placements[1].start == AS_OF + timedelta(hours=64)
        assert placements[1].travel_h == pytest.approx(2)
        assert scene.energy(switchings) == pytest.approx(scene.energy() - 9 * 54 - 3 * 32)

    def test_units_share_the_sites(self):
        # The large unit goes to the large load, the small one to the small load.
        network = city([(9.0, None), (4.0, None)])
        state = damaged(network, {"S1/T1": 0.0, "S2/T1": 0.0}, hours={"S1/T1": 99.0, "S2/T1": 99.0})
        units = mobile_substation("A", capacity_mva=5.0), mobile_substation("B")
        team = [on_site("C1"), on_site("C2", x_km=40.0)]
        placements, _ = place(Scene(state, with_units(team, *units)))
        assert {(p.unit, p.site) for p in placements} == {("A", "S2"), ("B", "S1")}


class TestWhatItNeeds:
    def test_dead_section_waits_for_its_repair(self):
        network = city([(20.0, None)])
        shares = {"S1/10-1": 0.0, "S1/T1": 0.0}
        state = damaged(network, shares, hours={"S1/10-1": 40.0, "S1/T1": 60.0})
        scene = Scene(
            state, with_units([on_site()], mobile_substation()), order=["S1/10-1", "S1/T1"]
        )
        _, switchings = place(scene)
        assert scene.energy(switchings) == pytest.approx(scene.energy() - 9 * 60)

    def test_destroyed_substation_takes_no_unit(self):
        network = city([(20.0, None)])
        state = damaged(network, {"S1": 0.0}, hours={"S1": 100.0})
        scene = Scene(state, with_units([on_site()], mobile_substation(), mobile_generator()))
        assert scene.candidates == ()
        assert place(scene) == ((), ())

    def test_damage_of_the_substation_spares_the_unit(self):
        # At 30 % the substation's 25 MVA are 7.5; the unit's 10 come on top unharmed.
        network = city([(20.0, None)], pf_margin=1.0)
        state = damaged(network, {"S1": 0.3}, hours={"S1": 100.0})
        scene = Scene(state, with_units([on_site()], mobile_substation()))
        placements, _ = place(scene)
        # Both have 10.5 % on their ratings: the load splits 25 to 10, and the transformer's 7.5
        # MVA are full when the unit carries 3 (spread by the damage it would carry 3 in all).
        assert scene.energy() == pytest.approx(12.5 * 100)
        assert placements[0].served_gain_mw == pytest.approx(3.0)

    def test_line_out_leaves_a_mobile_substation_without_power(self):
        network = city([(20.0, None)])
        state = damaged(network, {"L1": 0.0}, hours={"L1": 100.0})
        scene = Scene(state, with_units([on_site()], mobile_substation()))
        assert scene.candidates == ()

    def test_only_where_voltages_fit_and_it_may_stand(self):
        for misfit in (
            mobile_substation(hv_kv=330.0),
            mobile_substation(kv=35.0),
            mobile_substation(sites=("S0",)),
        ):
            scene = one_dead_transformer(misfit)
            assert scene.candidates == ()
            assert scene.extended is scene.state

    def test_rated_voltages_fit_nominal_ones(self):
        scene = one_dead_transformer(mobile_substation(hv_kv=115.0, kv=10.5))
        assert [candidate.part for candidate in scene.candidates] == ["MS-1@S1/10-1"]

    def test_availability_delays_and_ends_it(self):
        unit = mobile_substation(
            available_from=AS_OF + timedelta(hours=10), available_to=AS_OF + timedelta(hours=52)
        )
        scene = one_dead_transformer(unit)
        placements, switchings = place(scene)
        # Leaves at 10 h, on from 16 h; taken down from 50 to 52 h.
        assert [hours(placed) for placed in placements] == [(16.0, 50.0)]
        assert scene.energy(switchings) == pytest.approx(2000 - 9 * 34)

    def test_comes_too_late(self):
        unit = mobile_substation(available_from=AS_OF + timedelta(hours=95))
        assert place(one_dead_transformer(unit)) == ((), ())

    def test_stays_beyond_the_deadline(self):
        blocks = cut_blocks(constant_blocks(1.0), 50.0)
        scene = one_dead_transformer(mobile_substation(), blocks=blocks)
        placements, switchings = place(scene)
        assert [hours(placed) for placed in placements] == [(6.0, None)]
        assert placements[0].served_gain_mw == pytest.approx(9)
        assert scene.energy(switchings) == pytest.approx(20 * 50 - 9 * 44)

    def test_levels_of_demand(self):
        # Half the hours at 20 MW, half at 5 MW, which the unit serves wholly.
        blocks = DemandBlocks(
            level=np.array([0.25, 1.0]), begins_h=np.zeros(1), weight=np.array([[0.5, 0.5]])
        )
        scene = one_dead_transformer(mobile_substation(), blocks=blocks)
        placements, switchings = place(scene)
        assert scene.energy() == pytest.approx(12.5 * 100)
        assert scene.energy(switchings) == pytest.approx(1250 - 94 * (0.5 * 5 + 0.5 * 9))
        assert placements[0].served_gain_mw == pytest.approx(7)


class TestNetworkWithUnits:
    def test_nothing_changes_without_units(self):
        scene = one_dead_transformer()
        assert with_mobile_units(scene.state, ()) == (scene.state, ())
        assert with_mobile_units(scene.state, ())[0] is scene.state
        assert place(scene) == ((), ())

    def test_transformer_is_like_the_networks_own(self):
        scene = one_dead_transformer(mobile_substation())
        row = scene.extended.network.transformers.loc["MS-1@S1/10-1"]
        own = scene.state.network.transformers.loc["S1/T1"]
        assert (row["hv_busbar"], row["lv_busbar"]) == ("S1/110", "S1/10-1")
        same = ["vn_hv_kv", "vn_lv_kv", "vk_pct", "vkr_pct", "shift_degree"]
        assert row[same].tolist() == own[same].tolist()
        assert (row["sn_mva"], row["overload_pct"]) == (10.0, 100.0)
        assert row["pfe_kw"] == pytest.approx(25.0 * 10 / 25)
        assert scene.state.network.transformers.index.tolist() == ["S1/T1"]

    def test_generator_forms_a_grid_within_its_limits(self):
        scene = one_dead_transformer(mobile_generator(fuel_mwh_per_day=48.0))
        row = scene.extended.network.units.loc["MG-1@S1/10-1"]
        assert (row["busbar"], row["grid_forming"], row["in_service"]) == ("S1/10-1", True, True)
        # 2 MW at a power factor of 0.8: 2.5 MVA, 1.5 Mvar.
        assert (row["max_mw"], row["max_mvar"]) == (2.0, 1.5)
        assert -1.5 < row["min_mvar"] < 0

    def test_transformer_of_voltages_the_network_does_not_transform(self):
        network = city([(20.0, None)])
        tables = dict(network.tables)
        busbars = tables["busbars"].copy()
        busbars.loc["S1/35"] = ["S1", 35.0, True]
        infeeds = tables["infeeds"].copy()
        infeeds.loc["IF2"] = infeeds.loc["IF"]
        infeeds.loc["IF2", "busbar"] = "S1/35"
        network = replace(network, tables=tables | {"busbars": busbars, "infeeds": infeeds})
        unit = mobile_substation(hv_kv=35.0)
        state = damaged(network, {"S1/T1": 0.0})
        extended, candidates = with_mobile_units(state, [unit])
        row = extended.network.transformers.loc[candidates[0].part]
        assert row[["vn_hv_kv", "vn_lv_kv", "vk_pct", "vkr_pct"]].tolist() == [35, 10, 10, 0.5]

    def test_sites_are_those_that_lack_load_the_neediest_first(self):
        network = city([(5.0, None), (20.0, None), (8.0, None)])
        state = damaged(network, {"S1/T1": 0.0, "S2/T1": 0.0})
        _, candidates = with_mobile_units(state, [mobile_substation()])
        assert [candidate.site for candidate in candidates] == ["S2", "S1"]
        _, candidates = with_mobile_units(state, [mobile_substation()], sites_per_unit=1)
        assert [candidate.site for candidate in candidates] == ["S2"]

    def test_load_cut_off_by_damage_comes_before_load_that_is_short_everywhere(self):
        # 60 MW of infeed for 76: S3 lacks most by size, S1 and S2 lose what their sections cut.
        network = city([(6.0, None), (10.0, None), (60.0, None)], infeed_mw=60.0)
        state = damaged(network, {"S1/T1": 0.0, "S2/T1": 0.5})
        _, candidates = with_mobile_units(state, [mobile_substation()])
        assert candidates[0].site == "S1"

    def test_every_section_is_a_candidate_the_dark_one_first(self):
        network = city([(10.0, 10.0)])
        tables = dict(network.tables)
        tables["couplers"] = tables["couplers"].iloc[:0]
        network = replace(network, tables=tables)
        state = damaged(network, {"S1/T2": 0.0})
        _, candidates = with_mobile_units(state, [mobile_substation()])
        assert [c.part for c in candidates] == ["MS-1@S1/10-2", "MS-1@S1/10-1"]

    def test_parts_are_out_until_placed(self):
        scene = one_dead_transformer(mobile_substation())
        assert scene.extended.capacity_share == {"S1/T1": 0.0, "MS-1@S1/10-1": 0.0}
        assert scene.values.served_mw(0) == 0.0

    def test_view_of_placements_repeats_the_placing(self):
        network = city([(9.0, None), (3.0, 6.0)])
        state = damaged(
            network,
            {"S1/T1": 0.0, "S2/T1": 0.0, "S2/T2": 0.0},
            hours={"S1/T1": 60.0, "S2/T1": 100.0, "S2/T2": 150.0},
        )
        team = [on_site("C1"), on_site("C2", x_km=40.0), on_site("C3", x_km=40.0)]
        scene = Scene(state, with_units(team, mobile_substation(), mobile_generator()))
        placements, switchings = place(scene)
        view = view_placements(state, placements, scene.units, jobs=3)
        assert len(view.parts) == len({placed.part for placed in placements}) >= 2
        by_part = {candidate.part: candidate for candidate in scene.candidates}
        assert view.candidates == tuple(by_part[part] for part in view.parts)
        assert [hour for hour, _, _ in view.switchings] == pytest.approx(
            [hour for hour, _, _ in switchings], abs=1 / 3600
        )
        assert view_placements(state, (), scene.units, jobs=3).state is state
