"""Stages as log lines."""

from __future__ import annotations

import io
import json

from gridtool.jobs.logs import bind_run, setup_logs
from gridtool.jobs.logs_stages import LoggedStages
from gridtool.jobs.runs.model import ChainAnswer


class Inner:
    def __init__(self):
        self.told = []

    def stage(self, *words):
        self.told.append(words)

    def advance(self, done):
        self.told.append(done)

    def keep(self, answer):
        self.told.append(answer)


def test_stages_are_logged_with_their_seconds_and_passed_on():
    stream, inner, now = io.StringIO(), Inner(), [0.0]
    answer = ChainAnswer(files={}, headline={})
    with setup_logs("json", level="debug", stream=stream), bind_run("R1"):
        events = LoggedStages(inner, monotonic=lambda: now[0])
        events.stage("reading", None)
        now[0] = 2.5
        events.stage("simulating", 1000)
        for _ in range(100):
            now[0] += 0.7
            events.advance(10)
        events.keep(answer)
        events.end()
        events.end()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {line["run"] for line in lines} == {"R1"}
    keys = ("message", "steps", "done", "seconds", "files")
    assert [tuple(line.get(key) for key in keys) for line in lines] == [
        ("reading", None, None, None, None),
        ("done: reading", None, None, 2.5, None),
        ("simulating", 1000, None, None, None),
        ("simulating", 1000, 430, 30, None),
        ("simulating", 1000, 860, 60, None),
        ("a result is kept, should the run be ended now", None, None, None, 0),
        ("done: simulating", None, None, 70.0, None),
    ]
    assert inner.told == [("reading", None), ("simulating", 1000), *[10] * 100, answer]


def test_without_anyone_else():
    events = LoggedStages()
    events.stage("reading", None)
    events.advance(1)
    events.keep(ChainAnswer(files={}, headline={}))
    events.end()
