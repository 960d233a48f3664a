from __future__ import annotations

import json
from datetime import UTC, datetime

import click
import pandas as pd
import pytest
from click.testing import CliRunner

from gridtool.cli.lazy import LazyGroup
from gridtool.cli.options import output_options, parse_threshold, seed_option
from gridtool.cli.output import emit, progress
from gridtool.errors import Infeasible, InputError, Issue, RunLocked
from gridtool.report.result import Result
from gridtool.report.tables import Chart, NamedTable

FRAME = pd.DataFrame({"district": ["=1+1", "D2"], "unserved_mw": [float("inf"), 1 / 3]})


@pytest.fixture
def group(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")

    @click.group(cls=LazyGroup)
    @click.option("--debug", is_flag=True)
    def program(*, debug):
        pass

    @program.command()
    @seed_option
    @output_options
    def answer(*, seed, output):
        with progress(output, 2, "working") as advance:
            advance(2)
        result = Result(
            command="answer",
            tables=(
                NamedTable(name="main", title="Main", frame=FRAME),
                NamedTable(name="other", title="Other", frame=pd.DataFrame({"a": [1]})),
            ),
            verdict="Fine.",
            charts=("chart", Chart(title="C", text="curve", after="main")),
            as_of=datetime(2027, 1, 12, 6, tzinfo=UTC),
            seed=seed,
            warnings=("careful", Issue(message="odd", file="a.csv", severity="warning")),
            headline={"ens_mwh": 5.0},
            next_command="gridtool next",
        )
        emit(result, output)

    @program.command()
    @click.argument("kind")
    def fail(*, kind):
        errors = {
            "input": InputError(
                [
                    Issue(message="one", file="a.csv", row=2, field="x", value="v"),
                    Issue(message="mild", severity="warning"),
                    Issue(message="two"),
                ],
                subject="a.csv",
            ),
            "infeasible": Infeasible("no crew has the skill"),
            "locked": RunLocked("run 5 holds the lock"),
            "bug": KeyError("x"),
            "interrupt": KeyboardInterrupt(),
            "pipe": BrokenPipeError(),
        }
        raise errors[kind]

    return program


@pytest.fixture
def call(group):
    return lambda *arguments: CliRunner().invoke(group, list(arguments))


def test_data_goes_to_stdout_and_the_rest_to_stderr(call):
    result = call("answer")
    assert result.exit_code == 0
    assert "Main" in result.stdout
    assert (
        result.stdout.index("curve") < result.stdout.index("Other") < result.stdout.index("chart")
    )
    assert result.stderr.splitlines() == [
        "warning: careful",
        "warning: a.csv: odd",
        "next: gridtool next",
    ]
    assert call("answer", "-q").stderr == ""


def test_json_is_one_strict_envelope(call):
    result = call("answer", "--format", "json", "--seed", "7")
    found = json.loads(result.stdout, parse_constant=pytest.fail)
    assert found["generated_at"] == "2027-01-15T08:00:00Z"
    assert found["seed"] == 7
    assert found["warnings"] == ["careful", "a.csv: odd"]
    assert found["data"]["main"][0] == {"district": "=1+1", "unserved_mw": None}
    assert found["data"]["main"][1]["unserved_mw"] == 1 / 3


def test_csv_is_the_main_table(call):
    result = call("answer", "--format", "csv")
    assert result.stdout == "district,unserved_mw\n'=1+1,\nD2,0.3333333333333333\n"


def test_out_receives_every_table_and_the_envelope(call, tmp_path):
    folder = tmp_path / "new" / "results"
    result = call("answer", "--out", str(folder))
    assert result.exit_code == 0
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert names == {"main.csv", "other.csv", "result.json"}
    assert json.loads((folder / "result.json").read_text())["data"]["other"] == [{"a": 1}]
    first = (folder / "result.json").read_bytes()
    assert call("answer", "--out", str(folder)).exit_code == 0
    assert (folder / "result.json").read_bytes() == first
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["results"]


def test_out_does_not_replace_what_others_wrote(call, tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    result = call("answer", "--out", str(tmp_path))
    assert result.exit_code == 1
    assert "mine.txt" in result.stderr
    assert (tmp_path / "mine.txt").read_text() == "x"


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("unserved_mw>0.3", 10),
        ("unserved_mw<0.3", 0),
        ("unserved_mw >= 1e3", 10),  # an infinite value crosses every bound
        ("ens_mwh>=5", 10),
        ("ens_mwh>5", 0),
        ("ens_mwh <= -1", 0),
        ("nothing>5", 2),
        ("ens_mwh=5", 2),
        ("ens_mwh>5x", 2),
        ("ens_mwh>-", 2),
    ],
)
def test_fail_on(call, condition, code):
    result = call("answer", "--fail-on", condition)
    assert result.exit_code == code
    assert "Traceback" not in result.stderr
    if code == 10:
        assert f"threshold crossed: {condition}" in result.stderr
        assert "Main" in result.stdout


def test_strict_makes_warnings_errors_and_writes_nothing(call, tmp_path):
    result = call("answer", "--strict", "--out", str(tmp_path / "x"))
    assert result.exit_code == 3
    assert result.stdout == ""
    assert not (tmp_path / "x").exists()
    assert "careful" in result.stderr
    assert "a.csv: odd" in result.stderr


@pytest.mark.parametrize(
    ("kind", "code", "message"),
    [
        ("input", 3, "error: a.csv refused, 2 findings:\n  a.csv, row 2, x: one (value 'v')\n"),
        ("infeasible", 4, "error: no crew has the skill\n"),
        ("locked", 5, "error: run 5 holds the lock\n"),
        ("bug", 1, "unexpected error: KeyError: 'x'\nrun again as 'gridtool --debug"),
        ("interrupt", 130, "interrupted\n"),
    ],
)
def test_failures_are_one_message_and_a_code(call, kind, code, message):
    result = call("fail", kind)
    assert result.exit_code == code
    assert result.stderr.startswith(message)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_warnings_stand_after_the_errors(call):
    assert call("fail", "input").stderr.splitlines()[1:] == [
        "  a.csv, row 2, x: one (value 'v')",
        "  two",
        "  warning: mild",
    ]


def test_debug_saves_the_trace(call, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = call("--debug", "fail", "bug")
    assert result.exit_code == 1
    (trace,) = tmp_path.iterdir()
    assert f"trace saved to {trace}" in result.stderr
    assert "KeyError: 'x'" in trace.read_text()


def test_an_unknown_command_is_answered_with_the_nearest(call):
    result = call("anwser")
    assert result.exit_code == 2
    assert "Did you mean 'answer'?" in result.stderr


def test_progress_is_shown_when_asked_for_only(call):
    assert "working" not in call("answer").stderr
    assert "working" not in call("answer", "--no-progress").stderr


def test_a_threshold_is_parsed_once():
    limit = parse_threshold(" unserved_mw >= -1.5e2 ")
    assert (limit.name, limit.comparison, limit.limit) == ("unserved_mw", ">=", -150.0)
    assert limit.crossed(-150)
    assert not limit.crossed(float("nan"))
