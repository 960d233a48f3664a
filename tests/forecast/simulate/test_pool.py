"""Parts come back in order, whoever computes them and whatever happens to workers."""

from __future__ import annotations

import multiprocessing
import operator
import os
import signal
import time
from functools import partial

import pytest

from gridtool.forecast.simulate.pool import AHEAD, run_parts


class Counter:
    """Keeps how many parts it has computed: what a worker learns lives from part to part."""

    def __init__(self, base):
        self.base = base
        self.done = 0

    def __call__(self, part):
        self.done += 1
        return self.base + part, self.done, os.getpid()


def die_at_three(base, part):
    if part == 3 and multiprocessing.parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return base + part


def refuse(_base, part):
    message = f"part {part}"
    raise ValueError(message)


def wait(base, part):
    time.sleep(base)
    return part


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_results_are_in_order_for_any_number_of_workers(workers):
    parts = list(range(9))
    start = partial(partial, operator.mul)
    assert list(run_parts(start, 7, parts=parts, workers=workers)) == [7 * k for k in parts]


def test_here_the_function_is_made_once_and_only_when_needed():
    results = list(run_parts(Counter, 10, parts=[1, 2, 3], workers=1))
    assert results == [(11, 1, os.getpid()), (12, 2, os.getpid()), (13, 3, os.getpid())]
    assert list(run_parts(Counter, 10, parts=[], workers=4)) == []


def test_in_a_worker_the_function_is_made_once():
    results = list(run_parts(Counter, 10, parts=list(range(6)), workers=2))
    assert [value for value, *_ in results] == [10, 11, 12, 13, 14, 15]
    places = {place for *_, place in results}
    assert os.getpid() not in places
    for place in places:
        counts = [count for _, count, where in results if where == place]
        assert counts == list(range(1, len(counts) + 1))


def test_a_killed_worker_costs_its_part_only():
    start = partial(partial, die_at_three)
    assert list(run_parts(start, 10, parts=list(range(8)), workers=2)) == list(range(10, 18))


def test_an_error_of_a_part_is_the_error_of_the_run():
    with pytest.raises(ValueError, match="part 0"):
        list(run_parts(partial(partial, refuse), 1, parts=[0, 1], workers=2))


def test_workers_end_when_nobody_reads_on():
    start = partial(partial, wait)
    results = run_parts(start, 0.01, parts=list(range(100)), workers=2)
    assert next(results) == 0
    assert multiprocessing.active_children()
    results.close()
    deadline = time.monotonic() + 10
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert multiprocessing.active_children() == []


def test_few_parts_are_handed_out_ahead():
    handed = []

    class Watched(list):
        def __iter__(self):
            for part in super().__iter__():
                handed.append(part)
                yield part

    start = partial(partial, operator.add)
    from gridtool.forecast.simulate import pool

    results = pool._run_in_pool(start, 1, parts=Watched(range(50)), workers=2)
    assert next(results) == 1
    assert len(handed) == 2 * AHEAD + 1
    results.close()
