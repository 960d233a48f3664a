"""What ``gridtool adequacy --samples`` prints: simulated beside exact."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gridtool.cli import cli

UNITS = (
    "unit,count,capacity_mw,for,mttf_h,mttr_h,area\n"
    "A,3,10,0.1,90,10,west\nB,2,15,0.05,190,10,east\n"
)
INTERFACES = "interface,from_area,to_area,forward_mw,backward_mw,for\nL,west,east,8,5,0\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "units.csv").write_text(UNITS)
    rows = "".join(f"{hour},{16 + hour % 24 / 2},{20 - hour % 24 / 3}\n" for hour in range(168))
    (tmp_path / "load.csv").write_text("hour,west_mw,east_mw\n" + rows)
    (tmp_path / "links.csv").write_text(INTERFACES)
    (tmp_path / "stores.csv").write_text(
        "storage,area,charge_mw,discharge_mw,energy_mwh\nS,east,5,5,20\n"
    )
    return tmp_path


def ask(folder, *options):
    command = ["adequacy", str(folder / "units.csv"), str(folder / "load.csv"), *options]
    return CliRunner().invoke(cli, command, catch_exceptions=False)


def test_simulated_next_to_exact_with_z(files):
    links = ("--interfaces", str(files / "links.csv"))
    ran = ask(files, "--samples", "4000", "--seed", "3", *links, "--format", "json")
    assert ran.exit_code == 0, ran.output
    tables = json.loads(ran.stdout)["data"]
    total = {row["id"]: row for row in tables["total"]}
    for measure in ("lole_hours", "eue_mwh", "lolp"):
        row = total[measure]
        assert abs(row["z"]) < 4
        assert row["z"] == pytest.approx((row["simulated"] - row["exact"]) / row["se"])
    assert total["events"]["exact"] is None
    exact = json.loads(ask(files, *links, "--format", "json").stdout)["data"]
    assert exact["total"][0]["eue_mwh"] == pytest.approx(total["eue_mwh"]["exact"])
    areas = {row["area"]: row for row in tables["areas"]}
    assert set(areas) == {"west", "east"}
    assert all(abs(row["eue_mwh_z"]) < 4 for row in areas.values())
    assert sum(row["eue_mwh"] for row in areas.values()) == pytest.approx(
        total["eue_mwh"]["simulated"]
    )


def test_storage_lowers_the_shortage_and_has_no_exact_value(files):
    plain = ask(files, "--samples", "500", "--format", "json")
    stored = ask(
        files, "--samples", "500", "--storage", str(files / "stores.csv"), "--format", "json"
    )
    assert stored.exit_code == 0, stored.output
    tables = [json.loads(ran.stdout)["data"] for ran in (plain, stored)]
    totals = [{row["id"]: row for row in table["total"]} for table in tables]
    assert totals[1]["eue_mwh"]["simulated"] < totals[0]["eue_mwh"]["simulated"]
    assert "exact" not in totals[1]["eue_mwh"]
    assert len(tables[1]["storage_hours"]) == 168


def test_until_says_when_it_could_not_be_reached(files):
    ran = ask(files, "--samples", "100", "--until", "0.1%")
    assert ran.exit_code == 0
    assert "give more --samples" in ran.stderr
    reached = ask(files, "--samples", "1000000", "--until", "5%")
    assert "give more" not in reached.stderr
    assert "shortage is expected" in reached.stdout
