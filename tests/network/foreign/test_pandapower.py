"""pandapower networks: the converted network has the voltages of the original."""

import numpy as np
import pandapower as pp
import pandapower.networks as shipped
import pandas as pd
import pytest
from network.foreign.engines import polar, solve

from gridtool.errors import NetworkError
from gridtool.network.check import check_network
from gridtool.network.foreign import read_foreign, write_pandapower_json
from gridtool.network.foreign.findings import Findings
from gridtool.network.foreign.pandapower_members import role_of
from gridtool.network.foreign.pandapower_schema import FORMAT_VERSION, KEPT, REFUSED
from gridtool.network.foreign.read import network_from_bytes
from gridtool.network.pandapower_net import quiet_pandapower
from gridtool.network.read import read_package
from gridtool.network.synthetic import generate_city
from gridtool.network.write import write_package

EXACT = [
    "case9",
    "case14",
    "case24_ieee_rts",
    "case30",
    "case33bw",
    "case39",
    "case57",
    "case89pegase",
    "case118",
    "case145",
    "case300",
    "case1354pegase",
    "iceland",
    "GBreducednetwork",
    "mv_oberrhein",
    "example_simple",
    "simple_mv_open_ring_net",
    "create_cigre_network_hv",
    "create_cigre_network_mv",
    "create_cigre_network_lv",
    "four_loads_with_branches_out",
    "create_kerber_dorfnetz",
    "create_dickert_lv_network",
]
EXACT_SLOW = [
    "case4gs",
    "case5",
    "case6ww",
    "case_ieee30",
    "case_illinois200",
    "simple_four_bus_system",
    "panda_four_load_branch",
    "create_kerber_landnetz_freileitung_1",
    "lv_schutterwald",
    "GBnetwork",
    "create_kerber_vorstadtnetz_kabel_1",
    "kb_extrem_dorfnetz",
    "kb_extrem_landnetz_freileitung_trafo",
    "ieee_european_lv_asymmetric",
    "create_synthetic_voltage_control_lv_network",
    "case2869pegase",
    "case1888rte",
    "case2848rte",
    "case3120sp",
    "case6470rte",
    "case6495rte",
    "case6515rte",
    "case9241pegase",
]
OPTIONS = {"numba": False, "calculate_voltage_angles": True, "init": "dc", "tolerance_mva": 1e-9}


def converted(net, tmp_path, **options):
    path = tmp_path / "net.json"
    pp.to_json(net, str(path))
    return read_foreign(path, **options)


def voltages(net):
    with quiet_pandapower():
        pp.runpp(net, max_iteration=50, **OPTIONS)
    return polar(net.res_bus)


def assert_same_voltages(net, city, *, atol=1e-8):
    expected = voltages(net)
    found = solve(city)[: len(expected)]
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    assert np.nanmax(np.abs(np.abs(found) - np.abs(expected))) < atol
    assert np.nanmax(np.abs(found - expected)) < atol * 10


@pytest.mark.parametrize(
    "name", EXACT + [pytest.param(name, marks=pytest.mark.slow) for name in EXACT_SLOW]
)
def test_shipped_networks_keep_their_voltages(name, tmp_path):
    with quiet_pandapower():
        net = getattr(shipped, name)()
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    if not len(net.asymmetric_load):
        drawn = net.load.query("in_service & p_mw > 0")
        fed = net.sgen.query("in_service & p_mw < 0")  # kept as feeders
        demand = (drawn.p_mw * drawn.scaling).sum() - (fed.p_mw * fed.scaling).sum()
        assert city.peak_mw == pytest.approx(demand)


def test_the_comparison_notices_a_change(tmp_path):
    net = shipped.case14()
    city = converted(net, tmp_path)
    net.line.loc[3, "x_ohm_per_km"] *= 1.01
    with pytest.raises(AssertionError):
        assert_same_voltages(net, city)


@pytest.fixture
def net():
    """Two 110 kV buses, a line between them, a load, an infeed; tests add what they are about."""
    net = pp.create_empty_network(f_hz=50.0, sn_mva=10.0)
    pp.create_buses(net, 2, 110.0)
    pp.create_ext_grid(net, 0, vm_pu=1.02, va_degree=3.0)
    pp.create_line_from_parameters(net, 0, 1, 12.0, 0.1, 0.4, 9.0, 0.6)
    pp.create_load(net, 1, 20.0, 5.0)
    return net


def add_trafo(net, **changes):
    bus = pp.create_bus(net, 10.0)
    pp.create_load(net, bus, 8.0, 2.0)
    settings = {"sn_mva": 25.0, "vn_hv_kv": 115.0, "vn_lv_kv": 10.5, "vkr_percent": 0.5}
    settings |= {"vk_percent": 10.5, "pfe_kw": 20.0, "i0_percent": 0.3, "shift_degree": 150.0}
    pp.create_transformer_from_parameters(net, 1, bus, **(settings | changes))
    return bus


RATIO = {"tap_neutral": 0, "tap_min": -9, "tap_max": 9, "tap_changer_type": "Ratio"}
TAPS = {
    "ratio hv": RATIO | {"tap_side": "hv", "tap_pos": 3, "tap_step_percent": 1.78},
    "ratio lv": RATIO | {"tap_side": "lv", "tap_pos": -2, "tap_step_percent": 1.5},
    "neutral not 0": RATIO
    | {"tap_side": "hv", "tap_pos": 7, "tap_neutral": 5, "tap_step_percent": 2.0},
    "half a step": RATIO | {"tap_side": "lv", "tap_pos": 1.5, "tap_step_percent": 1.5},
    "complex hv": RATIO
    | {"tap_side": "hv", "tap_pos": 4, "tap_step_percent": 1.5, "tap_step_degree": 60.0},
    "complex lv": RATIO
    | {"tap_side": "lv", "tap_pos": -4, "tap_step_percent": 1.5, "tap_step_degree": 90.0},
    "ideal degrees hv": RATIO
    | {"tap_changer_type": "Ideal", "tap_side": "hv", "tap_pos": 5, "tap_step_degree": 2.0},
    "ideal degrees lv": RATIO
    | {"tap_changer_type": "Ideal", "tap_side": "lv", "tap_pos": 5, "tap_step_degree": 2.0},
    "ideal percent": RATIO
    | {"tap_changer_type": "Ideal", "tap_side": "hv", "tap_pos": -3, "tap_step_percent": 2.0},
    "symmetrical": RATIO
    | {
        "tap_changer_type": "Symmetrical",
        "tap_side": "hv",
        "tap_pos": -3,
        "tap_step_percent": 2.0,
        "tap_step_degree": 45.0,
    },
    "no changer": {"tap_side": "hv", "tap_pos": 4, "tap_step_percent": 2.0, "tap_neutral": 0},
}


@pytest.mark.parametrize("tap", TAPS)
def test_tap_changers(net, tap, tmp_path):
    add_trafo(net, **TAPS[tap])
    assert_same_voltages(net, converted(net, tmp_path))


def test_whole_steps_stay_a_tap_position(net, tmp_path):
    add_trafo(net, **TAPS["neutral not 0"])
    row = converted(net, tmp_path).transformers.iloc[0]
    assert (row["tap_side"], row["tap_step_pct"], row["tap_pos"]) == ("hv", 2.0, 2)
    assert row["vn_hv_kv"] == 115.0


def test_a_second_tap_changer_is_folded(net, tmp_path):
    add_trafo(net, **TAPS["ratio hv"])
    for column, value in {
        "side": "lv",
        "neutral": 0,
        "pos": 2,
        "step_percent": 1.0,
        "step_degree": 30.0,
        "changer_type": "Ratio",
        "min": -5,
        "max": 5,
    }.items():
        net.trafo[f"tap2_{column}"] = value
    net.trafo["tap2_dependency_table"] = False
    assert_same_voltages(net, converted(net, tmp_path))


def test_files_before_3_0_name_phase_shifters_otherwise(net, tmp_path):
    add_trafo(net, **TAPS["ideal degrees hv"])
    expected = voltages(net)
    net.trafo = net.trafo.drop(columns=["tap_changer_type", "tap_dependency_table"])
    net.trafo["tap_phase_shifter"] = True
    found = solve(converted(net, tmp_path))
    assert np.abs(found - expected).max() < 1e-8


def test_parallel_and_derated_transformers(net, tmp_path):
    add_trafo(net, parallel=3, df=0.8)
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert list(city.transformers.index) == [f"trafo-0/{n}" for n in (1, 2, 3)]
    assert city.transformers["sn_mva"].tolist() == [20.0] * 3


def test_parallel_and_derated_lines(net, tmp_path):
    pp.create_line_from_parameters(
        net, 0, 1, 9.0, 0.1, 0.4, 9.0, 0.5, parallel=2, df=0.7, g_us_per_km=3.0
    )
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert city.lines["max_i_ka"].to_dict() == pytest.approx(
        {"line-0": 0.6, "line-1/1": 0.35, "line-1/2": 0.35}
    )
    assert city.shunts["p_mw"].sum() == pytest.approx(2 * 3e-6 * 9 * 110**2)


THREE = {
    "vn_hv_kv": 110.0,
    "vn_mv_kv": 21.0,
    "vn_lv_kv": 10.5,
    "sn_hv_mva": 40.0,
    "sn_mv_mva": 25.0,
    "sn_lv_mva": 20.0,
    "vk_hv_percent": 10.5,
    "vk_mv_percent": 11.0,
    "vk_lv_percent": 17.0,
    "vkr_hv_percent": 0.3,
    "vkr_mv_percent": 0.31,
    "vkr_lv_percent": 0.32,
    "pfe_kw": 30.0,
    "i0_percent": 0.2,
    "shift_mv_degree": 30.0,
    "shift_lv_degree": -30.0,
}


def add_three_winding(net, **changes):
    buses = [pp.create_bus(net, 20.0), pp.create_bus(net, 10.0)]
    for bus in buses:
        pp.create_load(net, bus, 6.0, 2.0)
    return pp.create_transformer3w_from_parameters(net, 1, *buses, **(THREE | changes))


@pytest.mark.parametrize("side", ["hv", "mv", "lv"])
@pytest.mark.parametrize("at_star", [False, True])
def test_three_winding_transformers(net, side, at_star, tmp_path):
    add_three_winding(
        net,
        tap_side=side,
        tap_pos=3,
        tap_neutral=0,
        tap_min=-8,
        tap_max=8,
        tap_step_percent=1.5,
        tap_step_degree=20.0,
        tap_changer_type="Ratio",
        tap_at_star_point=at_star,
    )
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert list(city.transformers.index) == [f"trafo3w-0/{leg}" for leg in ("hv", "mv", "lv")]
    assert "trafo3w-0/star" in city.busbars.index


@pytest.mark.parametrize("side", [0, 1])
def test_a_line_open_at_one_end_keeps_its_charging(net, side, tmp_path):
    pp.create_line_from_parameters(net, 0, 1, 90.0, 0.1, 0.4, 150.0, 0.5)
    pp.create_switch(net, side, 1, et="l", closed=False)
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert not city.lines.loc["line-1", "in_service"]
    assert any("charging kept" in told for told in city.assumptions)


def test_a_line_open_at_both_ends_is_out(net, tmp_path):
    pp.create_line_from_parameters(net, 0, 1, 90.0, 0.1, 0.4, 150.0, 0.5)
    pp.create_switches(net, [0, 1], [1, 1], et="l", closed=False)
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert len(city.shunts) == 0


@pytest.mark.parametrize("side", ["hv", "lv"])
def test_a_transformer_open_at_one_end_keeps_its_magnetizing(net, side, tmp_path):
    bus = add_trafo(net)
    pp.create_transformer_from_parameters(
        net,
        1,
        bus,
        25.0,
        112.0,
        10.3,
        0.5,
        10.5,
        300.0,
        9.0,
        shift_degree=150.0,
        **TAPS["ratio lv"],
    )
    pp.create_switch(net, 1 if side == "hv" else bus, 1, et="t", closed=False)
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert not city.transformers.loc["trafo-1", "in_service"]


@pytest.mark.parametrize("end", ["hv", "mv", "lv"])
def test_a_three_winding_transformer_open_at_one_end(net, end, tmp_path):
    number = add_three_winding(net)
    # the open side stays supplied another way, so that all buses can be compared
    far = net.trafo3w.loc[number, f"{end}_bus"]
    if end != "hv":
        pp.create_transformer_from_parameters(
            net, 1, far, 25.0, 110.0, net.bus.vn_kv[far], 0.5, 10.5, 10.0, 0.1
        )
    else:
        mv = net.trafo3w.loc[number, "mv_bus"]
        pp.create_transformer_from_parameters(net, 1, mv, 25.0, 110.0, 20.0, 0.5, 10.5, 10.0, 0.1)
    pp.create_switch(net, far, number, et="t3", closed=False)
    assert_same_voltages(net, converted(net, tmp_path))


def test_bus_bus_switches_become_couplers(net, tmp_path):
    sections = pp.create_buses(net, 2, 110.0)
    pp.create_switch(net, 1, sections[0], et="b", closed=True, name="K1")
    pp.create_switch(net, 1, sections[1], et="b", closed=False)
    pp.create_load(net, sections[0], 5.0, 1.0)
    pp.create_line_from_parameters(net, 0, sections[1], 5.0, 0.1, 0.4, 9.0, 0.6)
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert city.couplers["closed"].to_dict() == {"K1": True, "switch-1": False}
    assert city.substation_of_busbar["bus-1"] == city.substation_of_busbar["bus-3"] == "SS-1"


def test_impedance_of_switches_is_told(net, tmp_path):
    section = pp.create_bus(net, 110.0)
    pp.create_switch(net, 1, section, et="b", closed=True, z_ohm=0.1)
    assert any("switch[0]" in told for told in converted(net, tmp_path).assumptions)


def test_what_draws_and_feeds_power(net, tmp_path):
    pp.create_load(net, 1, 4.0, 1.0, scaling=0.5, name="half")
    pp.create_load(net, 1, -3.0, 1.0, name="fed back")
    pp.create_load(net, 1, 50.0, 1.0, in_service=False, name="off")
    pp.create_sgen(net, 1, 2.0, 0.7, scaling=1.5, name="solar")
    pp.create_sgen(net, 1, -1.0, -0.2, name="pump")
    pp.create_storage(net, 1, 2.0, 10.0, q_mvar=0.3, name="charging")
    pp.create_storage(net, 1, -2.5, 10.0, q_mvar=0.1, name="discharging")
    pp.create_motor(net, 1, 1.5, cos_phi=0.9, efficiency_percent=95, loading_percent=80, name="M")
    pp.create_asymmetric_load(net, 1, 1.0, 2.0, 1.5, 0.1, 0.2, 0.3, scaling=0.9, name="AL")
    pp.create_asymmetric_sgen(net, 1, 0.1, 0.2, 0.15, 0.01, 0.0, 0.03, name="AS")
    pp.create_ward(net, 1, 2.0, 1.0, 3.0, -1.5, name="W")
    pp.create_shunt(net, 1, q_mvar=-4.0, p_mw=0.1, vn_kv=115.0, step=2, max_step=3, name="C")
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert set(city.units.index) == {"load-2", "solar", "discharging", "AS"}
    assert city.feeders.loc["half", "peak_mw"] == 2.0
    assert not city.feeders.loc["off", "in_service"]
    assert city.units.loc["solar", ["p_mw", "q_mvar"]].tolist() == pytest.approx([3.0, 1.05])
    assert city.feeders.loc["pump", "peak_mw"] == 1.0
    assert city.feeders.loc["charging", "peak_mw"] == 2.0
    assert city.shunts.loc["C", "q_mvar"] == pytest.approx(-8.0 * (110 / 115) ** 2)
    assert set(city.customers["customer_class"]) == {"household"}
    served = city.customers.set_index("feeder")["customers"]
    assert served["load-0"] == 10_000


def test_an_idle_storage_keeps_its_energy(net, tmp_path):
    limits = {"min_e_mwh": 2.0, "max_p_mw": 4.0, "min_p_mw": -6.0}
    pp.create_storage(net, 1, 0.0, 22.0, soc_percent=50.0, name="battery", **limits)
    pp.create_storage(net, 1, 0.0, 8.0, sn_mva=3.0, name="unknown charge")
    pp.create_storage(net, 1, 0.0, 8.0, name="unknown power")
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    columns = ["charge_mw", "discharge_mw", "energy_mwh", "initial_share", "loss_per_hour"]
    found = {key: row.tolist() for key, row in city.storages[columns].iterrows()}
    # half of 22 MWh is 11 MWh, 9 above the least: 9 of the 20 that can be used
    assert found == {
        "battery": pytest.approx([4.0, 6.0, 20.0, 0.45, 0.0]),
        "storage-1": pytest.approx([3.0, 3.0, 8.0, 0.0, 0.0]),
    }
    assert city.storages["name"].tolist() == ["battery", "unknown charge"]
    assert any("taken as empty" in told for told in city.assumptions)


def test_generators_infeeds_and_their_limits(net, tmp_path):
    pp.create_gen(net, 1, 5.0, vm_pu=1.01, max_p_mw=9.0, min_q_mvar=-3, max_q_mvar=4, name="G1")
    pp.create_gen(net, 1, 2.0, vm_pu=1.01, scaling=2.0, name="G2")
    pp.create_gen(net, 0, 0.0, vm_pu=1.02, slack=True, max_p_mw=70.0, in_service=False, name="S")
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert city.units.loc["G1", ["max_mw", "p_mw", "vm_pu"]].tolist() == [9.0, 5.0, 1.01]
    assert city.units.loc["G1", ["min_mvar", "max_mvar"]].tolist() == [-3.0, 4.0]
    assert city.units.loc["G2", ["max_mw", "p_mw"]].tolist() == [4.0, 4.0]
    assert city.infeeds.loc["S", "max_mw"] == 70.0
    assert city.infeeds.loc["ext_grid-0", "max_mw"] == 20.0  # the whole demand
    assert any("warning" in told and "ext_grid-0" in told for told in city.assumptions)


def test_impedances_with_shunts(net, tmp_path):
    pp.create_impedance(
        net,
        0,
        1,
        rft_pu=0.01,
        xft_pu=0.08,
        sn_mva=30.0,
        gf_pu=0.01,
        bf_pu=0.02,
        gt_pu=0.03,
        bt_pu=-0.01,
    )
    assert_same_voltages(net, converted(net, tmp_path))


def test_impedance_that_differs_by_direction_is_refused(net, tmp_path):
    pp.create_impedance(net, 0, 1, rft_pu=0.01, xft_pu=0.08, xtf_pu=0.09, rtf_pu=0.01, sn_mva=30.0)
    with pytest.raises(NetworkError, match=r"impedance\[0\].xtf_pu"):
        converted(net, tmp_path)


def test_lines_of_negative_resistance_become_impedances(net, tmp_path):
    pp.create_line_from_parameters(net, 0, 1, 10.0, -0.01, 0.4, 100.0, 0.6, g_us_per_km=2.0)
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert list(city.impedances.index) == ["line-1"]


def test_what_is_out_of_service_stays_out(net, tmp_path):
    bus = pp.create_bus(net, 110.0, in_service=False)
    pp.create_line_from_parameters(net, 1, bus, 60.0, 0.1, 0.4, 150.0, 0.6)
    pp.create_line_from_parameters(net, 0, 1, 1.0, 0.1, 0.4, 9.0, 0.6, in_service=False)
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert not city.busbars.loc["bus-2", "in_service"]
    assert not city.lines.loc["line-2", "in_service"]


def test_row_numbers_with_gaps(net, tmp_path):
    net.bus.index = [7, 3]
    net.line[["from_bus", "to_bus"]] = [[7, 3]]
    net.ext_grid["bus"], net.load["bus"] = 7, 3
    city = converted(net, tmp_path)
    assert city.feeders.loc["load-0", "busbar"] == "bus-3"
    found = dict(zip(city.busbars.index, solve(city), strict=True))
    with quiet_pandapower():
        pp.runpp(net, **OPTIONS)
    expected = dict(zip(net.res_bus.index, polar(net.res_bus), strict=True))
    assert abs(found["bus-3"] - expected[3]) < 1e-8


def test_names_become_ids_where_they_serve(net, tmp_path):
    net.bus["name"] = ["North", "South bus"]
    pp.create_load(net, 1, 1.0, name="North")  # not unique over all tables
    pp.create_load(net, 1, 1.0, name="=SUM(A1)")
    pp.create_load(net, 1, 1.0, name="Ф-12")
    pp.create_load(net, 1, 1.0, name="line-0")  # would hide another element
    city = converted(net, tmp_path)
    assert list(city.busbars.index) == ["bus-0", "bus-1"]
    assert list(city.feeders.index) == ["load-0", "load-1", "load-2", "Ф-12", "load-4"]
    assert city.feeders["name"].tolist() == [None, "North", "=SUM(A1)", "Ф-12", "line-0"]


def test_districts_come_from_zones(net, tmp_path):
    add_trafo(net)
    net.bus["zone"] = ["left", "right", None]
    pp.create_bus(net, 10.0, zone="")
    city = converted(net, tmp_path)
    assert city.districts["name"].tolist() == ["without zone", "left", "right"]
    assert city.district_of_substation["SS-0"] == "left"
    assert city.substations["kind"].to_dict() == {
        "SS-0": "supply",
        "SS-1": "distribution",
        "SS-3": "switching",
    }
    assert city.district_of_substation["SS-3"] == "D-1"  # an empty zone is none


CHECKED = ["case9", "case118", "create_cigre_network_mv", "example_multivoltage"]


def test_a_column_can_name_the_substations(net, tmp_path):
    add_trafo(net)
    sections = pp.create_buses(net, 2, 110.0)
    pp.create_switch(net, 1, sections[0], et="b")
    net.bus["substation"] = ["West", "East", "Mill", "East", "East"]
    city = converted(net, tmp_path)
    found = city.substation_of_busbar
    assert [found[f"bus-{n}"] for n in range(5)] == ["West", "East", "Mill", "East", "East"]
    assert_same_voltages(net, city)


def test_our_own_city_comes_back(tmp_path):
    city = generate_city(substations=12, seed=3)
    write_pandapower_json(city, tmp_path / "city.json")
    again = read_foreign(tmp_path / "city.json")
    assert dict(again.substation_of_busbar) == dict(city.substation_of_busbar)
    assert dict(again.district_of_substation) == dict(city.district_of_substation)
    for table in ("lines", "transformers", "couplers", "feeders", "units", "infeeds"):
        assert list(again.tables[table].index) == list(city.tables[table].index)
    found = dict(zip(again.busbars.index, solve(again), strict=True))
    expected = dict(zip(city.busbars.index, solve(city), strict=True))
    assert max(abs(found[busbar] - expected[busbar]) for busbar in expected) < 1e-8


@pytest.mark.parametrize("name", CHECKED)
def test_a_converted_network_passes_the_checks_and_is_a_package(name, tmp_path):
    with quiet_pandapower():
        net = getattr(shipped, name)()
    city = converted(net, tmp_path, ignore_extras=True)
    errors = [str(issue) for issue in check_network(city) if issue.severity == "error"]
    assert errors == []
    write_package(city, tmp_path / "package")
    again = read_package(tmp_path / "package")
    for table, frame in city.tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[table])


@pytest.mark.parametrize("iron", [{}, {"pfe_kw": 60.0, "i0_percent": 1.5}])
@pytest.mark.parametrize(("vk", "vkr"), [(-8.0, 0.4), (8.0, -0.4), (-8.0, -0.4), (-0.5, 0.49)])
def test_transformers_of_negative_impedance(net, vk, vkr, iron, tmp_path):
    plain = {"pfe_kw": 0.0, "i0_percent": 0.0}
    add_trafo(net, vk_percent=vk, vkr_percent=vkr, **(plain | iron | TAPS["ratio lv"]))
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    row = city.transformers.loc["trafo-0"]
    assert row["vk_pct"] > 0.0
    assert 0.0 <= row["vkr_pct"] <= row["vk_pct"]


def test_a_star_leg_of_negative_reactance(net, tmp_path):
    add_three_winding(net, vk_hv_percent=6.0, vk_mv_percent=17.0, vk_lv_percent=8.0)
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert (city.transformers["vk_pct"] > 0.0).all()
    assert list(city.impedances.index) == ["trafo3w-0/hv/rest", "trafo3w-0/hv/lv-half"]


def test_capacitance_and_no_load_current_are_never_negative(net, tmp_path):
    pp.create_line_from_parameters(net, 0, 1, 10.0, 0.1, 0.4, -50.0, 0.6)
    add_trafo(net, i0_percent=-0.4)
    city = converted(net, tmp_path)
    assert_same_voltages(net, city)
    assert list(city.impedances.index) == ["line-1"]
    assert city.transformers["i0_pct"].tolist() == [0.4]


def test_written_for_pandapower_and_read_back(tmp_path):
    city = converted(shipped.create_cigre_network_mv(), tmp_path)
    write_pandapower_json(city, tmp_path / "back.json")
    again = read_foreign(tmp_path / "back.json")
    assert set(again.lines.index) == set(city.lines.index)
    found = dict(zip(again.busbars.index, solve(again), strict=True))
    expected = dict(zip(city.busbars.index, solve(city), strict=True))
    assert max(abs(found[busbar] - expected[busbar]) for busbar in expected) < 1e-8
    assert again.infeeds["max_mw"].to_dict() == pytest.approx(city.infeeds["max_mw"].to_dict())


def test_elements_without_counterpart_are_refused_by_name(net, tmp_path):
    pp.create_xward(net, 1, 1, 1, 1, 1, 0.1, 0.1, 1.0)
    pp.create_dcline(net, 0, 1, 5.0, 1.0, 0.1, 1.0, 1.0)
    with pytest.raises(NetworkError) as caught:
        converted(net, tmp_path)
    assert {issue.field for issue in caught.value.issues} == {"xward", "dcline"}
    city = converted(net, tmp_path, ignore_extras=True)
    net.xward = net.xward.iloc[:0]
    net.dcline = net.dcline.iloc[:0]
    assert_same_voltages(net, city)
    assert sum("left aside as asked" in told for told in city.assumptions) == 2


def test_solver_options_in_the_file_are_refused(net, tmp_path):
    pp.set_user_pf_options(net, tolerance_mva=1e6, max_iteration=1)
    with pytest.raises(NetworkError, match="user_pf_options"):
        converted(net, tmp_path)
    assert_same_voltages_without_options(net, converted(net, tmp_path, ignore_extras=True))


def assert_same_voltages_without_options(net, city):
    net.user_pf_options = {}
    assert_same_voltages(net, city)


def test_multivoltage_example_without_its_extended_ward(tmp_path):
    with quiet_pandapower():
        net = shipped.example_multivoltage()
    city = converted(net, tmp_path, ignore_extras=True)
    net.xward = net.xward.iloc[:0]
    net.switch.loc[:, "z_ohm"] = 0.0
    assert_same_voltages(net, city)


def test_unknown_tables_and_columns_are_told(net, tmp_path):
    net["my_table"] = pd.DataFrame({"a": [1]})
    net.line["colour"] = "blue"
    told = "\n".join(converted(net, tmp_path).assumptions)
    assert "my_table" in told
    assert "line.colour" in told


def test_a_newer_format_is_told(net, tmp_path):
    net.format_version = "9.0.0"
    assert any("9.0.0" in told for told in converted(net, tmp_path).assumptions)


def test_the_declared_tables_are_those_of_the_pinned_version():
    net = pp.create_empty_network()
    assert net.format_version == FORMAT_VERSION
    kinds = {"number": "f", "whole": "iu", "bus": "iu", "flag": "b", "text": "O"}
    legacy = {"const_z_percent", "const_i_percent", "tap_phase_shifter", "max_p_mw", "loss_side"}
    legacy |= {
        "min_p_mw",
        "substation",
        "leakage_resistance_ratio_hv",
        "leakage_reactance_ratio_hv",
    }
    for table, fields in KEPT.items():
        for column, field in fields.items():
            if column in net[table].columns:
                assert net[table].dtypes[column].kind in kinds[field.kind], (table, column)
            else:
                assert column in legacy or column.startswith("tap2_"), (table, column)
    tables = {name for name, value in net.items() if isinstance(value, pd.DataFrame)}
    unsaid = {name for name in tables if role_of(name) == "unknown"}
    assert unsaid == set()
    assert set(REFUSED) & tables == {
        *("bus_dc", "dcline", "line_dc", "load_dc", "source_dc", "ssc", "svc", "tcsc", "vsc"),
        *("vsc_bipolar", "vsc_stacked", "xward"),
    }


def excel(net, path, *, results=False):
    from pandapower.io_utils import to_dict_of_dfs  # noqa: TID251 - it only writes

    sheets = to_dict_of_dfs(net, include_results=results, include_empty_tables=False)
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        for name, table in sheets.items():
            table.to_excel(writer, sheet_name=name)


@pytest.mark.parametrize("name", ["case9", "create_cigre_network_mv"])
def test_excel_is_read_as_json_is(name, tmp_path):
    net = getattr(shipped, name)()
    excel(net, tmp_path / "net.xlsx", results=True)
    from_excel = read_foreign(tmp_path / "net.xlsx")
    from_json = converted(net, tmp_path)
    for table, frame in from_json.tables.items():
        pd.testing.assert_frame_equal(frame, from_excel.tables[table], rtol=1e-12, atol=1e-13)
    assert from_excel.assumptions == from_json.assumptions
    assert from_excel.manifest.frequency_hz == net.f_hz
    assert_same_voltages(net, from_excel)


def test_excel_names_the_cell(net, tmp_path):
    add_trafo(net)
    net.line.loc[0, "length_km"] = -1.0
    net.trafo.loc[0, "vk_percent"] = np.nan
    excel(net, tmp_path / "net.xlsx")
    with pytest.raises(NetworkError) as caught:
        read_foreign(tmp_path / "net.xlsx")
    assert {issue.field for issue in caught.value.issues} == {
        "line[0].length_km",
        "trafo[0].vk_percent",
    }


def test_the_hash_of_the_file_is_kept(net):
    import hashlib

    content = pp.to_json(net).encode()
    city = network_from_bytes(content, "x.json")
    assert city.sha256 == hashlib.sha256(content).hexdigest()
    assert city.origin == "x.json"


def test_findings_list_a_few_assets_and_count_the_rest():
    findings = Findings("f")
    for number in range(8):
        findings.assume_for(f"a{number}", "guessed")
    assert findings.told() == ("guessed: a0, a1, a2, a3, a4 and 3 more",)
