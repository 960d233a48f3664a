"""Secrets planted in the store's address, the environment and a webhook: in no file, row, log
line, message, metric or exception of runs that go well and of runs that do not.
"""

from __future__ import annotations

import io
import logging
import socket
import sys
import traceback

import pytest
import run_cases
from secret_cases import ENVIRON, PLANTED, address_with_password, find_planted
from store_cases import HOLDER, NOW

from gridtool.errors import AnalysisError, GridtoolError
from gridtool.jobs import secrets
from gridtool.jobs.logs import bind_run, make_run_id, setup_logs
from gridtool.jobs.logs_stages import LoggedStages
from gridtool.jobs.metrics import write_metrics
from gridtool.jobs.notify import note_deliveries, notify, resolve_targets
from gridtool.jobs.notify_payload import notice_of_run
from gridtool.jobs.store.open import open_store, read_store, resolve_store


@pytest.fixture(autouse=True)
def planted(monkeypatch):
    monkeypatch.setattr(secrets, "_known", ())
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def silent_port():
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def with_password(postgresql_address):
    """The store on PostgreSQL, with a password in its address; the server asks for none."""
    return resolve_store(
        address_with_password(postgresql_address),
        environ={"GRIDTOOL_STORE_FOLDER": str(postgresql_address.folder)},
    )


def observe(job, address, *, chain, webhook, hook, metrics):
    """A run with all that is told of it; gives what was printed and sent."""
    shown = address.url.render_as_string(hide_password=False)
    secrets.remember_secrets(store=shown, webhook=webhook, environ=ENVIRON)
    stream, run_id = io.StringIO(), make_run_id(NOW)
    targets = resolve_targets(hook=hook, webhook=webhook)
    with setup_logs("json", level="debug", stream=stream), bind_run(run_id, job="toy"):
        events = LoggedStages()
        given = run_cases.tools(
            chain, events=events, after=lambda store, _run: (write_metrics(metrics, store.rows),)
        )
        outcome = run_cases.run(job, address, given=given, run_id=run_id, force=True)
        events.end()
        notice = notice_of_run(outcome.record, gridtool_version="1", warnings=outcome.warnings)
        deliveries = notify(notice, targets, budget_s=1.0)
        said = note_deliveries(address, outcome.record, deliveries, now=NOW)
        logging.getLogger("gridtool.end").warning("%s %s", outcome, [deliveries, said])
    assert outcome.record.id == run_id
    assert {line.split('"run": "')[1].split('"')[0] for line in stream.getvalue().splitlines()} == {
        run_id
    }
    return outcome, stream.getvalue() + notice.to_json().decode() + metrics.read_text()


def talk_too_much(_request, _limits, _events):
    """Fails as a driver might that repeats what it was given."""
    raise AnalysisError(f"no connection to {ENVIRON} at postgresql://u:store-hunter2-word@h/d")


@pytest.mark.parametrize("chain", [run_cases.cheap_chain, talk_too_much])
def test_a_run_shows_no_secret(with_password, chain, tmp_path, root, silent_port):
    outcome, shown = observe(
        run_cases.write_job(tmp_path / "job", root),
        with_password,
        chain=chain,
        webhook=f"http://me:word-hunter2@127.0.0.1:{silent_port}/path-hunter2?key=query-hunter2",
        hook=f"{sys.executable} -c 'import os; print(dict(os.environ)); exit(1)' --key arg-hunter2",
        metrics=tmp_path / "metrics.prom",
    )
    assert outcome.exit_code == (0 if chain is run_cases.cheap_chain else 4)
    notes = read_store(with_password).rows.list_notes(outcome.record)
    assert [note.kind for note in notes] == ["hook", "webhook"]
    assert "***" in notes[0].words, "the hook has printed the environment"
    assert PLANTED not in shown
    assert find_planted(with_password) == []
    assert PLANTED.encode() not in (tmp_path / "metrics.prom").read_bytes()


def open_to_write(given, environ):
    with open_store(resolve_store(given, environ=environ), holder=HOLDER, now=NOW):
        pass


OPENED = {
    "read": lambda given, environ: read_store(resolve_store(given, environ=environ)),
    "write": open_to_write,
}


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://grid:word-hunter2@127.0.0.1:{port}/runs",
        "postgresql://grid:word-hunter2@127.0.0.1:{port}/runs?sslpassword=query-hunter2",
        "postgresql://grid:word-hunter2@no-such-host.invalid/runs",
        "postgresql://grid:word-hunter2@127.0.0.1:port/runs",
        "postgresql://grid:word-hunter2@[::1/runs",
        "mysql://grid:word-hunter2@127.0.0.1/runs",
        "postgresql://grid:word-hunter2",
        "sqlite://grid:word-hunter2@host/",
        "://grid:word-hunter2@host",
    ],
)
@pytest.mark.parametrize("act", OPENED)
def test_a_store_that_cannot_be_opened_is_named_without_its_password(
    address, act, silent_port, tmp_path
):
    """Also in the exception's trace, of which ``gridtool --debug`` keeps a file."""
    given = address.format(port=silent_port)
    with pytest.raises(GridtoolError) as caught:
        OPENED[act](given, {"GRIDTOOL_STORE_FOLDER": str(tmp_path)})
    assert PLANTED not in str(caught.value)
    assert PLANTED not in repr(caught.value)
    assert PLANTED not in "".join(traceback.format_exception(caught.value))


def test_an_address_shows_no_password(with_password):
    assert PLANTED not in str(with_password)
    assert PLANTED not in repr(with_password)
