"""``gridtool assess``: verdict, tables, formats, thresholds."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from gridtool import cli


@pytest.fixture
def run(capsys, monkeypatch):
    """Run ``gridtool assess`` in this process."""

    def invoke(*arguments):
        words = ["gridtool", "assess", *map(str, arguments)]
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return SimpleNamespace(
            exit_code=ended.value.code or 0, stdout=printed.out, stderr=printed.err
        )

    return invoke


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    path = tmp_path_factory.mktemp("reports") / "damage.csv"
    path.write_text(
        "report_id,source,asset,state,occurred_at,reported_at\n"
        "1,room,SP-1,complete,2027-01-12T02:00,2027-01-12T03:00\n"
        "2,room,SS-20,complete,2027-01-12T02:10,2027-01-12T03:10\n",
        encoding="utf-8",
    )
    return path


def test_table_says_what_is_out(run, reports):
    found = run("rivercity", "--damage", reports, "--top", 3)
    assert found.exit_code == 0, found.stderr
    assert "2 damaged assets" in found.stdout
    for title in (
        "Out now",
        "Substations not fully served",
        "Elements at their limit",
        "What one more outage would cost",
        "Islands",
        "AC power flow of this state",
    ):
        assert title in found.stdout
    assert "the worst 3 are shown" in " ".join(found.stdout.split())


def test_json_carries_every_table(run, reports):
    found = run("rivercity", "--damage", reports, "--format", "json", "--no-ac", "-q")
    envelope = json.loads(found.stdout)
    assert envelope["schema"].endswith("assess")
    tables = envelope["data"]
    assert {"out_now", "substations_not_served", "limits", "next_outages", "islands"} <= set(tables)
    assert "ac_check" not in tables


def test_csv_prints_the_districts(run, reports):
    found = run("rivercity", "--damage", reports, "--format", "csv", "--no-ac", "-q")
    lines = found.stdout.splitlines()
    assert lines[0].startswith("district,name,demand_mw")
    assert len(lines) == 12


def test_intact_city_needs_no_reports(run):
    found = run("rivercity", "--no-ac", "-q")
    assert found.exit_code == 0
    assert "can serve all of its" in " ".join(found.stdout.split())


def test_threshold_ends_with_exit_code_10(run, reports):
    found = run("rivercity", "--damage", reports, "--no-ac", "-q", "--fail-on", "unserved_mw>1")
    assert found.exit_code == 10


def test_unknown_network_is_refused_with_the_nearest_name(run):
    found = run("rivercty")
    assert found.exit_code == 3
    assert "rivercity" in found.stderr


def test_import_limit_is_respected(run):
    found = run("rivercity", "--import-limit", 300, "--no-ac", "-q", "--format", "csv")
    city = found.stdout.splitlines()[-1].split(",")
    assert float(city[3]) == pytest.approx(300 + 570, abs=1)
