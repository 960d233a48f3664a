"""Simulated adequacy against exact and published values, in standard errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from forecast.adequacy.systems import pras, rts79_damaged, shipped

from gridtool.errors import InputError
from gridtool.forecast.adequacy.exact import assess_pooled
from gridtool.forecast.adequacy.model import (
    CommonCause,
    GeneratingSystem,
    LoadSeries,
    UnitGroup,
    chain_chances,
)
from gridtool.forecast.adequacy.read_load import plain_calendar
from gridtool.forecast.adequacy.returns import return_on_day
from gridtool.forecast.adequacy.sampled import simulate_part, simulate_system
from gridtool.forecast.adequacy.sampled_inputs import prepare_system


def z_scores(mean, error, expected):
    """Distances in standard errors; what is exact must be met exactly."""
    off = np.asarray(mean) - np.asarray(expected)
    return np.where(np.abs(off) < 1e-9, 0.0, off / np.where(error > 0, error, 1e-12))


def within(moments, expected, *, row=-1, most=3.0):
    scores = z_scores(moments.mean[row], moments.standard_error[row], expected)
    assert np.abs(scores).max() < most, scores


def unit(name, capacity, *, p_fail, p_repair, count=1, **more):
    return UnitGroup(
        id=name,
        count=count,
        capacity_mw=np.atleast_1d(np.array(capacity, dtype=float)),
        outage_rate=p_fail / (p_fail + p_repair) if p_fail > 0 else 0.0,
        p_fail=p_fail,
        p_repair=p_repair,
        **more,
    )


def series(load_mw):
    load = np.atleast_2d(np.array(load_mw, dtype=float))
    return LoadSeries(load_mw=load, calendar=plain_calendar(load.shape[1]))


@pytest.fixture(scope="module")
def small():
    """Three units against a week that falls short often."""
    system = GeneratingSystem(
        groups=(
            unit("A", 10, count=2, p_fail=0.05, p_repair=0.2),
            unit("B", 15, p_fail=0.02, p_repair=0.1),
        )
    )
    hours = np.arange(7 * 24)
    return system, series(18 + 8 * np.sin(hours * 2 * np.pi / 24))


def test_a_year_of_rts79_within_three_standard_errors():
    system, load = shipped("rts79")
    exact = assess_pooled(system, load)
    found = simulate_system(system, load, samples=20_000, seed=5)
    for measure in ("lole_hours", "lole_days", "eue_mwh", "lolp", "edns_mw", "neue_ppm"):
        estimate = found.estimate(measure)
        assert abs(estimate.value - getattr(exact, measure)) < 3 * estimate.standard_error
    assert found.estimate("short_days").value > found.estimate("lole_days").value
    for period in ("month", "week"):
        ours, theirs = found.tabulate(period), exact.tabulate(period)
        for measure in ("lole_hours", "eue_mwh"):
            rare = theirs["lole_hours"] < 0.05  # too rare in 20,000 samples for a normal law
            scores = z_scores(ours[measure], ours[f"{measure}_se"], theirs[measure])[~rare]
            assert np.abs(scores).max() < 3.5
            assert scores.std() < 1.5


@pytest.mark.reference
def test_rts79_with_damaged_units_in_all_months(reference):
    expected = json.loads((reference / "rts79" / "oracle_repair.json").read_text())
    system, load = rts79_damaged()
    found = simulate_system(system, load, samples=30_000, seed=11)
    months = found.tabulate("month")
    for measure, name in (("lole_hours", "LOLE_h"), ("eue_mwh", "EUE_MWh")):
        target = [month[name] for month in expected["months"]]
        scores = z_scores(months[measure], months[f"{measure}_se"], target)
        assert np.abs(scores).max() < 3, scores
        total = found.estimate(measure)
        assert abs(total.value - expected["total"][name]) < 3 * total.standard_error


@pytest.mark.reference
def test_single_node_of_pras_hour_by_hour(reference):
    system, load, case = pras(reference, "singlenode_a")
    found = simulate_system(system, load, samples=100_000)
    within(found.tally.lolp, case["expected"]["LOLP"])
    within(found.tally.eue_mwh, case["expected"]["EUE_t"])
    lole, eue = found.estimate("lole_hours"), found.estimate("eue_mwh")
    assert abs(lole.value - case["expected"]["LOLE"]) < 3 * lole.standard_error
    assert abs(eue.value - case["expected"]["EUE"]) < 3 * eue.standard_error


def test_start_up_and_return_dates_follow_the_exact_transient():
    groups = (
        unit("A", 10, p_fail=0.1, p_repair=0.05, count=2),
        unit("B", 12, p_fail=0.02, p_repair=0.3, returns=return_on_day(1)),
        unit("VG", np.linspace(0, 4, 72), p_fail=0.3, p_repair=0.4),
    )
    load = series(np.full(72, 20.0))
    for start in ("stationary", "up"):
        system = GeneratingSystem(groups=groups, start=start)
        exact = assess_pooled(system, load)
        found = simulate_system(system, load, samples=40_000, seed=3)
        within(found.tally.lolp, exact.lolp_h, most=4.0)
        within(found.tally.eue_mwh, exact.eue_h_mwh, most=4.0)


def test_common_causes_take_their_units_together():
    system = GeneratingSystem(
        groups=(
            unit("A", 10, p_fail=0.1, p_repair=0.4, count=3),
            unit("B", 5, p_fail=0, p_repair=1),
        ),
        common_causes=(CommonCause(id="flood", probability=0.2, lost={"A": 2, "B": 1}),),
    )
    load = series(np.array([12.0, 24.0, 31.0, 36.0]))
    exact = assess_pooled(system, load)
    found = simulate_system(system, load, samples=100_000)
    within(found.tally.lolp, exact.lolp_h)
    within(found.tally.eue_mwh, exact.eue_h_mwh)


def test_sojourns_are_geometric():
    """An outage of a unit that just meets the load lasts 1 / p_repair hours in the mean."""
    system = GeneratingSystem(groups=(unit("A", 10, p_fail=0.01, p_repair=0.25),))
    found = simulate_system(system, series(np.full(2000, 10.0)), samples=4_000)
    runs = found.tabulate_events()
    length, share = runs["duration_h"].to_numpy(), runs["share"].to_numpy()
    count = runs["per_sample"].sum() * found.samples
    expected = 0.25 * 0.75 ** (length[:12] - 1)
    error = np.sqrt(expected * (1 - expected) / count)
    assert np.abs((share[:12] - expected) / error).max() < 4
    events = found.estimate("events")
    # Stationary: down at hour 0, or a failure in one of 1,999 steps.
    target = 0.01 / 0.26 + 1999 * 0.25 / 0.26 * 0.01
    assert abs(events.value - target) < 3 * events.standard_error


def test_counts_hand_made_shortages():
    """Units that are out for certain: hours, days, events, duration and depth by hand."""
    down = unit("A", 10, p_fail=0.0, p_repair=1.0, returns=return_on_day(9))
    system = GeneratingSystem(groups=(down, unit("B", 6, p_fail=0, p_repair=1.0)))
    load = np.full(72, 6.0)  # equal to what is left: no shortage
    load[[3, 4, 20]] = 8.0, 9.0, 7.0
    load[[47, 48]] = 7.5, 6.5
    found = simulate_system(system, series(load), samples=10)
    value = {name: found.estimate(name).value for name in ("eue_mwh", "lole_hours", "short_days")}
    assert value == {"eue_mwh": 8.0, "lole_hours": 5.0, "short_days": 3.0}
    # Peaks: 9 MW at hour 4, 7.5 MW at hour 47, 6.5 MW at hour 48.
    assert found.estimate("lole_days").value == 3.0
    assert found.estimate("events").value == 3.0
    assert found.estimate("eue_mwh").standard_error == 0.0
    runs = found.tabulate_events()
    assert runs["per_sample"].tolist() == [1.0, 2.0]
    assert runs["share_at_least"].tolist() == [1.0, 2 / 3]
    # Depths 3, 1 and 1.5 MW of a peak of 9 MW: classes 33, 11 and 16 per cent.
    depths = found.tabulate_depths().set_index("depth_pct")["per_sample"]
    assert depths[depths > 0].to_dict() == {11: 1.0, 16: 1.0, 33: 1.0}
    by_hour = found.tabulate("hour").set_index("hour")["eue_mwh"]
    assert by_hour[by_hour > 0].to_dict() == {"0": 0.5, "3": 2.0, "4": 3.0, "20": 1.0, "23": 1.5}
    assert found.cvar_eue_mwh.value == 8.0


def test_same_bytes_for_any_number_of_workers(small):
    system, load = small
    long = replace(load, load_mw=np.tile(load.load_mw, 12), calendar=plain_calendar(12 * 168))
    found = [
        simulate_system(system, long, samples=9_000, seed=2, workers=workers)
        for workers in (1, 2, 4)
    ]
    for other in found[1:]:
        for name in ("measures", "cells", "lolp", "eue_mwh"):
            ours, theirs = getattr(found[0].tally, name), getattr(other.tally, name)
            assert ours.mean.tobytes() == theirs.mean.tobytes()
            assert ours.squares.tobytes() == theirs.squares.tobytes()
        assert found[0].tally.spread.sums.tobytes() == other.tally.spread.sums.tobytes()


def test_samples_do_not_depend_on_how_many_are_drawn_or_on_other_units(small):
    system, load = small
    few = simulate_system(system, load, samples=100, seed=9)
    more = replace(system, groups=(*system.groups, unit("Z", 0.0, p_fail=0.5, p_repair=0.5)))
    again = simulate_system(more, load, samples=100, seed=9)
    assert few.tally.eue_mwh.mean == pytest.approx(again.tally.eue_mwh.mean, abs=1e-9)
    assert simulate_system(system, load, samples=100, seed=10).estimate("eue_mwh") != few.estimate(
        "eue_mwh"
    )


def test_stops_where_the_error_is_small_enough(small):
    system, load = small
    found = simulate_system(system, load, samples=1_000_000, until=0.02)
    eue = found.estimate("eue_mwh")
    assert eue.standard_error <= 0.02 * eue.value
    assert found.samples < 1_000_000
    assert simulate_system(system, load, samples=500, until=0.9).samples == 500


def test_reported_errors_cover_what_they_should(small):
    """95 % intervals of EUE and LOLE cover the exact value in 93 to 97 % of 1,000 replications."""
    system, load = small
    exact = assess_pooled(system, load)
    inside = np.zeros(2)
    for seed in range(1000):
        found = simulate_system(system, load, samples=400, seed=seed)
        for at, measure in enumerate(("eue_mwh", "lole_hours")):
            estimate = found.estimate(measure)
            off = abs(estimate.value - getattr(exact, measure))
            inside[at] += off <= 1.96 * estimate.standard_error
    assert ((inside >= 930) & (inside <= 970)).all(), inside


def test_tail_and_quantiles_are_those_of_the_samples(small):
    system, load = small
    samples = simulate_part(prepare_system(system, load, seed=7), (0, 4000)).sums.samples
    found = simulate_system(system, load, samples=4000, seed=7)
    eue = np.sort(samples[:, 0])
    assert found.estimate("eue_mwh").value == pytest.approx(eue.mean())
    assert found.estimate("eue_mwh").standard_error == pytest.approx(
        eue.std(ddof=1) / np.sqrt(4000)
    )
    worst = eue[-200:]
    tail = found.cvar_eue_mwh
    assert tail.value == pytest.approx(worst.mean(), rel=2e-3)
    excess = np.maximum(eue - worst[0], 0.0)
    assert tail.standard_error == pytest.approx(excess.std() / np.sqrt(4000) / 0.05, rel=2e-2)
    spread = found.tabulate_spread().set_index(["measure", "statistic"])
    for share, name in ((0.5, "P50"), (0.9, "P90"), (0.99, "P99")):
        row = spread.loc[("eue_mwh", name)]
        assert row["value"] == pytest.approx(np.quantile(eue, share), rel=5e-3)
        assert row["low"] <= row["value"] <= row["high"]
    # 95 % by the binomial law: 2000 -+ 1.96 x 31.6 samples around the median.
    median = spread.loc[("eue_mwh", "P50")]
    assert median["low"] == pytest.approx(eue[1937], rel=5e-3)
    assert median["high"] == pytest.approx(eue[2062], rel=5e-3)


def test_refuses_units_without_times_and_numbers_out_of_range(small):
    system, load = small
    untimed = UnitGroup(id="X", capacity_mw=np.array([5.0]), outage_rate=0.1)
    with pytest.raises(InputError, match="X has no times to failure"):
        simulate_system(replace(system, groups=(untimed,)), load, samples=10)
    with pytest.raises(InputError) as refused:
        simulate_system(system, load, samples=1, until=2.0, workers=0)
    assert len(refused.value.issues) == 3


WITHOUT_JIT = """
import importlib
import sys
import warnings
warnings.simplefilter("error")
sys.path.insert(0, "tests")
print(repr(importlib.import_module(sys.argv[1]).mixed().tally.eue_mwh.mean.tolist()))
"""


def without_jit(module):
    """What the simulation ``mixed`` of a module gives in a process without compilation."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_JIT, module],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )
    return ran.stdout.strip()


def mixed():
    """A small simulation of all kinds of parts."""
    system = GeneratingSystem(
        groups=(
            unit("A", 10, count=2, p_fail=0.1, p_repair=0.3),
            unit("B", 5, p_fail=1.0, p_repair=1.0, returns=return_on_day(1)),
        )
    )
    return simulate_system(system, series(np.full(48, 15.0)), samples=5, seed=4)


def test_is_the_same_without_compilation():
    assert without_jit("forecast.adequacy.test_sampled") == repr(
        mixed().tally.eue_mwh.mean.tolist()
    )


def test_chances_of_a_chain_seen_hourly():
    """RTS-79's 12 MW units: 2,940 h up, 60 h down; a large share of time, then one hour each."""
    fail, repair = chain_chances(2940.0, 60.0)
    assert fail / (fail + repair) == pytest.approx(0.02)
