"""Sweeps on a real Dask scheduler with two workers: the same rows, also when one is killed."""

from __future__ import annotations

import signal
import threading
import time

import pytest
import sweep_cases
from dask_cases import cluster_of
from store_cases import HOLDER
from sweep_cases import MadeSweep, Silent, start_made, sweep_made

from gridtool.errors import ClusterError, GridtoolError
from gridtool.jobs.sweeps.blocks import start_blocks
from gridtool.jobs.sweeps.folder import hold_folder
from gridtool.jobs.sweeps.run import LOST_TWICE, run_sweep
from gridtool.jobs.sweeps.versions import read_versions
from gridtool.whatif.cluster import ClusterExecutor
from gridtool.whatif.executor import ProcessExecutor
from gridtool.whatif.model import DONE, FAILED

pytest.importorskip("distributed")

FACTS = {"made": 1}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with cluster_of(tmp_path_factory.mktemp("dask"), workers=2) as found:
        yield found


def sweep_with(executor, path, scenarios, *, events=None, stop=lambda: 0):
    try:
        with hold_folder(path, facts=FACTS, count=len(scenarios), holder=HOLDER) as folder:
            return run_sweep(
                folder, scenarios, executor=executor, events=events or Silent(), stop=stop
            )
    finally:
        executor.close(drop=True)


def on_cluster(cluster, start, inputs):
    return ClusterExecutor(start, inputs, address=cluster.address, read_versions=read_versions)


def table_of(path):
    return (path / "scenarios.parquet").read_bytes()


def rows_of(path, count):
    with hold_folder(path, facts=FACTS, count=count, holder=HOLDER) as folder:
        return [row for batch in folder.read_rows() for row in batch]


def test_inputs_are_sent_once_to_each_worker(cluster, tmp_path):
    executor = on_cluster(cluster, sweep_cases.start_counted, tmp_path)
    futures = [executor.submit(part) for part in range(40)]
    assert [future.result(30) for future in futures] == list(range(40))
    assert executor.slots == 4
    executor.close(drop=False)
    assert 1 <= len(list(tmp_path.iterdir())) <= 2


def test_what_a_part_raises_is_said(cluster):
    executor = on_cluster(cluster, sweep_cases.start_raising, None)
    try:
        with pytest.raises(GridtoolError, match="ZeroDivisionError: part 5"):
            executor.submit(5).result(30)
    finally:
        executor.close(drop=True)


def test_a_cluster_gives_the_bytes_of_one_process(cluster, tmp_path, city_sweep):
    """The real evaluation of the shipped city, of damage drawn."""
    one = ProcessExecutor(start_blocks, city_sweep, workers=1)
    outcome = sweep_with(one, tmp_path / "one", city_sweep.scenarios)
    assert (outcome.done, outcome.failed) == (len(city_sweep.scenarios), 0)
    other = on_cluster(cluster, start_blocks, city_sweep)
    outcome = sweep_with(other, tmp_path / "other", city_sweep.scenarios)
    assert (outcome.done, outcome.failed) == (len(city_sweep.scenarios), 0)
    assert table_of(tmp_path / "one") == table_of(tmp_path / "other")


def test_what_was_done_here_is_not_done_there(cluster, tmp_path):
    sweep = MadeSweep(600, sleep_s=0.001)
    events = Silent()
    executor = ProcessExecutor(start_made, sweep, workers=1)
    first = sweep_with(
        executor,
        tmp_path / "both",
        sweep.scenarios,
        events=events,
        stop=lambda: signal.SIGINT if len(events.paces) > 2 else 0,
    )
    assert 0 < first.done < 600
    second = sweep_with(on_cluster(cluster, start_made, sweep), tmp_path / "both", sweep.scenarios)
    assert (second.found, second.done) == (first.done, 600)
    sweep_made(tmp_path / "one", MadeSweep(600), workers=1)
    assert table_of(tmp_path / "one") == table_of(tmp_path / "both")


def test_other_versions_are_refused(cluster):
    with pytest.raises(ClusterError, match=r"would give other results: mark here instead of"):
        ClusterExecutor(
            sweep_cases.start_squares,
            None,
            address=cluster.address,
            read_versions=sweep_cases.read_own_mark,
        )


def test_no_scheduler_and_no_workers_are_said(tmp_path):
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        ClusterExecutor(sweep_cases.start_squares, None, address="tcp://127.0.0.1:9", connect_s=1.0)
    with (
        cluster_of(tmp_path, workers=0) as cluster,
        pytest.raises(ClusterError, match="has no workers"),
    ):
        ClusterExecutor(sweep_cases.start_squares, None, address=cluster.address, connect_s=1.0)


def test_a_worker_killed_mid_sweep_and_then_the_scheduler(tmp_path):
    """All scenarios are accounted for; without a scheduler what is done is kept."""
    sweep = MadeSweep(1500, sleep_s=0.004)
    with cluster_of(tmp_path, workers=2) as cluster:
        events = Silent()
        killer = threading.Thread(
            target=kill_when, args=(lambda: cluster.kill_worker(0), events), daemon=True
        )
        killer.start()
        outcome = sweep_with(
            on_cluster(cluster, start_made, sweep),
            tmp_path / "made",
            sweep.scenarios,
            events=events,
        )
        killer.join(10)
        assert cluster.workers[0].returncode == -signal.SIGKILL
        assert (outcome.done, outcome.failed) == (1500, 0)
        sweep_made(tmp_path / "one", MadeSweep(1500), workers=1)
        assert table_of(tmp_path / "one") == table_of(tmp_path / "made")
        events = Silent()
        killer = threading.Thread(
            target=kill_when, args=(cluster.kill_scheduler, events), daemon=True
        )
        killer.start()
        with pytest.raises(ClusterError, match="was lost; what is done is kept"):
            sweep_with(
                on_cluster(cluster, start_made, sweep),
                tmp_path / "lost",
                sweep.scenarios,
                events=events,
            )
        killer.join(10)
    again = sweep_made(tmp_path / "lost", MadeSweep(1500), workers=1)
    assert 0 < again.found < 1500
    assert table_of(tmp_path / "one") == table_of(tmp_path / "lost")


def kill_when(kill, events):
    """When the sweep has been told to go on a few times."""
    while len(events.paces) < 5:
        time.sleep(0.01)
    kill()


@pytest.mark.slow
def test_a_scenario_that_ends_its_workers_is_a_row_that_says_so(tmp_path):
    sweep = MadeSweep(40, deadly=frozenset({11}))
    with cluster_of(tmp_path, workers=0) as cluster:
        cluster.add_workers(2, nanny=True)
        outcome = sweep_with(
            on_cluster(cluster, start_made, sweep), tmp_path / "made", sweep.scenarios
        )
    assert (outcome.done, outcome.failed) == (40, 1)
    rows = rows_of(tmp_path / "made", 40)
    assert [row.number for row in rows if row.status == FAILED + LOST_TWICE] == [11]
    assert sum(row.status == DONE for row in rows) == 39
