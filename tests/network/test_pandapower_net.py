"""The net that pandapower gets: ids, ratings, damage, slack."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from builders import build_network, grid

from gridtool.network.pandapower_net import OperatingPoint, build_net

OPTIONS = {
    "numba": False,
    "lightsim2grid": False,
    "init": "dc",
    "trafo_model": "pi",
    "calculate_voltage_angles": True,
}


def triangle(**sources):
    return grid(
        stations={"A": (0, 0), "B": (20, 10), "C": (30, 0)},
        lines=[("L1", "A", "B", 100), ("L2", "B", "C", 50), ("L3", "A", "C", 50)],
        **({"infeeds": [("I", "A", 200)], "units": [("U", "C", 20)]} | sources),
    )


def two_sections(**coupler):
    """A 110/10 kV station: two transformers, two 10 kV sections, coupler open by default."""
    transformer = {
        "hv_busbar": "S/110",
        "sn_mva": 40,
        "vn_hv_kv": 115,
        "vn_lv_kv": 11,
        "vk_pct": 10.5,
        "vkr_pct": 0.5,
        "pfe_kw": 40,
        "i0_pct": 0.4,
        "shift_degree": 330,
        "tap_step_pct": 1.78,
        "tap_pos": -2,
        "overload_pct": 140,
    }
    return build_network(
        {
            "districts": [{"id": "D", "name": "D"}],
            "substations": [
                {
                    "id": "S",
                    "name": "S",
                    "district": "D",
                    "kind": "distribution",
                    "x_km": 0,
                    "y_km": 0,
                }
            ],
            "busbars": [
                {"id": "S/110", "substation": "S", "vn_kv": 110},
                {"id": "S/10-1", "substation": "S", "vn_kv": 10},
                {"id": "S/10-2", "substation": "S", "vn_kv": 10},
            ],
            "couplers": [
                {"id": "S/C10", "busbar_a": "S/10-1", "busbar_b": "S/10-2", "closed": False}
                | coupler
            ],
            "transformers": [
                transformer | {"id": "S/T1", "lv_busbar": "S/10-1"},
                transformer | {"id": "S/T2", "lv_busbar": "S/10-2"},
            ],
            "infeeds": [{"id": "I", "busbar": "S/110", "max_mw": 100}],
            "feeders": [
                {"id": "S/F1", "busbar": "S/10-1", "peak_mw": 12, "peak_mvar": 4},
                {"id": "S/F2", "busbar": "S/10-2", "peak_mw": 20, "peak_mvar": 7},
            ],
            "shunts": [{"id": "S/Q", "busbar": "S/10-1", "p_mw": 0, "q_mvar": -3}],
        }
    )


def solve(built):
    import pandapower

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pandapower.runpp(built.net, **OPTIONS)
    return built.net


def test_ids_lead_to_rows_of_the_same_name():
    built = build_net(two_sections())
    for table, ids in {
        "bus": built.busbars,
        "switch": built.couplers,
        "trafo": built.transformers,
        "load": built.feeders,
        "shunt": built.shunts,
    }.items():
        assert {i: built.net[table].at[row, "name"] for i, row in ids.items()} == {
            i: i for i in ids
        }
    assert built.sources == {"I": ("ext_grid", 0)}
    assert built.net.ext_grid.at[0, "max_p_mw"] == 100
    assert built.net.trafo["max_loading_percent"].tolist() == [140, 140]


def test_tables_keep_the_columns_and_dtypes_of_pandapower():
    import pandapower

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        empty = pandapower.create_empty_network(add_stdtypes=False)
    built = build_net(two_sections()).net
    for table in ("bus", "line", "trafo", "load", "gen", "sgen", "ext_grid", "switch", "shunt"):
        for column, dtype in empty[table].dtypes.items():
            assert built[table][column].dtype == dtype, (table, column)


def test_equals_the_net_made_with_pandapowers_own_functions():
    import pandapower as pp

    built = solve(build_net(two_sections()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = pp.create_empty_network(sn_mva=100)
        high, one, two = (pp.create_bus(net, vn_kv=kv) for kv in (110, 10, 10))
        pp.create_ext_grid(net, high)
        for low in (one, two):
            pp.create_transformer_from_parameters(
                net,
                high,
                low,
                sn_mva=40,
                vn_hv_kv=115,
                vn_lv_kv=11,
                vk_percent=10.5,
                vkr_percent=0.5,
                pfe_kw=40,
                i0_percent=0.4,
                shift_degree=330,
                tap_side="hv",
                tap_step_percent=1.78,
                tap_neutral=0,
                tap_pos=-2,
                tap_changer_type="Ratio",
            )
        pp.create_load(net, one, 12, 4)
        pp.create_load(net, two, 20, 7)
        pp.create_shunt(net, one, q_mvar=-3)
        pp.runpp(net, **OPTIONS)
    np.testing.assert_allclose(built.res_bus.vm_pu, net.res_bus.vm_pu, atol=1e-10)
    np.testing.assert_allclose(built.res_bus.va_degree, net.res_bus.va_degree, atol=1e-8)


def test_closed_coupler_joins_the_sections():
    net = solve(build_net(two_sections(closed=True)))
    assert net.res_bus.vm_pu[1] == pytest.approx(net.res_bus.vm_pu[2])
    apart = solve(build_net(two_sections()))
    assert apart.res_bus.vm_pu[1] != pytest.approx(apart.res_bus.vm_pu[2], abs=1e-4)


def test_coupler_out_cannot_be_closed():
    built = build_net(two_sections(closed=True), capacity_share={"S/C10": 0.0})
    assert not built.net.switch["closed"].any()


def test_damage_takes_out_and_derates():
    built = build_net(triangle(), capacity_share={"L1": 0.0, "B/B": 0.0, "U": 0.5})
    net = built.net
    assert net.line["in_service"].tolist() == [False, False, True]
    assert net.bus["in_service"].tolist() == [True, False, True]
    assert net.gen["max_p_mw"].tolist() == [10]
    assert net.gen["p_mw"].tolist() == [10]
    assert not net.load.loc[built.feeders["B/F0"], "in_service"]


def test_derated_transformer_keeps_its_impedance():
    built = build_net(two_sections(), capacity_share={"S/T1": 0.5})
    assert built.net.trafo["max_loading_percent"].tolist() == [70, 140]
    assert built.net.trafo["sn_mva"].tolist() == [40, 40]


def test_largest_forming_unit_holds_an_island_without_infeed():
    network = triangle(infeeds=(), units=[("U1", "B", 20), ("U2", "C", 60)])
    net = solve(build_net(network))
    assert net.gen["slack"].tolist() == [False, True]
    assert net.res_gen["p_mw"].tolist() == pytest.approx([20, 40])


def test_each_island_has_its_own_slack():
    network = triangle(units=[("U1", "B", 20), ("U2", "C", 60)])
    net = solve(build_net(network, capacity_share={"L1": 0.0, "L3": 0.0}))
    assert net.gen["slack"].tolist() == [False, True]
    assert np.isfinite(net.res_bus["vm_pu"]).all()
    assert net.res_ext_grid["p_mw"][0] == pytest.approx(0, abs=1e-6)


def test_operating_point_sets_loads_generation_couplers_and_slack():
    network = triangle(infeeds=[("I1", "A", 200), ("I2", "B", 100)])
    point = OperatingPoint(
        feeder_mw=np.array([10.0, 5.0, 30.0]),
        feeder_mvar=np.array([3.0, 1.0, 9.0]),
        source_mw=np.array([20.0, 15.0, 10.0]),
        coupler_closed=np.zeros(0, dtype=bool),
        slack=("I1",),
    )
    built = build_net(network, point=point)
    net = solve(built)
    assert built.sources == {"I1": ("ext_grid", 0), "I2": ("gen", 0), "U": ("gen", 1)}
    assert net.res_gen["p_mw"].tolist() == [15, 10]
    assert net.res_ext_grid["p_mw"][0] == pytest.approx(20, abs=1e-6)
    assert net.res_load["q_mvar"].sum() == pytest.approx(13)


def test_unit_without_voltage_control_keeps_its_reactive_power():
    network = build_network(
        {
            "districts": [{"id": "D", "name": "D"}],
            "substations": [
                {"id": "S", "name": "S", "district": "D", "kind": "plant", "x_km": 0, "y_km": 0}
            ],
            "busbars": [{"id": "S/B", "substation": "S", "vn_kv": 110}],
            "infeeds": [{"id": "I", "busbar": "S/B", "max_mw": 10}],
            "units": [{"id": "U", "busbar": "S/B", "max_mw": 8, "p_mw": 5, "q_mvar": 2}],
        }
    )
    net = solve(build_net(network))
    assert net.sgen[["p_mw", "q_mvar"]].to_numpy().tolist() == [[5, 2]]
    assert net.res_ext_grid["q_mvar"][0] == pytest.approx(-2)


def test_network_without_anything_but_busbars():
    built = build_net(triangle(infeeds=(), units=()), capacity_share={"L1": 0, "L2": 0, "L3": 0})
    assert not len(built.net.ext_grid)
    assert built.sources == {}
