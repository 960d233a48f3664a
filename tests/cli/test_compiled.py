"""Commands say that loops are compiled first, of loops that they do compile."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

import gridtool.cli.compiled
import gridtool.cli.forecast_work
import gridtool.cli.restore_work
from gridtool.cli import cli

TOY = ("--damage", "networks/toy3/damage", "--resources", "networks/toy3/resources")
RTS79 = ("--history", "forecasts/history/rts79_hourly.csv.gz", "--as-of", "2027-01-12T08:00")


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
