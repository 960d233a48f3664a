"""``gridtool adequacy --network``."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pytest

from gridtool import cli
from gridtool.cli.compiled import tell_of_compiling
from gridtool.cli.options import OutputOptions


@pytest.fixture
def run(capsys, monkeypatch):
    """Run ``gridtool adequacy`` in this process."""

    def invoke(*arguments):
        monkeypatch.setattr("sys.argv", ["gridtool", "adequacy", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return SimpleNamespace(
            exit_code=ended.value.code or 0, stdout=printed.out, stderr=printed.err
        )

    return invoke


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    path = tmp_path_factory.mktemp("load") / "load.csv"
    rows = [f"{hour + 1},{60 + 125 * hour / 47!r}" for hour in range(48)]
    path.write_text("hour,load_mw\n" + "\n".join(rows) + "\n")
    return path


def found_by(run, *arguments):
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)["data"]


def test_all_states_are_enumerated_unless_samples_are_asked_for(run, load):
    found = found_by(run, "--network", "rbts", load)
    assert found["states"] == 72_576
    assert found["lolp"] == pytest.approx(found["lole_hours"] / 48)
    assert found["edns_mw"] == pytest.approx(found["eue_mwh"] / 48)
    assert found["supply_mwh"] + found["network_mwh"] == pytest.approx(found["eue_mwh"])
    assert sum(row["eue_mwh"] for row in found["busbars"]) == pytest.approx(found["eue_mwh"])
    assert [row["district"] for row in found["districts"]] == ["PLANTS", "LOADS"]
    assert "lolp_se" not in found


def test_samples_have_standard_errors_and_agree(run, load):
    exact = found_by(run, "--network", "rbts", load, "--shedding", "total")
    drawn = found_by(run, "--network", "rbts", load, "--samples", 20_000, "--seed", 3)
    for name in ("lole_hours", "lole_days", "eue_mwh", "lolp", "edns_mw"):
        assert abs(drawn[name] - exact[name]) <= 3.5 * drawn[f"{name}_se"]
    assert "busbars" not in exact


def test_few_states_are_warned_of_and_the_default_is_enough(run, load):
    few = run("--network", "rbts", load, "--samples", 1000)
    assert "1,000 states are few" in few.stderr
    usual = run("--network", "rbts", load, "--method", "sample", "--format", "json")
    assert "few" not in usual.stderr
    assert json.loads(usual.stdout)["data"]["states"] == 100_000


def test_workers_do_not_change_the_answer(run, load):
    one, two = (
        run("--network", "rbts", load, "--samples", 20_000, "--workers", n, "--format", "csv")
        for n in (1, 2)
    )
    assert one.stdout == two.stdout != ""


def test_states_left_out_are_bounded(run, load):
    whole = found_by(run, "--network", "rbts", load)
    cut = ("--network", "rbts", load, "--least-probability", "1e-8")
    part = found_by(run, *cut)
    assert part["states"] < whole["states"] / 5
    assert 0.0 < part["left_out"] < 1e-4
    assert 0.0 <= whole["lolp"] - part["lolp"] <= part["left_out"]
    words = " ".join(run(*cut).stdout.split())
    assert "which bounds what they could add to the LOLP: " in words


def test_weeks_and_months_add_up_to_the_whole(run, tmp_path):
    load = tmp_path / "load.csv"
    hours = 40 * 24
    rows = (f"{h + 1},{100 + 80 * abs((h * 7919) % hours) / hours!r}" for h in range(hours))
    load.write_text("hour,load_mw\n" + "\n".join(rows) + "\n")
    for by, count in (("week", 6), ("month", 2)):
        exact = found_by(run, "--network", "rbts", load, "--by", by, "--shedding", "total")
        parts = exact[f"{by}s"]
        assert len(parts) == count
        assert sum(part["hours"] for part in parts) == hours
        for name in ("lole_hours", "lole_days", "eue_mwh"):
            assert sum(part[name] for part in parts) == pytest.approx(exact[name], rel=1e-9)
    drawn = found_by(run, "--network", "rbts", load, "--by", "month", "--samples", 20_000)
    for part, truth in zip(drawn["months"], parts, strict=True):
        assert abs(part["eue_mwh"] - truth["eue_mwh"]) <= 4.0 * part["eue_mwh_se"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--samples", 100, "--least-probability", "1e-9"), "not for states drawn"),
        (("--method", "enumerate", "--samples", 100), "are for --method sample"),
        (("--least-probability", "1"), "0.0<=x<1.0"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run, load, options, said):
    result = run("--network", "rbts", load, *options)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_compiling_is_told_where_nothing_is_kept(tmp_path, capsys):
    def kernel():
        """Stands for a compiled function."""

    shown = OutputOptions(progress=True)
    tell_of_compiling(kernel, shown)  # not compiled at all
    assert capsys.readouterr().err == ""
    kernel.stats = SimpleNamespace(cache_path=str(tmp_path))
    tell_of_compiling(kernel, OutputOptions(progress=True, quiet=True))
    tell_of_compiling(kernel, OutputOptions())  # no terminal
    assert capsys.readouterr().err == ""
    tell_of_compiling(kernel, shown)
    assert "compiling inner loops, once" in capsys.readouterr().err
    module = kernel.__module__.rpartition(".")[2]
    (tmp_path / f"{module}.{kernel.__name__}-1.py311.nbi").touch()
    tell_of_compiling(kernel, shown)
    assert capsys.readouterr().err == ""


def test_the_answer_is_said_in_words(run, load):
    result = run("--network", "rbts", load)
    assert result.exit_code == 0, result.stderr
    words = " ".join(result.stdout.split())
    assert "Roy Billinton Test System, 48 hours" in words
    assert "72 576 states" in words
    assert "in proportion to demand over all connected, uncongested load" in words


def test_a_network_with_too_many_states_says_what_to_do(run, load):
    result = run("--network", "rts79", load)
    assert result.exit_code == 4
    assert "--method sample" in result.stderr


def test_a_load_that_does_not_fit_the_network_is_refused(run, tmp_path):
    beyond = tmp_path / "load.csv"
    beyond.write_text("hour,load_mw\n" + "\n".join(f"{h + 1},99999" for h in range(24)) + "\n")
    result = run("--network", "rbts", beyond)
    assert result.exit_code == 3
    assert "more than 10 times the network's peak of 185 MW" in result.stderr


@pytest.mark.parametrize(
    ("row", "changed", "said"),
    [
        ("G-1-4,U10 thermal,BUS-1,10,", "G-1-4,U10 thermal,BUS-1,300,", "larger than its busbar"),
        (",0.03,1460,45,", ",1.03,1460,45,", "units.csv, row 2, for"),
        (",0.03,1460,45,", ",-0.03,1460,45,", "units.csv, row 2, for"),
        (",0.03,1460,45,", ",0,1460,,", "units.csv, row 2, mttr_h"),
    ],
)
def test_wrong_units_are_findings(run, load, root, tmp_path, row, changed, said):
    folder = tmp_path / "rbts"
    shutil.copytree(root / "networks" / "rbts", folder)
    units = folder / "units.csv"
    text = units.read_text()
    assert row in text
    units.write_text(text.replace(row, changed, 1))
    result = run("--network", folder, load)
    assert result.exit_code == 3
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_line_without_a_time_to_repair_is_a_finding(run, load, root, tmp_path):
    folder = tmp_path / "rbts"
    shutil.copytree(root / "networks" / "rbts", folder)
    lines = folder / "lines.csv"
    lines.write_text(lines.read_text().replace(",5840,10,", ",5840,,", 1))
    result = run("--network", folder, load)
    assert result.exit_code == 3
    assert "lines.csv, row 2, mttr_h" in result.stderr
