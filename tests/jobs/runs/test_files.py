"""Published files: the same bytes wherever they are made, and labels where they are weaker."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from run_cases import NOW

from gridtool.jobs.runs.files import label_degraded, make_files
from gridtool.jobs.runs.model import ChainRequest
from gridtool.report.result import Result
from gridtool.report.tables import Chart, NamedTable
from gridtool.report.terminal_text import print_text

RESULT = Result(
    command="run",
    tables=(
        NamedTable(
            name="out_now",
            title="Out now",
            frame=pd.DataFrame({"district": ["D1", "D2"], "unserved_mw": [1.5, float("inf")]}),
        ),
    ),
    verdict="The city is short of 1.5 MW.",
    charts=(Chart(title="Curve", text="###\n"),),
    as_of=NOW,
    seed=3,
    warnings=("a warning",),
    headline={"unserved_mw": 1.5},
)


def request(**changes):
    return ChainRequest(
        **{
            "settings": {},
            "root": Path("/nowhere"),
            "as_of": NOW,
            "generated_at": NOW,
            "gridtool_version": "1.0",
            **changes,
        }
    )


def make(**changes):
    return make_files(RESULT, request(**changes), inputs=[("history/mine.csv", "ab")])


def test_there_is_a_report_for_people_and_tables_for_programs():
    files = make()
    assert sorted(files) == [
        "report.txt",
        "result.json",
        "tables/out_now.csv",
        "tables/out_now.parquet",
    ]
    said = json.loads(files["result.json"])
    assert said["generated_at"] == said["as_of"] == "2027-01-12T09:00:00Z"
    assert said["inputs"] == [{"path": "history/mine.csv", "sha256": "ab"}]
    assert said["data"]["out_now"][1] == {"district": "D2", "unserved_mw": None}
    text = files["report.txt"].decode()
    for part in ("The city is short", "Out now", "Curve", "warning: a warning"):
        assert part in text


def test_neither_environment_nor_root_decides_a_byte(monkeypatch):
    before = make()
    for name, value in (("COLUMNS", "40"), ("FORCE_COLOR", "1"), ("TERM", "dumb"), ("LINES", "5")):
        monkeypatch.setenv(name, value)
    assert make(root=Path("/elsewhere")) == before
    assert "\x1b" not in before["report.txt"].decode()


def test_what_is_degraded_says_so_first_everywhere():
    files = make(degraded="stale: the inputs of run X.")
    said = json.loads(files["result.json"])["data"]
    assert said["degraded"] == "stale: the inputs of run X"
    expected = "DEGRADED: stale: the inputs of run X. The city is short of 1.5 MW."
    assert said["verdict"] == expected
    assert files["report.txt"].decode().startswith(expected)


@pytest.mark.parametrize("words", ["", "x"])
def test_only_what_is_degraded_is_labelled(words):
    labelled = label_degraded(RESULT, words)
    assert (labelled is RESULT) == (words == "")


def test_the_text_is_what_a_terminal_of_100_columns_shows():
    lines = print_text(RESULT).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0] == "The city is short of 1.5 MW."
