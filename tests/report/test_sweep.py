"""The comparison of a sweep in tables and words."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from gridtool.report.envelope import table_rows
from gridtool.report.sweep import describe_sweep, headline_sweep, tables_sweep
from gridtool.report.terminal import print_table
from gridtool.whatif.model import SweepRow, SweepScenario, failed_row
from gridtool.whatif.scenario import Scenario
from gridtool.whatif.table import Comparison

LOST = failed_row(
    SweepScenario(number=3, name="lost", scenario=Scenario()), reason="no crew has the skill line"
)


def compare(level, *rows):
    comparison = Comparison(level, seed=1)
    comparison.add(rows)
    return comparison.table()


def present(number, unserved):
    return SweepRow(number=number, name=f"s{number}", unserved_mw=unserved, customers_out=500.0)


def planned(number, ens, late_h):
    return SweepRow(number=number, name=f"s{number}", ens_mwh=ens, etr_p50_h=5.0, etr_p90_h=late_h)


def simulated(number, eue):
    eue = np.asarray(eue, dtype=float)
    return SweepRow(
        number=number,
        name=f"s{number}",
        samples=len(eue),
        eue_mwh=float(eue.mean()),
        eue_by_sample=tuple(eue.tolist()),
        hours_off_by_sample=tuple((eue / 100).tolist()),
    )


def printed(table):
    console = Console(file=io.StringIO(), width=140)
    print_table(console, table)
    return console.file.getvalue()


def test_the_present_in_words_and_tables():
    table = compare("assess", present(0, 40.0), present(1, 52.5), present(2, 30.0), LOST)
    assert describe_sweep(table, level="assess") == (
        "2 of 3 scenarios have an outcome; as it is, 40 MW are unserved now; "
        "10.0 MW less with “s2”; 12.5 MW more with “s1”."
    )
    assert headline_sweep(table, level="assess") == pytest.approx(
        {"scenarios": 3, "failed": 1, "least_diff": -10, "most_diff": 12.5}
    )
    comparison, failed = tables_sweep(table, level="assess")
    assert comparison.frame["name"].tolist() == ["s0", "s2", "s1"]
    assert "best" not in printed(comparison)
    assert failed.frame["reason"].tolist() == ["no crew has the skill line"]
    assert "no crew has the skill line" in printed(failed)


def test_a_date_that_never_comes_is_said_and_is_no_number():
    table = compare("plan", planned(0, 100.0, np.inf), planned(1, 90.0, 12.0))
    (comparison,) = tables_sweep(table, level="plan")
    lines = printed(comparison).splitlines()
    assert any("never" in line and " s0 " in line for line in lines)
    assert not any("inf" in line for line in lines)
    assert table_rows(comparison.frame)[0]["etr_p90_h"] is None


def test_futures_in_words():
    """80 MWh less in every future: no error, best for sure."""
    random = np.random.default_rng(1)
    eue = random.normal(1000.0, 100.0, 50)
    noisy = eue + random.normal(200.0, 50.0, 50)
    table = compare("forecast", simulated(0, eue), simulated(1, eue - 80.0), simulated(2, noisy))
    text = describe_sweep(table, level="forecast")
    assert "80.00 ± 0.00 MWh less with “s1”, the best of all with a probability of 100 %" in text
    error = table.set_index("number").loc[2, "eue_mwh_diff_se"]
    assert error == pytest.approx(50 / 50**0.5, rel=0.3)
    assert f"± {error:.0f} MWh more with “s2”." in text
    (comparison,) = tables_sweep(table, level="forecast")
    assert "±" in printed(comparison)


def test_a_base_without_an_outcome_is_said():
    base = failed_row(SweepScenario(number=0, name="base", scenario=Scenario()), reason="no crew")
    table = compare("assess", base, present(1, 3.0))
    assert describe_sweep(table, level="assess") == "The case as it is has none: no crew."
    assert np.isnan(headline_sweep(table, level="assess")["least_diff"])


def test_when_nothing_gains():
    table = compare("assess", present(0, 1.0), present(1, 1.0))
    assert "no scenario makes it less" in describe_sweep(table, level="assess")


def test_many_rows_are_cut_on_a_terminal_only():
    table = compare("assess", *(present(k, float(k)) for k in range(200)))
    comparison, worst = tables_sweep(table, level="assess")
    assert worst.frame["name"].tolist() == [f"s{k}" for k in range(199, 189, -1)]
    assert worst.frame["rank"].tolist() == [float(k) for k in range(200, 190, -1)]
    assert len(comparison.frame) == 200
    assert "175 more rows" in printed(comparison)
