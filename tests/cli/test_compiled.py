"""Commands say that loops are compiled first, of loops that they do compile."""

from __future__ import annotations

import pytest
import run_cases
from click.testing import CliRunner

import gridtool.cli.compiled
import gridtool.cli.forecast_work
import gridtool.cli.restore_work
from gridtool.cli import cli

TOY = ("--damage", "networks/toy3/damage", "--resources", "networks/toy3/resources")
RTS79 = ("--history", "forecasts/history/rts79_hourly.csv.gz", "--as-of", "2027-01-12T08:00")

SCENARIOS = """
format = "gridtool-scenarios"
format_version = 1
[sweep]
level = "forecast"
months = 1
samples = 4
evaluations = 100
[base]
job = "rts79"
[[scenario]]
name = "warmer"
demand_growth_pct = -1
"""


@pytest.fixture
def told(monkeypatch, root):
    """What commands tell of: kernels, and how often each was called for by then."""
    monkeypatch.chdir(root)
    found = []

    def tell(kernel, output, *, takes):  # noqa: ARG001 - as tell_of_compiling
        found.append((kernel, takes))

    for module in (gridtool.cli.compiled, gridtool.cli.forecast_work, gridtool.cli.restore_work):
        monkeypatch.setattr(module, "tell_of_compiling", tell)
    return found


def invoke(*arguments):
    return CliRunner().invoke(cli, list(arguments))


def assert_compiled(told):
    """Of one kernel it was told, and by now it is compiled, or read from where it is kept."""
    ((kernel, takes),) = told
    assert kernel.stats.cache_path
    assert kernel.signatures
    assert "minute" in takes


def test_a_plan_tells_of_loops_that_it_needs(told):
    result = invoke("restore", "toy3", *TOY, "--no-ac", "--no-bound")
    assert result.exit_code == 0, result.output
    assert_compiled(told)


def test_a_forecast_tells_of_loops_that_it_needs(told):
    options = (*RTS79, "--months", "1", "--samples", "4", "--workers", "1")
    result = invoke("forecast", "rts79", *options)
    assert result.exit_code in {0, 6}, result.output
    assert_compiled(told)


def test_a_preview_simulates_nothing(told):
    options = (*RTS79, "--months", "1", "--preview")
    result = invoke("forecast", "rts79", *options)
    assert result.exit_code in {0, 6}, result.output
    assert told == []


def test_a_job_tells_of_loops_that_it_needs(told):
    result = invoke("run", "rts79", "--samples", "4", "--months", "1", "--workers", "1")
    assert result.exit_code == 0, result.output
    assert_compiled(told)


def test_a_run_and_a_sweep_tell_of_it_too(told, monkeypatch, tmp_path, root):
    monkeypatch.setattr(
        "gridtool.cli.job_run_work.supervised", lambda _chain: run_cases.cheap_chain
    )
    result = invoke(
        "job", "run", str(run_cases.write_job(tmp_path, root)), "--store", str(tmp_path)
    )
    assert result.exit_code == 0, result.output
    assert len(told) == 1
    scenarios = tmp_path / "scenarios.toml"
    scenarios.write_text(SCENARIOS)
    options = ("--workers", "1", "--folder", str(tmp_path / "sweep"))
    for _ in range(2):  # the second time nothing is computed
        result = invoke("whatif", str(scenarios), *options)
        assert result.exit_code in {0, 6}, result.output
    assert [takes for _, takes in told] == [gridtool.cli.compiled.OF_A_FORECAST] * 2
