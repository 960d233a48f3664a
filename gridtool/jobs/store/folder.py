"""The published files of a run: written beside, made whole, then put in place by a rename."""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gridtool.errors import StoreError
from gridtool.formats.publish import check_name, sync_folder, write_bytes, write_synced

__all__ = [
    "LATEST",
    "MANIFEST",
    "check_files",
    "drop_partial",
    "hash_manifest",
    "job_folder",
    "list_published",
    "point_latest",
    "publish_run",
    "read_latest",
    "read_manifest",
    "remove_run",
]

MANIFEST = "manifest.json"
LATEST = "latest"
_PARTIAL = ".{id}.partial"
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)


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
    which :func:`drop_partial` takes away.

    Raises
    ------
    StoreError
        If something cannot be written: what was is removed. A disk that also refuses that may
        leave the run in place, whole.
    """
    names = [check_name(name, reserved=(MANIFEST,)) for name in sorted(files)]
    partial, final = folder / _PARTIAL.format(id=run_id), folder / run_id
    listed = [
        {"name": str(name), "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in ((name, files[str(name)]) for name in names)
    ]
    manifest = json.dumps({**facts, "files": listed}, indent=2, ensure_ascii=False) + "\n"
    in_place = False
    try:
        partial.mkdir(parents=True)
        _fill(partial, files)
        write_synced(partial / MANIFEST, manifest.encode())
        sync_folder(partial)
        if final.exists():
            raise FileExistsError(errno.EEXIST, "there is such a run already", str(final))
        partial.rename(final)
        in_place = True
        _sync_or_take_back(folder, partial, final)
    except OSError as problem:
        shutil.rmtree(partial, ignore_errors=True)
        left = "nothing was published"
        if in_place and final.exists():
            left = f"{final} could not be taken back: the next opening of the store settles it"
        raise StoreError(
            f"cannot write the run to {folder}: {problem.strerror}; {left}, earlier runs are as "
            "they were"
        ) from problem
    return final


def _fill(partial: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = partial / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_synced(path, content)
    for inner in {path.parent for path in partial.rglob("*")}:
        sync_folder(inner)


def _sync_or_take_back(folder: Path, partial: Path, final: Path) -> None:
    """Make the rename last; on an error what was put in place is taken back."""
    try:
        sync_folder(folder)
        sync_folder(folder.parent)  # the job's first run: its folder is new itself
    except OSError:
        final.rename(partial)
        raise


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
    except OSError as problem:
        if problem.errno not in _NO_LINKS:
            raise StoreError(
                f"cannot let {folder / LATEST} point to {run_id}: {problem.strerror}"
            ) from problem
        # A file system without links: a file with the name serves as well.
        write_bytes(folder / f"{LATEST}.txt", f"{run_id}\n".encode())


def read_latest(folder: Path) -> str | None:
    """The id that ``latest`` in ``folder`` points to; None if there is none."""
    link, file = folder / LATEST, folder / f"{LATEST}.txt"
    try:
        return link.readlink().name if link.is_symlink() else file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a published run; None where there is none that can be read."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("files"), list) else None


def hash_manifest(folder: Path) -> str:
    """The SHA-256 of the manifest of a published run.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    try:
        return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    except OSError as problem:
        raise StoreError(f"cannot read {folder / MANIFEST}: {problem.strerror}") from problem


def list_published(store: Path) -> dict[str, Path]:
    """The folders of published runs by the runs' ids, whole or not; partial ones are left out."""
    found = sorted((store / "runs").glob("[!.]*/[!.]*"))
    runs = [path for path in found if path.name != LATEST and not path.is_symlink()]
    return {path.name: path for path in runs if path.is_dir()}


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


def drop_partial(store: Path) -> None:
    """Take away what runs that died had begun to write or to remove; the caller holds the store."""
    for partial in (store / "runs").glob("*/.*.partial"):
        shutil.rmtree(partial, ignore_errors=True)


def remove_run(folder: Path, run_id: str) -> None:
    """Take away a run's files: out of sight by a rename first, so that no half of it is seen.

    Raises
    ------
    StoreError
        If it cannot be done.
    """
    partial, final = folder / _PARTIAL.format(id=run_id), folder / run_id
    shutil.rmtree(partial, ignore_errors=True)
    try:
        final.rename(partial)
        sync_folder(folder)
    except FileNotFoundError:
        return
    except OSError as problem:
        raise StoreError(f"cannot remove {final}: {problem.strerror}") from problem
    shutil.rmtree(partial, ignore_errors=True)
