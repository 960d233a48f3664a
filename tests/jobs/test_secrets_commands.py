"""Secrets planted in the store's address, the environment and a webhook: in no output of any
command on jobs, whatever it finds.
"""

from __future__ import annotations

import socket
import sys

import pytest
import run_cases
from click.testing import CliRunner
from secret_cases import ENVIRON, PLANTED, address_with_password, find_planted

from gridtool.cli import cli
from gridtool.cli.job import COMMANDS
from gridtool.jobs import notify_webhook, secrets

SHOW_ALL = f"{sys.executable} -c 'import os; print(dict(os.environ)); exit(1)' --key arg-hunter2"
"""A hook that fails and says too much."""
WORDS = {
    "run": ["job.toml"],
    "due": ["job.toml"],
    "list": [],
    "show": [],
    "diff": [],
    "rerun": ["1"],
    "score": ["mine.csv"],
    "export": ["--all", "--to", "packed.zip"],
    "prune": ["--keep-last", "1"],
    "recover": [],
}
"""Arguments with which each command has something to do."""


class Planted:
    """Calls commands where secrets lie about, and keeps all that they say."""

    def __init__(self, monkeypatch, folder):
        self.runner, self.said = CliRunner(), {}
        monkeypatch.setattr(secrets, "_known", ())
        monkeypatch.setattr(notify_webhook, "FIRST_WAIT_S", 0.01)
        monkeypatch.chdir(folder)
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]  # nobody listens there any more
        self.environ = ENVIRON | {
            "GRIDTOOL_WEBHOOK": f"http://me:word-hunter2@127.0.0.1:{self.port}/path-hunter2",
            "GRIDTOOL_HOOK": SHOW_ALL,
        }
        for name, value in self.environ.items():
            monkeypatch.setenv(name, value)

    def call(self, *words):
        """The exit code of ``gridtool job`` with ``words``."""
        found = self.runner.invoke(cli, ["job", *words])
        self.said[" ".join(words)] = found.output + found.stderr + repr(found.exception)
        return found.exit_code

    def find_secrets(self):
        """Calls that showed one."""
        return {words: said for words, said in self.said.items() if PLANTED in said}


@pytest.fixture
def planted(monkeypatch, tmp_path, root):
    run_cases.write_job(tmp_path, root)
    return Planted(monkeypatch, tmp_path)


def test_every_command_has_a_case():
    assert set(WORDS) == set(COMMANDS)


def test_no_command_shows_a_secret(planted, postgresql_address, monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("GRIDTOOL_STORE", address_with_password(postgresql_address))
    monkeypatch.setenv("GRIDTOOL_STORE_FOLDER", str(postgresql_address.folder))
    observed = ["--log-format", "json", "-vv", "--metrics", "gridtool.prom"]
    assert planted.call("run", "job.toml", *observed) == 0
    # From here on in this process, which is quicker: what another one says has been seen.
    monkeypatch.setattr("gridtool.cli.job_run_work.supervised", lambda chain: chain)
    assert planted.call("run", "job.toml") == 0
    assert "lready done" in planted.said["run job.toml"]
    assert planted.call("run", "job.toml", "--dry-run") == 0
    assert planted.call("run", "job.toml", "--seed", "2", "--slot", "2027-01-13T06:00Z") == 0
    (tmp_path / "wrong.toml").write_text((tmp_path / "job.toml").read_text() + "x = 1\n")
    assert planted.call("run", "wrong.toml", "--log-format", "json") == 3
    run_cases.write_history(tmp_path / "mine.csv", until="2027-02-12")
    codes = {name: planted.call(name, *WORDS[name]) for name in [*WORDS][1:]}
    assert {name for name, code in codes.items() if code} <= {"recover"}, planted.said
    for name in ("due", "list", "show", "diff", "score"):
        planted.call(name, *WORDS[name], "--format", "json")
    said = "".join(planted.said.values())
    assert said.count("***") >= 4, "hook and webhook were told of, without what is secret"
    assert planted.find_secrets() == {}
    assert PLANTED not in "".join(capfd.readouterr())
    assert find_planted(postgresql_address) == []
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"gridtool.prom", "packed.zip"} <= {path.name for path in made}
    assert [path for path in made if PLANTED.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("name", WORDS)
def test_where_the_store_cannot_be_reached_no_secret_is_shown(planted, name):
    for address in (
        "postgresql://grid:word-hunter2@127.0.0.1:{port}/runs?sslpassword=query-hunter2",
        "mysql://grid:word-hunter2@127.0.0.1/runs",
        "postgresql://grid:word-hunter2@127.0.0.1:port/runs",
    ):
        given = address.format(port=planted.port)
        assert planted.call(name, *WORDS[name], "--store", given) != 0
        assert planted.call(name, *WORDS[name], "--store", given, given) != 0
    assert planted.call(name, "--help") == 0
    assert planted.find_secrets() == {}


@pytest.mark.parametrize(
    "words",
    [
        ["--webhook", "ftp://me:word-hunter2@host/path-hunter2"],
        ["--webhook", "https://host:port-hunter2/path"],
        ["--hook", "no-such-command --token arg-hunter2"],
        ["--hook", "echo 'arg-hunter2"],
    ],
)
def test_targets_that_cannot_be_used_are_not_repeated(planted, words, tmp_path):
    assert planted.call("run", "job.toml", "--store", str(tmp_path / "store"), *words) in {2, 3}
    assert planted.find_secrets() == {}
    assert not (tmp_path / "store").exists()


def test_what_nobody_foresaw_shows_no_secret(planted, monkeypatch, tmp_path):
    def fail(*_words, **_named):
        raise RuntimeError(f"no connection to {planted.environ}")

    monkeypatch.setattr("gridtool.jobs.store.open.resolve_store", fail)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert planted.call("list") == 1
    assert "unexpected error: RuntimeError" in planted.said["list"]
    assert planted.find_secrets() == {}
