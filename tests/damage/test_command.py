"""``gridtool damage``: what it prints and how it ends."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

from gridtool.cli.damage import damage
from gridtool.cli.failures import report_failures
from gridtool.errors import DamageReportError
from gridtool.network.write import write_package

HEADER = "report_id,source,asset,state,occurred_at,reported_at,likely_h,low_h,high_h,note\n"
GOOD = (
    HEADER + "1,EOC,SS-01/T1,moderate,2027-01-12T03:00,2027-01-12T04:00,8,4,20,=1+1\n"
    "1,EOC,SS-01/T1,complete,2027-01-12T03:00,2027-01-12T06:00,8,4,20,\n"
)
BAD = GOOD + "2,EOC,SS-1/T1,complete,2027-01-12T03:00,2027-01-12T04:00,,,,\n"


@pytest.fixture(scope="module")
def package(tmp_path_factory, network):
    folder = tmp_path_factory.mktemp("networks") / "small"
    write_package(network, folder)
    return str(folder)


@pytest.fixture
def run(tmp_path, package):
    def call(command, text, *options):
        path = tmp_path / "reports.csv"
        path.write_text(text)
        arguments = [command, str(path), "--network", package, *options]
        return CliRunner().invoke(damage, arguments)

    return call


def test_check_counts_and_lists_conflicts(run):
    result = run("check", GOOD)
    assert result.exit_code == 0, result.output
    assert "2 reports read from 1 file: 2 accepted, 0 rejected." in result.stdout
    assert "1 asset damaged; 1 conflict between reports settled" in " ".join(result.stdout.split())
    assert "revised" in result.stdout


def test_refused_reports_carry_every_finding_and_exit_code_3(run, capsys):
    result = run("check", BAD)
    assert isinstance(result.exception, DamageReportError)
    with pytest.raises(SystemExit) as caught, report_failures():
        raise result.exception
    assert caught.value.code == 3
    assert "row 4, asset: is not an asset of the network" in capsys.readouterr().err
    assert result.stdout == ""


def test_quarantine_accepts_the_rest_and_lists_the_rejected_rows(run, tmp_path):
    result = run("check", BAD, "--quarantine", "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert "3 reports read from 1 file: 2 accepted, 1 rejected." in result.stdout
    with (tmp_path / "out" / "rejected_reports.csv").open(newline="") as stream:
        [row] = csv.DictReader(stream)
    assert (row["row"], row["field"], row["value"]) == ("4", "asset", "SS-1/T1")
    assert row["hint"] == "did you mean 'SS-01/T1'?"


def test_thresholds_can_name_the_counts(run):
    assert run("check", BAD, "--quarantine", "--fail-on", "rejected>0").exit_code == 10
    assert run("check", GOOD, "--fail-on", "rejected>0").exit_code == 0


def test_log_shows_what_became_of_each_report(run):
    result = run("log", GOOD, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["state"], row["status"]) for row in rows] == [
        ("moderate", "revised"),
        ("complete", "counts"),
    ]
    assert rows[0]["note"] == "'=1+1"
    assert rows[0]["occurred_at"] == "2027-01-12T01:00:00Z"


def test_as_of_goes_back_in_time(run):
    result = run("log", GOOD, "--as-of", "2027-01-12T05:00", "--format", "json")
    envelope = json.loads(result.stdout)
    assert envelope["as_of"] == "2027-01-12T03:00:00Z"
    assert [row["status"] for row in envelope["data"]["damage_log"]] == ["counts", "not known"]


def test_a_header_alone_is_no_damage(run):
    result = run("check", HEADER)
    assert result.exit_code == 0, result.output
    assert "0 reports read from 1 file" in result.stdout
