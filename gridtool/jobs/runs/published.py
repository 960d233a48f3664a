"""What a run published, read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gridtool.errors import StoreError
from gridtool.jobs.runs.files import RESULT
from gridtool.jobs.store.folder import MANIFEST, read_manifest

__all__ = ["read_all", "read_envelope", "read_result"]


def read_result(folder: Path) -> bytes | None:
    """The bytes of ``result.json``; None if there is none.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    return _read(folder / RESULT) if (folder / RESULT).exists() else None


def read_envelope(folder: Path) -> dict[str, Any]:
    """The values of ``result.json``; empty if there is none."""
    content = read_result(folder)
    found = {} if content is None else json.loads(content)
    return found if isinstance(found, dict) else {}


def read_all(folder: Path) -> dict[str, bytes]:
    """Every published file by name, and the manifest.

    Raises
    ------
    StoreError
        If one cannot be read.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise StoreError(f"{folder} has no manifest: it is not what was published")
    names = [*(str(entry["name"]) for entry in manifest["files"]), MANIFEST]
    return {name: _read(folder / name) for name in names}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise StoreError(f"cannot read {path}: {problem.strerror}") from problem
