"""The published values of PowerModelsRestoration.jl's own tests."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gridtool.cli import cli
from gridtool.flow.mld import maximise_delivery
from gridtool.flow.mld_case import case_of_matpower, read_matpower_file
from gridtool.restoration.unit_repairs.damage import case_of_file
from gridtool.restoration.unit_repairs.model import make_periods
from gridtool.restoration.unit_repairs.plan import plan_unit_repairs
from gridtool.restoration.unit_repairs.program import make_order_program
from gridtool.restoration.unit_repairs.rrr import refined_order
from gridtool.restoration.unit_repairs.seeds import utilization_periods
from gridtool.restoration.unit_repairs.values import RepairValues

pytestmark = pytest.mark.reference


@pytest.fixture(scope="module")
def pmr(reference):
    return reference / "pmr"


@pytest.fixture(scope="module")
def expected(pmr):
    return json.loads((pmr / "expected.json").read_text())


def repair_case(pmr, name):
    return case_of_file(read_matpower_file(pmr / name))


@pytest.mark.parametrize("name", ["case3_mld.m", "case3_mld_s.m", "case3_mld_lc.m", "case24.m"])
def test_load_delivery(pmr, expected, name):
    value, tolerance = expected["mld_dc"][name]
    delivery = maximise_delivery(case_of_matpower(read_matpower_file(pmr / name)))
    assert delivery.objective == pytest.approx(value, abs=tolerance)


def test_load_delivery_by_command(pmr, expected):
    result = CliRunner().invoke(cli, ["assess", str(pmr / "case24.m"), "--mld", "--format", "json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["data"]
    assert found["objective"] == pytest.approx(expected["mld_dc"]["case24.m"][0], abs=0.01)
    assert found["served"] == pytest.approx(28.453542, abs=1e-5)  # of the reference's run


def test_repairs_dispatched_by_ac_by_command(pmr, expected):
    value, tolerance = expected["redispatch_ac_of_dc"]["case5_restoration.m (2 periods)"]
    case = str(pmr / "case5_restoration.m")
    options = ["--unit-repairs", "--periods", "2", "--ac-redispatch", "--format", "json"]
    result = CliRunner().invoke(cli, ["restore", case, *options])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["data"]
    assert found["ac_redispatch"]["objective"] == pytest.approx(value, abs=tolerance)
    assert found["ac_redispatch"]["objective"] <= found["objective"]


def test_repair_ordering_in_two_periods(pmr, expected):
    wanted = expected["mrsp_and_rop_dc"]["case5_restoration.m (2 periods)"]
    plan = plan_unit_repairs(repair_case(pmr, "case5_restoration.m"), count=2)
    assert plan.objective == pytest.approx(wanted["obj"][0], abs=wanted["obj"][1])
    assert plan.served_pu == pytest.approx(wanted["load"], abs=wanted["atol_load"])
    assert plan.proven_optimal


@pytest.mark.parametrize("growing", [False, True])
def test_growing_loads_do_not_matter_for_the_published_values(pmr, growing):
    case = repair_case(pmr, "case5_restoration.m")
    for count, value in ((2, 53.2), (None, 63.6)):
        periods = make_periods(len(case.components), count=count)
        program = make_order_program(case, periods, growing_loads=growing)
        assert program.program.solve().objective == pytest.approx(value, abs=1e-4)


def test_one_repair_a_period(pmr, expected):
    wanted = expected["exact_rop_dc_one_repair_per_period"]["case5_restoration.m"]
    plan = plan_unit_repairs(repair_case(pmr, "case5_restoration.m"))
    assert plan.objective == pytest.approx(wanted, abs=1e-6)
    assert plan.upper_bound == plan.objective
    assert plan.proven_optimal


def test_utilization_order_of_the_reference(pmr, expected):
    """Its value counts the periods of the refinement, 1 to 9, each once."""
    case = repair_case(pmr, "case3_restoration_total_dmg.m")
    value, tolerance = expected["utilization_order_dc"]["case3_restoration_total_dmg.m"]
    period = utilization_periods(case)
    values = RepairValues(case)
    served = [
        values.served(sum(1 << bit for bit, when in enumerate(period) if when <= now))
        for now in range(1, len(period) + 1)
    ]
    assert sum(served) == pytest.approx(value, abs=tolerance)


def test_refinement_reaches_the_published_curve(pmr):
    """Published for RRR: 0, 1.1, 1.1, 2.2, 2.2, 3.035, 3.15, 3.15, 3.15, each within 1."""
    case = repair_case(pmr, "case3_restoration_total_dmg.m")
    values, mask, served = RepairValues(case), 0, []
    for bit in refined_order(case):
        mask |= 1 << bit
        served.append(values.served(mask))
    published = [0.0, 1.1, 1.1, 2.2, 2.2, 3.035, 3.15, 3.15, 3.15]
    assert served == pytest.approx(published, abs=1.0)
    assert served[-1] == pytest.approx(3.15)
