"""Drift: how often right forecasts are called wrong, and how soon wrong ones are."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import chi2, kstest, norm
from store_cases import NOW

from gridtool.jobs.scoring.blocks import Origin, Span, chain_blocks, place_truth
from gridtool.jobs.scoring.drift import (
    FALSE_ALARM,
    MOST_TESTS,
    WINDOWS,
    BlockScore,
    find_drift,
)

DAY = timedelta(days=1)


def spans_of(days):
    return [Span(start=NOW + day * DAY, end=NOW + (day + 1) * DAY) for day in days]


def origin(day, *, run=None, length=60, late=0.0):
    return Origin(
        run=day if run is None else run,
        start=NOW + day * DAY,
        end=NOW + (day + length) * DAY,
        known_until=NOW + (day - late) * DAY,
    )


def chained(origins, days):
    found = chain_blocks(origins, spans_of(days))
    return [(block.run, [(span.start - NOW).days for span in block.spans]) for block in found]


def test_weekly_runs_stand_for_a_week_each_and_the_last_for_the_rest():
    found = chained([origin(0), origin(7), origin(14)], range(30))
    assert found == [(0, [*range(7)]), (7, [*range(7, 14)]), (14, [*range(14, 30)])]


def test_a_run_that_knew_nothing_new_is_passed_over():
    """With a history that comes 10 days late the run of day 7 knows none of the first block."""
    found = chained([origin(day, late=10) for day in (0, 7, 14)], range(30))
    assert found == [(0, [0, 1, 2, 3]), (14, [*range(14, 30)])]


def test_a_model_that_is_never_fitted_again_has_one_block():
    saved = [
        Origin(run=day, start=NOW + day * DAY, end=NOW + 40 * DAY, known_until=NOW)
        for day in (0, 7)
    ]
    assert chained(saved, range(60)) == [(0, [*range(40)])]


def test_runs_of_one_day_spans_that_are_unknown_and_horizons_that_end():
    hours = [
        Origin(run=at, start=NOW + at * DAY / 4, end=NOW + 3 * DAY, known_until=NOW + at * DAY / 4)
        for at in range(5)
    ]
    assert chained(hours, [0, 1, 2, 3]) == [(0, [0]), (4, [1, 2])]
    assert chained([origin(0, length=2), origin(10)], [0, 5, 6, 12]) == [(0, [0]), (10, [12])]
    assert chained([], range(3)) == []
    assert chained([origin(5)], range(3)) == []


def test_places_of_equal_values_are_drawn_by_name():
    zeros = np.zeros(99)
    places = [place_truth(0.0, zeros, name=f"run {at}") for at in range(500)]
    assert kstest(places, "uniform").pvalue > 0.01
    assert place_truth(0.0, zeros, name="run 0") == places[0]
    assert 0.99 < place_truth(1.0, zeros, name="x") < 1


@pytest.mark.parametrize("late", [0, 10])
def test_places_are_independent_though_forecasts_overlap(late):
    """Days that hang together (AR(1), 0.9); forecast weekly for 60 days by the exact conditional
    distribution of what was known; with a history that is 10 days late as well.
    """
    rng = np.random.default_rng(11 + late)
    phi, n, weeks = 0.9, 99, 600
    days = 7 * weeks + 60
    truth = lfilter([1], [1, -phi], rng.normal(size=days + 40))[40:]
    origins = [origin(7 * week, late=late) for week in range(2, weeks)]
    places = []
    for block in chain_blocks(origins, spans_of(range(days - 60))):
        known = block.run - late
        noise = rng.normal(size=(n, late + 60))
        ahead = lfilter([1], [1, -phi], noise, axis=1)
        ahead += truth[known - 1] * phi ** np.arange(1, late + 61)
        at = [(span.start - NOW).days for span in block.spans]
        samples = ahead[:, [day - known for day in at]].mean(axis=1)
        places.append(place_truth(truth[at].mean(), samples, name=str(block.run)))
    scores = norm.ppf(places)
    count = len(scores)
    assert count > 250
    assert kstest(places, "uniform").pvalue > 0.01
    for lag in (1, 2, 3):
        correlation = np.corrcoef(scores[lag:], scores[:-lag])[0, 1]
        assert abs(correlation) < 3 / np.sqrt(count)


def blocks_of(places, *, truth=100.0, error=0.0):
    return [
        BlockScore(run=at, place=float(place), error=error, truth=truth, days=7.0)
        for at, place in enumerate(places)
    ]


def test_right_forecasts_are_called_wrong_no_more_often_than_stated():
    """Of 1,500 reports at a rate of 10 %, by how many blocks they have: at most the even share of
    each test, and the two quantities together at most that rate.
    """
    rng = np.random.default_rng(21)
    reports, rate = 1500, 0.1
    for count, tests in ((1, 1), (3, 3), (8, 5), (26, 7)):
        places = rng.random((reports, count))
        drifts = [find_drift("energy", blocks_of(row), rate=rate) for row in places]
        named = sum(drift is not None for drift in drifts) / reports
        most = tests * rate / MOST_TESTS
        assert named < most + 3 * np.sqrt(most / reports)
        # The tests hang together, so that less is used up, but the bound is no idle one.
        assert named > most / 2 - 3 * np.sqrt(most / reports)
    assert 2 * (2 * len(WINDOWS) - 1) == MOST_TESTS


@pytest.mark.parametrize(
    ("shift", "spread", "count"), [(1.8, 1.0, 8), (1.0, 1.0, 26), (0.0, 2.0, 26), (5.0, 1.0, 1)]
)
def test_wrong_forecasts_are_named_as_often_as_theory_has_it(shift, spread, count):
    """Truths that lie ``shift`` standard deviations high, or are ``spread`` times as far off: the
    longest window alone finds them as often as its test does, the others add to it.
    """
    rng = np.random.default_rng(22)
    places = norm.cdf(shift + spread * rng.normal(size=(400, count)))
    drifts = [find_drift("energy", blocks_of(np.clip(row, 1e-9, 1 - 1e-9))) for row in places]
    found = [drift for drift in drifts if drift is not None]
    side = FALSE_ALARM / MOST_TESTS / 2
    power = norm.cdf(shift * np.sqrt(count) - norm.isf(side))
    if not shift:
        power = chi2.sf(chi2.isf(side, count) / spread**2, count)
    assert power > 0.75
    assert len(found) / 400 > power - 3 * np.sqrt(power * (1 - power) / 400)
    kind = "level" if shift else "spread"
    assert np.mean([drift.kind == kind for drift in found]) > 0.9
    assert not any(drift.high for drift in found if drift.kind == kind)


def test_a_drift_in_words():
    low = find_drift("energy", blocks_of([0.97] * 8, error=-3.1))
    assert low.words.startswith(
        "the demand model drifts: it was too low by 3.1 % over the last 8 scored runs (chance alone"
    )
    narrow = find_drift("hours_off", blocks_of([0.001, 0.999] * 13))
    assert "the forecast of hours off drifts: its intervals are too narrow" in narrow.words
    assert "those of 80 % held 0 %" in narrow.words
    wide = find_drift("energy", blocks_of([0.5] * 26))
    assert "too wide" in wide.words
    once = find_drift("hours_off", blocks_of([1e-5], error=2.0, truth=1.0))
    assert "too high by 2.0 hours a day over the last scored run" in once.words
    assert find_drift("energy", []) is None
    assert find_drift("energy", blocks_of([0.2, 0.9, 0.5])) is None
