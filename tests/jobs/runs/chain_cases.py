"""Chains for tests: they are sent to other processes, so they are functions of a module."""

from __future__ import annotations

import logging
import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gridtool.errors import Infeasible, Issue, JobFileError
from gridtool.forecast.simulate.workers import Worker
from gridtool.jobs.runs.model import ChainAnswer, ChainEnded, ChainRequest

PARTIAL = ChainAnswer(
    files={"report.txt": b"state and plan"},
    headline={"unserved_mw": 3.0},
    complete=False,
    degraded="interrupted: no forecast",
)


def ask(root, **changes):
    moment = datetime(2027, 1, 12, 6, tzinfo=UTC)
    request = ChainRequest(
        settings={"name": "case", "forecast": {"samples": 1000}},
        root=Path(root),
        as_of=moment,
        generated_at=moment,
        gridtool_version="1",
    )
    return replace(request, **changes)


class Events:
    """Notes all that it is told."""

    def __init__(self):
        self.told = []
        self.kept = []

    def stage(self, words, steps):
        self.told.append((words, steps))

    def advance(self, done):
        self.told.append(done)

    def keep(self, answer):
        self.kept.append(answer)


def compute(request, limits, events):
    """A chain that does all there is to do."""
    events.stage("reading", None)
    events.keep(PARTIAL)
    events.stage("simulating", 3)
    events.advance(3)
    text = f"{request.as_of} {limits.deadline_s} {limits.workers} {os.getpid()}"
    return ChainAnswer(files={"report.txt": text.encode()}, headline={"x": 1.0}, samples=3)


def compute_much(_request, _limits, _events):
    return ChainAnswer(files={"big": bytes(20_000_000)}, headline={})


def refuse(_request, _limits, _events):
    issue = Issue(message="unknown asset", file="reports.csv", row=7, hint="see the network")
    raise JobFileError([issue], subject="reports.csv")


def find_nothing(_request, _limits, _events):
    raise Infeasible("no crew can do it", constraints=["crew A"])


def fail_oddly(_request, _limits, _events):
    raise KeyError("odd")


def run_out_of_memory(_request, _limits, _events):
    raise MemoryError


def end_by_deadline(_request, _limits, _events):
    raise ChainEnded("deadline", "the deadline came first", answer=PARTIAL)


def keep_then_sleep(request, _limits, events):
    events.keep(PARTIAL)
    sleep(request, _limits, events)


def sleep(request, _limits, _events):
    (request.root / "pid").write_text(str(os.getpid()))
    time.sleep(60)


def search_deaf(request, limits, events):
    events.stage("searching", None)
    sleep(request, limits, events)


def stop_when_told(request, limits, events):
    """Ends its search within a moment of being told, and keeps what it found."""
    events.stage("searching", None)
    (request.root / "pid").write_text(str(os.getpid()))
    while not limits.stop():
        time.sleep(0.01)
    found = replace(PARTIAL, headline={"signal": float(limits.stop())})
    events.keep(found)
    raise ChainEnded("signal", "ended", answer=found, signal_number=limits.stop())


def kill_itself(_request, _limits, events):
    events.keep(PARTIAL)
    os.kill(os.getpid(), signal.SIGKILL)


def crash(_request, _limits, _events):
    os.kill(os.getpid(), signal.SIGSEGV)


def leave(_request, _limits, _events):
    os._exit(7)


def log(_request, _limits, _events):
    logging.getLogger("gridtool.case").warning("%d late", 3, extra={"fields": {"input": "x"}})
    logging.getLogger("gridtool.case").debug("not wanted")
    return PARTIAL


def work_with_worker(request, limits, events):
    """Has a worker, as the simulation does, and is deaf."""
    worker = Worker()
    worker.start()
    (request.root / "worker").write_text(str(worker._process.pid))
    keep_then_sleep(request, limits, events)
