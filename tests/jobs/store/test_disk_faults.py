"""A disk that is full or broken from the n-th write of ``job run`` on, or at it alone."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from functools import partial

import pytest
from conftest import skip_or_fail
from fault_layer import find_sqlite
from store_invariants import check_readable, settle

from gridtool.jobs.store.open import resolve_store
from gridtool.jobs.store.reserve import RESERVE_BYTES

MODES = {
    "full": {"number": errno.ENOSPC, "stay": True},
    "full once": {"number": errno.ENOSPC},
    "broken": {"number": errno.EIO, "stay": True},
    "broken once": {"number": errno.EIO},
}
STRIDE = 9


@pytest.fixture
def server(fault_server, store_environ, address):
    """Runs of a small job in the store, with a chain that costs nothing."""
    if address.url.get_backend_name() == "sqlite" and find_sqlite() is None:
        skip_or_fail("Python's sqlite3 has SQLite built in: its calls cannot be counted")
    return partial(fault_server, environ=store_environ)


def fail_at_steps(address, server, *, modes, steps=None):
    """Fail at every step, each in each of its ``modes``; gives how runs ended."""
    acknowledged = [server(seed=0)["run"]]
    ended, seed = [], 0
    for step in steps or range(1, 10_000):
        reached = False
        for mode in modes(step):
            seed += 1
            said = server(seed=seed, faults={"at": step, **MODES[mode]})
            reached |= len(said["steps"]) >= step
            assert not said["killed"]
            assert said["error"] != "unexpected", said
            if said["error"]:
                assert said["code"] == 1
                assert len(said["message"]) > 20, said
            else:
                acknowledged.append(said["run"])
            # Readable at once, by whoever only looks; then put in order by whoever writes.
            assert set(acknowledged) <= {run.id for run in check_readable(address)}
            settle(address, acknowledged)
            ended.append((mode, said["error"], said["message"]))
        if not reached:
            break
    again = server(seed=seed)
    assert again["error"] == ""
    settle(address, [*acknowledged, again["run"]])
    return ended


def rotate(step):
    """Another mode at each step that is tried."""
    return [sorted(MODES)[step // STRIDE % len(MODES)]]


def test_a_disk_fault_at_any_ninth_step_is_said_and_loses_nothing(address, server):
    steps = range(STRIDE // 2, 10_000, STRIDE)
    ended = fail_at_steps(address, server, modes=rotate, steps=steps)
    assert len(ended) > 5
    said = {message for _, error, message in ended if error}
    assert any("No space left" in words or "space left" in words for words in said)
    assert any("Input/output error" in words or "disk I/O error" in words for words in said)


@pytest.mark.slow
def test_any_disk_fault_at_any_step_is_said_and_loses_nothing(address, server):
    ended = fail_at_steps(address, server, modes=lambda _: sorted(MODES))
    print(f"{len(ended)} faults, of which {sum(bool(error) for _, error, _ in ended)} ended runs")
    assert len(ended) > 40
    assert any("nothing was published" in words for _, _, words in ended)


def test_a_first_run_on_a_broken_disk_leaves_nothing_wrong(fault_server, tmp_path):
    # The steps at which folder, lock and database are made, sampled.
    for step in range(1, 245, 27):
        environ = {"GRIDTOOL_STORE": str(tmp_path / f"store{step}")}
        address = resolve_store(None, environ=environ)
        said = fault_server(
            environ=environ, seed=1, faults={"at": step, "number": errno.EIO, "stay": True}
        )
        assert said["error"] not in {"", "unexpected"}
        settle(address, [])
        assert fault_server(environ=environ, seed=1)["error"] == ""


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1.5 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1536k", "tmpfs", disk], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip(f"no disk can be mounted here: {made.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_on_a_full_disk_the_failure_is_written_down(fault_server, small_disk):
    environ = {"GRIDTOOL_STORE": str(small_disk / "store")}
    address = resolve_store(None, environ=environ)
    acknowledged = [fault_server(environ=environ, seed=0)["run"]]
    assert (address.folder / ".reserve").stat().st_size == RESERVE_BYTES
    filling = small_disk / "filling"
    written_down = 0
    for kilobytes in range(24, 500, 34):
        filling.unlink(missing_ok=True)
        free = shutil.disk_usage(small_disk).free
        filling.write_bytes(bytes(max(0, free - kilobytes * 1024)))
        said = fault_server(environ=environ, seed=1 + kilobytes)
        assert said["error"] != "unexpected", said
        newest = check_readable(address)[0]
        if said["error"]:
            assert "space" in said["message"], said
            written_down += newest.seed == 1 + kilobytes and newest.state == "failed"
            filling.unlink()
            settle(address, acknowledged)
        else:
            acknowledged.append(said["run"])
    assert written_down > 0
    assert len(acknowledged) > 2
    settle(address, acknowledged)
