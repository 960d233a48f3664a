"""The tally: every metric by hand, merged as in one go, whatever the portions."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from forecast.metrics.made import hourly_of, layout_of, random_hours
from forecast.metrics.test_sums import HAND, hand_hours
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.forecast.metrics.model import SampleSums
from gridtool.forecast.metrics.sums import sum_samples
from gridtool.forecast.metrics.tally import ShortageTally, relative_error

FRAMES = (
    "monthly",
    "horizon",
    "by_class",
    "causes_monthly",
    "by_hour",
    "weekly",
    "daily",
    "event_durations",
    "event_depths",
)


def slice_sums(sums, rows):
    return replace(
        sums, **{field.name: getattr(sums, field.name)[rows] for field in fields(SampleSums)}
    )


def random_tally(seed, *, n, portions=(), layout=None):
    """A tally of n samples, added in portions that end at the given samples."""
    rng = np.random.default_rng(seed)
    layout = layout or layout_of([[30.0, 5.0], [20.0, 10.0], [0.0, 4.0]], hours=96)
    unserved, factor = random_hours(rng, n=n, layout=layout)
    sums = sum_samples(hourly_of(unserved), factor, layout=layout)
    tally = ShortageTally(layout)
    for first, end in zip((0, *portions), (*portions, n), strict=True):
        tally.add(slice_sums(sums, slice(first, end)))
    return tally, sums


@pytest.fixture(scope="module")
def hand():
    hourly, factor = hand_hours()
    tally = ShortageTally(HAND)
    tally.add(sum_samples(hourly, factor, layout=HAND))
    return tally


def row_of(frame, **keys):
    found = frame[np.logical_and.reduce([frame[key] == value for key, value in keys.items()])]
    assert len(found) == 1
    return found.iloc[0]


def test_hand_worked_months(hand):
    monthly = hand.monthly()
    a = row_of(monthly, month="2027-01", district="A")
    # Two samples: 8 and 240 MWh; the standard error of a mean of two is half their distance.
    assert (a.eue_mwh, a.eue_mwh_se) == (124.0, pytest.approx(116.0))
    assert (a.lole_h, a.lole_h_se) == (13.0, pytest.approx(11.0))
    assert (a.lolp, a.lolp_se) == (pytest.approx(13 / 24), pytest.approx(11 / 24))
    assert (a.lole_d, a.lolev, a.lolev_se) == (1.0, 1.0, 0.0)
    assert (a.edns_mw, a.edns_mw_se) == (pytest.approx(124 / 24), pytest.approx(116 / 24))
    assert a.demand_mwh == 240.0
    assert (a.neue_ppm, a.neue_ppm_se) == (pytest.approx(124 / 240e-6), pytest.approx(116 / 240e-6))
    assert (a.deepest_mw, a.deepest_mw_se) == (7.0, pytest.approx(3.0))
    # 8 of 192 MWh of ordinary demand: 1 h a day; all of it: 24 h.
    assert (a.hours_off_mean, a.hours_off_se) == (12.5, pytest.approx(11.5))
    assert a.hours_off_p10 == pytest.approx(1.0 + 0.1 * 23.0)
    assert a.hours_off_p50 == pytest.approx(12.5)
    assert (a.hours_off_p50_low, a.hours_off_p50_high) == (0.0, 24.0)
    assert a.hours_off_cvar95 == pytest.approx(24.0)
    assert a.eue_cvar95_mwh == pytest.approx(240.0)
    assert (a.day_over_4h, a.day_over_12h, a.day_over_12h_se) == (0.5, 0.5, pytest.approx(0.5))
    city = row_of(monthly, month="2027-02", district="*")
    assert city["name"] == "whole city"
    assert city.eue_mwh == 13.0
    assert city.hours_off_mean == pytest.approx(24.0 * 13.0 / (12 * 18))


def test_hand_worked_horizon(hand):
    horizon = hand.horizon()
    city = row_of(horizon, district="*")
    # 23 and 256 MWh, 5 and 28 hours.
    assert (city.eue_mwh, city.eue_mwh_se) == (139.5, pytest.approx(116.5))
    assert (city.lole_h, city.lolev) == (16.5, 2.0)
    assert city.lolp == pytest.approx(16.5 / 48)
    assert city.deepest_mw == 9.5
    assert relative_error(hand) == pytest.approx(116.5 / 139.5)


def test_hand_worked_shapes(hand):
    classes = row_of(hand.by_class(), month="all", **{"class": "class 1"})
    assert (classes.eue_mwh, classes.eue_mwh_se) == (69.75, pytest.approx(58.25))
    assert classes.neue_ppm == pytest.approx(69.75 / (36 * 10) * 1e6)
    night = row_of(hand.by_hour(), month="2027-01", hour=23)
    assert (night.lolp, night.eue_mwh, night.eue_mwh_se) == (1.0, 9.5, pytest.approx(0.5))
    both = row_of(hand.by_hour(), month="all", hour=0)
    assert (both.lolp, both.eue_mwh) == (0.5, 7.0)
    causes = hand.causes_monthly().iloc[0]
    assert causes.supply_mwh == pytest.approx(126.5 / 2)
    assert causes.network_mwh_se == pytest.approx((72.0 - 3.9) / 2)
    # 31 January is the Sunday that ends ISO week 4.
    weeks = hand.weekly()
    assert weeks.week.tolist() == ["2027-W04", "2027-W05"]
    assert weeks.lole_h.tolist() == [13.0, 3.5]
    assert weeks.hours_off_mean[1] == pytest.approx(24.0 * 13.0 / (12 * 18))
    days = hand.daily()
    assert days.date.tolist() == ["2027-01-31", "2027-02-01"]
    assert days.demand_p50_mw.tolist() == pytest.approx([20.0, 10.0])
    assert days.hours_off_p50[0] == pytest.approx(24.0 * (13 + 192) / 2 / (24 * 18))
    # Of two samples, one lies on each side of the median with probability 1/2 only.
    assert (days.hours_off_p50_low[0], days.hours_off_p50_high[0]) == (0.0, 24.0)
    assert days.demand_p50_mw_high[0] == pytest.approx(40.0)  # twice the reference peak


def test_hand_worked_events(hand):
    durations = hand.event_durations()
    four = row_of(durations, district="*", to_h=4.0)
    # One event of 3 to 4 h in each sample, and each has one other event.
    assert (four.from_h, four.events, four.events_se) == (3.0, 1.0, 0.0)
    assert (four.share, four.share_se) == (0.5, 0.0)
    b = row_of(durations, district="B", to_h=1.0)
    assert (b.events, b.events_se, b.share, b.share_se) == (1.0, 1.0, 1.0, 0.0)
    deep = row_of(hand.event_depths(), district="A", to_pct=50.0)
    assert (deep.above_pct, deep.events, deep.share) == (30.0, 1.0, pytest.approx(2 / 3))


@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 30), max_size=3))
@settings(max_examples=25, deadline=None)
def test_portions_and_merges_are_one_go(seed, cuts):
    whole, sums = random_tally(seed, n=30)
    portioned, _ = random_tally(seed, n=30, portions=sorted(cuts))
    one, other, third = (ShortageTally(whole.layout) for _ in range(3))
    one.add(slice_sums(sums, slice(0, 11)))
    other.add(slice_sums(sums, slice(11, 12)))
    third.add(slice_sums(sums, slice(12, 30)))
    other.merge(third)
    one.merge(other)  # a + (b + c)
    for tally in (portioned, one):
        assert tally.samples == 30
        for name in FRAMES:
            pd.testing.assert_frame_equal(
                getattr(tally, name)(), getattr(whole, name)(), rtol=1e-9, atol=1e-9
            )


@given(seed=st.integers(0, 2**32), n=st.integers(2, 60))
@settings(max_examples=25, deadline=None)
def test_what_always_holds(seed, n):
    tally, sums = random_tally(seed, n=n)
    monthly = tally.monthly()
    places, city = monthly[monthly.district != "*"], monthly[monthly.district == "*"]
    by_month = places.groupby("month", sort=False)
    assert by_month.eue_mwh.sum().to_numpy() == pytest.approx(city.eue_mwh.to_numpy())
    assert by_month.demand_mwh.sum().to_numpy() == pytest.approx(city.demand_mwh.to_numpy())
    total = city.eue_mwh.sum()
    assert tally.horizon().eue_mwh.iloc[-1] == pytest.approx(total)
    classes = tally.by_class()
    assert classes[classes.month != "all"].eue_mwh.sum() == pytest.approx(total)
    causes = tally.causes_monthly()[["supply_mwh", "network_mwh", "delivery_mwh"]]
    assert causes.sum(axis=1).to_numpy() == pytest.approx(city.eue_mwh.to_numpy())
    assert tally.weekly().eue_mwh.sum() == pytest.approx(total)
    assert tally.daily().eue_mwh.sum() == pytest.approx(total)
    events = tally.event_durations().groupby("district").events.sum()
    assert events["*"] == pytest.approx(city.lolev.sum())
    assert tally.event_depths().groupby("district").events.sum()["*"] == pytest.approx(events["*"])
    known = monthly[monthly.hours_off_mean.notna()]
    quantiles = known[[f"hours_off_p{p}" for p in (5, 10, 50, 90, 95)]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (known.hours_off_p95 <= known.hours_off_cvar95 + 1e-6).all()
    assert (known.eue_cvar95_mwh >= known.eue_mwh - 1e-6).all()
    assert (known.lolev <= known.lole_h).all()
    assert (known.lole_d <= known.lole_h).all()
    # As NumPy has it over the samples.
    energy = sums.unserved_mwh.sum(axis=-1).reshape(n, -1)
    assert monthly.eue_mwh_se.to_numpy() == pytest.approx(
        energy.std(axis=0, ddof=1) / np.sqrt(n), rel=1e-9
    )


def test_a_district_without_ordinary_demand_has_no_hours_off():
    tally, _ = random_tally(1, n=60)
    monthly = tally.monthly()
    hours = [name for name in monthly if name.startswith(("hours_off", "day_over"))]
    assert monthly.loc[monthly.district == "C", hours].isna().all(axis=None)
    assert monthly.loc[monthly.district != "C"].notna().all(axis=None)
    assert (monthly.loc[monthly.district == "C", "eue_mwh"] > 0).all()


def test_no_shortage_and_one_sample():
    layout = layout_of([[30.0, 5.0]], hours=30)
    tally = ShortageTally(layout)
    assert relative_error(tally) == float("inf")
    nothing = hourly_of(np.zeros((1, 30, 1, 2)))
    tally.add(sum_samples(nothing, np.ones((1, 30)), layout=layout))
    monthly = tally.monthly()
    assert monthly.eue_mwh.sum() == 0.0
    assert monthly.eue_mwh_se.isna().all()
    assert monthly.hours_off_p90.tolist() == [0.0] * len(monthly)
    assert relative_error(tally) == float("inf")
    assert tally.event_durations().share.isna().all()


def test_neue_error_is_that_of_a_ratio():
    """Against the delta method written out over the samples."""
    tally, sums = random_tally(9, n=200)
    row = tally.horizon().iloc[-1]
    energy = sums.unserved_mwh[:, :, -1].sum(axis=(1, 2))
    demand = sums.factor_h.sum(axis=1) * tally.layout.peak_mw.sum()
    ratio = energy.mean() / demand.mean()
    error = (energy - ratio * demand).std(ddof=1) / np.sqrt(200) / demand.mean()
    assert row.neue_ppm == pytest.approx(1e6 * ratio)
    assert row.neue_ppm_se == pytest.approx(1e6 * error)
