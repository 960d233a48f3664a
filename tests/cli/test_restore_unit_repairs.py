"""``gridtool restore CASE.m --unit-repairs`` through the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from restoration.unit_repairs.cases import matpower_text

from gridtool.cli import cli


def run(*arguments):
    return CliRunner().invoke(cli, ["restore", *map(str, arguments), "--unit-repairs"])


@pytest.fixture
def case(tmp_path):
    """50 MW behind the first damaged branch, 30 MW behind the second."""
    path = tmp_path / "made.m"
    text = matpower_text(
        buses=[(1, 3, 0, 0), (2, 1, 50, 0), (3, 1, 30, 0)],
        gens=[(1, 0, 100, 1)],
        branches=[(1, 2, 0.0, 0.1, 100, 1), (1, 3, 0.0, 0.1, 100, 1)],
        damage={"bus": [0, 0, 0], "gen": [0], "branch": [1, 1]},
    )
    path.write_text(text, encoding="utf-8")
    return path


def test_the_larger_load_comes_first(case):
    """Served 0, then 0.5, then 0.8 p.u.: 1.3 in all."""
    result = run(case, "--format", "json")
    assert result.exit_code == 0, result.stderr
    headline = json.loads(result.stdout)["data"]["headline"]
    assert headline["objective"] == pytest.approx(1.3)
    assert headline["upper_bound"] == pytest.approx(1.3)


def test_all_in_one_period(case):
    """Two repairs in one period: served 0 for two units of time, then 0.8 for one."""
    result = run(case, "--periods", "1", "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["data"]["headline"]["objective"] == pytest.approx(0.8)


def test_a_network_that_is_no_case_is_refused(root):
    result = run(root / "networks" / "toy3")
    assert result.exit_code == 3
    assert "Traceback" not in result.stderr
