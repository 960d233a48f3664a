"""The inputs of the last good run of a job, to go on with when its own fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from gridtool.errors import StoreError
from gridtool.jobs.runs.inputs import fetch_inputs, lay_out
from gridtool.jobs.runs.ladder import LastGood
from gridtool.jobs.runs.manifest import read_request, read_run_inputs, run_manifest
from gridtool.jobs.runs.model import ChainRequest
from gridtool.jobs.store.model import RunInput, RunRecord
from gridtool.jobs.store.open import Store
from gridtool.jobs.wait_inputs import AGE_PREFIX

__all__ = ["age_good_inputs", "find_last_good", "list_good_inputs"]


def find_last_good(store: Store, request: ChainRequest, *, job: str, root: Path) -> LastGood | None:
    """The last full run of ``job``, asked again for the time of ``request`` and of its own inputs.

    Settings are those of that run: its inputs were good with them. Runs whose inputs are no
    longer there are passed over; None if there is none.

    Parameters
    ----------
    root
        Where its inputs are laid out.
    """
    for run in store.rows.list_runs(job=job, states=("done",)):
        if run.degraded:
            continue
        try:
            manifest = run_manifest(store.folder, run)
            lay_out(fetch_inputs(store.folder, read_run_inputs(manifest)), root)
            before = read_request(manifest, root)
        except StoreError:
            continue
        asked = replace(
            request, root=root, settings=before.settings, samples=before.samples, degraded=""
        )
        return LastGood(run_id=run.id, as_of=run.as_of, request=asked)
    return None


def list_good_inputs(store: Store, run_id: str) -> tuple[RunInput, ...]:
    """What the run of that id was computed from."""
    run: RunRecord = store.rows.get(run_id)
    return read_run_inputs(run_manifest(store.folder, run))


def age_good_inputs(store: Store, run_id: str, *, now: datetime) -> dict[str, float]:
    """How old the inputs of a past run are ``now`` (aware): seconds, by the name of the figure."""
    run = store.rows.get(run_id)
    since_s = (now - run.started_at).total_seconds()
    return {
        name: value + since_s for name, value in run.headline.items() if name.startswith(AGE_PREFIX)
    }
