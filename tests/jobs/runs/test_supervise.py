"""A chain in a process of its own: whatever becomes of that, the parent has the best there was."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from jobs.runs import chain_cases as chains

from gridtool.errors import Infeasible, JobFileError
from gridtool.jobs.runs import supervise
from gridtool.jobs.runs.model import ChainEnded, ChainLimits
from gridtool.jobs.runs.supervise import supervised


def run(chain, root, *, events=None, grace_s=1.0, **limits):
    given = ChainLimits(**limits)
    chain = supervised(chain, grace_s=grace_s, search="searching")
    return chain(chains.ask(root), given, events or chains.Events())


def ended(chain, root, **arguments):
    with pytest.raises(ChainEnded) as caught:
        run(chain, root, **arguments)
    return caught.value


class Signal:
    """A signal that comes so long after the chain has written its pid."""

    def __init__(self, root, *, after_s=0.0):
        self.path, self.after_s, self.began = root / "pid", after_s, None

    def __call__(self):
        if self.began is None and self.path.exists():
            self.began = time.monotonic() + self.after_s
        return signal.SIGTERM if self.began and time.monotonic() >= self.began else 0


def is_running(path):
    try:
        state = Path(f"/proc/{path.read_text()}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def wait_for_end(*paths):
    deadline = time.monotonic() + 5
    while any(map(is_running, paths)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(map(is_running, paths))


def test_the_answer_comes_from_another_process_with_its_events(tmp_path):
    events = chains.Events()
    answer = run(chains.compute, tmp_path, events=events, deadline_s=100.0, workers=4)
    *_, deadline, workers, pid = answer.files["report.txt"].decode().split()
    assert (deadline, workers) == ("100.0", "4")
    assert int(pid) != os.getpid()
    assert events.told == [("reading", None), ("simulating", 3), 3]
    assert events.kept == [chains.PARTIAL]


def test_a_large_answer_comes_whole(tmp_path):
    assert len(run(chains.compute_much, tmp_path).files["big"]) == 20_000_000


def test_what_the_chain_raises_is_raised_as_it_was(tmp_path):
    with pytest.raises(JobFileError) as refused:
        run(chains.refuse, tmp_path)
    assert (refused.value.subject, refused.value.issues[0].row) == ("reports.csv", 7)
    with pytest.raises(Infeasible) as infeasible:
        run(chains.find_nothing, tmp_path)
    assert infeasible.value.constraints == ("crew A",)
    for foreseen in (refused.value, infeasible.value):
        assert getattr(foreseen, "__notes__", []) == [], "notes are shown to people: no trace"
    with pytest.raises(KeyError) as odd:
        run(chains.fail_oddly, tmp_path)
    assert any("in fail_oddly" in note for note in odd.value.__notes__)
    assert ended(chains.end_by_deadline, tmp_path).answer == chains.PARTIAL


@pytest.mark.parametrize(
    ("chain", "reason", "words", "answer"),
    [
        (chains.run_out_of_memory, "memory", "out of memory", None),
        (chains.kill_itself, "memory", "killed by the system", chains.PARTIAL),
        (chains.crash, "died", "SIGSEGV", None),
        (chains.leave, "died", "exit code 7", None),
    ],
)
def test_a_process_that_dies_is_outlived(tmp_path, chain, reason, words, answer):
    end = ended(chain, tmp_path)
    assert (end.reason, end.answer, end.signal_number) == (reason, answer, 0)
    assert words in str(end)


def test_a_signal_ends_it_at_once_with_what_was_kept(tmp_path):
    wish = Signal(tmp_path)
    end = ended(chains.keep_then_sleep, tmp_path, stop=wish, grace_s=30.0)
    assert time.monotonic() - wish.began < 1
    assert (end.reason, end.signal_number, end.answer) == ("signal", 15, chains.PARTIAL)
    assert "SIGTERM" in str(end)
    assert wait_for_end(tmp_path / "pid")


def test_after_a_signal_no_process_is_started(tmp_path):
    end = ended(chains.sleep, tmp_path, stop=lambda: 2, grace_s=30.0)
    assert (end.reason, end.signal_number, end.answer) == ("signal", 2, None)
    assert not (tmp_path / "pid").exists()


def test_what_ends_its_search_when_told_is_waited_for(tmp_path):
    end = ended(chains.stop_when_told, tmp_path, stop=Signal(tmp_path), grace_s=10.0)
    assert (end.reason, end.signal_number) == ("signal", 15)
    assert end.answer.headline == {"signal": 15.0}


def test_what_has_nothing_to_give_yet_is_not_waited_for(tmp_path):
    wish = Signal(tmp_path)
    end = ended(chains.sleep, tmp_path, stop=wish, grace_s=30.0)
    assert time.monotonic() - wish.began < 1
    assert (end.reason, end.answer) == ("signal", None)


def test_what_is_deaf_is_waited_for_no_longer_than_said(tmp_path):
    wish = Signal(tmp_path)
    end = ended(chains.search_deaf, tmp_path, stop=wish, grace_s=0.3)
    assert 0.3 <= time.monotonic() - wish.began < 1.3
    assert (end.reason, end.answer) == ("signal", None)
    assert wait_for_end(tmp_path / "pid")


def test_what_is_long_past_its_deadline_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(supervise, "LATE_S", 0.5)
    end = ended(chains.keep_then_sleep, tmp_path, deadline_s=1.5)
    assert (end.reason, end.answer) == ("deadline", chains.PARTIAL)
    assert wait_for_end(tmp_path / "pid")


def test_a_signal_to_the_process_as_well_is_a_signal(tmp_path):
    """As a service manager sends it: to every process of the service."""
    wish = Signal(tmp_path)
    pid = tmp_path / "pid"

    def strike():
        while not pid.exists() or not pid.read_text():
            time.sleep(0.01)
        os.kill(int(pid.read_text()), signal.SIGTERM)

    striker = threading.Thread(target=strike)
    striker.start()
    end = ended(chains.stop_when_told, tmp_path, stop=wish, grace_s=10.0)
    striker.join()
    assert (end.reason, end.answer.headline) == ("signal", {"signal": 15.0})


def test_its_log_lines_are_those_of_the_parent(tmp_path, caplog):
    logger = logging.getLogger("gridtool")
    before = logger.level
    logger.setLevel("INFO")
    try:
        run(chains.log, tmp_path)
    finally:
        logger.setLevel(before)
    (record,) = caplog.records
    assert (record.name, record.levelname, record.getMessage()) == (
        "gridtool.case",
        "WARNING",
        "3 late",
    )
    assert record.fields == {"input": "x"}


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_the_process_and_its_workers_end_with_the_parent(tmp_path, way):
    script = (
        "import sys\n"
        "from jobs.runs import chain_cases as chains\n"
        "from gridtool.jobs.runs.model import ChainLimits\n"
        "from gridtool.jobs.runs.supervise import supervised\n"
        "if __name__ == '__main__':\n"
        "    chain = supervised(chains.work_with_worker)\n"
        "    chain(chains.ask(sys.argv[1]), ChainLimits(), chains.Events())\n"
    )
    tests = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(tests)},
    ) as parent:
        child, worker = tmp_path / "pid", tmp_path / "worker"
        while parent.poll() is None and not (child.exists() and child.read_text()):
            time.sleep(0.01)
        assert is_running(child)
        assert is_running(worker)
        parent.send_signal(way)
        parent.wait(10)
        assert wait_for_end(child, worker)
