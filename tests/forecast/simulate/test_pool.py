"""Parts come back in order, whoever computes them and whatever happens to workers."""

from __future__ import annotations

import multiprocessing
import operator
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from multiprocessing import connection
from pathlib import Path

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


def wait_and_tell(seconds, _part):
    os.write(1, f"{os.getpid()}\n".encode())  # in one piece
    time.sleep(seconds)


def note_part(folder, part):
    (folder / str(part)).touch()
    return part


def die_sending(base, part):
    if part != 3 or multiprocessing.parent_process() is None:
        return base + part

    def send_half(self, content):
        os.write(self.fileno(), bytes(content)[: len(content) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    connection.Connection._send = send_half
    return "x" * 5000


class DeadlyInputs:
    """Kills whoever starts to read it in another process."""

    def __init__(self, content):
        self.content = content

    def __reduce__(self):
        return build_deadly, (os.getpid(), self.content)


def build_deadly(home, content):
    if os.getpid() != home:
        os.kill(os.getpid(), signal.SIGKILL)
    return DeadlyInputs(content)


def hold(_inputs):
    return partial(operator.add, 0)


class UnportableError(Exception):
    def __init__(self, part, *, needed):
        super().__init__(f"part {part}{needed}")


def refuse_unportably(_base, part):
    raise UnportableError(part, needed="")


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


def test_few_parts_are_handed_out_ahead(tmp_path):
    """What waits for an earlier result is bounded, and so is memory."""
    start = partial(partial, note_part)
    results = run_parts(start, tmp_path, parts=list(range(50)), workers=2)
    assert next(results) == 0
    time.sleep(0.5)  # the workers go on with what they have
    assert len(list(tmp_path.iterdir())) <= 2 * AHEAD
    results.close()


def test_a_worker_killed_while_it_sends_its_result_costs_its_part_only():
    """Half a result is an end of file, not something to wait for the rest of."""
    start = partial(partial, die_sending)
    assert list(run_parts(start, 10, parts=list(range(8)), workers=2)) == list(range(10, 18))


def test_workers_that_die_before_they_have_read_their_inputs_are_done_without():
    """More inputs than a pipe holds: who writes them must not wait for a reader that is gone."""
    inputs = DeadlyInputs(bytes(1_000_000))
    assert list(run_parts(hold, inputs, parts=list(range(6)), workers=2)) == list(range(6))


def test_an_error_that_cannot_be_sent_is_told_in_words():
    with pytest.raises(RuntimeError, match="UnportableError: part 0"):
        list(run_parts(partial(partial, refuse_unportably), 1, parts=[0, 1], workers=2))


def test_the_trace_of_an_error_in_a_worker_is_kept():
    with pytest.raises(ValueError, match="part") as caught:
        list(run_parts(partial(partial, refuse), 1, parts=[0, 1], workers=2))
    assert any("in refuse" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("workers", [1, 2])
def test_it_stops_when_asked(workers):
    given = []
    start = partial(partial, operator.add)
    results = run_parts(
        start, 1, parts=list(range(50)), workers=workers, stop=lambda: len(given) >= 3
    )
    for result in results:
        given += [result]
    assert given == [1, 2, 3]
    assert multiprocessing.active_children() == []


def test_it_stops_while_a_part_is_waited_for():
    asked = threading.Event()
    threading.Timer(2.0, asked.set).start()
    begun = time.monotonic()
    start = partial(partial, wait)
    assert list(run_parts(start, 60, parts=[1, 2], workers=2, stop=asked.is_set)) == []
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_parent(way):
    """Also in the middle of a part, when nothing can be sent to them any more."""
    script = (
        "import operator, sys\n"
        "from functools import partial\n"
        "from test_pool import wait_and_tell\n"
        "from gridtool.forecast.simulate.pool import run_parts\n"
        "if __name__ == '__main__':\n"
        "    list(run_parts(partial(partial, wait_and_tell), 60, parts=[1, 2], workers=2))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
    ) as parent:
        workers = [int(parent.stdout.readline()) for _ in range(2)]
        parent.send_signal(way)
        parent.wait(10)
        deadline = time.monotonic() + 5
        while any(is_running(pid) for pid in workers) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not any(is_running(pid) for pid in workers)


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"
