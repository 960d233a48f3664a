"""Sweeps on workers that die, are interrupted and go on: the same table every time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import sweep_cases
from store_cases import HOLDER
from sweep_cases import MadeSweep, Silent, start_made, sweep_made

from gridtool.errors import GridtoolError, StoreError
from gridtool.jobs.sweeps import folder as folder_module
from gridtool.jobs.sweeps.folder import hold_folder
from gridtool.jobs.sweeps.run import LOST_TWICE, run_sweep
from gridtool.whatif.executor import ProcessExecutor
from gridtool.whatif.model import DONE, FAILED

COUNT = 1200


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of the table of the made sweep, on one worker and never interrupted."""
    path = tmp_path_factory.mktemp("whole")
    outcome = sweep_made(path, MadeSweep(COUNT), workers=1)
    assert (outcome.done, outcome.found, outcome.failed, outcome.lost) == (COUNT, 0, 0, 0)
    assert outcome.is_finished
    return (path / "scenarios.parquet").read_bytes()


def rows_of(path, count):
    with hold_folder(path, facts={"made": 1}, count=count, holder=HOLDER) as folder:
        return [row for batch in folder.read_rows() for row in batch]


def run_stopping(path, sweep, *, stop, on_interrupt="finish", workers=1, events=None):
    executor = ProcessExecutor(start_made, sweep, workers=workers)
    try:
        with hold_folder(path, facts={"made": 1}, count=sweep.count, holder=HOLDER) as folder:
            return run_sweep(
                folder,
                sweep.scenarios,
                executor=executor,
                events=events or Silent(),
                stop=stop,
                on_interrupt=on_interrupt,
            )
    finally:
        executor.close(drop=True)


@pytest.mark.parametrize("workers", [2, 4])
def test_the_same_bytes_for_any_number_of_workers(tmp_path, whole, workers):
    sweep_made(tmp_path, MadeSweep(COUNT), workers=workers)
    assert (tmp_path / "scenarios.parquet").read_bytes() == whole


def test_a_finished_sweep_does_no_work_again(tmp_path, whole):
    sweep_made(tmp_path, MadeSweep(COUNT), workers=1)
    outcome = sweep_made(tmp_path, MadeSweep(COUNT, deadly=frozenset(range(COUNT))), workers=1)
    assert (outcome.found, outcome.done, outcome.lost) == (COUNT, COUNT, 0)
    assert (tmp_path / "scenarios.parquet").read_bytes() == whole


def test_workers_that_die_once_cost_nothing_but_time(tmp_path, whole):
    notes = tmp_path / "notes"
    notes.mkdir()
    sweep = MadeSweep(COUNT, deadly_once=frozenset({0, 77, 900, 1199}), folder=notes)
    outcome = sweep_made(tmp_path / "sweep", sweep, workers=2)
    assert outcome.lost == 4
    assert outcome.failed == 0
    assert (tmp_path / "sweep" / "scenarios.parquet").read_bytes() == whole


def test_a_scenario_that_ends_its_workers_is_a_row_that_says_so(tmp_path):
    deadly = {0, 150, 151, 299}
    outcome = sweep_made(tmp_path, MadeSweep(300, deadly=frozenset(deadly)), workers=2)
    assert (outcome.done, outcome.failed) == (300, len(deadly))
    assert len(deadly) < outcome.lost <= 2 * len(deadly)  # two of them may share a block
    rows = rows_of(tmp_path, 300)
    assert [row.number for row in rows] == list(range(300))
    assert {row.number for row in rows if row.status == FAILED + LOST_TWICE} == deadly
    assert all(row.status == DONE for row in rows if row.number not in deadly)


def test_ctrl_c_finishes_what_the_workers_have_and_the_rest_follows(tmp_path, whole):
    sweep = MadeSweep(COUNT, sleep_s=0.001)
    events = Silent()
    outcome = run_stopping(
        tmp_path,
        sweep,
        stop=lambda: signal.SIGINT if len(events.paces) > 3 else 0,
        events=events,
        workers=2,
    )
    assert outcome.signal_number == signal.SIGINT
    assert 0 < outcome.done < COUNT
    assert events.words == ["finishing what the workers have; again to stop at once"]
    assert not (tmp_path / "scenarios.parquet").exists()
    again = sweep_made(tmp_path, MadeSweep(COUNT), workers=1)
    assert (again.found, again.done) == (outcome.done, COUNT)
    assert (tmp_path / "scenarios.parquet").read_bytes() == whole


@pytest.mark.parametrize(
    ("number", "on_interrupt"), [(signal.SIGINT, "drop"), (signal.SIGTERM, "finish")]
)
def test_dropped_or_terminated_it_does_not_wait(tmp_path, number, on_interrupt):
    sweep = MadeSweep(10, sleep_s=60)
    began = time.monotonic()
    outcome = run_stopping(
        tmp_path,
        sweep,
        stop=lambda: number if time.monotonic() > began + 1 else 0,
        on_interrupt=on_interrupt,
    )
    assert (outcome.done, outcome.signal_number) == (0, number)
    assert time.monotonic() - began < 3


def test_killed_at_any_moment_what_was_kept_is_never_done_again(tmp_path, whole):
    """kill -9 again and again, at other moments, until a run gets through."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom sweep_cases import MadeSweep, sweep_made\n"
        "if __name__ == '__main__':\n"
        f"    sweep_made(Path(sys.argv[1]), MadeSweep({COUNT}, sleep_s=0.0005), workers=2)\n"
    )
    tests = Path(sweep_cases.__file__).parent
    environment = {**os.environ, "PYTHONPATH": str(tests)}
    random = np.random.Generator(np.random.Philox(7))
    kept = 0
    for _ in range(6):
        command = [sys.executable, "-c", program, str(tmp_path / "sweep")]
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as child:
            end = time.monotonic() + 30
            while time.monotonic() < end and not any(tmp_path.glob("sweep/parts/*.parquet")):
                time.sleep(0.01)
            time.sleep(float(random.uniform(0.0, 0.3)))
            child.kill()
        with hold_folder(
            tmp_path / "sweep", facts={"made": 1}, count=COUNT, holder=HOLDER
        ) as folder:
            missing = sum(end - first for first, end in folder.find_missing())
        assert COUNT - missing >= kept
        kept = COUNT - missing
    assert kept > 0
    outcome = sweep_made(tmp_path / "sweep", MadeSweep(COUNT), workers=2)
    assert (outcome.found, outcome.done) == (kept, COUNT)
    assert (tmp_path / "sweep" / "scenarios.parquet").read_bytes() == whole


def test_a_full_disk_ends_the_sweep_in_words_and_keeps_what_there_is(tmp_path, monkeypatch, whole):
    written = []
    usual = folder_module.write_bytes

    def write(path, content):
        if len(written) == 5:
            raise StoreError(f"cannot write {path}: No space left on device")
        written.append(path)
        usual(path, content)

    monkeypatch.setattr(folder_module, "write_bytes", write)
    with pytest.raises(StoreError, match="No space left"):
        sweep_made(tmp_path, MadeSweep(COUNT), workers=2)
    monkeypatch.undo()
    outcome = sweep_made(tmp_path, MadeSweep(COUNT), workers=2)
    assert 0 < outcome.found < COUNT
    assert (tmp_path / "scenarios.parquet").read_bytes() == whole


def test_workers_that_cannot_start_end_the_sweep(tmp_path):
    executor = ProcessExecutor(sweep_cases.start_wrong, None, workers=2)
    sweep = MadeSweep(10)
    try:
        with (
            hold_folder(tmp_path, facts={"made": 1}, count=10, holder=HOLDER) as folder,
            pytest.raises(GridtoolError, match="could not start"),
        ):
            run_sweep(folder, sweep.scenarios, executor=executor, events=Silent())
    finally:
        executor.close(drop=True)
