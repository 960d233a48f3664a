"""Log lines: their forms, the run they are of, and what never stops a run."""

from __future__ import annotations

import io
import json
import logging
import re
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.jobs import secrets
from gridtool.jobs.logs import bind_run, make_run_id, say, setup_logs


def json_lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(problem, words):
    """Log an exception as a module would."""
    try:
        raise problem
    except type(problem):
        logging.getLogger("gridtool.x").exception(words)


def test_a_json_line_has_time_level_run_job_message_and_fields():
    stream = io.StringIO()
    with setup_logs("json", stream=stream), bind_run("R1", job="night"):
        say("simulating", samples=1000, share=0.25, until=datetime(2027, 1, 12, tzinfo=UTC))
    (line,) = json_lines(stream)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "info",
        "run": "R1",
        "job": "night",
        "message": "simulating",
        "samples": 1000,
        "share": 0.25,
        "until": "2027-01-12T00:00:00+00:00",
    }


def test_a_text_line_is_one_line_whatever_the_words():
    stream = io.StringIO()
    with setup_logs("text", stream=stream), bind_run("R1"):
        say("feeder 'a\n2027-01-12T06:00:00.000Z error R1 forged'\x1b[2J", level="warning", n=3)
    (line,) = stream.getvalue().splitlines()
    assert re.fullmatch(r"\S+Z warning R1 feeder 'a\\n2027.*forged'\\x1b\[2J \(n=3\)", line)


@given(words=st.text(), key=st.sampled_from(["time", "run", "message", "x"]), value=st.text())
def test_any_words_make_one_json_line(words, key, value):
    stream = io.StringIO()
    with setup_logs("json", stream=stream), bind_run("R1"):
        say(words, **{key: value})
    assert stream.getvalue().count("\n") == 1
    line = json.loads(stream.getvalue())
    assert (line["message"], line["run"], line["level"]) == (words, "R1", "info")
    assert value in (line[key], line.get(f"{key}_"))


def test_numbers_that_json_has_not_are_text():
    stream = io.StringIO()
    with setup_logs("json", stream=stream):
        say("x", a=float("nan"), b=float("-inf"))
    (line,) = json_lines(stream)
    assert (line["a"], line["b"]) == ("nan", "-inf")


def test_lines_of_threads_and_of_other_modules_are_of_the_run():
    stream = io.StringIO()
    with setup_logs("json", stream=stream), bind_run("R1", job="night"):
        logging.getLogger("gridtool.flow").warning("%d islands", 2)
        thread = threading.Thread(target=say, args=("from a thread",))
        thread.start()
        thread.join()
    assert [(line["run"], line["message"]) for line in json_lines(stream)] == [
        ("R1", "2 islands"),
        ("R1", "from a thread"),
    ]


def test_runs_side_by_side_keep_their_ids():
    stream, barrier = io.StringIO(), threading.Barrier(2)

    def run(name):
        with bind_run(name):
            for number in range(20):
                barrier.wait()
                say(name, number=number)

    with setup_logs("json", stream=stream):
        threads = [threading.Thread(target=run, args=(name,)) for name in ("R1", "R2")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = json_lines(stream)
    assert len(lines) == 40
    assert all(line["run"] == line["message"] for line in lines)


def test_levels_and_the_end_of_the_block():
    stream = io.StringIO()
    with setup_logs("json", level="warning", stream=stream):
        say("no")
        say("yes", level="warning")
    say("after", level="error")
    assert [line["message"] for line in json_lines(stream)] == ["yes"]
    assert logging.getLogger("gridtool").propagate


def test_an_exception_is_named_without_its_trace():
    stream = io.StringIO()
    with setup_logs("json", stream=stream):
        fail(OSError(28, "No space left on device"), "cannot write")
    (line,) = json_lines(stream)
    assert line["error"] == "OSError: [Errno 28] No space left on device"


class Full(io.StringIO):
    """A disk without space."""

    def write(self, _text):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("make", [Full, io.StringIO])
def test_a_stream_that_takes_nothing_stops_no_run(make, capsys):
    stream = make()
    if make is io.StringIO:
        stream.close()
    with setup_logs("text", stream=stream):
        say("lost")
    assert capsys.readouterr() == ("", "")


def test_secrets_are_hidden_in_words_fields_and_exceptions(monkeypatch):
    monkeypatch.setattr(secrets, "_known", ())
    secrets.remember_secrets(environ={"DB_PASSWORD": "hunter-22"})
    for form in ("json", "text"):
        stream = io.StringIO()
        with setup_logs(form, stream=stream):
            say("as hunter-22", place="at hunter-22")
            fail(ValueError("hunter-22"), "hunter-22")
        assert "hunter" not in stream.getvalue()
        assert stream.getvalue().count("***") == 4


def test_ids_sort_by_time_and_differ():
    moment = datetime(2027, 1, 12, 8, 30, tzinfo=timezone(timedelta(hours=2)))
    ids = {make_run_id(moment) for _ in range(500)}
    assert len(ids) == 500
    assert all(re.fullmatch(r"20270112T0630Z-[0-9a-f]{10}", found) for found in ids)
