"""Runs that need not be kept any longer, and their removal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridtool.jobs.store.folder import read_manifest
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.objects import sweep_objects
from gridtool.jobs.store.open import Store
from gridtool.jobs.store.recover import delete_removed
from gridtool.jobs.store.runs import RunRows

__all__ = ["PruneRule", "Pruned", "choose_prunable", "prune_runs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneRule:
    """What is kept: the last runs of each job, those that are not yet so old, or both.

    A run is kept if either says so. With neither given, everything is.
    """

    keep_last: int | None = None
    keep_for: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """The runs removed, and how many contents of inputs that none needs any longer."""

    runs: tuple[RunRecord, ...]
    objects: int


def choose_prunable(
    rows: RunRows, rule: PruneRule, *, now: datetime, job: str | None = None
) -> tuple[RunRecord, ...]:
    """The runs that ``rule`` does not keep, oldest first.

    Whatever the rule, of each job its last run, its last full and its last degraded run that are
    done are kept: ``latest`` and the fallback of the ladder rest on them. "Last" is by number, not
    by the clock; a run that seems to begin after ``now`` is young.
    """
    if rule.keep_last is None and rule.keep_for is None:
        return ()
    seen: Counter[str] = Counter()
    kept: set[tuple[str, bool]] = set()
    chosen = []
    for run in rows.list_runs(job=job):
        seen[run.job] += 1
        good = (run.job, run.degraded)
        protected = run.state == "running" or seen[run.job] == 1
        if run.state == "done" and good not in kept:
            kept.add(good)
            protected = True
        among_last = rule.keep_last is not None and seen[run.job] <= rule.keep_last
        young = rule.keep_for is not None and now - run.started_at <= rule.keep_for
        if not (protected or among_last or young):
            chosen.append(run)
    return tuple(reversed(chosen))


def prune_runs(store: Store, runs: Sequence[RunRecord]) -> Pruned:
    """Remove runs, and every kept content that no other run read.

    They are first marked in one transaction, then their files go, then their rows: killed in
    between, the next opening of the store goes on where this ended.

    Raises
    ------
    StoreError
        If something cannot be removed.
    """
    store.check_held()
    store.rows.mark_removing(runs)
    removed = {run.number for run in delete_removed(store.rows, store.folder)}
    return Pruned(
        runs=tuple(run for run in runs if run.number in removed),
        objects=sweep_objects(store.folder, wanted=_wanted_contents(store)),
    )


def _wanted_contents(store: Store) -> frozenset[str]:
    """Contents that kept runs were asked for or rest on: another run's, where one fell back."""
    found = set(store.rows.list_contents())
    for run in store.rows.list_runs():
        if run.quality == "last_good_inputs" and run.folder:
            manifest = read_manifest(store.folder / run.folder) or {}
            found.update(str(entry.get("sha256")) for entry in manifest.get("inputs", ()))
    return frozenset(found)
