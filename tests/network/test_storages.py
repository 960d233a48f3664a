"""Storages from their table to the net and the compiled case, with and without damage."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import grid

from gridtool.damage.apply import spread_damage
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.formats.frames import make_frame
from gridtool.network.check import check_network
from gridtool.network.foreign import read_foreign, write_pandapower_json
from gridtool.network.pandapower_net import build_net
from gridtool.network.read import read_package
from gridtool.network.registry import build_registry
from gridtool.network.schema import table_schema
from gridtool.network.write import package_files, write_package

BATTERY = {
    "id": "BAT",
    "busbar": "B/B",
    "charge_mw": 8.0,
    "discharge_mw": 10.0,
    "energy_mwh": 40.0,
    "charge_efficiency": 0.9,
    "discharge_efficiency": 0.95,
    "loss_per_hour": 0.001,
    "initial_share": 0.25,
    "mttf_h": 4000.0,
    "mttr_h": 48.0,
}


@pytest.fixture
def without():
    return grid(
        stations={"A": (20, 0), "B": (20, 10)},
        lines=[("L1", "A", "B", 60)],
        infeeds=[("I", "A", 60)],
    )


def stored(network, *rows):
    tables = {**network.tables, "storages": make_frame(table_schema("storages"), rows)}
    return replace(network, tables=tables)


def test_a_package_keeps_its_storages_and_one_without_has_no_such_file(without, tmp_path):
    assert "storages.csv" not in package_files(without)
    city = stored(without, BATTERY)
    write_package(city, tmp_path / "city")
    again = read_package(tmp_path / "city")
    pd.testing.assert_frame_equal(again.storages, city.storages)
    assert package_files(again) == package_files(city)
    write_package(without, tmp_path / "none")
    assert len(read_package(tmp_path / "none").storages) == 0


def test_what_is_not_said_is_free_of_losses_and_empty(without):
    plain = {key: BATTERY[key] for key in list(BATTERY)[:5]}
    (row,) = stored(without, plain).storages.to_dict("records")
    assert (row["charge_efficiency"], row["discharge_efficiency"]) == (1.0, 1.0)
    assert (row["loss_per_hour"], row["initial_share"], row["in_service"]) == (0.0, 0.0, True)
    assert np.isnan(row["mttf_h"])


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("discharge_mw", 500.0, "take only 90 MVA"),
        ("energy_mwh", 0.1, "0.1 MWh last 0.01 hours at 10 MW"),
        ("energy_mwh", 40_000.0, "last 4e+03 hours"),
        ("mttf_h", None, "the storage never fails"),
    ],
)
def test_an_unusual_storage_is_a_warning(without, column, value, words):
    before = check_network(without)
    (issue,) = [
        i for i in check_network(stored(without, BATTERY | {column: value})) if i not in before
    ]
    assert words in str(issue)
    assert (issue.severity, issue.file, issue.row) == ("warning", "storages.csv", 2)


def test_a_storage_is_an_asset_of_its_substation(without):
    city = stored(without, BATTERY)
    asset = city.assets["BAT"]
    assert (asset.kind, asset.substation, asset.district) == ("storage", "B", "D1")
    (level,) = build_registry(city)["B"].levels
    assert level.carried["storages"] == ("BAT",)
    assert "storages" not in build_registry(without)["B"].levels[0].carried


def test_damage_of_the_substation_weakens_its_storage(without):
    city = stored(without, BATTERY)
    assert spread_damage(city, {"B": 0.5})["BAT"] == 0.5
    assert spread_damage(city, {"BAT": 0.3}) == {"BAT": 0.3}


def test_a_net_has_idle_storages_with_what_damage_leaves_of_their_power(without):
    city = stored(without, BATTERY)
    built = build_net(city, capacity_share={"BAT": 0.5})
    row = built.net.storage.loc[built.storages["BAT"]]
    assert row["bus"] == built.busbars["B/B"]
    assert (row["p_mw"], row["q_mvar"]) == (0.0, 0.0)
    assert (row["max_p_mw"], row["min_p_mw"]) == (4.0, -5.0)
    assert (row["max_e_mwh"], row["soc_percent"]) == (40.0, 25.0)
    assert not build_net(city, capacity_share={"BAT": 0.0}).net.storage["in_service"].any()
    plain = build_net(without).net.storage
    assert len(plain) == 0
    assert "max_p_mw" not in plain.columns


def test_an_exported_storage_is_read_back(without, tmp_path):
    write_pandapower_json(stored(without, BATTERY), tmp_path / "net.json")
    again = read_foreign(tmp_path / "net.json").storages
    kept = ["charge_mw", "discharge_mw", "energy_mwh", "initial_share"]
    assert again.loc["BAT", kept].tolist() == [BATTERY[column] for column in kept]
    assert json.loads((tmp_path / "net.json").read_text())["_class"] == "pandapowerNet"


def test_one_moment_does_not_count_on_what_may_be_stored(without):
    case = compile_case(stored(without, BATTERY))
    plain = compile_case(without)
    assert case.source_ids == plain.source_ids == ("I",)
    out = Dispatcher(case).solve({"I": 0.5, "BAT": 0.0})
    assert out.total_unserved_mw == pytest.approx(20.0)
    assert out.total_unserved_mw == Dispatcher(plain).solve({"I": 0.5}).total_unserved_mw


def test_on_request_storages_are_the_last_sources(without):
    off = BATTERY | {"id": "OFF", "in_service": False}
    case = compile_case(stored(without, BATTERY, off), storages=True)
    assert case.source_ids == ("I", "BAT", "OFF")
    assert case.source_max_mw.tolist() == [60.0, 10.0, 0.0]
    assert case.source_busbar.tolist() == [0, 1, 1]
    assert case.source_infeed.tolist() == [True, False, False]
    solved = Dispatcher(case).solve({"I": 0.5})
    assert solved.total_unserved_mw == pytest.approx(10.0)
    assert solved.generation_mw.tolist() == pytest.approx([30.0, 10.0, 0.0])
    # a storage is no grid-forming source: cut off with load, it serves nothing
    assert Dispatcher(case).solve({"L1": 0.0}).total_unserved_mw == pytest.approx(30.0)


def test_without_storages_the_case_is_the_same_on_request(without):
    plain, asked = compile_case(without), compile_case(without, storages=True)
    for name in plain.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(plain, name), getattr(asked, name))
