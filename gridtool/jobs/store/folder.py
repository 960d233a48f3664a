"""The published files of a run: written beside, made whole, then put in place by a rename."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gridtool.errors import StoreError
from gridtool.formats.publish import sync_folder, write_bytes, write_synced

__all__ = [
    "LATEST",
    "MANIFEST",
    "check_files",
    "job_folder",
    "point_latest",
    "publish_run",
    "read_manifest",
    "remove_partial",
    "remove_run",
]

MANIFEST = "manifest.json"
LATEST = "latest"
_PARTIAL = ".{id}.partial"


def job_folder(store: Path, job: str) -> Path:
    """Where the runs of a job lie; names that no file may have are spelled with ``_``."""
    plain = re.sub(r"[^\w.-]+", "_", job, flags=re.UNICODE).strip("._")[:80] or "job"
    if plain != job:
        plain += "-" + hashlib.sha256(job.encode()).hexdigest()[:8]
    return store / "runs" / plain


def publish_run(
    folder: Path, run_id: str, files: Mapping[str, bytes], *, facts: Mapping[str, Any]
) -> Path:
    """Write ``files`` and the manifest as ``folder / run_id``, whole or not at all.

    Every file is on the disk before the manifest that names its SHA-256, the manifest before the
    rename. Killed at any moment, this leaves the run's folder complete or only a partial one,
    which :func:`remove_partial` takes away.

    Raises
    ------
    StoreError
        If something cannot be written: what was is removed.
    """
    partial, final = folder / _PARTIAL.format(id=run_id), folder / run_id
    listed = [
        {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in sorted(files.items())
    ]
    manifest = json.dumps({**facts, "files": listed}, indent=2, ensure_ascii=False) + "\n"
    try:
        partial.mkdir(parents=True)
        for name, content in files.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_synced(path, content)
        for inner in {path.parent for path in partial.rglob("*")}:
            sync_folder(inner)
        write_synced(partial / MANIFEST, manifest.encode())
        sync_folder(partial)
        partial.rename(final)
        sync_folder(folder)
    except OSError as problem:
        shutil.rmtree(partial, ignore_errors=True)
        raise StoreError(
            f"cannot write the run to {folder}: {problem.strerror}; nothing was published, "
            "earlier runs are as they were"
        ) from problem
    return final


def point_latest(folder: Path, run_id: str) -> None:
    """Let the link ``latest`` in ``folder`` point to a run.

    Raises
    ------
    StoreError
        If the link cannot be made.
    """
    fresh = folder / f".{LATEST}.tmp"
    try:
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(run_id)
        fresh.replace(folder / LATEST)
        sync_folder(folder)
    except OSError:
        # A file system without links: a file with the name serves as well.
        write_bytes(folder / f"{LATEST}.txt", f"{run_id}\n".encode())


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a published run; None where there is none that can be read."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("files"), list) else None


def check_files(folder: Path) -> tuple[str, ...]:
    """What differs between a published run and its manifest, in words; empty for none."""
    manifest = read_manifest(folder)
    if manifest is None:
        return (f"{folder.name} has no manifest",)
    found = []
    for entry in manifest["files"]:
        path = folder / str(entry["name"])
        try:
            content = path.read_bytes()
        except OSError:
            found.append(f"{entry['name']} is missing")
            continue
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            found.append(f"{entry['name']} is not what was published")
    return tuple(found)


def remove_partial(folder: Path, run_id: str) -> None:
    """Take away what a run that ended early had begun to write."""
    shutil.rmtree(folder / _PARTIAL.format(id=run_id), ignore_errors=True)


def remove_run(folder: Path, run_id: str) -> None:
    """Take away a run's files: out of sight by a rename first, so that no half of it is seen.

    Raises
    ------
    StoreError
        If it cannot be done.
    """
    partial, final = folder / _PARTIAL.format(id=run_id), folder / run_id
    try:
        os.rename(final, partial)  # noqa: PTH104 - as atomic as it gets, and says so
        sync_folder(folder)
    except FileNotFoundError:
        pass
    except OSError as problem:
        raise StoreError(f"cannot remove {final}: {problem.strerror}") from problem
    remove_partial(folder, run_id)
