"""The samples for sweeps on more than one machine, with stand-ins for SLURM and Kubernetes."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pyarrow.parquet as pq
import pytest

from gridtool.cli import cli

SCENARIOS = """
format = "gridtool-scenarios"
format_version = 1
[sweep]
level = "assess"
[base]
network = "toy3"
as_of = "2027-01-12T06:00Z"
damage = {reports = ["damage"]}
[[scenario]]
name = "the line is back"
back = ["L-AB"]
"""
REAL = """
from distributed import LocalCluster


class SLURMCluster(LocalCluster):
    def __init__(self, **given):
        assert given["cores"] == given["processes"], "a worker has one thread"
        assert "export OMP_NUM_THREADS=1" in given["job_script_prologue"]
        super().__init__(
            n_workers=0, threads_per_worker=1, processes=False, protocol="tcp://",
            host="127.0.0.1", dashboard_address=None,
        )

    def adapt(self, *, minimum_jobs, maximum_jobs):
        self.scale(1)
"""
QUIET = """
import json


class KubeCluster:
    scheduler_address = "tcp://10.0.0.1:8786"

    def __init__(self, **given):
        print(json.dumps(given), flush=True)

    def wait_for_workers(self, count):
        assert count >= 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        print("closed", flush=True)
"""
SAMPLES = ("slurm_sweep.py", "kubernetes_sweep.py")


@pytest.fixture
def start(root, tmp_path):
    """Start a sample with ``module`` as the package that it imports, and another ``gridtool``."""

    def launch(sample, *arguments, package, module, program=None):
        path = tmp_path / package / "__init__.py"
        path.parent.mkdir(parents=True)
        path.write_text(module)
        programs = Path(sys.executable).parent
        if program is not None:
            programs = tmp_path
            (tmp_path / "gridtool").write_text(f"#!/bin/sh\n{program}\n")
            (tmp_path / "gridtool").chmod(0o755)
        return subprocess.Popen(
            [sys.executable, str(root / "forecasts" / "deploy" / sample), *map(str, arguments)],
            env=os.environ
            | {
                "PYTHONPATH": str(tmp_path),
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                "GRIDTOOL_STORE": str(tmp_path / "store"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return launch


def test_a_sweep_goes_through_the_cluster(start, tmp_path):
    scenarios, kept = tmp_path / "toy.toml", tmp_path / "sweep"
    scenarios.write_text(SCENARIOS)
    arguments = (scenarios, "--folder", kept, "--format", "json")
    with start("slurm_sweep.py", *arguments, package="dask_jobqueue", module=REAL) as running:
        printed, said = running.communicate(timeout=240)
    assert running.returncode == 0, said
    assert json.loads(printed)["data"]
    assert pq.read_table(kept / "scenarios.parquet").num_rows == 2, "the base and its what-if"


def start_quietly(start, program):
    return start(
        "kubernetes_sweep.py",
        "x.toml",
        package="dask_kubernetes/operator",
        module=QUIET,
        program=program,
    )


def test_the_exit_code_is_that_of_the_sweep(start):
    with start_quietly(start, 'echo "$@"; exit 6') as running:
        made, words, closed = running.communicate(timeout=60)[0].splitlines()
    assert running.returncode == 6
    assert words == "whatif x.toml --cluster tcp://10.0.0.1:8786"
    assert closed == "closed"
    given = json.loads(made)
    assert given["worker_command"] == ["dask", "worker", "--nthreads", "1"]
    assert given["env"] == {
        "OMP_NUM_THREADS": "1",
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    }


def test_the_cluster_stays_until_an_interrupted_sweep_has_ended(start):
    """Ctrl-C reaches both; the sample leaves the workers to gridtool."""
    program = "trap 'sleep 0.5; echo kept; exit 130' INT; echo in; while :; do sleep 0.05; done"
    with start_quietly(start, f"echo $$; {program}") as running:
        running.stdout.readline()
        child = int(running.stdout.readline())
        assert running.stdout.readline() == "in\n"
        running.send_signal(signal.SIGINT)
        os.kill(child, signal.SIGINT)
        assert running.communicate(timeout=60)[0] == "kept\nclosed\n"
    assert running.returncode == 130


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_command_is_ours(root, sample):
    """As it stands in the sample, with the words of its docstring in place of what is given."""
    tree = ast.parse((root / "forecasts" / "deploy" / sample).read_text(encoding="utf-8"))
    lists = [node for node in ast.walk(tree) if isinstance(node, ast.List)]
    (command,) = [found for found in lists if any(isinstance(x, ast.Starred) for x in found.elts)]
    words = [word.value for word in command.elts if isinstance(word, ast.Constant)]
    assert words == ["gridtool", "whatif", "--cluster"]
    example = ast.get_docstring(tree).split("``")[1].split()
    assert example[:2] == ["python", sample]
    context = click.Context(cli, **cli.context_settings)
    whatif = cli.get_command(context, "whatif")
    arguments = [*example[2:], "--cluster", "tcp://127.0.0.1:8786"]
    given = whatif.make_context("whatif", arguments, parent=context).params
    assert given["cluster"] == "tcp://127.0.0.1:8786"
    assert given["folder"] is not None
