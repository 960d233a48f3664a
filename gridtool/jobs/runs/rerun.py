"""A past run once more, from its manifest and the inputs that were kept."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridtool.jobs.runs.compute import Silent
from gridtool.jobs.runs.inputs import fetch_inputs, lay_out
from gridtool.jobs.runs.manifest import (
    list_libraries,
    read_request,
    read_run_inputs,
    run_manifest,
)
from gridtool.jobs.runs.model import Chain, ChainAnswer, ChainEvents, ChainLimits
from gridtool.jobs.store.folder import check_files
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.open import Store

__all__ = ["Rerun", "rerun_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """A past run computed again.

    Attributes
    ----------
    same
        Names of files with the bytes that the manifest names.
    differing
        What is not as it was published, in words; empty if every byte is.
    damaged
        What of the published files is no longer what was published, in words.
    reasons
        Why bytes may differ, in words: other versions, a search that a clock had cut.
    """

    run: RunRecord
    answer: ChainAnswer
    same: tuple[str, ...]
    differing: tuple[str, ...]
    damaged: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """Whether every file came out byte for byte as it was published, and still is that."""
        return not self.differing and not self.damaged


def rerun_run(
    store: Store,
    name: str,
    *,
    chain: Chain,
    limits: ChainLimits | None = None,
    events: ChainEvents | None = None,
    gridtool_version: str = "",
) -> Rerun:
    """Compute a past run again and compare every file; the store is only read.

    Parameters
    ----------
    name
        Id of the run, the beginning of one, or its number.
    gridtool_version
        Of the program, to say where the run was made by another one.

    Raises
    ------
    StoreError
        If there is no such run, it published nothing, or an input is gone or damaged.
    GridtoolError
        As the chain does.
    """
    run = store.rows.get(name)
    manifest = run_manifest(store.folder, run)
    inputs = fetch_inputs(store.folder, read_run_inputs(manifest))
    with tempfile.TemporaryDirectory(prefix="gridtool-") as folder:
        root = Path(folder)
        lay_out(inputs, root)
        request = read_request(manifest, root)
        answer = chain(request, limits or ChainLimits(), events or Silent())
    published = {str(entry["name"]): str(entry["sha256"]) for entry in manifest["files"]}
    made = {file: hashlib.sha256(content).hexdigest() for file, content in answer.files.items()}
    return Rerun(
        run=run,
        answer=answer,
        same=tuple(sorted(file for file in made if made[file] == published.get(file))),
        differing=_differences(published, made),
        damaged=check_files(store.folder / run.folder),
        reasons=_find_reasons(manifest, gridtool_version=gridtool_version),
    )


def _differences(published: Mapping[str, str], made: Mapping[str, str]) -> tuple[str, ...]:
    words = []
    for name in sorted({*published, *made}):
        if name not in made:
            words.append(f"{name} was published, and is not made now")
        elif name not in published:
            words.append(f"{name} is made now, and was not published")
        elif published[name] != made[name]:
            words.append(f"{name} differs")
    return tuple(words)


def _find_reasons(manifest: Mapping[str, Any], *, gridtool_version: str) -> tuple[str, ...]:
    reasons = []
    then = str(manifest["request"]["gridtool_version"])
    if gridtool_version and then != gridtool_version:
        reasons.append(f"the run was made by gridtool {then}, this is {gridtool_version}")
    if not manifest.get("answer", {}).get("repeatable", True):
        reasons.append("a clock or a signal had cut the search for the plan")
    before, now = manifest.get("libraries", {}), list_libraries()
    reasons += [
        f"{name} was {before.get(name, 'not installed')}, is {now.get(name, 'not installed')}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    return tuple(reasons)
