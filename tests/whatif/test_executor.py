"""Worker processes that may die: what they had is said to be lost, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import sweep_cases

from gridtool.errors import GridtoolError
from gridtool.whatif.executor import MOST_FAILED_STARTS, ProcessExecutor, WorkerLost


@contextmanager
def executor_of(start, inputs=None, *, workers=1):
    executor = ProcessExecutor(start, inputs, workers=workers)
    try:
        yield executor
    finally:
        executor.close(drop=True)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, *, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def test_results_belong_to_their_parts():
    with executor_of(sweep_cases.start_squares, workers=2) as executor:
        futures = [executor.submit(part) for part in range(20)]
        assert [future.result(20) for future in futures] == [part * part for part in range(20)]
        assert executor.slots == 4


def test_each_worker_starts_once_whatever_it_computes(tmp_path):
    with executor_of(sweep_cases.start_counted, tmp_path, workers=2) as executor:
        futures = [executor.submit(part) for part in range(30)]
        assert [future.result(20) for future in futures] == list(range(30))
        assert 1 <= len(list(tmp_path.iterdir())) <= 2


def test_a_dead_worker_costs_the_part_it_had_and_no_other():
    with executor_of(sweep_cases.start_deadly, {3, 7}, workers=2) as executor:
        futures = [executor.submit(part) for part in range(12)]
        for part, future in enumerate(futures):
            if part in {3, 7}:
                assert isinstance(future.exception(20), WorkerLost)
            else:
                assert future.result(20) == part


def test_a_worker_killed_while_it_waits_is_replaced():
    with executor_of(sweep_cases.start_pid) as executor:
        first = executor.submit(0).result(20)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: not is_running(first))
        lost = executor.submit(0)
        assert isinstance(lost.exception(20), WorkerLost)
        assert executor.submit(0).result(20) != first


def test_workers_that_cannot_start_end_the_work_in_words():
    with (
        executor_of(sweep_cases.start_wrong) as executor,
        pytest.raises(GridtoolError, match="could not start: ValueError: no such inputs"),
    ):
        executor.submit(0).result(20)
    with (
        executor_of(sweep_cases.start_dead) as executor,
        pytest.raises(GridtoolError, match=f"ended {MOST_FAILED_STARTS} times in succession"),
    ):
        executor.submit(0).result(60)


def test_what_a_part_raises_is_said_and_the_worker_lives_on():
    with executor_of(sweep_cases.start_raising) as executor:
        for part in range(2):
            with pytest.raises(GridtoolError, match=f"ZeroDivisionError: part {part}"):
                executor.submit(part).result(20)


def test_parts_that_nobody_has_begun_are_withdrawn():
    with executor_of(sweep_cases.start_sleeping) as executor:
        executor.submit(0).result(20)
        running, waiting = executor.submit(0.5), executor.submit(60)
        wait_until(running.running)
        executor.withdraw()
        assert waiting.cancelled()
        assert running.result(20) == 0.5


def test_closing_waits_for_what_was_handed_out_unless_told_to_drop_it():
    executor = ProcessExecutor(sweep_cases.start_sleeping, None, workers=1)
    future = executor.submit(0.3)
    executor.close(drop=False)
    assert future.result(0) == 0.3
    executor = ProcessExecutor(sweep_cases.start_sleeping, None, workers=2)
    executor.submit(0).result(20)
    futures = [executor.submit(60), executor.submit(60), executor.submit(60)]
    wait_until(futures[0].running)
    pids = executor.pids
    began = time.monotonic()
    executor.close(drop=True)
    assert time.monotonic() - began < 2
    assert not any(map(is_running, pids))
    assert isinstance(futures[0].exception(0), WorkerLost)
    assert futures[2].cancelled()


def test_closing_one_that_was_never_used_ends_at_once():
    began = time.monotonic()
    ProcessExecutor(sweep_cases.start_squares, None, workers=3).close(drop=False)
    assert time.monotonic() - began < 1


def test_workers_end_when_their_parent_is_killed():
    """They compute for a minute when their parent is killed in a way that it cannot notice."""
    program = textwrap.dedent(
        """
        import sys, time
        import sweep_cases
        from gridtool.whatif.executor import ProcessExecutor
        if __name__ == "__main__":
            executor = ProcessExecutor(sweep_cases.start_sleeping, None, workers=2)
            for _ in range(2):
                executor.submit(0.3)
            for future in [executor.submit(60) for _ in range(2)]:
                while not future.running():
                    time.sleep(0.02)
            while len(executor.pids) < 2:
                time.sleep(0.02)
            print(*executor.pids, flush=True)
            time.sleep(60)
        """
    )
    tests = Path(sweep_cases.__file__).parent
    script = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONPATH": str(tests)}
    with subprocess.Popen(
        script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    ) as parent:
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(is_running, pids))
        parent.kill()
    wait_until(lambda: not any(map(is_running, pids)), seconds=5)


def test_ctrl_c_reaches_the_parent_alone():
    with executor_of(sweep_cases.start_sleeping) as executor:
        executor.submit(0).result(20)
        future = executor.submit(0.5)
        wait_until(future.running)
        os.kill(executor.pids[0], signal.SIGINT)
        assert future.result(20) == 0.5
