"""Files and folders that appear whole or not at all, also when the writer is killed."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from gridtool.errors import StoreError

__all__ = [
    "LISTING",
    "check_name",
    "publish_folder",
    "sync_folder",
    "write_bytes",
    "write_synced",
]

LISTING = ".gridtool-files"
"""Name of the listing in a published folder: SHA-256 and name of each file, as sha256sum has it."""

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_STALE_S = 3600.0
_UNSUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF)
"""What file systems say that cannot sync a folder."""


def write_bytes(path: Path | str, content: bytes) -> None:
    """Write a file so that its name holds the old content or the new one, never a part.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        try:
            write_synced(temporary, content)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)
    except (OSError, ValueError) as problem:
        raise _store_error(Path(path), problem) from problem


def publish_folder(target: Path | str, files: Mapping[str, bytes], *, listing: bool = True) -> None:
    """Write ``files`` as the folder ``target``; interrupted, the old folder or the new is there.

    A folder that is there is replaced if it holds nothing but files to be written now or listed
    by the run that wrote it.

    Parameters
    ----------
    files
        Content by name; a name may have folders in it (``tables/etr.csv``).
    listing
        Also write :data:`LISTING`.

    Raises
    ------
    StoreError
        If it cannot be written, or files of others stand in the way.
    """
    final = Path(os.path.realpath(target))
    contents = {str(check_name(name)): content for name, content in files.items()}
    _check_replaceable(final, set(contents), shown=Path(target))
    if listing:
        lines = [f"{hashlib.sha256(c).hexdigest()}  {n}\n" for n, c in sorted(contents.items())]
        contents[LISTING] = "".join(lines).encode()
    token = secrets.token_hex(6)
    fresh = final.with_name(f".{final.name[:100]}.{token}.tmp")
    aside = final.with_name(f".{final.name[:100]}.{token}.old")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        _sweep(final)
        try:
            _fill_folder(fresh, contents)
            _swap_in(fresh, final, aside)
        finally:
            # What is left at these names is the old folder, or an unfinished new one.
            _remove_folders(fresh, aside)
        sync_folder(final.parent)
    except (OSError, ValueError) as problem:
        raise _store_error(Path(target), problem) from problem


def _remove_folders(*folders: Path) -> None:
    """Remove them, also when a signal comes in between."""
    try:
        for folder in folders:
            if folder.exists():
                shutil.rmtree(folder)
    except BaseException:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _sweep(final: Path) -> None:
    """Remove what runs killed long ago left beside ``final``."""
    pattern = re.compile(rf"\.{re.escape(final.name[:100])}\.[0-9a-f]{{12}}\.tmp")
    for entry in final.parent.iterdir():
        if pattern.fullmatch(entry.name) and entry.is_dir():
            with suppress(OSError):
                if time.time() - entry.stat().st_mtime > _STALE_S:
                    shutil.rmtree(entry)


def check_name(name: str, *, reserved: tuple[str, ...] = (LISTING,)) -> PurePosixPath:
    """``name`` as a path below a folder of output files.

    Raises
    ------
    StoreError
        If it leads out of the folder, or is ``reserved``.
    """
    pure = PurePosixPath(name)
    if not pure.parts or pure.is_absolute() or ".." in pure.parts or name in reserved:
        raise StoreError(f"{name!r} cannot be the name of an output file")
    return pure


def _check_replaceable(final: Path, names: set[str], *, shown: Path) -> None:
    if not final.exists():
        return
    if not final.is_dir():
        raise StoreError(f"{shown} is a file; name a folder that may be written")
    if Path.cwd().is_relative_to(final):
        raise StoreError(f"{shown} is the current folder or above it; name another folder")
    own = names | _listed_names(final)
    foreign = sorted(
        entry.relative_to(final).as_posix()
        for entry in final.rglob("*")
        if not entry.is_dir() or entry.is_symlink()
    )
    foreign = [name for name in foreign if name not in own]
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise StoreError(
            f"{shown} holds files that gridtool did not write ({foreign[0]}{more}); "
            "name another folder, or move them away"
        )


def _listed_names(folder: Path) -> set[str]:
    try:
        lines = (folder / LISTING).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    return {LISTING} | {line[66:] for line in lines}


def _fill_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    folder.mkdir()
    made = {folder}
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made.add(path.parent)
        write_synced(path, content)
    for entry in made:
        sync_folder(entry)


def _swap_in(fresh: Path, final: Path, aside: Path) -> None:
    """Put ``fresh`` at ``final``; what was there ends at ``fresh`` or ``aside``."""
    if not final.exists():
        fresh.rename(final)
        return
    if _exchange(fresh, final):
        return
    # Without an atomic exchange there is a moment with the old folder aside only.
    final.rename(aside)
    try:
        fresh.rename(final)
    except BaseException:
        if not final.exists():
            aside.rename(final)
        raise


def _exchange(first: Path, second: Path) -> bool:
    """Swap two names in one step (Linux renameat2); False where the system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    names = os.fsencode(first), os.fsencode(second)
    return bool(rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in ``folder`` are on the disk, where the system can say so.

    Raises
    ------
    OSError
        If the disk reports an error.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return  # some systems cannot open folders; the rename itself is done
    try:
        os.fsync(descriptor)
    except OSError as problem:
        if problem.errno not in _UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)


def _store_error(path: Path, problem: OSError | ValueError) -> StoreError:
    reason = getattr(problem, "strerror", None) or str(problem)
    return StoreError(f"cannot write {path}: {reason}")
