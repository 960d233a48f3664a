from __future__ import annotations

import hashlib
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridtool.errors import StoreError
from gridtool.jobs.store.objects import (
    drop_unfinished,
    keep_object,
    object_path,
    read_object,
    sweep_objects,
)


@given(st.binary(max_size=2000))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_kept_is_read_again(tmp_path, content):
    sha256 = keep_object(tmp_path, content)
    assert sha256 == hashlib.sha256(content).hexdigest()
    assert read_object(tmp_path, sha256) == content
    path = object_path(tmp_path, sha256)
    assert path == tmp_path / "objects" / sha256[:2] / sha256
    before = path.stat()
    keep_object(tmp_path, content)
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("damaged", [b"inpux", b"inp", b""])
def test_a_damaged_content_is_never_given_out_and_is_put_right_by_keeping_it(tmp_path, damaged):
    sha256 = keep_object(tmp_path, b"input")
    object_path(tmp_path, sha256).write_bytes(damaged)
    with pytest.raises(StoreError, match="is damaged"):
        read_object(tmp_path, sha256)
    assert keep_object(tmp_path, b"input") == sha256
    assert read_object(tmp_path, sha256) == b"input"


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(StoreError, match="no longer has the input 000000000000"):
        read_object(tmp_path, "0" * 64)
    for name in ("../../etc/passwd", "AB" * 32, "0" * 63, "0" * 64 + "\n", ""):
        with pytest.raises(StoreError, match="is not a SHA-256"):
            read_object(tmp_path, name)


def test_a_sweep_leaves_what_is_wanted_and_what_it_does_not_know(tmp_path):
    kept = [keep_object(tmp_path, bytes([number])) for number in range(6)]
    foreign = object_path(tmp_path, kept[0]).with_name("notes.txt")
    foreign.write_text("mine", encoding="utf-8")
    assert sweep_objects(tmp_path, wanted=set(kept[:2])) == 4
    assert [read_object(tmp_path, sha256) for sha256 in kept[:2]] == [b"\0", b"\1"]
    assert not any(object_path(tmp_path, sha256).exists() for sha256 in kept[2:])
    assert foreign.exists()
    assert sweep_objects(tmp_path, wanted=()) == 2
    assert sweep_objects(tmp_path / "none", wanted=()) == 0


def test_what_was_begun_is_taken_away(tmp_path, monkeypatch):
    def die(*_):
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", die)
        with pytest.raises(StoreError, match="No space left on device"):
            keep_object(tmp_path, b"input")
    unfinished = tmp_path / "objects/.unfinished"
    assert list(unfinished.iterdir()) == []
    (unfinished / "left").write_bytes(b"in")
    drop_unfinished(tmp_path)
    assert not unfinished.exists()
    assert sweep_objects(tmp_path, wanted=()) == 0
