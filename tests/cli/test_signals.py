"""Signals and closed pipes end a command with its code, quietly, leaving nothing half-written."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from gridtool.cli.failures import report_failures
from gridtool.errors import MissingExtra

WAITING = """
import sys, time, click
from gridtool.cli import cli, main
from gridtool.formats import publish

@cli.command()
@click.argument("folder")
def wait(folder):
    def stop_here(*_):
        print("ready", flush=True)
        time.sleep(60)
    publish._swap_in = stop_here
    publish.publish_folder(folder, {"a.csv": b"1"})

main()
"""
TALKING = """
import click
from gridtool.cli import cli, main

@cli.command()
def talk():
    for number in range(200_000):
        click.echo(f"line {number}")

main()
"""


@pytest.mark.parametrize(
    ("sent", "code", "said"),
    [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 143, "")],
)
def test_a_signal_leaves_nothing_half_written(tmp_path, sent, code, said):
    with subprocess.Popen(
        [sys.executable, "-c", WAITING, "wait", str(tmp_path / "results")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout.readline() == "ready\n"
        written = list(tmp_path.iterdir())
        assert len(written) == 1, "the unfinished folder is beside its name"
        running.send_signal(sent)
        _, message = running.communicate(timeout=20)
    assert running.returncode == code
    assert message == said
    assert list(tmp_path.iterdir()) == []


def import_interrupted(raised):
    """As a compiled module does."""
    raise ImportError("initialization failed") from raised


def need_extra(raised):
    try:
        import_interrupted(raised)
    except ImportError:
        raise MissingExtra("distributed", extra="cluster") from None


@pytest.mark.parametrize("wrap", [import_interrupted, need_extra])
@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [(KeyboardInterrupt(), 130, "interrupted\n"), (SystemExit(143), 143, "")],
)
def test_a_signal_that_a_library_made_an_error_of_is_still_one(capsys, wrap, raised, code, said):
    with pytest.raises(SystemExit) as caught, report_failures():
        wrap(raised)
    assert caught.value.code == code
    assert capsys.readouterr().err == said


def test_a_closed_pipe_is_quiet():
    with subprocess.Popen(
        [sys.executable, "-c", TALKING, "talk"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout.readline() == b"line 0\n"
        running.stdout.close()
        message = running.stderr.read()
        running.wait(timeout=20)
    assert message == b""
    assert running.returncode == 0


TABLES = """
import sys
from gridtool.cli import main

sys.stdin.readline()
main()
"""


def test_tables_end_as_quietly_when_nobody_reads():
    with subprocess.Popen(
        [sys.executable, "-c", TABLES, "schema", "network"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        running.stdout.close()
        running.stdin.write(b"\n")
        running.stdin.close()
        message = running.stderr.read()
        running.wait(timeout=20)
    assert message == b""
    assert running.returncode == 0


PLANNING = """
import os, signal, sys
from gridtool.cli import main
from gridtool.restoration import plan
usual = plan.enumerate_orders

def interrupted(*args, **kwargs):
    print("searching", file=sys.stderr, flush=True)
    os.kill(os.getpid(), SENT)
    return usual(*args, **kwargs)

plan.enumerate_orders = interrupted
main()
"""


def test_an_interrupted_run_prints_the_best_plan_so_far(root, tmp_path):
    job = tmp_path / "job.toml"
    job.write_text(
        'format = "gridtool-job"\nformat_version = 1\n[job]\nname = "toy"\n'
        f'network = "{root / "networks" / "toy3"}"\nas_of = "2027-01-12T06:00Z"\n'
        '[damage]\nreports = ["damage"]\n[resources]\nfolder = "resources"\n'
    )
    program = PLANNING.replace("SENT", str(int(signal.SIGTERM)))
    finished = subprocess.run(
        [sys.executable, "-c", program, "run", str(job)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert finished.returncode == 143, finished.stderr
    assert "Stopped: interrupted." in finished.stdout
    assert "Restoration plan: " in finished.stdout
    assert "warning: stopped: interrupted" in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_search_prints_the_best_plan_so_far(root, sent, code):
    city = root / "networks" / "toy3"
    finished = subprocess.run(
        [
            sys.executable, "-c", PLANNING.replace("SENT", str(int(sent))), "restore", str(city),
            "--damage", str(city / "damage"), "--resources", str(city / "resources"),
            "--no-ac", "--no-bound",
        ],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert finished.returncode == code, finished.stderr
    assert "searching" in finished.stderr
    assert finished.stdout.startswith("Stopped: interrupted. The search was interrupted")
    assert "Restoration plan: " in finished.stdout
    assert "warning: stopped: interrupted" in finished.stderr
    assert "Traceback" not in finished.stderr
