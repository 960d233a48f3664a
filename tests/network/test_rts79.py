"""networks/rts79 against the published tables, and its base case against a known solution."""

from __future__ import annotations

import csv
import math

import pytest

from gridtool.network.read import read_package

pytestmark = pytest.mark.reference


def rows(reference, name):
    with (reference / "rts79" / name).open() as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def rts79(root):
    return read_package(root / "networks" / "rts79")


def test_the_totals_are_the_published_ones(rts79):
    assert rts79.peak_mw == 2850.0
    assert rts79.feeders["peak_mvar"].sum() == 580.0
    assert rts79.units["max_mw"].sum() == 3405.0
    assert (rts79.units["max_mw"] > 0).sum() == 32
    assert len(rts79.lines) == 33
    assert len(rts79.transformers) == 5


def test_loads_and_units_are_those_of_the_tables(rts79, reference):
    for row in rows(reference, "bus_load.csv"):
        feeder = rts79.feeders.loc[f"F-{int(row['bus']):02d}"]
        assert feeder["busbar"] == f"BUS-{int(row['bus']):02d}"
        assert feeder["peak_mw"] == float(row["peak_mw"])
        assert feeder["peak_mvar"] == float(row["peak_mvar"])
    classes = {float(row["size_mw"]): row for row in rows(reference, "units.csv")}
    placed = {
        (f"BUS-{int(row['bus']):02d}", float(size))
        for row in rows(reference, "unit_location.csv")
        for size in row["units_mw"].split()
    }
    real = rts79.units[rts79.units["max_mw"] > 0]
    assert set(zip(real["busbar"], real["max_mw"], strict=True)) == placed
    for _, unit in real.iterrows():
        table = classes[unit["max_mw"]]
        assert unit["for"] == float(table["FOR"])
        assert unit["mttf_h"] == float(table["mttf_h"])
        assert unit["mttr_h"] == float(table["mttr_h"])
    counts = real.groupby("max_mw").size()
    assert {size: int(row["count"]) for size, row in classes.items()} == counts.to_dict()


def test_branches_have_the_published_per_unit_values(rts79, reference):
    for row in rows(reference, "branches.csv"):
        ends = {f"BUS-{int(row[end]):02d}" for end in ("from", "to")}
        r_pu, x_pu, b_pu, rating = (
            float(row[key]) for key in ("r_pu", "x_pu", "b_pu", "rate_cont_mva")
        )
        if row["id"] in rts79.lines.index:
            line = rts79.lines.loc[row["id"]]
            assert {line["from_busbar"], line["to_busbar"]} == ends
            kv = rts79.busbars.at[line["from_busbar"], "vn_kv"]
            base_ohm = kv**2 / 100
            length = line["length_km"]
            assert length == pytest.approx(float(row["miles"]) * 1.609344)
            assert line["r_ohm_per_km"] * length / base_ohm == pytest.approx(r_pu)
            assert line["x_ohm_per_km"] * length / base_ohm == pytest.approx(x_pu)
            siemens = 2 * math.pi * 60 * line["c_nf_per_km"] * 1e-9 * length
            assert siemens * base_ohm == pytest.approx(b_pu)
            assert math.sqrt(3) * kv * line["max_i_ka"] == pytest.approx(rating)
        else:
            transformer = rts79.transformers.loc[row["id"]]
            assert {transformer["hv_busbar"], transformer["lv_busbar"]} == ends
            scale = 100 / transformer["sn_mva"] / 100
            r, z = transformer["vkr_pct"] * scale, transformer["vk_pct"] * scale
            assert (r, math.sqrt(z**2 - r**2)) == pytest.approx((r_pu, x_pu))
            assert transformer["sn_mva"] == rating


def test_branches_fail_as_often_as_the_table_of_permanent_outages_says(rts79, reference):
    table = {row["id"]: row for row in rows(reference, "branches.csv")}
    branches = [*rts79.lines.iterrows(), *rts79.transformers.iterrows()]
    assert {key for key, _ in branches} == set(table)
    for key, branch in branches:
        assert 8760 / branch["mttf_h"] == pytest.approx(float(table[key]["perm_outage_per_year"]))
        assert branch["mttr_h"] == float(table[key]["perm_duration_h"])


def test_the_power_flow_of_the_base_case_has_the_known_voltages(rts79):
    import pandapower

    from gridtool.network.pandapower_net import build_net, quiet_pandapower

    built = build_net(rts79)
    with quiet_pandapower():
        pandapower.runpp(built.net, numba=False, init="dc", lightsim2grid=False)
    voltage = {bus: built.net.res_bus.vm_pu[index] for bus, index in built.busbars.items()}
    # buses without a set point, as commonly published for this dispatch
    known = {"BUS-03": 0.989, "BUS-04": 0.998, "BUS-05": 1.019, "BUS-08": 0.993, "BUS-24": 0.978}
    assert {bus: round(voltage[bus], 3) for bus in known} == known
    units = rts79.units
    delivered = {unit: built.net.res_gen.p_mw[index] for unit, (_, index) in built.sources.items()}
    assert delivered == pytest.approx(units["p_mw"].to_dict(), abs=1e-5)
