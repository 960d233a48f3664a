"""Malformed damage tables are findings, never passed over."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from restoration.unit_repairs.cases import matpower_text

from gridtool.cli import cli

MALFORMED = {
    "too few rows": "mpc.branch_damage = [\n1;\n];",
    "too many rows": "mpc.branch_damage = [\n1;\n0;\n1;\n];",
    "no rows": "mpc.branch_damage = [\n];",
    "two": "mpc.branch_damage = [\n2;\n0;\n];",
    "negative": "mpc.branch_damage = [\n-1;\n0;\n];",
    "half": "mpc.branch_damage = [\n0.5;\n0;\n];",
    "not a number": "mpc.branch_damage = [\nNaN;\n0;\n];",
    "a word": "mpc.branch_damage = [\nyes;\n0;\n];",
    "ragged": "mpc.branch_damage = [\n1 1;\n0;\n];",
    "open": "mpc.branch_damage = [\n1;\n",
    "a number": "mpc.branch_damage = 1;",
    "texts": "mpc.branch_damage = {'1'; '0'};",
    "another element": "mpc.load_damage = [\n1;\n0;\n];",
    "no storage": "mpc.storage_damage = [\n1;\n];",
    "more columns than names": "%column_names% damaged\nmpc.branch_damage = [\n1 1;\n0 1;\n];",
    "assigned twice": "mpc.branch_damage = [\n1;\n0;\n];\nmpc.branch_damage = [\n1;\n0;\n];",
}


@pytest.mark.parametrize("table", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("command", [("assess", "--mld"), ("restore", "--unit-repairs")])
def test_malformed_damage_is_refused(tmp_path, command, table):
    path = tmp_path / "made.m"
    path.write_text(
        matpower_text(
            buses=[(1, 3, 0, 0), (2, 1, 50, 0)],
            gens=[(1, 0, 100, 1)],
            branches=[(1, 2, 0.0, 0.1, 100, 1), (1, 2, 0.0, 0.1, 100, 1)],
            more=table,
        )
    )
    result = CliRunner().invoke(cli, [command[0], str(path), command[1]])
    assert result.exit_code == 3, result.output
    assert "made.m" in result.stderr
    assert "mpc." in result.stderr
