"""SIGTERM in any phase of a kept run: out within 2 s, with the best plan so far."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from pathlib import Path

import pytest
from stopped_process import stop_process

from gridtool.jobs.store.open import read_store, resolve_store

WITHIN_S = 2.0
PHASES = (
    ("stage importing", 2.0),
    ("stage opening the store", 1.5),
    ("stage reading", 0.5),
    ("stage assessing", 0.5),
    ("stage planning", 1.0),
    ("kept", 0.1),
    ("stage simulating", 3.0),
)
"""What is said when a phase begins, and seconds from then within which the signal is sent."""
SCRIPT = Path(__file__).with_name("run_job.py")


def stop_once(root, folder, *, job, phase, delay_s, sent=signal.SIGTERM):
    """One run, stopped ``delay_s`` after ``phase`` began; how it ended."""
    (folder / "temporary").mkdir(parents=True)
    store = folder / "store"
    trial = stop_process(
        [sys.executable, SCRIPT, f"forecasts/{job}.toml", store, "20000"],
        cwd=root,
        env=os.environ | {"OMP_NUM_THREADS": "1", "TMPDIR": str(folder / "temporary")},
        phase=phase,
        delay_s=delay_s,
        sent=sent,
    )
    return {
        **trial,
        "job": job,
        "phase": phase,
        "delay_s": round(delay_s, 2),
        "said": trial["stdout"].splitlines(),
        "temporary": [path.name for path in (folder / "temporary").iterdir()],
        "store": store,
    }


def check(trial, *, code=143):
    """What must hold however far the run had come."""
    assert trial["code"] == code, trial
    assert trial["stderr"] == "", trial
    assert trial["left"] == [], trial
    assert trial["temporary"] == [], trial
    assert trial["took_s"] <= WITHIN_S, trial
    assert not (trial["store"] / "work").exists(), trial
    if not any(line.startswith("stage reading") for line in trial["said"]):
        return  # it may have ended before there was a row
    rows = read_store(resolve_store(str(trial["store"]), environ={})).rows
    (run,) = rows.list_runs()
    assert (run.state, run.exit_code) == ("interrupted", code), trial
    if "kept" not in trial["said"]:
        return
    folder = trial["store"] / run.folder
    assert "interrupted: no forecast" in (folder / "report.txt").read_text(encoding="utf-8")
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert result["data"]["restoration_plan"], "the plan is what is kept"
    assert "shortage" not in result["data"]


@pytest.mark.parametrize(
    ("phase", "delay_s"),
    [
        ("stage importing", 0.0),
        ("stage importing", 0.7),
        ("stage opening the store", 0.0),
        ("stage opening the store", 0.5),
        ("stage reading", 0.0),
        ("stage assessing", 0.0),
        ("stage planning", 0.0),
        ("stage planning", 0.2),
        ("kept", 0.0),
        ("stage simulating", 0.0),
        ("stage simulating", 2.0),
    ],
)
def test_terminated_it_is_out_at_once_with_the_best_plan(root, tmp_path, phase, delay_s):
    check(stop_once(root, tmp_path, job="rts79", phase=phase, delay_s=delay_s))


def test_interrupted_from_a_terminal_too(root, tmp_path):
    """All processes of the terminal are told: the child and its workers leave it to the parent."""
    trial = stop_once(
        root, tmp_path, job="rts79", phase="stage simulating", delay_s=0.5, sent=signal.SIGINT
    )
    check(trial, code=130)


@pytest.mark.slow
def test_two_hundred_trials(root, tmp_path):
    """In every phase, at random moments, on a small and a large network."""
    rng = random.Random(6)
    trials = []
    for number in range(200):
        phase, most_s = PHASES[number % len(PHASES)]
        job = ("rts79", "rivercity")[number // len(PHASES) % 2]
        delay_s = rng.uniform(0, most_s * (3 if job == "rivercity" else 1))
        folder = tmp_path / str(number)
        trial = stop_once(root, folder, job=job, phase=phase, delay_s=delay_s)
        trials.append(trial)
        print(json.dumps({key: str(value) for key, value in trial.items()}), flush=True)
    times = sorted(trial["took_s"] for trial in trials)
    print(f"median {times[100]:.2f} s, p95 {times[190]:.2f} s, most {times[-1]:.2f} s")
    for trial in trials:
        check(trial)
