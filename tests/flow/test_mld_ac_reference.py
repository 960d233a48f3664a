"""AC values that PowerModelsRestoration.jl publishes in its tests, and the command."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from flow.mld_cases import ac_text

from gridtool.cli import cli
from gridtool.flow.mld_ac import RESIDUAL_PU, maximise_ac_delivery
from gridtool.flow.mld_ac_case import ac_case_of_matpower
from gridtool.flow.mld_case import read_matpower_file
from gridtool.restoration.unit_repairs.damage import case_of_file
from gridtool.restoration.unit_repairs.plan import plan_unit_repairs
from gridtool.restoration.unit_repairs.redispatch import redispatch_plan


@pytest.fixture(scope="module")
def pmr(reference):
    return reference / "pmr"


@pytest.fixture(scope="module")
def expected(pmr):
    return json.loads((pmr / "expected.json").read_text())


def deliver(path):
    return maximise_ac_delivery(ac_case_of_matpower(read_matpower_file(path)))


@pytest.mark.reference
@pytest.mark.parametrize("name", ["case3_mld.m", "case24.m"])
def test_load_delivery(pmr, expected, name):
    value, tolerance = expected["mld_ac"][name]
    delivery = deliver(pmr / name)
    assert delivery.objective == pytest.approx(value, abs=tolerance)
    assert delivery.residuals.largest <= RESIDUAL_PU
    assert delivery.objective <= delivery.upper_bound + 1e-5
    assert delivery.proven_optimal == (name == "case24.m")  # there nothing is lost


@pytest.mark.reference
@pytest.mark.parametrize(
    ("name", "value", "served"),
    [
        ("case3_mld_s.m", 339.012705296994, 0.795164947910047),
        ("case3_mld_lc.m", 189.67617468355436, 0.008694494772611786),
    ],
)
def test_further_published_values(pmr, name, value, served):
    """Source: test/mld.jl of the reference."""
    delivery = deliver(pmr / name)
    assert delivery.objective == pytest.approx(value, abs=1e-3)
    assert delivery.served_pu == pytest.approx(served, abs=1e-4)


def test_published_value_where_the_least_output_is_too_much(tmp_path):
    """case3_mld_uc.m of the reference, typed anew; its test/mld.jl: 317.95051383124365, the
    first generator at 0.681614."""
    path = tmp_path / "uc.m"
    wide = (-1000, 1000)
    path.write_text(
        ac_text(
            buses=[(1, 3, 0, 0, 0, 0), (2, 1, 100, 50, 0, 0), (3, 2, 100, 50, 0, 0)],
            gens=[(1, 95, 100, *wide), (3, 0, 50, *wide)],
            branches=[
                (1, 3, 0.065, 0.62, 0, 30, 0, 0, -30, 30),
                (3, 2, 0.025, 0.75, 0, 30, 0, 0, -30, 30),
                (1, 2, 0.042, 0.9, 0, 60, 0, 0, -30, 30),
            ],
        )
    )
    delivery = deliver(path)
    assert delivery.objective == pytest.approx(317.95051383124365, abs=1e-3)
    assert delivery.state.gen_share == pytest.approx([0.681614, 1.0], abs=1e-4)
    assert delivery.state.bus_share == pytest.approx([1.0, 1.0, 1.0], abs=1e-6)


@pytest.mark.reference
def test_redispatch_of_the_dc_plan(pmr, expected):
    value, tolerance = expected["redispatch_ac_of_dc"]["case5_restoration.m (2 periods)"]
    file = read_matpower_file(pmr / "case5_restoration.m")
    plan = plan_unit_repairs(case_of_file(file), count=2)
    redispatch = redispatch_plan(plan, ac_case_of_matpower(file))
    assert redispatch.objective == pytest.approx(value, abs=tolerance)
    assert redispatch.served_pu[0] == pytest.approx(
        4.3808, abs=1e-3
    )  # test/restoration_redispatch.jl
    assert redispatch.objective <= plan.objective + 1e-6
    assert all(period.residuals.largest <= RESIDUAL_PU for period in redispatch.periods)


@pytest.mark.reference
def test_redispatch_where_all_is_damaged(pmr):
    """Without a bus nothing is served; losses and ratings leave less than the DC plan says."""
    file = read_matpower_file(pmr / "case3_restoration_total_dmg.m")
    plan = plan_unit_repairs(case_of_file(file))
    redispatch = redispatch_plan(plan, ac_case_of_matpower(file))
    assert redispatch.served_pu[0] == 0.0
    assert redispatch.served_pu[-1] == pytest.approx(3.15, abs=1e-6)
    assert redispatch.objective < plan.objective


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.m"
    path.write_text(
        ac_text(
            buses=[(1, 3, 0, 0, 0, 10), (2, 1, 50, 10, 0, 0)],
            gens=[(1, 0, 100, -50, 50)],
            branches=[(1, 2, 0.01, 0.1, 0, 0, 0, 0, -30, 30)],
        )
    )
    return path


def test_json_of_the_ac_form(small, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    words = ("assess", small, "--mld", "--mld-form", "ac", "--format", "json")
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert run(*words).stdout == result.stdout
    found = json.loads(result.stdout)["data"]
    assert found["form"] == "ac"
    assert found["objective"] == pytest.approx(2 * 50.0 + 5.0 + 5.0 + 0.5, abs=1e-5)
    assert found["served"] == pytest.approx(0.5, abs=1e-6)
    assert found["buses"] == {"1": pytest.approx(1.0), "2": pytest.approx(1.0)}
    assert found["loads"] == {"2": pytest.approx(1.0)}
    assert found["gens"] == {"1": pytest.approx(1.0)}
    assert found["shunts"] == {"1": pytest.approx(1.0)}
    certificate = found["certificate"]
    assert certificate["proven_optimal"]
    assert certificate["residual"] <= certificate["residual_allowed"] == RESIDUAL_PU


def test_the_text_says_what_is_proven(small):
    result = run("assess", small, "--mld", "--mld-form", "ac")
    assert result.exit_code == 0, result.output
    assert "global optimum" in " ".join(result.output.split())


def test_dc_is_the_form_if_none_is_asked_for(small):
    plain = json.loads(run("assess", small, "--mld", "--format", "json").stdout)["data"]
    asked = run("assess", small, "--mld", "--mld-form", "dc", "--format", "json")
    assert plain == json.loads(asked.stdout)["data"]
    assert plain["form"] == "dc"


def test_a_form_without_mld_is_a_mistake(small):
    result = run("assess", small, "--mld-form", "ac")
    assert result.exit_code == 2
    assert "--mld" in result.stderr


def test_limits_without_sense_are_refused(tmp_path):
    path = tmp_path / "bad.m"
    path.write_text(
        ac_text(buses=[(1, 3, 10, 0, 0, 0, 0.9, 1.1)], gens=[(1, 0, 50, 0, 0)], branches=[])
    )
    result = run("assess", path, "--mld", "--mld-form", "ac")
    assert result.exit_code == 3
    assert "Vmin" in result.stderr
