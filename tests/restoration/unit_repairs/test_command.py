"""Unit repairs and load delivery on the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from restoration.unit_repairs.cases import matpower_text, random_text

from gridtool.cli import cli


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "made.m"
    path.write_text(random_text(3))
    return path


def test_json_says_order_load_and_certificate(case):
    result = run("restore", case, "--unit-repairs", "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["data"]
    names = [f"{part['type']} {part['id']}" for part in found["components"]]
    assert sorted(found["order"]) == sorted(names)
    assert len(found["served"]) == len(found["order"]) + 1
    assert found["objective"] == pytest.approx(sum(found["served"]))
    assert found["upper_bound"] >= found["objective"]
    assert found["proven_optimal"]
    assert found["gap_pct"] == 0.0
    assert {part["type"] for part in found["components"]} <= {"bus", "gen", "branch"}


def test_periods_share_out_the_repairs(case):
    result = run("restore", case, "--unit-repairs", "--periods", 2, "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["data"]
    assert len(found["served"]) == 3
    weighted = zip(found["time_elapsed"], found["served"], strict=True)
    assert found["objective"] == pytest.approx(sum(hours * load for hours, load in weighted))


def test_same_seed_same_bytes(case, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    words = ("restore", case, "--unit-repairs", "--format", "json", "--seed", 3)
    assert run(*words).stdout == run(*words).stdout


def test_tables_are_for_people(case):
    result = run("restore", case, "--unit-repairs")
    assert result.exit_code == 0, result.output
    assert "No order serves more" in result.output
    assert "Load served in each period" in result.output


def test_load_delivery_of_a_case(tmp_path):
    """By hand: 60 of 100 MW pass the line; M = 10 * 1.0, one generator and one shunt kept."""
    path = tmp_path / "hand.m"
    path.write_text(
        matpower_text(
            buses=[(1, 3, 0, 5), (2, 1, 100, 0)],
            gens=[(1, 0, 200, 1)],
            branches=[(1, 2, 0, 0.1, 60, 1)],
        )
    )
    result = run("assess", path, "--mld", "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["data"]
    assert found["objective"] == pytest.approx(10.0 + 10.0 + 0.6)
    assert found["served"] == pytest.approx(0.6)
    assert found["loads"] == {"2": pytest.approx(0.6)}
    assert found["gens"] == {"1": pytest.approx(1.0)}
    assert found["shunts"] == {"1": pytest.approx(1.0)}


def test_least_output_shares_a_generator(tmp_path):
    """By hand: at least 80 MW where 40 can go: half a generator is kept."""
    path = tmp_path / "hand.m"
    path.write_text(matpower_text(buses=[(1, 3, 40, 0)], gens=[(1, 80, 100, 1)], branches=[]))
    result = run("assess", path, "--mld", "--format", "json")
    found = json.loads(result.stdout)["data"]
    assert found["gens"] == {"1": pytest.approx(0.5)}
    assert found["served"] == pytest.approx(0.4)


@pytest.mark.parametrize("command", [("assess", "--mld"), ("restore", "--unit-repairs")])
def test_other_networks_are_refused(command):
    result = run(command[0], "rivercity", command[1])
    assert result.exit_code == 3
    assert "a .m file" in result.stderr


def test_load_delivery_takes_the_case_as_it_is(case):
    result = run("assess", case, "--mld", "--demand-factor", 2)
    assert result.exit_code == 2
    assert "--demand-factor" in result.stderr
