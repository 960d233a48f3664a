"""What the manifest of a run says of its computation: enough to do it again."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from gridtool.errors import StoreError
from gridtool.jobs.runs.model import ChainAnswer, ChainRequest
from gridtool.jobs.store.folder import read_manifest
from gridtool.jobs.store.model import RunInput, RunRecord

__all__ = ["describe_run", "list_libraries", "read_request", "read_run_inputs", "run_manifest"]

LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "pyarrow", "numba", "highspy", "holidays")
"""Whose versions can change a byte of what is published."""


def describe_run(
    request: ChainRequest,
    answer: ChainAnswer,
    *,
    inputs: Iterable[RunInput],
    network_version: str,
    seed: int,
    stale_from: str = "",
) -> dict[str, Any]:
    """The computation of a run as plain JSON values.

    Parameters
    ----------
    inputs
        What it was computed from.
    stale_from
        The id of the run whose inputs they are, if they are not this one's own.
    """
    return {
        "request": {
            "settings": dict(request.settings),
            "as_of": request.as_of.astimezone(UTC).isoformat(),
            "generated_at": request.generated_at.astimezone(UTC).isoformat(),
            "gridtool_version": request.gridtool_version,
            "samples": request.samples,
            "degraded": request.degraded,
            "remarks": list(request.remarks),
        },
        "answer": {
            "samples": answer.samples,
            "wanted": answer.wanted,
            "complete": answer.complete,
            "fallback": answer.fallback,
            "repeatable": answer.repeatable,
        },
        "network_version": network_version,
        "seed": seed,
        "stale_from": stale_from,
        "libraries": list_libraries(),
        "inputs": [asdict(entry) for entry in inputs],
    }


def run_manifest(folder: Path, run: RunRecord) -> dict[str, Any]:
    """The manifest of a published run of the store at ``folder``.

    Raises
    ------
    StoreError
        If the run published nothing, or its files are gone.
    """
    if not run.folder:
        raise StoreError(f"run {run.id} published nothing: {run.message or run.state}")
    manifest = read_manifest(folder / run.folder)
    if manifest is None:
        raise StoreError(f"the files of run {run.id} are gone, or have no manifest")
    return manifest


def read_request(manifest: Mapping[str, Any], root: Path) -> ChainRequest:
    """The computation that a manifest describes, on inputs laid out at ``root``.

    Raises
    ------
    StoreError
        If it describes none.
    """
    try:
        said = manifest["request"]
        request = ChainRequest(
            settings=said["settings"],
            root=root,
            as_of=datetime.fromisoformat(said["as_of"]),
            generated_at=datetime.fromisoformat(said["generated_at"]),
            gridtool_version=said["gridtool_version"],
            samples=said["samples"],
            degraded=said["degraded"],
            remarks=tuple(said["remarks"]),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise StoreError(
            f"the manifest does not say how the run was computed ({problem})"
        ) from None
    return replace(request, as_of=request.as_of.astimezone(UTC))


def read_run_inputs(manifest: Mapping[str, Any]) -> tuple[RunInput, ...]:
    """What the run of a manifest was computed from.

    Raises
    ------
    StoreError
        If the manifest does not say.
    """
    try:
        return tuple(RunInput(**entry) for entry in manifest["inputs"])
    except (KeyError, TypeError) as problem:
        raise StoreError(f"the manifest does not say what the run read ({problem})") from None


def list_libraries() -> dict[str, str]:
    """Versions of Python and of the libraries that decide bytes, and the kind of processor."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
