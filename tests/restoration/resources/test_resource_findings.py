"""What the resources can never do is said at once and by name, not searched for."""

from __future__ import annotations

import json
import time

import pytest
from click.testing import CliRunner

from gridtool.cli import cli

REPORTS = (
    "report_id,source,asset,state,occurred_at,reported_at,low_h,likely_h,high_h,skills,spares\n"
    "1,EOC,L-AB,complete,2027-01-12T03:00,2027-01-12T05:00,4,5,6,{skills},{spares}\n"
    "2,EOC,L-AC,complete,2027-01-12T03:00,2027-01-12T05:00,4,5,6,,\n"
)
CREWS = "id,skills,substation,size\nC1,line,A,4\nC2,line plant,A,4\n"
REPAIRS = "asset,stage,crew_size,after,crew,started_at\n"


@pytest.fixture
def restore(root, tmp_path):
    def run(*options, skills="", spares="", **files):
        resources = tmp_path / "resources"
        resources.mkdir()
        (tmp_path / "r.csv").write_text(REPORTS.format(skills=skills, spares=spares))
        for name, text in ({"crews": CREWS} | files).items():
            (resources / f"{name}.csv").write_text(text)
        begun = time.monotonic()
        result = CliRunner().invoke(
            cli,
            [
                *("restore", str(root / "networks" / "toy3"), "--damage", str(tmp_path / "r.csv")),
                *("--resources", str(resources), *options),
            ],
        )
        assert "Traceback" not in result.output
        assert time.monotonic() - begun < 20, "refused before anything is searched"
        return result

    return run


def test_the_sound_original_has_a_plan(restore):
    result = restore("--format", "json", repairs=REPAIRS + "L-AB,permanent,2,L-AC,,\n")
    assert result.exit_code == 0, result.output
    assert {"L-AB", "L-AC"} <= set(json.dumps(json.loads(result.stdout)).replace('"', " ").split())


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"skills": "diving"}, 4, ["L-AB", "no crew has the skill diving"]),
        ({"spares": "tower"}, 4, ["spare tower", "1 needed by L-AB", "0 in stock and 0 arriving"]),
        (
            {
                "spares": "tower|tower",
                "arrivals": "spare,quantity,arrives_at\ntower,1,2027-02-01\n",
            },
            4,
            ["spare tower", "2 needed by L-AB", "0 in stock and 1 arriving"],
        ),
        ({"repairs": REPAIRS + "L-AB,permanent,9,,,\n"}, 4, ["L-AB", "9"]),
        (
            {"repairs": REPAIRS + "L-AB,permanent,,L-AC,,\nL-AC,permanent,,L-AB,,\n"},
            3,
            ["L-AB waits for L-AC (repairs.csv)", "L-AC waits for L-AB (repairs.csv)"],
        ),
        (
            {
                "repairs": REPAIRS + "L-AB,permanent,,,C1,2027-01-12T04:00\n"
                "L-AC,permanent,,,C1,2027-01-12T04:30\n"
            },
            3,
            ["crew C1 is in two places", "L-AB and L-AC"],
        ),
        (
            {"crews": CREWS + "C1,line,B,4\n"},
            3,
            ["crews.csv, row 4, id: is there twice", "C1"],
        ),
        (
            {"repairs": REPAIRS + "L-AB,permanent,,,C9,2027-01-12T04:00\n"},
            3,
            ["repairs.csv, row 2, crew: is not in crews (value 'C9')"],
        ),
        (
            {"crews": "id,skills,substation,available_to\nC1,line,A,2027-01-12T07:00\n"},
            4,
            ["L-AB", "available"],
        ),
    ],
    ids=[
        "a skill nobody has",
        "a spare that never arrives",
        "too few spares arrive",
        "a crew nobody has the people for",
        "a cycle in precedence",
        "a crew in two places",
        "a crew with two depots",
        "work of an unknown crew",
        "crews that leave too early",
    ],
)
def test_what_cannot_be_done_is_named(restore, given, code, words):
    result = restore(**given)
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("error: ")
    for part in words:
        assert part in result.stderr


def test_repairs_that_outlive_their_damage_do_not_stop_the_plan(restore):
    rows = "G-C,permanent,9,,,\nL-AB,permanent,,,C1,2027-01-30\n"
    assert restore(repairs=REPAIRS + rows).exit_code == 0
