"""The best tour of one unit against all tours on a fine clock."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.restoration.mobile.route import Saving, Stop, best_tour

END_H = 24


def saving(*rates, step_h=1.0):
    """MWh per hour in each step."""
    hours = np.arange(len(rates) + 1) * step_h
    return Saving(hours=hours, energy=np.concatenate([[0.0], np.cumsum(rates) * step_h]))


def tour(savings, *, first, move, end=float(END_H), visit=0.0):
    return best_tour(
        savings,
        first_h=np.asarray(first, dtype=np.float64),
        move_h=np.asarray(move, dtype=np.float64),
        end_h=end,
        visit_mwh=visit,
    )


def worth(savings, stops, *, visit):
    return sum(
        savings[s.place].until(s.offline) - savings[s.place].until(s.online) - visit for s in stops
    )


def best_by_clock(rates, *, first, move, visit):
    """Most that can be saved when all dates are whole hours: state by state, backwards in time."""
    places, end = rates.shape
    on = np.zeros((places, end + 1))  # connected at this hour
    ready = np.zeros((places, end + 1))  # could connect at this hour
    for hour in range(end, -1, -1):
        for p in range(places):
            leave = [0.0] + [
                ready[q, hour + move[p][q]]
                for q in range(places)
                if q != p and hour + move[p][q] <= end
            ]
            on[p, hour] = max(leave)
            if hour < end:
                on[p, hour] = max(on[p, hour], rates[p, hour] + on[p, hour + 1])
        for p in range(places):
            wait = ready[p, hour + 1] if hour < end else 0.0
            ready[p, hour] = max(wait, on[p, hour] - visit)
    return max([0.0] + [ready[p, first[p]] for p in range(places) if first[p] <= end])


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=200, deadline=None)
def test_best_of_all_tours(seed):
    rng = np.random.Generator(np.random.Philox(seed))
    places = int(rng.integers(1, 5))
    # Steps of several hours, many of no use; a place may do harm at first.
    levels = rng.choice([0.0, 0.0, 0.0, 1.0, 3.0, 7.0], size=(places, 6))
    levels[rng.random(places) < 0.3, 0] = -2.0
    rates = np.repeat(levels, END_H // 6, axis=1)
    # Real moves: a way by another place is never shorter.
    spots = rng.integers(0, 6, size=places)
    move = rng.integers(1, 4) + np.abs(spots[:, None] - spots)
    first = rng.integers(0, 6) + spots
    visit = float(rng.choice([0.0, 0.01, 2.0]))
    savings = [saving(*row) for row in rates]
    stops = tour(savings, first=first, move=move, visit=visit)
    assert worth(savings, stops, visit=visit) == pytest.approx(
        best_by_clock(rates, first=first.tolist(), move=move.tolist(), visit=visit), abs=1e-6
    )
    for stop in stops[:1]:
        assert stop.online >= first[stop.place] - 1e-9
    assert all(stop.online <= stop.offline <= END_H for stop in stops)
    for one, other in pairwise(stops):
        assert other.online >= one.offline + move[one.place, other.place] - 1e-9


def test_waits_while_it_would_harm():
    stops = tour([saving(-1, -1, 5, 5)], first=[0], move=[[1]], end=4.0)
    assert stops == (Stop(place=0, online=2.0, offline=4.0),)


def test_leaves_when_nothing_is_saved_any_more():
    stops = tour([saving(2, 2, 0, 0)], first=[1], move=[[1]], end=4.0)
    assert stops == (Stop(place=0, online=1.0, offline=2.0),)


def test_arrives_in_time_rather_than_staying_to_the_end():
    # Place 1 is worth 10 a hour from hour 3 on; getting there takes 2 h: leave place 0 at 1.
    savings = [saving(1, 1, 1, 1, 1), saving(0, 0, 0, 10, 10)]
    stops = tour(savings, first=[0, 9], move=[[1, 2], [2, 1]], end=5.0)
    assert stops == (Stop(place=0, online=0, offline=1), Stop(place=1, online=3, offline=5))


def test_no_tour_where_nothing_is_saved_or_nothing_is_reached():
    assert tour([], first=[], move=np.zeros((0, 0))) == ()
    assert tour([saving(0, 0)], first=[0], move=[[1]], end=2.0) == ()
    assert tour([saving(5, 5)], first=[np.inf], move=[[1]], end=2.0) == ()
    assert tour([saving(5, 5)], first=[0], move=[[1]], end=2.0, visit=11.0) == ()
