from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gridtool.cli import cli


@pytest.fixture
def toy(root):
    return root / "networks" / "toy3"


def run(*arguments):
    return CliRunner().invoke(cli, ["restore", *map(str, arguments)])


def test_the_toy_plan_is_printed(toy):
    result = run(
        toy, "--damage", toy / "damage", "--resources", toy / "resources",
        "--as-of", "2027-01-12T06:00Z", "--compare",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    for part in (
        "2 repairs by 1 crew",
        "320 MWh",
        "Restoration plan",
        "Restoration curve",
        "Estimated time of restoration",
        "largest load first",
        "CREW-1",
    ):
        assert part in result.stdout


def test_json_has_offsets_and_all_tables(toy):
    result = run(
        toy, "--damage", toy / "damage", "--resources", toy / "resources",
        "--as-of", "2027-01-12T06:00Z", "--format", "json",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    envelope = json.loads(result.stdout)
    tables = envelope["data"]["tables"] if "tables" in envelope["data"] else envelope["data"]
    assert {"restoration_plan", "restoration_curve", "restoration_etr"} <= set(tables)
    assert "2027-01-12T11:00:00" in result.stdout  # the line is finished after 5 h
    assert envelope["seed"] == 1


def test_the_same_seed_prints_the_same_bytes(toy, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    arguments = (toy, "--damage", toy / "damage", "--resources", toy / "resources", "--seed", 4)
    first = run(*arguments, "--format", "json")
    assert first.stdout == run(*arguments, "--format", "json").stdout


def test_nothing_damaged_is_an_answer(toy):
    result = run(toy, "--resources", toy / "resources", "--as-of", "2027-01-12T06:00Z")
    assert result.exit_code == 0, result.stderr
    assert "Nothing is damaged" in result.stdout


def test_a_skill_nobody_has_ends_with_4(toy, tmp_path):
    (tmp_path / "crews.csv").write_text("id,skills,substation\nX,tea,A\n", encoding="utf-8")
    result = run(toy, "--damage", toy / "damage", "--resources", tmp_path)
    assert result.exit_code == 4
    assert "L-AB: no crew has the skill line" in result.stderr
    assert "G-C: no crew has the skill plant" in result.stderr


def test_bad_resources_end_with_3(toy, tmp_path):
    (tmp_path / "crews.csv").write_text("id,skills,substation\nX,line,AA\n", encoding="utf-8")
    result = run(toy, "--damage", toy / "damage", "--resources", tmp_path)
    assert result.exit_code == 3
    assert "crews.csv, row 2, substation" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_threshold_can_be_named(toy):
    arguments = (toy, "--damage", toy / "damage", "--resources", toy / "resources",
                 "--as-of", "2027-01-12T06:00Z")  # fmt: skip
    assert run(*arguments, "--fail-on", "ens_mwh>300").exit_code == 10
    assert run(*arguments, "--fail-on", "ens_mwh>330").exit_code == 0


def test_tables_are_written(toy, tmp_path):
    folder = tmp_path / "answer"
    result = run(
        toy, "--damage", toy / "damage", "--resources", toy / "resources", "-o", folder
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert (folder / "restoration_plan.csv").read_text(encoding="utf-8-sig").count("\n") == 3
