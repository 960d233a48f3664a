"""Runs taken out of the store: as a folder or an archive that can be checked by itself."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import secrets
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from gridtool.errors import StoreError
from gridtool.formats.publish import sync_folder, write_synced
from gridtool.jobs.store.folder import check_files, read_manifest
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.objects import object_path, read_object
from gridtool.jobs.store.open import Store
from gridtool.report.result import Result
from gridtool.report.tables import NamedTable

__all__ = ["LISTING_FILE", "Exported", "check_export", "export_runs", "report_export"]

LISTING_FILE = "SHA256SUMS"
"""Names the SHA-256 of every file, as ``sha256sum --check`` reads it."""
_TARS = (".tar", ".tgz", ".tar.gz")
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written where."""

    target: Path
    runs: tuple[RunRecord, ...]
    files: int
    size: int


def export_runs(store: Store, runs: Sequence[RunRecord], target: Path) -> Exported:
    """Write ``runs`` and what they read to ``target``, whole or not at all.

    The ending decides: ``.zip``, ``.tar``, ``.tar.gz`` or ``.tgz``, else a new folder. Each run is
    a folder by its id, with its manifest; the contents that manifests name by SHA-256 lie once
    under ``objects``, as in the store; :data:`LISTING_FILE` lists all. The same runs give the same
    archive.

    Raises
    ------
    StoreError
        If something is there already, a run is not what was published or published nothing, what
        it read is gone, or it cannot be written.
    """
    if target.exists():
        raise StoreError(f"{target} exists; name a file or folder that does not")
    _check_runs(store, runs)
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sizes = _write(_list_files(store, runs), temporary, kind=_kind(target))
        os.rename(temporary, target)  # noqa: PTH104 - what is not there is not replaced by mistake
        sync_folder(target.parent)
    except OSError as problem:
        _remove(temporary)
        raise StoreError(f"cannot write {target}: {problem.strerror}") from problem
    except BaseException:
        _remove(temporary)
        raise
    return Exported(target=target, runs=tuple(runs), files=len(sizes), size=sum(sizes))


def check_export(path: Path) -> tuple[str, ...]:
    """What differs between an export and its listing, in words; empty for none.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    listing, hashes = None, {}
    try:
        for name, content in _read(path):
            if name == LISTING_FILE:
                listing = content.decode(errors="replace")
            else:
                hashes[name] = hashlib.sha256(content).hexdigest()
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error) as problem:
        raise StoreError(f"{path} cannot be read: {problem}") from problem
    if listing is None:
        return (f"{path.name} has no {LISTING_FILE}",)
    wanted = {line[66:]: line[:64] for line in listing.splitlines()}
    differing = [name for name in wanted if name in hashes and hashes[name] != wanted[name]]
    return (
        *(f"{name} is missing" for name in wanted if name not in hashes),
        *(f"{name} is not listed" for name in hashes if name not in wanted),
        *(f"{name} is not what was exported" for name in differing),
    )


def report_export(exported: Exported) -> Result:
    """What was exported."""
    rows = [
        {"run": run.id, "job": run.job, "as_of": run.as_of, "state": run.state}
        for run in exported.runs
    ]
    count = f"{len(rows)} run{'' if len(rows) == 1 else 's'}"
    return Result(
        command="job export",
        tables=(
            NamedTable(
                name="exported",
                title="Runs exported",
                frame=pd.DataFrame(rows, columns=["run", "job", "as_of", "state"]),
                headings={"as_of": "as of [UTC]"},
            ),
        ),
        verdict=f"{count}, {exported.files} files of {exported.size / 1e6:.1f} MB, written to "
        f"{exported.target}.",
    )


def _check_runs(store: Store, runs: Sequence[RunRecord]) -> None:
    if not runs:
        raise StoreError("there are no runs to export")
    problems = []
    for run in runs:
        if not run.folder:
            problems.append(f"run {run.id} published nothing")
            continue
        problems += [f"run {run.id}: {words}" for words in check_files(store.folder / run.folder)]
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise StoreError(f"nothing was exported: {problems[0]}{more}")


def _list_files(store: Store, runs: Sequence[RunRecord]) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file, what was read once after the runs, the listing last."""
    lines = []
    for name, content in _list_contents(store, sorted(runs, key=lambda run: run.number)):
        lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
        yield name, content
    yield LISTING_FILE, "".join(lines).encode()


def _list_contents(store: Store, runs: Sequence[RunRecord]) -> Iterator[tuple[str, bytes]]:
    wanted: set[str] = set()
    for run in runs:
        folder = store.folder / run.folder
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            yield f"{run.id}/{path.relative_to(folder).as_posix()}", path.read_bytes()
        manifest = read_manifest(folder) or {}
        wanted |= {str(entry["sha256"]) for entry in manifest.get("inputs", ())}
    for sha256 in sorted(wanted):
        name = object_path(store.folder, sha256).relative_to(store.folder).as_posix()
        yield name, read_object(store.folder, sha256)


def _kind(target: Path) -> str:
    name = target.name.lower()
    endings = (".zip", *_TARS)
    return next((ending for ending in sorted(endings, key=len)[::-1] if name.endswith(ending)), "")


def _write(files: Iterator[tuple[str, bytes]], temporary: Path, *, kind: str) -> list[int]:
    """Write the files; gives their sizes."""
    if not kind:
        return _write_folder(files, temporary)
    sizes = []
    with temporary.open("wb") as stream:
        if kind == ".zip":
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in files:
                    entry = zipfile.ZipInfo(name, date_time=_EPOCH)
                    entry.external_attr = 0o644 << 16
                    archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
                    sizes.append(len(content))
        else:
            sizes = _write_tar(files, stream, kind=kind)
        stream.flush()
        os.fsync(stream.fileno())
    return sizes


def _write_tar(
    files: Iterator[tuple[str, bytes]], stream: io.BufferedWriter, *, kind: str
) -> list[int]:
    sizes = []
    with (
        _pack(stream, kind=kind) as sink,
        tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in files:
            entry = tarfile.TarInfo(name)  # of the epoch and of nobody: the same bytes anywhere
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
            sizes.append(len(content))
    return sizes


def _pack(
    stream: io.BufferedWriter, *, kind: str
) -> AbstractContextManager[io.BufferedWriter | gzip.GzipFile]:
    if kind == ".tar":
        return nullcontext(stream)
    return gzip.GzipFile(filename="", fileobj=stream, mode="wb", mtime=0)


def _write_folder(files: Iterator[tuple[str, bytes]], folder: Path) -> list[int]:
    sizes = []
    made = {folder}
    folder.mkdir()
    for name, content in files:
        path = folder / PurePosixPath(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        made.add(path.parent)
        write_synced(path, content)
        sizes.append(len(content))
    for entry in made:
        sync_folder(entry)
    return sizes


def _read(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file of an export."""
    kind = _kind(path)
    if path.is_dir():
        for file in sorted(entry for entry in path.rglob("*") if entry.is_file()):
            yield file.relative_to(path).as_posix(), file.read_bytes()
    elif kind == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name, archive.read(name)
    else:
        with tarfile.open(path) as archive:
            for entry in archive:
                content = archive.extractfile(entry)
                if content is not None:
                    yield entry.name, content.read()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
