"""What tests of kept runs share: a small job on the toy network, tools, and a cheap chain."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import numpy as np

from gridtool.jobs.runs.compute import compute_chain
from gridtool.jobs.runs.execute import execute_run
from gridtool.jobs.runs.model import ChainAnswer
from gridtool.jobs.runs.options import RunTools, RunWish

NOW = datetime(2027, 1, 12, 9, tzinfo=UTC)
JOB = """
format = "gridtool-job"
format_version = 1
[job]
name = "{name}"
network = "{network}"
{as_of}
[damage]
reports = ["damage"]
[resources]
folder = "resources"
[plan]
evaluations = 30
[demand]
history = "mine.csv"
[forecast]
months = 1
samples = 12
outlook = 4
shares = 4
workers = 1
"""


def write_history(path, *, level=500.0, until="2027-01-12"):
    """A year and a bit of hours with a daily wave."""
    hours = np.arange("2026-01-01", until, dtype="datetime64[h]")
    rows = [
        f"{hour}:00Z,{level + 20 * np.sin(i / 3.8) + i % 7:.3f}" for i, hour in enumerate(hours)
    ]
    path.write_text("timestamp_utc,load_mw\n" + "\n".join(rows) + "\n")


def write_job(folder, root, *, name="toy", as_of='as_of = "2027-01-12T06:00Z"', more=""):
    """The job file, with its history beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "mine.csv").exists():
        write_history(folder / "mine.csv")
    path = folder / "job.toml"
    path.write_text(JOB.format(name=name, network=root / "networks" / "toy3", as_of=as_of) + more)
    return path


class Clock:
    """Moves on by a second whenever it is asked."""

    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        self.now += timedelta(seconds=1)
        return self.now


def cheap_chain(request, _limits, events):
    """Files that depend on the request and the contents of its inputs, and cost nothing."""
    events.stage("computing", None)
    found = sorted((request.root / "inputs").rglob("*.csv"))
    said = {
        "settings": request.settings,
        "as_of": request.as_of.isoformat(),
        "at": request.generated_at.isoformat(),
        "inputs": [hashlib.sha256(path.read_bytes()).hexdigest() for path in found],
        "label": request.degraded,
        "remarks": request.remarks,
        "data": {"worst": [{"hours_off": 3.0}, {"hours_off": 9.0}]},
    }
    return ChainAnswer(
        files={"result.json": json.dumps(said, sort_keys=True).encode(), "report.txt": b"fine\n"},
        headline={"eue_mwh": 12.5, "etr_h": float("inf")},
        samples=12,
        wanted=12,
        degraded=request.degraded,
    )


def tools(chain=cheap_chain, **changes):
    """Tools of a run."""
    return RunTools(**{"chain": chain, "gridtool_version": "1.0", "clock": Clock(), **changes})


def run(path, address, *, chain=cheap_chain, given=None, **wish):
    """A run of the job at ``path``."""
    return execute_run(path, address, wish=RunWish(**wish), tools=given or tools(chain))


__all__ = [
    "NOW",
    "Clock",
    "cheap_chain",
    "compute_chain",
    "run",
    "tools",
    "write_history",
    "write_job",
]
