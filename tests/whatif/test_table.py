"""The comparison: by hand, against the normal law, and how often it is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from gridtool.whatif.model import SweepRow, SweepScenario, failed_row
from gridtool.whatif.pairs import BestOf, Pairing
from gridtool.whatif.scenario import Scenario
from gridtool.whatif.table import Comparison, table_columns


def sampled(number, eue, off=None, **changes):
    eue = np.asarray(eue, dtype=float)
    off = eue / 100 if off is None else np.asarray(off, dtype=float)
    settings = {
        "name": f"s{number}",
        "samples": len(eue),
        "eue_mwh": eue.mean(),
        "hours_off": off.mean(),
        "hours_off_p50": np.quantile(off, 0.5),
        "hours_off_p90": np.quantile(off, 0.9),
        "unserved_mw": 10.0 + number,
        "ens_mwh": 100.0,
        "etr_p90_h": 5.0,
        "customers_out": 7.0,
        "eue_by_sample": tuple(eue.tolist()),
        "hours_off_by_sample": tuple(off.tolist()),
    }
    return SweepRow(number=number, **(settings | changes))


def present(number, unserved):
    return SweepRow(number=number, name=f"s{number}", unserved_mw=unserved, customers_out=0.0)


def compare(level, rows):
    comparison = Comparison(level, seed=1)
    comparison.add(rows)
    return comparison.table()


def test_the_present_by_hand():
    """12 MW in the base; 5 is the best twice, 20 the worst, one failed."""
    lost = SweepScenario(number=4, name="lost", scenario=Scenario())
    table = compare(
        "assess",
        [
            present(0, 12.0),
            present(1, 20.0),
            present(2, 5.0),
            present(3, 5.0 + 1e-8),
            failed_row(lost, reason="the  worker\ndied"),
        ],
    )
    assert tuple(table.columns) == table_columns("assess")
    assert table["number"].tolist() == [0, 2, 3, 1, 4]
    assert table["rank"].tolist()[:4] == [3, 1, 1, 4]
    assert table["unserved_mw_diff"].tolist()[:4] == pytest.approx([0, -7, -7, 8])
    assert table["p_best"].tolist()[:4] == [0, 0.5, 0.5, 0]
    assert table["p_better"].tolist()[:4] == [0.5, 1, 1, 0]
    failed = table.iloc[4]
    assert failed["status"] == "failed: the worker died"
    assert failed[["rank", "p_best", "p_better", "unserved_mw"]].isna().all()


def test_paired_errors_by_hand():
    """Base 1, 2, 3, 6; the other 1 less, 1 more, 1 less, 3 less: mean -1, sd sqrt(8 / 3)."""
    base, other = sampled(0, [1, 2, 3, 6]), sampled(1, [0, 3, 2, 3])
    row = compare("forecast", [base, other]).iloc[1]
    assert row["eue_mwh_diff"] == pytest.approx(-1.0)
    assert row["eue_mwh_diff_se"] == pytest.approx((8 / 3) ** 0.5 / 2)
    assert row["hours_off_diff_se"] == pytest.approx((8 / 3) ** 0.5 / 200)
    assert row["rank"] == 1
    assert row["hours_off_p90_diff"] == pytest.approx((3.0 - 5.1) / 100)


def test_what_futures_have_in_common_cancels():
    random = np.random.default_rng(1)
    common = random.normal(1000.0, 100.0, 400)
    other = common - 5.0 + random.normal(0.0, 10.0, 400)
    row = compare("forecast", [sampled(0, common), sampled(1, other)]).iloc[1]
    assert row["eue_mwh_diff_se"] == pytest.approx(10 / 20, rel=0.1)
    assert row["p_better"] > 0.999
    assert row["p_best"] > 0.999


def test_the_chance_to_be_better_is_that_of_the_normal_law():
    random = np.random.default_rng(2)
    values = random.normal(0.0, 1.0, 500)
    values -= values.mean()
    error = values.std(ddof=1) / np.sqrt(500)
    pairing = Pairing(500, seed=1)
    for distance in (-2.0, -1.0, -0.3, 0.0, 0.7, 1.5):
        found = pairing.chance_lower(values + distance * error)
        assert found == pytest.approx(norm.cdf(-distance), abs=0.025)


def test_the_chance_to_be_best_is_that_of_correlated_normals():
    """Three scenarios on the same 600 futures, against draws of their joint normal law."""
    random = np.random.default_rng(3)
    common = random.normal(100.0, 20.0, 600)
    values = np.stack([common + random.normal(shift, 5.0, 600) for shift in (0.0, -0.2, 0.1)])
    draws = random.multivariate_normal(values.mean(axis=1), np.cov(values) / 600, 40_000)
    expected = np.bincount(draws.argmin(axis=1), minlength=3) / 40_000
    table = compare("forecast", [sampled(k, row) for k, row in enumerate(values)])
    found = table.sort_values("number")["p_best"].to_numpy()
    assert found.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(found, expected, atol=0.03)


def test_without_a_difference_it_is_rarely_sure():
    """Of 1,500 pairs without a difference 5 % are called better with more than 95 %."""
    random = np.random.default_rng(4)
    pairing = Pairing(100, seed=1)
    sure = [pairing.chance_lower(random.normal(0.0, 1.0, 100)) > 0.95 for _ in range(1500)]
    error = (0.05 * 0.95 / 1500) ** 0.5
    assert abs(np.mean(sure) - 0.05) < 4 * error + 0.005


def test_the_error_of_a_quantile_is_the_asymptotic_one():
    """Of independent normals: sqrt(2 p (1 - p) / n) / density, within the bootstrap's own error."""
    random = np.random.default_rng(5)
    n, share = 2000, 0.9
    expected = np.sqrt(2 * share * (1 - share) / n) / norm.pdf(norm.ppf(share))
    pairing = Pairing(n, seed=1)
    errors = [
        pairing.compare_quantile(random.normal(size=n), random.normal(size=n), share=share).error
        for _ in range(6)
    ]
    assert np.mean(errors) == pytest.approx(expected, rel=0.12)


def test_equal_scenarios_share_what_they_have():
    eue = np.random.default_rng(6).normal(100, 10, 50)
    table = compare("forecast", [sampled(k, eue) for k in range(4)])
    assert table["p_best"].tolist() == pytest.approx([0.25] * 4)
    assert table["p_better"].tolist() == pytest.approx([0.5] * 4)
    assert table["rank"].tolist() == [1.0] * 4


def test_the_order_of_the_rest_is_by_rank_and_rows_may_come_in_parts():
    random = np.random.default_rng(7)
    rows = [sampled(k, random.normal(100 + 3 * k, 10, 60)) for k in (0, 1, 2, 3)]
    rows[3] = sampled(3, np.array(rows[0].eue_by_sample) - 50)
    whole = compare("forecast", rows)
    parts = Comparison("forecast", seed=1)
    for row in rows:
        parts.add([row])
    assert parts.table().equals(whole)
    assert whole["number"].tolist()[:2] == [0, 3]
    assert whole["rank"].iloc[1] == 1


def test_a_base_that_failed_leaves_ranks_but_no_differences():
    base = failed_row(SweepScenario(number=0, name="base", scenario=Scenario()), reason="no")
    table = compare("assess", [base, present(1, 4.0), present(2, 3.0)])
    assert table["rank"].tolist()[1:] == [1.0, 2.0]
    assert table["p_best"].tolist()[1:] == [1.0, 0.0]
    assert table["unserved_mw_diff"].isna().all()


def test_back_in_neither_is_no_difference_and_back_in_one_is_infinite():
    rows = [
        SweepRow(number=k, name=str(k), ens_mwh=1.0, etr_p90_h=hours)
        for k, hours in enumerate((np.inf, np.inf, 10.0))
    ]
    table = compare("plan", rows).set_index("number")
    assert table["etr_p90_h_diff"].to_dict() == {0: 0.0, 1: 0.0, 2: -np.inf}


def test_rows_out_of_place_are_refused():
    with pytest.raises(ValueError, match="not the base"):
        compare("assess", [present(1, 1.0)])
    with pytest.raises(ValueError, match="3 futures, not 4"):
        compare("forecast", [sampled(0, [1, 2, 3, 4]), sampled(1, [1, 2, 3])])


def test_the_best_of_many_keeps_only_the_leaders():
    best = BestOf()
    random = np.random.default_rng(8)
    means = random.normal(size=(3000, 50))
    for number, row in enumerate(means):
        best.add(number, row)
    chances = best.chances()
    expected = np.bincount(means.argmin(axis=0), minlength=3000) / 50
    assert chances == pytest.approx({k: v for k, v in enumerate(expected) if v})
    assert len(chances) <= 50
