from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gridtool.forecast.demand.scoring.backtest_model import Backtest
from gridtool.report.backtest import describe_backtest, tables_backtest
from gridtool.report.backtest_words import THRESHOLDS

MODEL = {
    "pinball_pct": 2.5,
    "crps_pct": 4.6,
    "mape_pct": 6.0,
    "mase": 0.9,
    "bias_pct": 0.3,
    "coverage_50": 0.5,
    "coverage_80": 0.8,
    "coverage_90": 0.9,
    "peak_error_pct": 4.0,
    "energy_coverage_80": 0.8,
    "energy_error_pct": 3.0,
    "month_peak_error_pct": 4.0,
    "month_peak_coverage_80": 0.77,
    "pit_p_value": 0.4,
}
UNKNOWN = dict.fromkeys(MODEL, np.nan)


def backtest(*, naive=3.2, climatology=2.8, notes=(), **changed):
    rows = [
        {"method": "model", **MODEL, **changed},
        {"method": "seasonal naive", **UNKNOWN, "pinball_pct": naive},
        {"method": "climatology", **UNKNOWN, "pinball_pct": climatology},
    ]
    scores = pd.DataFrame(rows)
    origins = pd.concat([scores.assign(origin=day) for day in ("2025-01-01", "2025-07-01")])
    months = pd.DataFrame(
        [
            {"origin": "2025-01-01", "method": m, "month": "2025-01", "months_ahead": 1}
            | {"month_of_year": 1, "hours": 744, "pinball_pct": 2.0}
            for m in scores["method"]
        ]
    )
    pit = pd.DataFrame(
        [
            {"method": m, "from_pct": 10.0 * b, "to_pct": 10.0 * b + 10, "share": 0.1}
            for m in ("model", "climatology")
            for b in range(10)
        ]
    )
    return Backtest(scores=scores, origins=origins, months=months, pit=pit, notes=notes)


def test_a_good_model_is_said_to_be_one():
    assert describe_backtest(backtest(notes=("only 2 origins",))) == (
        "Over 2 origins the model's pinball loss is 2.50 % of mean demand, 22 % better than "
        "seasonal naive and 11 % better than climatology. Its 80 % intervals held 80 % of the "
        "hours: take them as they are. Those of energy held 80 % of the months, whose energy was "
        "missed by 3.0 % on average: take them as they are. The months' peaks were missed by "
        "4.0 %, within the 80 % interval in 77 %, the whole peak by 4.0 %: well met. It is worth "
        "using. Only 2 origins."
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"coverage_80": 0.69}, "held 69 % of the hours: too narrow, plan with wider ones"),
        ({"coverage_80": 0.91}, "held 91 % of the hours: wider than need be"),
        ({"energy_coverage_80": 0.6}, "held 60 % of the months, whose energy was missed by 3.0 %"),
        ({"energy_coverage_80": 0.6}, "on average: too narrow"),
        ({"energy_coverage_80": 0.97}, "on average: wider than need be"),
        ({"bias_pct": -2.5}, "It lay 2.5 % too low on average"),
        ({"pit_p_value": 0.004}, "did not spread over the forecast as the paths do (p = 0.004)"),
        ({"month_peak_error_pct": 12.0}, "poorly met, keep a reserve"),
        ({"month_peak_error_pct": 7.0}, "the whole peak by 4.0 %: usable"),
        ({"climatology": 2.52}, "level with climatology"),
        ({"climatology": 2.52}, "For single hours climatology does as well"),
        ({"climatology": 2.3}, "Here climatology was the better forecast"),
        ({"naive": 2.0}, "Here seasonal naive was the better forecast"),
        ({"naive": 2.48, "climatology": 2.7}, "It is no better than seasonal naive."),
    ],
)
def test_what_a_planner_must_know_is_said(changed, words):
    assert words in describe_backtest(backtest(**changed))


def test_the_calibrated_model_is_told_of_and_is_no_rival():
    plain = backtest()
    own = plain.scores[:1].assign(method="calibrated model", pinball_pct=2.4, coverage_80=0.83)
    words = describe_backtest(
        replace(plain, scores=pd.concat([plain.scores[:1], own, plain.scores[1:]]))
    )
    assert "Calibrated at each origin on those before it, its 80 % intervals held 83 %" in words
    assert "at a pinball loss of 2.40 %" in words
    assert words.endswith("It is worth using.")


def test_thresholds_leave_room_for_the_nominal_share():
    for kind in ("hours", "energy"):
        assert THRESHOLDS[f"{kind}_too_narrow"] < 0.8 < THRESHOLDS[f"{kind}_too_wide"]


def test_tables_have_a_row_for_each_method_lead_month_and_tenth():
    tables = {table.name: table.frame for table in tables_backtest(backtest())}
    assert len(tables["scores"]) == len(tables["by_lead"]) == len(tables["by_month"]) == 3
    assert len(tables["origins"]) == 6
    shown = {table.name: table.terminal_rows for table in tables_backtest(backtest())}
    assert shown["by_lead"] == shown["by_month"] == 1  # the model's
    assert tables["pit"].columns.tolist() == ["from_pct", "to_pct", "model", "climatology"]
    assert len(tables["pit"]) == 10
