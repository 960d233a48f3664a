"""Signals to the real ``gridtool job run``: out within 2 s, the best plan so far kept."""

from __future__ import annotations

import json
import os
import signal
import sys

import pytest
import run_cases
from stopped_process import stop_process

from gridtool.jobs.store.open import read_store, resolve_store

WITHIN_S = 2.0
RUN = (sys.executable, "-m", "gridtool", "job", "run")


@pytest.fixture
def job(root, tmp_path):
    return run_cases.write_job(tmp_path / "job", root)


@pytest.fixture
def stop(job, root, tmp_path):
    """Sends a signal to a run of the toy network once its log has said ``phase``."""
    (tmp_path / "temporary").mkdir()
    env = os.environ | {"OMP_NUM_THREADS": "1", "TMPDIR": str(tmp_path / "temporary")}
    told = tmp_path / "told.json"
    hook = f"sh -c 'cat > {told}'"
    words = (job, "--samples", "200000", "--store", tmp_path / "store", "--hook", hook)

    def stop_run(phase, delay_s, *, sent=signal.SIGTERM):
        trial = stop_process(
            [*RUN, *words],
            cwd=root,
            env=env,
            phase=phase,
            delay_s=delay_s,
            sent=sent,
            stream="stderr",
        )
        return trial | {"told": told.read_text() if told.exists() else ""}

    return stop_run


def runs_of(folder):
    return read_store(resolve_store(str(folder), environ={})).rows.list_runs()


@pytest.mark.parametrize(
    ("phase", "delay_s", "sent", "code"),
    [
        ("reading network", 0.0, signal.SIGTERM, 143),
        ("simulating the shortage", 1.5, signal.SIGTERM, 143),
        ("simulating the shortage", 0.5, signal.SIGINT, 130),
    ],
)
def test_it_is_out_at_once_with_the_best_plan(stop, tmp_path, phase, delay_s, sent, code):
    trial = stop(phase, delay_s, sent=sent)
    assert (trial["code"], trial["left"]) == (code, []), trial
    assert trial["took_s"] <= WITHIN_S, trial
    assert "Traceback" not in trial["stderr"]
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not (tmp_path / "store" / "work").exists()
    (run,) = runs_of(tmp_path / "store")
    assert (run.state, run.exit_code) == ("interrupted", code)
    told = json.loads(trial["told"])
    assert (told["event"], told["run"], told["exit_code"]) == ("interrupted", run.id, code)
    if not phase.startswith("simulating"):
        return
    assert trial["stdout"].startswith("DEGRADED: interrupted: no forecast.")
    result = json.loads((tmp_path / "store" / run.folder / "result.json").read_bytes())
    assert result["data"]["restoration_plan"]
    assert "shortage" not in result["data"]


def test_killed_it_leaves_what_the_next_run_clears_away(stop, job, tmp_path):
    trial = stop("simulating the shortage", 0.2, sent=signal.SIGKILL)
    store = tmp_path / "store"
    assert (trial["code"], trial["left"]) == (-signal.SIGKILL, [])
    assert (store / "work" / "run").is_dir(), "nobody was left to clear it away"
    assert run_cases.run(job, resolve_store(str(store), environ={})).exit_code == 0
    assert not (store / "work").exists()
    assert sorted(run.state for run in runs_of(store)) == ["done", "interrupted"]
