"""The loops of the preview and the control variate, against all states of all units."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from gridtool.forecast.adequacy.convolve_kernel import SteadyUnits
from gridtool.forecast.preview_kernel import (
    Course,
    Kinds,
    WeakUnits,
    expect_given_samples,
    expect_over_futures,
)


def small_world():
    """Two futures of 6 hours, two steady and two weak units, steps of 5 MW."""
    course = Course(
        first_of_row=np.array([0, 2]),
        end=np.array([3, 6, 4, 6]),
        kind=np.array([0, 1, 0, 1]),
    )
    kinds = Kinds(
        demand=np.array([80.0, 100.0]),
        infeed=np.array([30.0, 40.0]),
        sure=np.array([4.0, 0.0]),
        side_first=np.array([0, 2, 2]),
        side_demand=np.array([6.0, 3.0]),
        side_supply=np.array([5.0, 1.0]),
    )
    up = np.stack([np.linspace(1.0, 0.9, 6), np.full(6, 0.8)])
    up[1, 3] = 0.0  # out of season for an hour
    steady = SteadyUnits(steps=np.array([4, 2]), up=up, step_mw=5.0, cells=14)
    weak = WeakUnits(
        steps=np.array([[0, 1], [5, 2], [0, 1], [5, 2]]),
        back=np.array([[0, 0], [3, 0], [0, 0], [4, 0]]),
        up=np.array([0.9, 0.95]),
        fade=np.array([0.5, 0.7])[:, None] ** np.arange(6),
        available=np.array([[True] * 6, [True] * 5 + [False]]),
    )
    return course, steady, weak, kinds


def all_states(row, hour, course, steady, weak):
    """Capacity and chance of every state of all units in an hour of a future, and its stage."""
    stage = int(course.first_of_row[row])
    while course.end[stage] <= hour:
        stage += 1
    units = [(5.0 * s, u[hour]) for s, u in zip(steady.steps, steady.up, strict=True)]
    for m in range(2):
        up = weak.up[m] + (1 - weak.up[m]) * weak.fade[m, hour - weak.back[stage, m]]
        there = weak.steps[stage, m] > 0 and weak.available[m, hour]
        units.append((5.0 * weak.steps[stage, m], up if there else 0.0))
    found = []
    for state in product((True, False), repeat=len(units)):
        chance = np.prod([u if on else 1 - u for (_, u), on in zip(units, state, strict=True)])
        found.append((sum(c for (c, _), on in zip(units, state, strict=True) if on), chance))
    return stage, found


def needed(kind, kinds, factor, limit):
    """What units that fail must give, and what islands aside lack."""
    supplied = min(limit, kinds.infeed[kind]) + kinds.sure[kind]
    aside = 0.0
    for side in range(kinds.side_first[kind], kinds.side_first[kind + 1]):
        aside += max(0.0, factor * kinds.side_demand[side] - kinds.side_supply[side])
    return factor * kinds.demand[kind] - supplied, aside


def test_over_futures_agrees_with_all_states():
    course, steady, weak, kinds = small_world()
    factor = np.array([[0.5, 1.0, 0.8], [1.0, 1.0, 0.9], [0.7, 0.6, 1.1]] * 2)
    limit = np.array([[15.0, 35.0], [50.0, np.inf]])
    month = np.array([0, 0, 0, 1, 1, 1])
    limits = limit[month]
    whole = expect_over_futures(course, steady, weak, kinds, (factor[None], limits[None]))[0]
    two = np.stack([factor, factor[::-1]])
    halves = expect_over_futures(course, steady, weak, kinds, (two, np.stack([limits] * 2)))
    three = np.stack([factor] * 3)
    thirds = expect_over_futures(course, steady, weak, kinds, (three, np.stack([limits] * 3)))

    def expected(rows, factors, hour):
        found = np.zeros(2)
        for row, f, most in product(rows, factors[hour], limit[month[hour]]):
            stage, states = all_states(row, hour, course, steady, weak)
            need, aside = needed(course.kind[stage], kinds, f, most)
            for capacity, chance in states:
                short = max(need - capacity, 0.0) + aside
                found += chance * np.array([short > 1e-9, short])
        return found / (len(rows) * 6)

    for hour in range(6):
        assert whole[:, hour] == pytest.approx(expected((0, 1), factor, hour), abs=1e-12)
        assert halves[0, :, hour] == pytest.approx(expected((0,), two[0], hour), abs=1e-12)
        assert halves[1, :, hour] == pytest.approx(expected((1,), two[1], hour), abs=1e-12)
    # Fewer futures than batches: each batch takes all of them.
    assert thirds == pytest.approx(np.stack([whole] * 3), abs=1e-12)


def test_given_samples_agrees_with_all_states():
    course, steady, weak, kinds = small_world()
    factor = np.array([[1.0, 0.5, 0.9, 1.1, 0.8, 1.0], [0.6, 1.0, 1.2, 0.4, 1.0, 0.9]])
    limit = np.array([[20.0, 35.0], [10.0, np.inf]])
    month = np.array([0, 0, 0, 1, 1, 1])
    found = expect_given_samples(course, steady, weak, kinds, (factor, limit, month))
    expected = np.zeros((2, 2))
    for row, hour in product(range(2), range(6)):
        stage, states = all_states(row, hour, course, steady, weak)
        most = limit[row, month[hour]]
        need, aside = needed(course.kind[stage], kinds, factor[row, hour], most)
        expected[row, month[hour]] += sum(p * (max(need - c, 0.0) + aside) for c, p in states)
    assert found == pytest.approx(expected, abs=1e-12)


def test_it_works_uncompiled(root):
    """The two tests above, interpreted."""
    chosen = "over_futures_agrees or given_samples_agrees"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", chosen, __file__],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
