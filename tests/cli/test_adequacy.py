"""``gridtool adequacy`` from the command line."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from gridtool.cli import adequacy as module
from gridtool.cli import cli
from gridtool.cli.exits import ExitCode
from gridtool.report.adequacy import AdequacyAnswer


@pytest.fixture
def run(root, monkeypatch):
    monkeypatch.chdir(root)

    def invoke(*words):
        return CliRunner().invoke(cli, ["adequacy", *map(str, words)])

    return invoke


RTS79 = ("forecasts/adequacy/rts79_units.csv", "forecasts/adequacy/rts79_load.csv.gz")
RBTS = ("forecasts/adequacy/rbts_units.csv", "forecasts/adequacy/rbts_load.csv.gz")


def test_rts79_as_json(run):
    result = run(*RTS79, "--format", "json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.output)["data"]
    assert data["lole_days"] == pytest.approx(1.3688629, rel=1e-6)
    assert data["lole_hours"] == pytest.approx(9.3941755, rel=1e-6)
    assert data["eue_mwh"] == pytest.approx(1176.29846, rel=1e-6)
    assert data["lolp"] == pytest.approx(9.3941755 / 8736, rel=1e-6)
    assert data["edns_mw"] == pytest.approx(1176.29846 / 8736, rel=1e-6)
    assert len(data["weekly"]) == 52
    assert len(data["monthly"]) == 12
    week = data["weekly"][50]
    assert week["week"] == "51"
    assert week["lole_hours"] == pytest.approx(1.92904885, abs=1e-7)
    assert week["eue_mwh"] == pytest.approx(278.91671035, abs=1e-7)
    assert json.loads(result.output)["seed"] is None


def test_rts79_in_words(run):
    result = run(*RTS79)
    assert result.exit_code == 0, result.output
    assert "32 units of 3 405 MW together, 555.0 MW above the peak of 2 850 MW" in result.output
    assert "9.394175  1.368863  1 176.2985" in result.output
    assert "Load equal to capacity is no shortage" in result.output


def test_rbts_as_csv_and_with_a_threshold(run):
    result = run(*RBTS, "--format", "csv", "--fail-on", "lole_hours>1")
    assert result.exit_code == ExitCode.THRESHOLD
    assert result.stdout.splitlines()[0] == "lolp,lole_hours,lole_days,eue_mwh,edns_mw,neue_ppm"
    assert float(result.stdout.splitlines()[1].split(",")[1]) == pytest.approx(1.0915605, abs=5e-8)


def test_the_numbers_of_the_readme_are_those_of_the_command(run, root):
    text = (root / "forecasts" / "adequacy" / "README.md").read_text(encoding="utf-8")
    for files, words in (
        (RTS79, "{lole_days:.6f} d, {lole_hours:.6f} h and {eue_mwh:.4f} MWh"),
        (RBTS, "{lole_days:.6f} d, {lole_hours:.6f} h, {eue_mwh:.4f} MWh"),
    ):
        found = json.loads(run(*files, "--format", "json").output)["data"]["headline"]
        assert words.format(**found) in text


def test_the_columns_of_the_readme_are_those_of_the_tables(root):
    from gridtool.forecast.adequacy.read_columns import GENERATING_TABLES

    text = (root / "forecasts" / "adequacy" / "README.md").read_text(encoding="utf-8")
    missing = [
        column.name
        for table in GENERATING_TABLES
        for column in table.columns
        if f"`{column.name}`" not in text
    ]
    assert missing == []


AREAS = "unit,capacity_mw,for,area\nA1,20,0.1,A\nB1,10,0.2,B\n"
LOAD = "hour,A,B\n" + "".join(f"{h},10,12\n" for h in range(24))
LINK = "interface,from_area,to_area,forward_mw\nL,A,B,1\n"


@pytest.fixture
def areas(tmp_path):
    for name, text in (("units", AREAS), ("load", LOAD), ("links", LINK)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_areas_with_an_interface_and_without(run, areas):
    files = areas / "units.csv", areas / "load.csv"
    joined = json.loads(run(*files, "--format", "json").output)["data"]
    assert "All areas are taken as one" in joined["verdict"]
    assert joined["lolp"] == pytest.approx(1 - 0.9 * 0.8, rel=1e-12)
    assert "areas" not in joined
    apart = run(*files, "--interfaces", areas / "links.csv", "--format", "json")
    found = json.loads(apart.output)["data"]
    # B lacks 1 MW with its unit up and A's up, whatever A has beyond the interface.
    assert found["lolp"] == pytest.approx(1.0, rel=1e-12)
    assert [row["area"] for row in found["areas"]] == ["A", "B"]
    total = sum(row["eue_mwh"] for row in found["areas"])
    assert total == pytest.approx(found["eue_mwh"], rel=1e-12)


def test_findings_of_all_files_end_with_exit_3(run, tmp_path):
    units, load = tmp_path / "units.csv", tmp_path / "load.csv"
    units.write_text("unit,capacity_mw,for,mttf_h,mttr_h\nA,50,-0.1,,\nB,50,,900,\n")
    load.write_text("hour,load_mw\n1,5\n3,nan\n")
    result = run(units, load)
    assert result.exit_code == ExitCode.INVALID_INPUT
    for words in ("row 2, for", "mttf_h without mttr_h", "no value", "1 hour is missing"):
        assert words in result.stderr
    assert "Traceback" not in result.output


def test_too_many_states_end_with_exit_4(run, tmp_path):
    units = tmp_path / "units.csv"
    rows = "".join(f"U{i},{(2 + i) ** 0.5:.9f},0.1\n" for i in range(40))
    units.write_text("unit,capacity_mw,for\n" + rows)
    load = tmp_path / "load.csv"
    load.write_text("hour,load_mw\n1,5\n")
    result = run(units, load)
    assert result.exit_code == ExitCode.NO_SOLUTION
    assert "distinct sums" in result.stderr


def test_a_missing_file_is_a_finding(run, tmp_path):
    result = run(tmp_path / "none.csv", RTS79[1])
    assert result.exit_code == ExitCode.INVALID_INPUT
    assert "none.csv" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (RTS79[:1], "give two files"),
        ((*RTS79, "x.csv"), "give two files"),
        ((*RTS79, "--method", "sample"), "--method is for --network"),
        ((*RTS79, "--load-sd", "5"), "not a share between 0 and 1"),
        ((*RTS79, "--until", "x"), "not a share between 0 and 1"),
        ((*RTS79, "--tz", "Kyiv"), "not a time zone"),
        ((*RTS79, "--load-sd", "3%", "--samples", "100"), "--load-sd is for the exact answer"),
        (("--network", "rts79", *RTS79), "with --network give one file"),
        (("--network", "rts79", RTS79[1], "--load-sd", "3%"), "leave out --interfaces"),
    ],
)
def test_usage_errors(run, words, said):
    result = run(*words)
    assert result.exit_code == ExitCode.USAGE
    assert said in result.stderr


def test_start_up_is_less_short_and_a_spread_of_load_more(run):
    def eue(*words):
        return json.loads(run(*RTS79, "--format", "json", *words).output)["data"]["eue_mwh"]

    assert eue("--start", "up") < eue() < eue("--load-sd", "3%")


def test_the_parts_are_called_with_what_was_asked(run, monkeypatch):
    """The contract with the simulated and the composite answer."""
    calls = []

    def remember(*words, **named):
        calls.append((words, named))
        return AdequacyAnswer(tables=(), verdict="said", headline={}, simulated=True)

    part = SimpleNamespace(simulate_system=remember, assess_network=remember)
    monkeypatch.setattr(module, "_import_part", lambda _name, _option: part)
    simulated = run(*RTS79, "--samples", "500", "--until", "2%", "--seed", "7")
    assert "said" in simulated.output
    (system, load), named = calls.pop()
    assert len(system.groups) == 9
    assert load.hours == 8736
    assert (named["samples"], named["until"], named["seed"]) == (500, 0.02, 7)
    assert named["storage"] is None
    run("--network", "rts79", RTS79[1], "--shedding", "priority")
    (network, load), named = calls.pop()
    assert (network, load.hours, named["method"]) == ("rts79", 8736, "enumerate")
    assert named["shedding"] == "priority"
    run("--network", "rts79", RTS79[1], "--samples", "10")
    assert calls.pop()[1]["method"] == "sample"
