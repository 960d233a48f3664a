"""What a run would read, whether it was done, and what it would write; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gridtool.errors import Issue, StoreError
from gridtool.jobs.runs.identity import ask_run
from gridtool.jobs.runs.options import RunTools, RunWish
from gridtool.jobs.store.folder import check_files, job_folder
from gridtool.jobs.store.model import RunIdentity, RunRecord
from gridtool.jobs.store.objects import object_path
from gridtool.jobs.store.open import StoreAddress, read_store

__all__ = ["DryRun", "plan_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a run would be.

    Attributes
    ----------
    missing
        Files that were not found or cannot be read.
    done
        The full run of the same identity whose files are whole, None if there is none or a run
        is forced.
    last_good
        The run whose inputs would be used if those of the job were refused; None if there is
        none.
    folder
        In which the run's own folder would be made.
    files
        Contents that would be written to the store, new ones only: number and bytes.
    revision
        Which run of its job and slot it would be, from 1.
    """

    identity: RunIdentity
    missing: tuple[Issue, ...]
    done: RunRecord | None
    last_good: RunRecord | None
    folder: Path
    files: tuple[int, int]
    revision: int

    @property
    def computes(self) -> bool:
        """Whether anything would be computed, unless it is forced."""
        return self.done is None


def plan_run(
    job_file: str | Path, address: StoreAddress, *, wish: RunWish, tools: RunTools
) -> DryRun:
    """What :func:`gridtool.jobs.runs.execute.execute_run` would do with the same arguments.

    No lock is taken: a run that holds the store may change the answer.

    Raises
    ------
    JobFileError
        If the job file is refused.
    StoreError
        If the store is there and cannot be read.
    """
    asked = ask_run(
        job_file,
        overrides=wish.overrides,
        slot=wish.slot,
        now=tools.clock(),
        gridtool_version=tools.gridtool_version,
    )
    identity = asked.identity
    past = _Past() if not _is_begun(address) else _look_back(address, identity)
    fresh = {
        entry.sha256: entry.size
        for entry in identity.inputs
        if not object_path(address.folder, entry.sha256).exists()
    }
    return DryRun(
        identity=identity,
        missing=asked.found.issues,
        done=None if wish.force else past.done,
        last_good=past.last_good,
        folder=job_folder(address.folder, identity.job),
        files=(len(fresh), sum(fresh.values())),
        revision=past.revision,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What the history holds of a job."""

    done: RunRecord | None = None
    last_good: RunRecord | None = None
    revision: int = 1


def _look_back(address: StoreAddress, identity: RunIdentity) -> _Past:
    rows = read_store(address).rows
    done = rows.find_done(identity.digest)
    runs = rows.list_runs(job=identity.job)
    good = (run for run in runs if run.state == "done" and not run.degraded)
    return _Past(
        done=None if done is None or check_files(address.folder / done.folder) else done,
        last_good=next((run for run in good if (address.folder / run.folder).exists()), None),
        revision=1 + max((run.revision for run in runs if run.slot == identity.slot), default=0),
    )


def _is_begun(address: StoreAddress) -> bool:
    """Whether there is a run history; looking for one must not make it."""
    if address.url.get_backend_name() == "sqlite":
        return Path(address.url.database or "").exists()
    try:
        read_store(address)
    except StoreError as problem:
        if "there is no run history" in str(problem):
            return False
        raise
    return True
