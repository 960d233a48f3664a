"""Contents of input files, each kept once under the name of its SHA-256."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from gridtool.errors import StoreError
from gridtool.formats.publish import sync_folder, write_synced

__all__ = [
    "OBJECTS",
    "drop_unfinished",
    "keep_object",
    "object_path",
    "read_object",
    "sweep_objects",
]

OBJECTS = "objects"
_UNFINISHED = ".unfinished"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def object_path(folder: Path, sha256: str) -> Path:
    """Where a content lies in the store at ``folder``, there or not.

    Raises
    ------
    StoreError
        If ``sha256`` is none: no path is made of words that others wrote.
    """
    if not _SHA256.fullmatch(sha256):
        raise StoreError(f"{sha256!r} is not a SHA-256")
    return folder / OBJECTS / sha256[:2] / sha256


def keep_object(folder: Path, content: bytes) -> str:
    """Keep ``content`` in the store at ``folder`` and give its SHA-256.

    What is there already is not written again, unless it was damaged since. Killed at any moment,
    this leaves the whole content under its name or nothing.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    final = object_path(folder, sha256)
    unfinished = folder / OBJECTS / _UNFINISHED / f"{sha256}.{secrets.token_hex(6)}"
    try:
        if _holds(final, content):
            return sha256
        made = not final.parent.exists()
        for inner in (unfinished.parent, final.parent):
            inner.mkdir(parents=True, exist_ok=True)
        try:
            write_synced(unfinished, content)
            unfinished.replace(final)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise
        sync_folder(final.parent)
        if made:
            sync_folder(folder / OBJECTS)
    except OSError as problem:
        raise StoreError(
            f"cannot keep an input in {folder / OBJECTS}: {problem.strerror}"
        ) from problem
    return sha256


def read_object(folder: Path, sha256: str) -> bytes:
    """The content of that SHA-256 in the store at ``folder``.

    Raises
    ------
    StoreError
        If it is not there, or no longer what it was.
    """
    path = object_path(folder, sha256)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise StoreError(f"the store no longer has the input {sha256[:12]} ({path})") from None
    except OSError as problem:
        raise StoreError(f"cannot read {path}: {problem.strerror}") from problem
    if hashlib.sha256(content).hexdigest() != sha256:
        raise StoreError(f"{path} is damaged: it is not the content that was kept")
    return content


def sweep_objects(folder: Path, *, wanted: Collection[str]) -> int:
    """Remove every content whose SHA-256 is not ``wanted``; gives how many there were.

    Raises
    ------
    StoreError
        If one cannot be removed.
    """
    swept = 0
    try:
        for path in sorted((folder / OBJECTS).glob("[0-9a-f][0-9a-f]/*")):
            if _SHA256.fullmatch(path.name) and path.name not in wanted:
                path.unlink(missing_ok=True)
                swept += 1
    except OSError as problem:
        raise StoreError(f"cannot remove from {folder / OBJECTS}: {problem.strerror}") from problem
    return swept


def drop_unfinished(folder: Path) -> None:
    """Take away what processes that died had begun to write; the caller holds the store."""
    shutil.rmtree(folder / OBJECTS / _UNFINISHED, ignore_errors=True)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False
