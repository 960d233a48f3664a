"""Notifications: the message and its schema, hooks, targets, and what is written down of them."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_cases import HOLDER, NOW

from gridtool.errors import InputError
from gridtool.jobs import secrets
from gridtool.jobs.notify import (
    Targets,
    _check_webhook,
    describe_targets,
    note_deliveries,
    notify,
    resolve_targets,
)
from gridtool.jobs.notify_hook import run_hook
from gridtool.jobs.notify_payload import (
    list_fields,
    notice_of_refusal,
    notice_of_run,
    payload_schema,
)
from gridtool.jobs.store.lock import lock_file, this_process
from gridtool.jobs.store.model import Closing, RunRecord
from gridtool.jobs.store.open import open_store, read_store

RECORD = RunRecord(
    number=7,
    id="20270112T0600Z-0011223344",
    job="night",
    slot=NOW,
    revision=2,
    identity="ab",
    state="done",
    quality="full",
    as_of=NOW,
    started_at=NOW,
    finished_at=NOW + timedelta(seconds=90),
    duration_s=90.5,
    exit_code=0,
    host="grid-1",
    headline={"eue_mwh": 12.5, "lole_h": float("nan")},
)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(secrets, "_known", ())


def notice(**changes):
    values = {name: getattr(RECORD, name) for name in RunRecord.__slots__}
    return notice_of_run(RunRecord(**values | changes), gridtool_version="0.1.0")


def python(code):
    """A hook that runs Python."""
    return (sys.executable, "-c", code)


def test_the_message_of_a_run():
    found = json.loads(
        notice_of_run(
            RECORD,
            gridtool_version="0.1.0",
            crossed=("hours_off_p90>8",),
            warnings=("history is late",),
            folder=Path("/store/runs/night/x"),
        ).to_json()
    )
    assert found == {
        "format": "gridtool-notification",
        "format_version": 1,
        "gridtool_version": "0.1.0",
        "event": "done",
        "job": "night",
        "run": "20270112T0600Z-0011223344",
        "revision": 2,
        "slot": "2027-01-12T06:00:00Z",
        "as_of": "2027-01-12T06:00:00Z",
        "started_at": "2027-01-12T06:00:00Z",
        "finished_at": "2027-01-12T06:01:30Z",
        "duration_s": 90.5,
        "quality": "full",
        "degraded": False,
        "exit_code": 0,
        "message": "",
        "crossed": ["hours_off_p90>8"],
        "warnings": ["history is late"],
        "headline": {"eue_mwh": 12.5},
        "folder": "/store/runs/night/x",
        "host": "grid-1",
    }


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({}, "done"),
        ({"exit_code": 6}, "degraded"),
        ({"exit_code": 6, "quality": "fewer_samples"}, "degraded"),
        ({"exit_code": 10}, "threshold"),
        ({"exit_code": 10, "quality": "last_good_inputs"}, "threshold"),
        ({"exit_code": 3, "state": "failed"}, "failed"),
        ({"exit_code": 143, "state": "interrupted"}, "interrupted"),
    ],
)
def test_what_happened_is_one_word(changes, event):
    found = notice(**changes)
    assert found.event == event
    assert found.degraded == (
        changes.get("exit_code") == 6 or changes.get("quality", "full") != "full"
    )


def test_messages_keep_to_the_schema_and_others_do_not():
    schema = payload_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert all("description" in field for field in schema["properties"].values())
    refusal = notice_of_refusal(
        job="night.toml",
        run_id="R1",
        message="refused",
        exit_code=3,
        now=NOW,
        gridtool_version="0.1.0",
    )
    for found in (notice(), notice(slot=None, duration_s=None), refusal):
        jsonschema.validate(json.loads(found.to_json()), schema)
    assert refusal.event == "refused"
    for wrong in ({"event": "fine"}, {"exit_code": "0"}, {"extra": 1}, {"format_version": 2}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(json.loads(notice().to_json()) | wrong, schema)


def test_every_field_is_described():
    rows = {row["field"]: row for row in list_fields()}
    assert set(rows) == set(json.loads(notice().to_json()))
    assert rows["exit_code"]["type"] == "whole number"
    assert rows["slot"]["type"] == "time"
    assert rows["headline"]["type"] == "table of numbers"
    assert all(row["meaning"] for row in rows.values())


def test_secrets_in_messages_and_warnings_are_hidden():
    secrets.remember_secrets(store="postgresql://u:hunter22@h/d", environ={})
    found = notice_of_run(
        RunRecord(**{n: getattr(RECORD, n) for n in RunRecord.__slots__} | {"message": "hunter22"}),
        gridtool_version="0.1.0",
        warnings=("as hunter22",),
    )
    assert b"hunter22" not in found.to_json()


def test_a_hook_has_the_message_on_its_standard_input(tmp_path):
    target = tmp_path / "got.json"
    code = (
        f"import sys, pathlib; pathlib.Path({str(target)!r}).write_bytes(sys.stdin.buffer.read())"
    )
    (delivery,) = notify(notice(), Targets(hook=python(code)))
    assert (delivery.delivered, delivery.attempts) == (True, 1)
    assert json.loads(target.read_bytes())["run"] == RECORD.id


def test_a_large_message_that_nobody_reads_stops_nothing():
    assert run_hook(python("pass"), b"x" * 5_000_000).delivered


def test_no_shell_reads_the_command(tmp_path):
    targets = resolve_targets(hook=f"echo $(touch {tmp_path}/a); touch {tmp_path}/b", webhook=None)
    assert notify(notice(), targets)[0].delivered
    assert list(tmp_path.iterdir()) == []


def test_a_hook_that_fails_is_told_with_the_end_of_what_it_said():
    code = "import sys; print('x' * 100_000); print('no such room', file=sys.stderr); sys.exit(3)"
    delivery = run_hook(python(code), b"{}")
    assert not delivery.delivered
    assert delivery.words.startswith(f"the command {Path(sys.executable).name} ended with code 3: ")
    assert delivery.words.endswith("no such room")
    assert len(delivery.words) < 700


def test_a_secret_is_hidden_before_words_are_cut():
    secrets.remember_secrets(environ={"A_TOKEN": "0123456789"})
    for length in range(490, 502):
        delivery = run_hook(python(f"print('0123456789' + 'x' * {length}); exit(1)"), b"{}")
        assert not re.search(r"\d", delivery.words.partition("code 1: ")[2])


def test_a_hook_prints_nothing_of_its_own(capfd):
    run_hook(python("import sys; print('out'); print('err', file=sys.stderr)"), b"{}")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(60)",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
        "import subprocess; subprocess.run(['sleep', '60'])",
    ],
)
def test_a_hook_that_does_not_end_is_ended(code):
    begin = time.monotonic()
    delivery = run_hook(python(code), b"{}", limit_s=1.0)
    assert time.monotonic() - begin < 4.0
    assert "was ended after 1 s" in delivery.words


def test_a_hook_that_leaves_something_running_costs_no_time():
    begin = time.monotonic()
    assert run_hook(("sh", "-c", "sleep 3 & exit 0"), b"{}").delivered
    assert time.monotonic() - begin < 2.5


def test_a_signal_ends_a_hook():
    begin = time.monotonic()
    delivery = run_hook(
        python("import time; time.sleep(60)"),
        b"{}",
        stop=lambda: 15 if time.monotonic() - begin > 0.5 else 0,
    )
    assert time.monotonic() - begin < 3.0
    assert "was ended by a signal" in delivery.words


def test_a_hook_does_not_inherit_what_is_secret(monkeypatch):
    monkeypatch.setenv("GRIDTOOL_STORE", "postgresql://u:hunter22@h/d")
    monkeypatch.setenv("GRIDTOOL_WEBHOOK", "https://h/hunter22")
    monkeypatch.setenv("OTHER", "hunter22")
    code = "import os, sys; sys.exit(sum('hunter22' in value for value in os.environ.values()))"
    assert "ended with code 1" in run_hook(python(code), b"{}").words


def test_a_hook_that_was_removed_is_told():
    delivery = run_hook(("/nowhere/notify-me",), b"{}")
    assert delivery.words == "the command notify-me could not be run: No such file or directory"


def test_a_hook_is_given_half_the_time_where_there_is_a_webhook_too():
    begin = time.monotonic()
    targets = Targets(
        hook=python("import time; time.sleep(60)"), webhook="http://127.0.0.1:1/hook-secret"
    )
    hook, webhook = notify(notice(), targets, budget_s=2.0)
    assert time.monotonic() - begin < 4.0
    assert not hook.delivered
    assert not webhook.delivered
    assert "hook-secret" not in webhook.words


def test_the_interpreter_of_a_hook_file_is_used(tmp_path):
    script = tmp_path / "notify me"
    script.write_text('#!/bin/sh\ncat > "$(dirname "$0")/got"\n')
    script.chmod(0o755)
    targets = resolve_targets(hook=shlex.quote(str(script)), webhook="")
    assert notify(notice(), targets)[0].delivered
    assert json.loads((tmp_path / "got").read_bytes())["event"] == "done"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hook": "echo 'hunter22"}, "no closing quotation"),
        ({"hook": "no-such-command --token hunter22"}, "names no command that can be run"),
        ({"webhook": "ftp://u:hunter22@h/p"}, "is not an address of http or https"),
        ({"webhook": "file:///etc/hunter22"}, "is not an address of http or https"),
        ({"webhook": "https:///hunter22"}, "names no host"),
        ({"webhook": "https://h:hunter22/p"}, "is not an address"),
        ({"webhook": "https://[h/hunter22"}, "is not an address"),
        ({"webhook": "https://h/hunter22\r\nX: y"}, "holds blanks or control characters"),
    ],
)
def test_targets_that_cannot_be_used_are_refused_and_not_repeated(given, said):
    with pytest.raises(InputError) as caught:
        resolve_targets(**{"hook": None, "webhook": None} | given)
    assert said in str(caught.value)
    assert "hunter22" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_webhook_or_refused(text):
    found = None
    with suppress(InputError):
        found = resolve_targets(hook=None, webhook=text)
    assert found is None or found.webhook == text
    assert (found is None) == bool(text and _check_webhook(text))


def test_targets_show_no_secret():
    targets = resolve_targets(
        hook="echo --token hunter22", webhook="https://me:hunter22@hooks.example.org/hunter22"
    )
    assert "hunter22" not in repr(targets)
    assert describe_targets(targets) == "the command echo and https://hooks.example.org/***"
    assert describe_targets(Targets()) == "nobody"
    assert notify(notice(), Targets()) == ()


def test_how_notifications_went_is_written_down(sqlite_address, identity):
    with open_store(sqlite_address, holder=HOLDER, now=NOW) as store:
        run = store.rows.begin(identity(), holder=HOLDER, now=NOW)
        run = store.rows.end(run, Closing(finished_at=NOW, exit_code=0))
    deliveries = notify(notice(), Targets(hook=python("raise SystemExit(2)")))
    later = datetime(2027, 1, 12, 7, tzinfo=UTC)
    assert note_deliveries(sqlite_address, run, deliveries, now=later) == ""
    assert note_deliveries(sqlite_address, run, (), now=later) == ""
    (note,) = read_store(sqlite_address).rows.list_notes(run)
    assert (note.kind, note.at) == ("hook", later)
    assert "ended with code 2" in note.words
    with lock_file(sqlite_address.folder / "lock", holder=this_process("other", now=NOW)):
        said = note_deliveries(sqlite_address, run, deliveries, now=later)
    assert said.startswith("how notifications went was not written down: the store is in use by")
    assert str(os.getpid()) in said
