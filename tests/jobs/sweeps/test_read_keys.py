"""The key table of the scenarios' README is that of the code."""

from __future__ import annotations

from gridtool.jobs.sweeps.read_changes import KEYS
from gridtool.jobs.sweeps.read_keys import list_sweep_keys
from gridtool.jobs.sweeps.read_settings import CHANGE_KEYS
from gridtool.whatif.scenario import Scenario


def test_every_key_of_a_change_is_a_field_of_a_scenario_and_the_other_way_round():
    assert tuple(KEYS) == CHANGE_KEYS
    assert {key.field for key in KEYS.values()} == set(Scenario.__dataclass_fields__)


def test_the_readme_lists_every_key(root):
    text = (root / "forecasts" / "scenarios" / "README.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    found = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]
    assert found == [[str(cell) for cell in row.values()] for row in list_sweep_keys()]


def test_every_key_says_what_it_means():
    assert all(row["meaning"] and row["type"] for row in list_sweep_keys())
