"""A search that is ended early answers with the best order so far, and says so."""

from __future__ import annotations

import json
import signal

import pytest
from click.testing import CliRunner
from restoration.unit_repairs.cases import matpower_text, random_text, read_text

from gridtool.cli import cli
from gridtool.errors import AnalysisError
from gridtool.restoration.interrupt import INTERRUPTED, TIME_LIMIT
from gridtool.restoration.unit_repairs import plan as planning
from gridtool.restoration.unit_repairs.order import put_buses_first
from gridtool.restoration.unit_repairs.plan import plan_unit_repairs
from gridtool.restoration.unit_repairs.program import make_order_program

STORAGE = "2 0 0 20 100 50 70 0.8 0.9 100 -50 70 0.1 0 0 0 1;"


def with_storage(damage):
    """20 MWh at the load of 100 MW behind a branch, which two generators feed."""
    return matpower_text(
        buses=[(1, 3, 0, 0), (2, 1, 100, 0)],
        gens=[(1, 0, 60, 1), (1, 0, 40, 1)],
        branches=[(1, 2, 0.0, 0.1, 100, 1)],
        damage=damage,
        storage=[STORAGE],
    )


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """All of 9 buses, 3 generators and 13 branches that the seed leaves damaged."""
    return read_text(tmp_path_factory.mktemp("made"), random_text(18, buses=9, extra=5, share=1.0))


@pytest.fixture(scope="module")
def full(case):
    return plan_unit_repairs(case)


def ask_times(count):
    """Says stop from the ``count``-th time on that it is asked."""
    asked = iter(range(1, 10**9))
    return lambda: next(asked) >= count


@pytest.mark.parametrize("count", [1, 2, 5, 20, 60, 200])
def test_a_stopped_search_answers_with_an_order(case, full, count):
    plan = plan_unit_repairs(case, stop=ask_times(count))
    assert sorted(plan.order) == list(range(len(case.components)))
    assert put_buses_first(case, plan.order) == list(plan.order)
    assert plan.upper_bound >= full.objective - 1e-9
    assert plan.objective <= full.objective + 1e-9
    assert plan.proven_optimal == (plan.stopped == "")
    assert plan.stopped == INTERRUPTED or count > 1


def test_the_clock_ends_a_search(case):
    ticks = iter(range(10**9))
    plan = plan_unit_repairs(case, clock=lambda: float(next(ticks)), time_limit_s=3.0)
    assert plan.stopped == TIME_LIMIT
    assert not plan.proven_optimal


def test_an_unused_limit_changes_nothing(tmp_path):
    case = read_text(tmp_path, random_text(5))
    assert plan_unit_repairs(case, stop=lambda: False) == plan_unit_repairs(case)


def test_several_repairs_a_period_can_be_stopped(case):
    plan = plan_unit_repairs(case, count=3, stop=lambda: True)
    assert plan.stopped == INTERRUPTED
    assert plan.upper_bound >= plan_unit_repairs(case, count=3).objective - 1e-9


def test_the_solver_asks_whether_to_stop(case, full):
    """The program over all periods ends at its first question, before there is an order."""
    program = make_order_program(case, full.periods).program
    asked = []
    with pytest.raises(AnalysisError, match="nterrupt"):
        program.solve(stop=lambda: asked.append(1) is None)
    assert asked


def test_storage_without_damage_is_valued(tmp_path):
    """100 MW come through the branch: what is stored is not needed."""
    plan = plan_unit_repairs(read_text(tmp_path, with_storage(None)))
    assert plan.order == ()
    assert plan.objective == pytest.approx(1.0)
    assert plan.proven_optimal


def test_storage_serves_while_the_branch_is_out(tmp_path):
    """By hand: 20 MWh give 18 MWh in the two hours without the branch or a generator."""
    case = read_text(tmp_path, with_storage({"branch": [1]}))
    plan = plan_unit_repairs(case)
    assert plan.served_pu == pytest.approx((0.18, 1.0))
    stopped = plan_unit_repairs(case, stop=lambda: True)
    assert stopped.order == plan.order
    assert stopped.upper_bound >= plan.objective - 1e-9


def test_a_time_limit_by_command(tmp_path):
    path = tmp_path / "made.m"
    path.write_text(random_text(18, buses=9, extra=5, share=1.0))
    words = ["restore", str(path), "--unit-repairs", "--time-limit", "0.000001"]
    result = CliRunner().invoke(cli, [*words, "--format", "json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["data"]["stopped"] == TIME_LIMIT
    assert "stopped: time limit" in result.stdout


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_the_best_order(tmp_path, monkeypatch, sent, code):
    def plan_after_signal(*given, **settings):
        signal.raise_signal(sent)
        return plan_unit_repairs(*given, **settings)

    monkeypatch.setattr(planning, "plan_unit_repairs", plan_after_signal)
    path = tmp_path / "made.m"
    path.write_text(random_text(18, buses=9, extra=5, share=1.0))
    result = CliRunner().invoke(cli, ["restore", str(path), "--unit-repairs", "--format", "json"])
    assert result.exit_code == code
    found = json.loads(result.stdout)["data"]
    assert found["stopped"] == INTERRUPTED
    assert len(found["order"]) == len(found["components"])
