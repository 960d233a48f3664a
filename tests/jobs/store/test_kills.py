"""``job run`` killed at random moments, and at every single step of what it writes."""

from __future__ import annotations

import random
from functools import partial

import pytest
from conftest import skip_or_fail
from fault_layer import find_sqlite
from store_invariants import check_readable, settle

from gridtool.jobs.store.open import read_store

MOST_S = 2.0
"""Recovery takes no longer."""


@pytest.fixture
def server(fault_server, store_environ):
    """Runs of a small job in the store, with a chain that costs nothing."""
    return partial(fault_server, environ=store_environ)


def kill_at_random(address, server, *, kills, seed):
    """So many kills, each of a run of its own; gives what was seen."""
    chance = random.Random(seed)
    first = server(seed=0)
    acknowledged, longest, taken_up, killed = [first["run"]], 0.0, 0, 0
    lasts = 0.3
    for number in range(1, 10 * kills):
        said = server(seed=number, kill_after_s=chance.uniform(0, lasts))
        if said["killed"]:
            killed += 1
        else:
            assert said["error"] == ""
            acknowledged.append(said["run"])
            lasts *= 0.9  # most moments shall be before the end
        before = len(check_readable(address))
        longest = max(longest, settle(address, acknowledged))
        rows = read_store(address).rows.list_runs()
        assert len(rows) >= before
        taken_up += bool(rows and rows[0].state == "done" and rows[0].id not in acknowledged)
        if number % 5 == 0:
            again = server(seed=number)
            assert again["error"] == ""
            assert again["repeated"] == (rows[0].seed == number and rows[0].state == "done")
            acknowledged.append(again["run"])
        if killed == kills:
            break
        lasts = min(lasts * 1.01, 2.0)
    settle(address, acknowledged)
    return killed, longest, taken_up, len(rows)


def test_kills_at_random_moments_lose_nothing(address, server):
    killed, longest, *_ = kill_at_random(address, server, kills=25, seed=6)
    assert killed == 25
    assert longest < MOST_S


@pytest.mark.slow
def test_a_thousand_kills_lose_nothing(address, server):
    killed, longest, taken_up, rows = kill_at_random(address, server, kills=500, seed=7)
    print(f"{killed} kills, {rows} rows, {taken_up} taken up, longest recovery {longest:.3f} s")
    assert killed == 500
    assert longest < MOST_S
    assert taken_up > 0


def kill_at_every_step(address, server, *, every):
    if address.url.get_backend_name() == "sqlite" and find_sqlite() is None:
        skip_or_fail("Python's sqlite3 has SQLite built in: its calls cannot be counted")
    acknowledged = [server(seed=0)["run"]]
    states, step = [], 1
    while True:
        said = server(seed=step, faults={"at": step, "kill": True})
        if not said["killed"]:
            break
        check_readable(address)
        assert settle(address, acknowledged) < MOST_S
        newest = read_store(address).rows.list_runs(limit=1)[0]
        states.append(newest.state if newest.seed == step else "no row")
        step += every
    assert said["error"] == ""
    # Before the first row, then dead, then published though the last row was not written.
    assert list(dict.fromkeys(states)) == ["no row", "interrupted", "done"]
    return len(states)


def test_a_kill_at_any_third_step_loses_nothing(address, server):
    assert kill_at_every_step(address, server, every=3) > 5


@pytest.mark.slow
def test_a_kill_at_any_step_loses_nothing(address, server):
    assert kill_at_every_step(address, server, every=1) > 20
