"""A job run from its file to its last row: nothing of it is lost, half there or done twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gridtool.errors import InputError
from gridtool.jobs.runs.execution import Execution
from gridtool.jobs.runs.identity import ask_run
from gridtool.jobs.runs.inputs import keep_inputs
from gridtool.jobs.runs.manifest import run_manifest
from gridtool.jobs.runs.model import RunOutcome
from gridtool.jobs.runs.options import RunTools, RunWish
from gridtool.jobs.runs.published import read_envelope, read_result
from gridtool.jobs.runs.strict import refuse_warned
from gridtool.jobs.runs.thresholds import choose_exit_code, find_crossed
from gridtool.jobs.store.folder import check_files
from gridtool.jobs.store.lock import this_process
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.open import Store, StoreAddress, open_store

__all__ = ["execute_run"]


def execute_run(
    job_file: str | Path, address: StoreAddress, *, wish: RunWish, tools: RunTools
) -> RunOutcome:
    """Run a job and keep the run, unless the same run was done before.

    Returns
    -------
    How it ended, also where its inputs were refused or it failed: ``error`` says why.

    Raises
    ------
    JobFileError
        If the job file is refused. Nothing is written then.
    RunLocked
        If another process holds the store.
    StoreError
        If the store fails.
    """
    now = tools.clock()
    asked = ask_run(
        job_file,
        overrides=wish.overrides,
        slot=wish.slot,
        now=now,
        gridtool_version=tools.gridtool_version,
    )
    holder = this_process(asked.identity.job, now=now)
    with open_store(address, holder=holder, now=now) as store:
        done = store.rows.find_done(asked.identity.digest)
        damage = () if done is None else check_files(store.folder / done.folder)
        if done is not None and not damage and not wish.force:
            return _repeat(store, done, wish=wish, tools=tools)
        keep_inputs(store.folder, asked.found.files)
        run = store.rows.begin(
            asked.identity,
            holder=holder,
            now=now,
            run_id=wish.run_id,
            forced=wish.force or bool(damage),
        )
        outcome = Execution(store, run, asked=asked, wish=wish, tools=tools).execute()
        said = [f"run {done.id} was done again: {words}" for words in damage if done is not None]
        return replace(outcome, warnings=(*store.warnings, *said, *outcome.warnings))


def _repeat(store: Store, done: RunRecord, *, wish: RunWish, tools: RunTools) -> RunOutcome:
    """What was published, held against what is asked of it now."""
    folder = store.folder / done.folder
    crossed, unknown = find_crossed(
        wish.fail_on, figures=done.headline, content=read_result(folder)
    )
    fallback = run_manifest(store.folder, done).get("answer", {}).get("fallback", "")
    said = [f"already done, run {done.id}; --force does it again", fallback]
    said += [f"threshold crossed: {text}" for text in crossed]
    said += [f"--fail-on knows no value {name!r}" for name in unknown]
    outcome = RunOutcome(
        run_id=done.id,
        exit_code=choose_exit_code(crossed=crossed, unknown=unknown, weak=bool(fallback)),
        message="; ".join(filter(None, said)),
        repeated=True,
        folder=folder,
        crossed=crossed,
        warnings=(*store.warnings, *tools.after(store, done)),
        record=done,
    )
    return _refuse_repeated(outcome) if wish.strict else outcome


def _refuse_repeated(outcome: RunOutcome) -> RunOutcome:
    """``outcome``, unless what was published then has warnings."""
    assert outcome.folder is not None
    try:
        refuse_warned(read_envelope(outcome.folder).get("warnings", ()))
    except InputError as error:
        return replace(outcome, exit_code=error.exit_code, error=error)
    return outcome
