"""Folders appear whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from gridtool.errors import StoreError
from gridtool.formats import publish
from gridtool.formats.publish import LISTING, publish_folder


def names(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_a_folder_is_made_with_a_listing(tmp_path):
    publish_folder(tmp_path / "deep" / "out", {"a.csv": b"1", "t/b.csv": b"2"})
    assert names(tmp_path / "deep" / "out") == [LISTING, "a.csv", "t/b.csv"]
    listing = (tmp_path / "deep" / "out" / LISTING).read_text()
    assert listing.splitlines()[0].endswith("  a.csv")
    assert subprocess.run(
        ["sha256sum", "-c", LISTING], cwd=tmp_path / "deep" / "out", check=False,
        capture_output=True,
    ).returncode == 0  # fmt: skip


@pytest.mark.parametrize("exchange", [True, False])
def test_an_own_folder_is_replaced_and_nothing_is_left_beside_it(tmp_path, monkeypatch, exchange):
    if not exchange:
        monkeypatch.setattr(publish, "_exchange", lambda *_names: False)
    publish_folder(tmp_path / "out", {"a.csv": b"1", "t/b.csv": b"2"})
    publish_folder(tmp_path / "out", {"c.csv": b"3"})
    assert names(tmp_path / "out") == [LISTING, "c.csv"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_files_of_others_are_never_lost(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("x")
    with pytest.raises(StoreError, match=r"did not write \(thesis\.txt\)"):
        publish_folder(tmp_path / "out", {"a.csv": b"1"})
    assert names(tmp_path / "out") == ["thesis.txt"]
    with pytest.raises(StoreError, match="is a file"):
        publish_folder(tmp_path / "out" / "thesis.txt", {"a.csv": b"1"})


def test_the_current_folder_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match="current folder"):
        publish_folder(".", {"a.csv": b"1"})


@pytest.mark.parametrize("name", ["../a.csv", "/etc/passwd", "", LISTING, "t/../../a"])
def test_names_stay_inside(tmp_path, name):
    with pytest.raises(StoreError, match="cannot be the name"):
        publish_folder(tmp_path / "out", {name: b"1"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", range(1, 12))
@pytest.mark.parametrize("exchange", [True, False])
def test_a_failure_at_any_step_leaves_the_old_folder_or_the_new(
    tmp_path, monkeypatch, step, exchange
):
    publish_folder(tmp_path / "out", {"a.csv": b"old", "b.csv": b"old"})
    if not exchange:
        monkeypatch.setattr(publish, "_exchange", lambda *_names: False)
    calls = 0

    def failing(original):
        def call(*arguments, **more):
            nonlocal calls
            calls += 1
            if calls == step:
                raise OSError(28, "No space left on device")
            return original(*arguments, **more)

        return call

    for name in ("write_synced", "sync_folder"):
        monkeypatch.setattr(publish, name, failing(getattr(publish, name)))
    monkeypatch.setattr(publish.Path, "rename", failing(publish.Path.rename))
    failed = False
    try:
        publish_folder(tmp_path / "out", {"a.csv": b"new", "b.csv": b"new"})
    except StoreError as problem:
        failed = True
        assert "No space left" in str(problem)  # noqa: PT017 - some steps do not fail
    assert failed == (calls >= step)
    contents = {(tmp_path / "out" / name).read_bytes() for name in ("a.csv", "b.csv")}
    assert len(contents) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_leavings_of_killed_runs_are_swept_when_they_are_old(tmp_path):
    old, young = tmp_path / ".out.0123456789ab.tmp", tmp_path / ".out.ba9876543210.tmp"
    other = tmp_path / ".out2.0123456789ab.tmp"
    for folder in (old, young, other):
        folder.mkdir()
    for folder in (old, other):
        os.utime(folder, (0, 0))
    publish_folder(tmp_path / "out", {"a.csv": b"1"})
    assert not old.exists()
    assert young.exists()
    assert other.exists()


WRITER = """
import signal, sys
from gridtool.formats.publish import publish_folder
if sys.argv[2] == "unwind":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
print("ready", flush=True)
for turn in range(100_000):
    publish_folder(sys.argv[1], {f"{k}.csv": str(turn).encode() for k in range(20)})
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_at_a_random_moment_the_folder_is_whole(tmp_path, number):
    for turn in range(4):
        mode = "unwind" if number == signal.SIGTERM else "die"
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "out"), mode],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.02 + 0.013 * turn)
        os.kill(writer.pid, number)
        writer.communicate()
        found = tmp_path / "out"
        if found.exists():
            assert len({(found / f"{k}.csv").read_bytes() for k in range(20)}) == 1
        beside = [entry.name for entry in tmp_path.iterdir() if entry.name != "out"]
        assert number == signal.SIGKILL or beside == []
