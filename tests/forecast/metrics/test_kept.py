"""Kept samples against sums of the same hours, and quantiles of the same paths."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from forecast.metrics.made import KYIV, hourly_of, layout_of, random_hours

from gridtool.forecast.metrics.kept import DEMAND_LEVELS, KeptTally, quantile_hours
from gridtool.forecast.metrics.sums import sum_samples
from gridtool.forecast.model import CITY

PEAK = [[30.0, 10.0], [50.0, 0.0]]


class Paths:
    """Path i is a course of its own, whatever is drawn with it."""

    description = "made"

    def simulate(self, n, *, grid, seed, first=0):
        return np.stack(
            [
                np.random.default_rng((seed, i)).gamma(20, 3, grid.hours)
                for i in range(first, first + n)
            ]
        )


@pytest.fixture(scope="module")
def case():
    layout = layout_of(PEAK, hours=100, start=datetime(2027, 3, 27, 12, tzinfo=UTC), zone=KYIV)
    district_mw, factor = random_hours(np.random.default_rng(5), n=12, layout=layout)
    return layout, district_mw, factor, sum_samples(hourly_of(district_mw), factor, layout=layout)


def kept_of(case, *, limit, parts=(12,)):
    layout, district_mw, factor, _ = case
    tally, first = KeptTally(layout, limit=limit), 0
    for count in parts:
        part = slice(first, first + count)
        tally.add(sum_samples(hourly_of(district_mw[part]), factor[part], layout=layout))
        first += count
    return tally.finish(Paths(), seed=3)


def test_months_and_days_are_sums_over_the_hours(case):
    layout, district_mw, factor, _ = case
    kept = kept_of(case, limit=12)
    months = kept.months().set_index(["sample", "month", "district"])
    index = layout.grid.month_index
    for sample, (m, month) in [(0, (0, "2027-03")), (11, (0, "2027-03"))]:
        at = index == m
        demand = factor[sample, at].sum() * 40
        ordinary = factor[sample, at].sum() * 30
        lost = district_mw[sample, at, 0]
        row = months.loc[(sample, month, "A")]
        assert row["demand_mwh"] == pytest.approx(demand, rel=1e-6)
        assert row["eue_mwh"] == pytest.approx(lost.sum(), rel=1e-6)
        assert row["hours_off"] == pytest.approx(24 * lost[:, 0].sum() / ordinary, rel=1e-6)
    days = kept.days()
    whole = days.groupby("sample")[["demand_mwh", "eue_mwh"]].sum()
    city = kept.months().query("district == @CITY").groupby("sample")
    assert kept_of(case, limit=1).ordinary_share.tolist() == [0.75, 1.0, 80 / 90]
    pd.testing.assert_frame_equal(whole, city[["demand_mwh", "eue_mwh"]].sum(), rtol=1e-5)
    assert CITY in kept.districts
    # The clock is put forward on 28 March 2027 in Kyiv: 23 hours.
    assert days.query("sample == 0").set_index("day")["hours"]["2027-03-28"] == 23


@pytest.mark.parametrize("parts", [(12,), (5, 7), (1, 1, 10)])
def test_the_first_samples_are_kept_however_they_come(case, parts):
    once, kept = kept_of(case, limit=6, parts=(6,)), kept_of(case, limit=6, parts=parts)
    assert kept.samples == 6
    pd.testing.assert_frame_equal(kept.months(), once.months())
    pd.testing.assert_frame_equal(kept.hours(), once.hours())


def test_what_is_beyond_the_limit_takes_no_memory(case):
    layout, _, _, sums = case
    tally = KeptTally(layout, limit=4)
    for _ in range(5):
        tally.add(sums)
    assert tally.samples == 4
    assert all(array.base is None for part in tally._parts for array in part)


def test_quantiles_are_those_of_the_paths(case):
    layout = case[0]
    found = quantile_hours(Paths(), layout.grid, seed=3, samples=150)
    paths = Paths().simulate(150, grid=layout.grid, seed=3)
    np.testing.assert_allclose(found, np.quantile(paths, DEMAND_LEVELS, axis=0), rtol=1e-6)
    frame = kept_of(case, limit=12).hours()
    assert list(frame)[:3] == ["hour", "q0", "q25"]
    assert frame["hour"][0] == pd.Timestamp("2027-03-27T12:00Z")


def test_nothing_added_nothing_kept(case):
    assert KeptTally(case[0], limit=10).finish(Paths(), seed=1) is None
