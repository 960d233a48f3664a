"""Counts what a process does to the disk, and fails or kills it at the n-th step.

Steps are writes, and makings, renamings, syncs and removals of names, by Python and by SQLite:
its calls of the system are replaced through the hook that its VFS has for tests
(``xSetSystemCall``, https://www.sqlite.org/c3ref/vfs.html). SQLite's own fsync has no such hook.
"""

from __future__ import annotations

import ctypes
import errno
import io
import os
import signal
from pathlib import Path

GROWING = frozenset({"create", "write", "mkdir", "symlink", "allocate"})
"""What a full disk refuses."""


class Faults:
    """At step ``at`` (from 1): ``kill`` the process, or fail with ``number``; ``stay`` or once."""

    def __init__(self, *, at=0, number=0, stay=False, kill=False, within=""):
        self.at, self.number, self.stay, self.kill = at, number, stay, kill
        self.within = within
        self.count = 0
        self.steps = []

    def meet(self, kind, path=None):
        """One step: 0, or the error it ends with. Places outside ``within`` are no steps."""
        if path is not None and not os.fspath(path).startswith(self.within):
            return 0
        if self.number == errno.ENOSPC and kind not in GROWING:
            return 0
        self.count += 1
        self.steps.append(kind)
        if not self.at or self.count < self.at or (self.count > self.at and not self.stay):
            return 0
        if self.kill:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.number

    def check(self, kind, path=None):
        """One step: raises OSError where it is to fail."""
        number = self.meet(kind, path)
        if number:
            raise OSError(number, os.strerror(number))


def install(faults):
    """Put ``faults`` under Python and SQLite for the rest of this process."""
    _patch_names(faults)
    _patch_writes(faults)
    return _patch_sqlite(faults)


def _patch_names(faults):
    kinds = {
        "rename": "rename",
        "replace": "rename",
        "mkdir": "mkdir",
        "unlink": "unlink",
        "remove": "unlink",
        "rmdir": "unlink",
        "symlink": "symlink",
        "ftruncate": "truncate",
        "pwrite": "write",
        "fsync": "sync",
    }
    for name, kind in kinds.items():
        setattr(os, name, _counted(faults, getattr(os, name), kind))
    opened = os.open

    def open_counted(path, flags, mode=0o777, **named):
        if flags & os.O_CREAT and not Path(path).exists():
            faults.check("create", path)
        return opened(path, flags, mode, **named)

    os.open = open_counted


def _counted(faults, function, kind):
    def counted(*given, **named):
        path = given[1] if kind in {"rename", "symlink"} else given[0]
        path = _path_of(path) if isinstance(path, int) else path
        if "dir_fd" in named and named["dir_fd"] is not None:
            path = Path(_path_of(named["dir_fd"])) / path
        faults.check(kind, path)
        return function(*given, **named)

    return counted


def _path_of(descriptor):
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def _patch_writes(faults):
    opened = io.open

    class Torn:
        """A stream for writing of which a failed write leaves the first half."""

        def __init__(self, stream, path):
            self._stream, self._path = stream, path

        def write(self, content):
            half = content[: len(content) // 2]
            self._stream.flush()
            os.write(self._stream.fileno(), half)
            faults.check("write", self._path)
            return self._stream.write(content[len(half) :])

        def __getattr__(self, name):
            return getattr(self._stream, name)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self._stream.close()

    def open_counted(file, mode="r", *given, **named):
        if mode != "wb":
            return opened(file, mode, *given, **named)
        if not Path(file).exists():
            faults.check("create", file)
        return Torn(opened(file, mode, *given, **named), file)

    io.open = open_counted


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("path_size", ctypes.c_int),
        ("following", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("own", ctypes.c_void_p),
        *((f"function_{number}", ctypes.c_void_p) for number in range(13)),
        ("set_system_call", ctypes.c_void_p),
    ]


def find_sqlite():
    """The shared library that Python's sqlite3 uses; None where it is built in."""
    import sqlite3  # noqa: F401 - it is mapped then

    lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    found = {line.split()[-1] for line in lines if "libsqlite3" in line}
    return min(found, default=None)


def _patch_sqlite(faults):
    library = find_sqlite()
    if library is None:
        return ()
    sqlite, libc = ctypes.CDLL(library), ctypes.CDLL(None, use_errno=True)
    sqlite.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    vfs = sqlite.sqlite3_vfs_find(None)
    put = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
        vfs.contents.set_system_call
    )
    size, number = ctypes.c_size_t, ctypes.c_int
    calls = {
        "write": (ctypes.c_ssize_t, (number, ctypes.c_void_p, size), "write"),
        "pwrite": (ctypes.c_ssize_t, (number, ctypes.c_void_p, size, ctypes.c_int64), "write"),
        "pwrite64": (ctypes.c_ssize_t, (number, ctypes.c_void_p, size, ctypes.c_int64), "write"),
        "ftruncate": (number, (number, ctypes.c_int64), "truncate"),
        "fallocate": (number, (number, ctypes.c_int64, ctypes.c_int64), "allocate"),
        "unlink": (number, (ctypes.c_char_p,), "unlink"),
    }
    kept = []
    for name, (result, given, kind) in calls.items():
        real = getattr(libc, "posix_fallocate" if name == "fallocate" else name)
        real.restype, real.argtypes = result, given
        kind_of = ctypes.CFUNCTYPE(result, *given, use_errno=True)
        callback = kind_of(_failing(faults, real, kind))
        if put(ctypes.addressof(vfs.contents), name.encode(), callback) == 0:
            kept.append(callback)
    kept.append(put)
    return tuple(kept)


def _failing(faults, real, kind):
    def call(*given):
        wrong = faults.meet(kind)
        if wrong:
            ctypes.set_errno(wrong)
            return -1
        return real(*given)

    return call
