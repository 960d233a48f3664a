"""The deployment samples are accepted by what they are for, and call commands that there are."""

from __future__ import annotations

import ast
import os
import shlex
import shutil
import subprocess
import sys
import types
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import kubernetes_validate
import pytest
import yaml
from conftest import skip_or_fail
from croniter import croniter

from gridtool.cli import cli

SHIPPED = {
    "gridtool-job@.service",
    "gridtool-job@.timer",
    "crontab",
    "kubernetes.yaml",
    "airflow_dag.py",
    "dagster_definitions.py",
    "slurm_sweep.py",
    "kubernetes_sweep.py",
}


@pytest.fixture(scope="module")
def deploy(root):
    return root / "forecasts" / "deploy"


def assert_is_job_run(words):
    """``words`` are a command line of ``gridtool job run`` whose options all exist."""
    assert Path(words[0]).name == "gridtool"
    assert words[1:3] == ["job", "run"]
    context = click.Context(cli, **cli.context_settings)
    group = cli.get_command(context, "job")
    command = group.get_command(click.Context(group, parent=context), "run")
    given = command.make_context("run", list(words[3:]), parent=context).params
    assert given["due"] != (given["slot"] is not None), "the slot is due, or is named"
    return given


def unit(text):
    """Values by key of a unit file, a list for each: keys come more than once."""
    found = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_every_sample_is_listed(root, deploy):
    assert {path.name for path in deploy.iterdir() if path.is_file()} == SHIPPED
    text = (root / "forecasts" / "README.md").read_text(encoding="utf-8")
    for name in SHIPPED:
        assert f"`{name}`" in text, f"forecasts/README.md lacks {name}"


def verify_units(folder):
    """What ``systemd-analyze verify`` says of the units in ``folder``."""
    if shutil.which("systemd-analyze") is None:
        skip_or_fail("systemd-analyze is not installed")
    finished = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(map(str, folder.iterdir()))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return finished.returncode, finished.stderr + finished.stdout


@pytest.fixture
def units(deploy, tmp_path):
    """The units with a program that is there: systemd checks that it can be run."""
    for name in ("gridtool-job@.service", "gridtool-job@.timer"):
        text = (deploy / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/usr/local/bin/gridtool", "/bin/true"))
    return tmp_path


def test_systemd_accepts_the_units(units):
    assert verify_units(units) == (0, "")


@pytest.mark.parametrize(
    ("file", "sound", "broken"),
    [
        ("gridtool-job@.timer", "Persistent=true", "Persistant=true"),
        ("gridtool-job@.timer", "OnCalendar=*:0/10", "OnCalendar=*:0/99/1"),
        ("gridtool-job@.service", "ProtectSystem=strict", "ProtectSystem=stricter"),
    ],
)
def test_systemd_s_verdict_is_one(units, file, sound, broken):
    text = (units / file).read_text()
    assert sound in text
    (units / file).write_text(text.replace(sound, broken))
    assert verify_units(units)[1] != ""


def test_the_service_is_hardened_and_runs_what_is_due(deploy):
    service = unit((deploy / "gridtool-job@.service").read_text(encoding="utf-8"))
    (start,) = service["ExecStart"]
    assert assert_is_job_run(shlex.split(start))["due"]
    assert service["SuccessExitStatus"] == ["6 10"]
    assert int(service["TimeoutStopSec"][0]) >= 5, "the best plan so far takes two seconds"
    for key in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "DynamicUser"):
        assert service[key] == ["yes"], key
    assert service["ProtectSystem"] == ["strict"]
    assert "MemoryDenyWriteExecute" not in service, "compiled loops could not run"
    timer = unit((deploy / "gridtool-job@.timer").read_text(encoding="utf-8"))
    assert timer["Persistent"] == ["true"]


def test_systemd_finds_little_exposure(units):
    if shutil.which("systemd-analyze") is None:
        skip_or_fail("systemd-analyze is not installed")
    finished = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager",
         str(units / "gridtool-job@.service")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout[-200:]


def test_cron_asks_under_a_lock(deploy):
    lines = [
        line
        for line in (deploy / "crontab").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    (line,) = [line for line in lines if "=" not in line.split()[0]]
    fields = line.split(maxsplit=5)
    assert croniter.is_valid(" ".join(fields[:5]))
    assert "%" not in fields[5], "cron takes it as the end of the line"
    words = shlex.split(fields[5].split(" >>")[0])
    assert words[:2] == ["flock", "-n"]
    assert assert_is_job_run(words[3:])["due"]


def test_cron_s_lock_lets_one_in(tmp_path):
    """flock as in the sample: while one holds it another leaves at once with code 1."""
    lock = tmp_path / "lock"
    with subprocess.Popen(["flock", "-n", lock, "sh", "-c", "echo in; read x"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:  # fmt: skip
        assert holder.stdout.readline() == b"in\n"
        assert subprocess.run(["flock", "-n", lock, "true"], check=False).returncode == 1
        holder.communicate(b"\n")
    assert subprocess.run(["flock", "-n", lock, "true"], check=False).returncode == 0


@pytest.fixture
def cron_job(deploy):
    return yaml.safe_load((deploy / "kubernetes.yaml").read_text(encoding="utf-8"))


def test_kubernetes_schema_accepts_the_manifest(cron_job):
    kubernetes_validate.validate(cron_job, "1.37", strict=True)
    cron_job["spec"]["concurencyPolicy"] = "Forbid"
    with pytest.raises(kubernetes_validate.ValidationError, match="concurencyPolicy"):
        kubernetes_validate.validate(cron_job, "1.37", strict=True)


def container(cron_job):
    (found,) = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return found


def test_the_pod_is_restricted_and_holds_no_secret(cron_job):
    pod = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert cron_job["spec"]["concurrencyPolicy"] == "Forbid"
    assert croniter.is_valid(cron_job["spec"]["schedule"])
    assert pod["securityContext"]["runAsNonRoot"] is True
    security = container(cron_job)["securityContext"]
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    (store,) = [e for e in container(cron_job)["env"] if e["name"] == "GRIDTOOL_STORE"]
    assert "value" not in store
    assert store["valueFrom"]["secretKeyRef"]["name"] == "gridtool-store"


@pytest.fixture
def pod_script(cron_job, tmp_path):
    """The container's script, with a program in place of gridtool that does as it is told."""
    shell, flag, script = container(cron_job)["command"]
    assert (shell, flag) == ("sh", "-c")

    def start(body):
        program = tmp_path / "gridtool"
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        return subprocess.Popen(
            ["sh", "-c", script],
            env=os.environ | {"PATH": path},
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.mark.parametrize(
    ("code", "seen"), [(0, 0), (6, 0), (10, 0), (1, 1), (3, 3), (4, 4), (5, 5)]
)
def test_published_runs_are_successes_of_the_pod(pod_script, code, seen):
    with pod_script(f'echo "$@"; exit {code}') as pod:
        words = pod.communicate(timeout=20)[0].split()
        assert pod.returncode == seen
    assert assert_is_job_run(["gridtool", *words])["due"]


def test_a_pod_that_is_ended_passes_the_signal_on(pod_script):
    with pod_script(
        "trap 'echo kept; exit 143' TERM; echo in; while :; do sleep 0.05; done"
    ) as pod:
        assert pod.stdout.readline() == "in\n"
        pod.terminate()
        assert pod.communicate(timeout=20)[0] == "kept\n"
        assert pod.returncode == 143


def load_sample(path, modules):
    """Run a sample with stand-ins for the packages that it imports; its names."""
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        names = {"__name__": path.stem}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
        return names
    finally:
        for name, module in before.items():
            sys.modules.pop(name) if module is None else sys.modules.update({name: module})


def module(name, **names):
    made = types.ModuleType(name)
    made.__dict__.update(names)
    return made


def imported(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


class Recorded:
    """Stands for a class of a scheduler: remembers what it was made with."""

    def __init__(self, **given):
        self.given = given
        type(self).made.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def test_airflow_calls_the_same_command(deploy):
    path = deploy / "airflow_dag.py"
    assert "gridtool" not in set(imported(path)), "it needs no gridtool in Airflow's environment"
    dag_class = type("DAG", (Recorded,), {"made": []})
    bash_class = type("BashOperator", (Recorded,), {"made": []})
    names = ("airflow", "airflow.providers", "airflow.providers.standard")
    modules = {name: module(name) for name in names}
    modules |= {
        "pendulum": module("pendulum", datetime=lambda *_, tz: tz),
        "airflow.sdk": module("airflow.sdk", DAG=dag_class),
        "airflow.providers.standard.operators": module("operators"),
        "airflow.providers.standard.operators.bash": module("bash", BashOperator=bash_class),
    }
    load_sample(path, modules)
    (dag,), (task,) = dag_class.made, bash_class.made
    assert croniter.is_valid(dag.given["schedule"])
    assert dag.given["max_active_runs"] == 1
    line = task.given["bash_command"].replace("{{ logical_date.isoformat() }}", "2027-01-12T05:30Z")
    assert "{{" not in line
    words = shlex.split(line)
    assert words[0] == "exec", "signals reach gridtool, not a shell"
    assert assert_is_job_run(words[1:])["slot"] == "2027-01-12T05:30Z"
    assert task.given["skip_on_exit_code"] == [6, 10]
    assert task.given["execution_timeout"] > timedelta(minutes=1)


class Failure(Exception):
    """As Dagster's."""


@pytest.fixture
def dagster():
    """Stand-ins for Dagster's decorators: the functions stay as they are."""

    def keep(**given):
        def decorate(function):
            function.given = given
            return function

        return decorate

    names = dict.fromkeys(("op", "job", "schedule"), keep)
    names |= {"Failure": Failure, "RunRequest": lambda **given: given, "Definitions": dict}
    names |= {"OpExecutionContext": object, "ScheduleEvaluationContext": object}
    return module("dagster", **names)


@pytest.mark.parametrize(("code", "published"), [(0, True), (6, True), (10, True), (5, False)])
def test_dagster_calls_the_same_command(deploy, dagster, monkeypatch, code, published):
    path = deploy / "dagster_definitions.py"
    assert set(imported(path)) == {"subprocess", "dagster"}
    names = load_sample(path, {"dagster": dagster})
    moment = datetime(2027, 1, 12, 3, 30, tzinfo=UTC)
    request = names["every_morning"](types.SimpleNamespace(scheduled_execution_time=moment))
    assert croniter.is_valid(names["every_morning"].given["cron_schedule"])
    slot = request["run_config"]["ops"]["run_job"]["config"]["slot"]
    assert (request["run_key"], slot) == ("2027-01-12T03:30:00+00:00",) * 2

    calls = []

    def run(command, **_given):
        calls.append(command)
        return types.SimpleNamespace(returncode=code, stdout="", stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    said = []
    context = types.SimpleNamespace(
        op_config={"slot": slot},
        log=types.SimpleNamespace(info=said.append),
        add_output_metadata=said.append,
    )
    if published:
        names["run_job"](context)
        assert said[-1] == {"exit_code": code}
    else:
        with pytest.raises(Failure, match="exit code 5"):
            names["run_job"](context)
    assert assert_is_job_run(calls[0])["slot"] == slot
