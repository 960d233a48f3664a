"""``gridtool network``: what it prints and how it ends."""

from __future__ import annotations

import csv
import io
import json

import pytest
from builders import grid
from click.testing import CliRunner

from gridtool.cli.network import network
from gridtool.errors import NetworkError
from gridtool.flow.margin import calibrate_margin
from gridtool.network.read import read_package
from gridtool.network.write import write_package


def run(*arguments):
    return CliRunner().invoke(network, [str(argument) for argument in arguments])


def data_of(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["data"]


def test_list_names_the_shipped_networks_and_their_size(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("list", "--format", "csv")
    rows = {row["network"]: row for row in csv.DictReader(io.StringIO(result.stdout))}
    assert {"rivercity", "rts79", "toy3", "toy5"} <= set(rows)
    assert (rows["toy3"]["substations"], rows["toy3"]["peak_mw"]) == ("3", "100")


def test_list_says_which_network_is_refused_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "networks" / "odd").mkdir(parents=True)
    (tmp_path / "networks" / "odd" / "network.toml").write_text("id = 1\n")
    rows = list(csv.DictReader(io.StringIO(run("list", "--format", "csv").stdout)))
    assert [row["title"][:7] for row in rows if row["network"] == "odd"] == ["refused"]
    assert len(rows) > 1


def test_show_adds_up(root):
    tables = data_of(run("show", root / "networks" / "toy5", "--format", "json"))
    districts = tables["districts"]
    assert sum(row["peak_mw"] for row in districts) == 120.0
    assert sum(row["critical_mw"] for row in districts) == 15.0
    assert [row["feeders"] for row in districts] == [3, 3]
    assert [row["source"] for row in tables["sources"]] == ["IF-1", "G-5"]
    assert sum(row["line_km"] for row in tables["voltage_levels"]) == 50.0


def test_check_of_a_sound_network_says_so(root):
    result = run("check", root / "networks" / "toy3")
    assert result.exit_code == 0
    assert "is sound" in result.stdout


def test_check_lists_warnings_and_strict_refuses_them(tmp_path):
    dark = grid(stations={"A": (10, 0), "B": (1, 0)}, lines=[("L", "A", "B", 50)])
    write_package(dark, tmp_path / "dark")
    result = run("check", tmp_path / "dark", "--format", "json")
    (finding, *_) = data_of(result)["findings"]
    assert finding["severity"] == "warning"
    assert "no source in an island" in finding["message"]
    strict = run("check", tmp_path / "dark", "--strict")
    assert strict.exception.exit_code == 3


def test_check_of_a_foreign_file_names_the_assets(tmp_path, root):
    source = tmp_path / "toy.json"
    assert run("convert", root / "networks" / "toy3", source).exit_code == 0
    text = source.read_text()
    result = run("check", source)
    assert result.exit_code == 0, result.output
    assert text == source.read_text()


def test_convert_makes_a_package_that_loads(tmp_path, root):
    source, target = tmp_path / "toy.json", tmp_path / "again"
    assert run("convert", root / "networks" / "toy5", source).exit_code == 0
    result = run("convert", source, target)
    assert result.exit_code == 0, result.output
    assert read_package(target).peak_mw == pytest.approx(120.0)


def test_convert_does_not_write_over_the_files_of_others(tmp_path, root):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    result = run("convert", root / "networks" / "toy3", tmp_path / "full")
    assert result.exception.exit_code == 1
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["letter.txt"]


def test_generate_writes_the_city_of_its_seed(tmp_path):
    for name in ("a", "b"):
        result = run(
            "generate", tmp_path / name, "--substations", 10, "--seed", 4, "--no-calibrate",
            "--name", "small",
        )  # fmt: skip
        assert result.exit_code == 0, result.output
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "ab"
    )
    assert first == second
    assert read_package(tmp_path / "a").manifest.seed == 4


def test_generate_calibrates_the_margin(tmp_path):
    assert run("generate", tmp_path / "city", "--substations", 10).exit_code == 0
    city = read_package(tmp_path / "city")
    assert city.manifest.pf_margin == calibrate_margin(city, seed=1)


def test_an_unknown_network_is_refused():
    result = run("show", "nowhere")
    assert isinstance(result.exception, NetworkError)


def test_show_lists_what_stands_in_a_substation(root):
    arguments = ("show", root / "networks" / "toy5", "--substation", "S2", "--format", "json")
    rows = {
        (row["vn_kv"], row["kind"]): row["ids"] for row in data_of(run(*arguments))["substation"]
    }
    assert rows[110.0, "busbars"] == "S2/110"
    assert rows[10.0, "transformers"] == "S2/T1 S2/T2"
    wrong = run("show", root / "networks" / "toy5", "--substation", "S22")
    assert wrong.exit_code == 2
    assert "did you mean S2?" in wrong.stderr
