"""Options of restore: what they mean, what they refuse, what is printed for them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gridtool.cli import cli
from gridtool.cli.restore import restore
from gridtool.restoration.model import PlanConfig

AS_OF = ("--as-of", "2027-01-12T06:00Z")
FAST = ("--no-ac", "--no-bound")


@pytest.fixture
def toy(root):
    return root / "networks" / "toy3"


@pytest.fixture
def given(toy):
    return (toy, "--damage", toy / "damage", "--resources", toy / "resources", *AS_OF)


def run(*arguments):
    return CliRunner().invoke(cli, ["restore", *map(str, arguments)])


def read(*arguments):
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_the_headline_has_energy_bound_and_gap(given):
    headline = read(*given)["data"]["headline"]
    assert headline["ens_mwh"] == pytest.approx(320, abs=0.05)
    assert headline["weighted_mwh"] == pytest.approx(320, abs=0.05)
    assert {"lower_bound_mwh", "gap_pct", "ac_difference_mwh"} <= set(headline)
    assert headline["lower_bound_mwh"] <= headline["weighted_mwh"] + 0.05
    assert headline["gap_pct"] >= -1e-6


def test_the_budget_is_that_of_the_planner():
    """Written twice, as help must not import the planner."""
    (option,) = [p for p in restore.params if p.name == "evaluations"]
    assert option.default == PlanConfig().evaluations


def test_without_bound_and_ac_they_are_missing(given):
    envelope = read(*given, *FAST)
    assert envelope["data"]["order"] == ["L-AB", "G-C"]
    assert (envelope["data"]["stopped"], envelope["data"]["bound_method"]) == ("", "")
    assert envelope["data"]["headline"]["lower_bound_mwh"] is None
    assert envelope["data"]["headline"]["gap_pct"] is None
    assert "ac_stages" not in envelope["data"]


def test_weights_change_what_counts_but_not_plain_energy(given):
    plain = read(*given, *FAST)["data"]["headline"]
    found = read(*given, *FAST, "--weight", "household=2", "--weight", "hospital=2")
    assert found["data"]["headline"]["weighted_mwh"] >= plain["weighted_mwh"]


def test_a_deadline_counts_no_later_energy(given):
    envelope = read(*given, *FAST, "--deadline", "2027-01-12T10:00Z")
    assert envelope["data"]["headline"]["ens_mwh"] < 320
    shares = [row["by_deadline_pct"] for row in envelope["data"]["restoration_etr"]]
    assert all(0 <= share <= 100 for share in shares)


def test_a_horizon_may_be_written_with_a_d(given):
    one, other = (
        read(*given, *FAST, "--horizon", days)["data"]["headline"] for days in ("90", "90d")
    )
    assert one == other


def test_jobs_have_stages_and_dates_have_quantiles(given):
    tables = read(*given, *FAST)["data"]
    assert {row["stage"] for row in tables["restoration_plan"]} == {"permanent"}
    assert [row["job"] for row in tables["restoration_plan"]] == ["L-AB", "G-C"]
    levels = {row["level"] for row in tables["restoration_etr"]}
    assert {"asset", "substation", "district"} <= levels
    for row in tables["restoration_etr"]:
        assert row["etr_p50"] <= row["etr_p90"]
    assert [row["share_pct"] for row in tables["customers_back"]] == [90, 100]
    assert [row["job"] for row in tables["critical_path"]]


def test_explain_alone_prints_a_table(given):
    result = run(*given, *FAST, "--explain")
    assert result.exit_code == 0, result.stderr
    assert "Why each job stands where it stands" in result.stdout
    assert "L-AB is number" not in result.stdout


def test_explain_of_a_job_prints_sentences(given):
    result = run(*given, *FAST, "--explain", "L-AB")
    assert result.exit_code == 0, result.stderr
    words = " ".join(result.stdout.split())
    assert "L-AB is number 1 of 2" in words
    assert "A day later it would leave" in words
    assert "Why each job stands where it stands" not in result.stdout


def test_explain_of_an_unknown_job_names_the_nearest(given):
    result = run(*given, *FAST, "--explain", "L-AC")
    assert result.exit_code == 2
    assert "'L-AC' is no job of the plan; did you mean 'L-AB'?" in result.stderr


def test_value_of_prints_the_values(given):
    result = run(*given, *FAST, "--value-of")
    assert result.exit_code == 0, result.stderr
    assert "What one more would be worth" in result.stdout
    assert "one more crew" in result.stdout


def test_replanning_the_same_changes_nothing(given, tmp_path):
    folder = tmp_path / "first"
    assert run(*given, *FAST, "-o", folder).exit_code == 0
    result = run(*given, *FAST, "--replan", folder)
    assert result.exit_code == 0, result.stderr
    assert "2 as planned" in result.stdout
    again = run(*given, *FAST, "--replan", folder / "result.json")
    assert again.stdout == result.stdout


def test_replanning_later_keeps_what_has_started(given, tmp_path):
    folder = tmp_path / "first"
    assert run(*given, *FAST, "-o", folder).exit_code == 0
    later = (*given[:-1], "2027-01-12T08:00Z")
    tables = read(*later, *FAST, "--replan", folder)["data"]
    changes = {row["job"]: row["change"] for row in tables["plan_changes"]}
    assert changes["L-AB"] == "under way"
    started = {row["job"]: row["started"] for row in tables["restoration_plan"]}
    assert started == {"L-AB": True, "G-C": False}


def test_a_previous_plan_that_is_none_ends_with_3(given, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text('{"schema": "gridtool.assess"}', encoding="utf-8")
    result = run(*given, "--replan", path)
    assert result.exit_code == 3
    assert "previous plan refused" in result.stderr
    assert "is not a restoration plan" in result.stderr
    assert run(*given, "--replan", tmp_path / "nowhere.json").exit_code == 3


def test_a_cut_search_is_labelled(given):
    result = run(*given, *FAST, "--time-limit", "1e-9")
    assert result.exit_code == 0, result.stderr
    assert "Stopped: time limit. The time limit cut the search" in result.stdout
    assert "warning: stopped: time limit" in result.stderr
    envelope = read(*given, *FAST, "--time-limit", "1e-9")
    assert envelope["data"]["verdict"].startswith("Stopped: time limit.")
    assert envelope["data"]["stopped"] == "time limit"
    assert any("time limit" in warning for warning in envelope["warnings"])
    assert run(*given, *FAST, "--time-limit", "1e-9", "--strict").exit_code == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--weight", "hospital"), "'hospital' is not CLASS=W"),
        (("--weight", "hospital=nan"), "is not CLASS=W"),
        (("--weight", "hospitl=2"), "'hospitl' is no class of customers; did you mean 'hospital'?"),
        (("--weight", "heat=2", "--weight", "heat=3"), "heat is given twice"),
        (("--horizon", "soon"), "'soon' is not a number of days"),
        (("--horizon", "0"), "1 to 7320"),
        (("--cold-load", "2:x"), "is not FACTOR[:AFTER_H[:LASTS_H]]"),
        (("--cold-load", "0.5"), "the factor is from 1 to 10"),
        (("--deadline", "later"), "neither ISO 8601"),
        (("--deadline", "2027-01-01T00:00Z"), "is not after the as-of time"),
        (("--import", "nan"), "not a finite number"),
        (("--time-limit", "0"), "--time-limit"),
        (("--clock", "utc"), "--clock goes with --history only"),
        (("--history", "x.csv", "--demand-factor", "1"), "both say what demand"),
        (("--periods", "3"), "--periods goes with --unit-repairs only"),
        (("--replan-threshold", "1"), "--replan-threshold goes with --replan only"),
    ],
)
def test_options_that_make_no_sense_are_usage_errors(given, options, said):
    result = run(*given, *options)
    assert result.exit_code == 2, result.stderr
    assert said in " ".join(result.stderr.split())


def test_resources_are_asked_for(toy):
    result = run(toy, "--damage", toy / "damage")
    assert result.exit_code == 2
    assert "Missing option '--resources'" in result.stderr


def test_unit_repairs_go_with_little_else(given):
    result = run(*given, "--unit-repairs", "--compare")
    assert result.exit_code == 2
    words = " ".join(result.stderr.split())
    assert "it does not go with --damage, --as-of, --resources, --compare" in words


def test_cold_load_costs_energy_of_its_own(given):
    plain = read(*given, *FAST)["data"]["headline"]
    headline = read(*given, *FAST, "--cold-load", "2:1:3")["data"]["headline"]
    assert headline["ens_mwh"] == plain["ens_mwh"]
    assert headline["cold_load_mwh"] >= 0
    assert "cold_load_mwh" not in plain


def test_a_history_gives_the_demand_of_the_season(given, root):
    """Expected demand is below the reference peak, so less is unserved than the 320 MWh."""
    history = root / "forecasts" / "history" / "rivercity_hourly.csv.gz"
    envelope = read(*given, *FAST, "--history", history)
    assert 0 < envelope["data"]["headline"]["ens_mwh"] < 320
    assert "at the demand expected" in envelope["data"]["verdict"]
    assert any(str(entry["path"]).endswith("csv.gz") for entry in envelope["inputs"])
