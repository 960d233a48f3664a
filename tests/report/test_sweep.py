"""The comparison of a sweep in tables and words."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from gridtool.report.envelope import table_rows
from gridtool.report.sweep import describe_sweep, headline_sweep, tables_sweep
from gridtool.report.terminal import print_table
from gridtool.whatif.losses import LossSpread
from gridtool.whatif.model import LossRange, SweepRow, SweepScenario, failed_row
from gridtool.whatif.scenario import Scenario
from gridtool.whatif.table import Comparison

LOST = failed_row(
    SweepScenario(number=3, name="lost", scenario=Scenario()), reason="no crew has the skill line"
)


def compare(level, *rows, losses=()):
    """The comparison, and how losses spread."""
    comparison = Comparison(level, seed=1, losses=losses)
    comparison.add(rows)
    spread = LossSpread(losses, level=level)
    spread.add(rows)
    return comparison.table(), spread.table()


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
    found = compare("assess", present(0, 40.0), present(1, 52.5), present(2, 30.0), LOST)
    assert describe_sweep(*found, level="assess") == (
        "2 of 3 scenarios have an outcome; as it is, 40 MW are unserved now; "
        "10.0 MW less with “s2”; 12.5 MW more with “s1”."
    )
    assert headline_sweep(found[0], level="assess") == pytest.approx(
        {"scenarios": 3, "failed": 1, "least_diff": -10, "most_diff": 12.5}
    )
    comparison, failed = tables_sweep(*found, level="assess")
    assert comparison.frame["name"].tolist() == ["s0", "s2", "s1"]
    assert "best" not in printed(comparison)
    assert failed.frame["reason"].tolist() == ["no crew has the skill line"]
    assert "no crew has the skill line" in printed(failed)


def test_a_date_that_never_comes_is_said_and_is_no_number():
    found = compare("plan", planned(0, 100.0, np.inf), planned(1, 90.0, 12.0))
    (comparison,) = tables_sweep(*found, level="plan")
    lines = printed(comparison).splitlines()
    assert any("never" in line and " s0 " in line for line in lines)
    assert not any("inf" in line for line in lines)
    assert table_rows(comparison.frame)[0]["etr_p90_h"] is None


def test_futures_in_words():
    """80 MWh less in every future: no error, best for sure."""
    random = np.random.default_rng(1)
    eue = random.normal(1000.0, 100.0, 50)
    noisy = eue + random.normal(200.0, 50.0, 50)
    found = compare("forecast", simulated(0, eue), simulated(1, eue - 80.0), simulated(2, noisy))
    text = describe_sweep(*found, level="forecast")
    assert "80.00 ± 0.00 MWh less with “s1”, the best of all with a probability of 100 %" in text
    error = found[0].set_index("number").loc[2, "eue_mwh_diff_se"]
    assert error == pytest.approx(50 / 50**0.5, rel=0.3)
    assert f"± {error:.0f} MWh more with “s2”." in text
    (comparison,) = tables_sweep(*found, level="forecast")
    assert "±" in printed(comparison)


def test_a_base_without_an_outcome_is_said():
    base = failed_row(SweepScenario(number=0, name="base", scenario=Scenario()), reason="no crew")
    found = compare("assess", base, present(1, 3.0))
    assert describe_sweep(*found, level="assess") == "The case as it is has none: no crew."
    assert np.isnan(headline_sweep(found[0], level="assess")["least_diff"])


def test_when_nothing_gains():
    found = compare("assess", present(0, 1.0), present(1, 1.0))
    assert "no scenario makes it less" in describe_sweep(*found, level="assess")


def test_many_rows_are_cut_on_a_terminal_only():
    found = compare("assess", *(present(k, float(k)) for k in range(200)))
    (comparison,) = tables_sweep(*found, level="assess")
    assert len(comparison.frame) == 200
    assert "175 more rows" in printed(comparison)


def lose(level, *rows):
    """A base, one scenario of the user's, and draws of what is lost from number 2 on."""
    drawn = LossRange(name="winter", numbers=range(2, len(rows)), is_drawn=True)
    return compare(level, *rows, losses=(drawn,))


def test_losses_are_a_range_and_never_ordered_by_what_they_cost():
    outcomes = [40.0, 30.0, 90.0, 50.0, 70.0, 60.0, 80.0]
    found = lose("assess", *(present(k, mw) for k, mw in enumerate(outcomes)))
    comparison, losses, full, by_number = tables_sweep(*found, level="assess")
    assert comparison.frame["number"].tolist() == [0, 1]
    assert by_number.frame["number"].tolist() == [2, 3, 4, 5, 6]
    assert not {"rank", "p_best", "p_better"} & set(by_number.frame.columns)
    assert by_number.terminal_rows == 0
    text = describe_sweep(*found, level="assess")
    assert text == (
        "As it is, 40 MW are unserved now; 10.0 MW less with “s1”; over the 5 scenarios of "
        "“winter” it is 70 ± 7 MW on average (P10 50, P50 70, P90 90)."
    )
    shown = printed(losses)
    for name in (f"s{number}" for number in range(2, 7)):
        assert name not in text + printed(comparison) + shown
    assert headline_sweep(found[0], level="assess")["most_diff"] == -10.0, "of what is ranked"
    assert "70 ± 7" in shown
    assert full.frame.set_index("quantity").loc["unserved_mw", "mean_se"] == pytest.approx(50**0.5)
    assert full.terminal_rows == 0
    assert "out now [MW]" in shown
    assert "customers out now" in shown


def test_losses_alone_are_not_said_to_gain_nothing():
    drawn = LossRange(name="winter", numbers=range(1, 3), is_drawn=True)
    rows = [planned(0, 10.0, 5.0), planned(1, 20.0, np.inf), planned(2, 40.0, 9.0)]
    found = compare("plan", *rows, losses=(drawn,))
    text = describe_sweep(*found, level="plan")
    assert "no scenario" not in text
    assert "over the 2 scenarios of “winter” it is 30 ± 10 MWh" in text
    _, losses, full, by_number = tables_sweep(*found, level="plan")
    assert "never" in printed(losses)
    assert table_rows(by_number.frame)[0]["etr_p90_h"] is None
    assert table_rows(full.frame)[-1]["p90"] is None
