"""What the commands on jobs answer, as tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd

from gridtool.jobs.due import DueJob, describe_due
from gridtool.jobs.review.listing import state_words
from gridtool.jobs.runs.published import read_envelope
from gridtool.report.result import Result
from gridtool.report.tables import NamedTable

if TYPE_CHECKING:
    from gridtool.jobs.runs.dry_run import DryRun
    from gridtool.jobs.runs.model import RunOutcome
    from gridtool.jobs.runs.rerun import Rerun
    from gridtool.jobs.store.model import RunRecord
    from gridtool.jobs.store.salvage import Salvage

__all__ = ["report_dry_run", "report_due", "report_outcome", "report_rerun", "report_salvage"]


def report_outcome(outcome: RunOutcome, *, zone: ZoneInfo) -> Result:
    """How a run ended: its row, and the verdict that it published."""
    record = outcome.record
    published = {} if outcome.folder is None else read_envelope(outcome.folder)
    return Result(
        command="job run",
        tables=(_table_runs([record], title="The run"),) if record is not None else (),
        verdict=_outcome_words(outcome, str(published.get("data", {}).get("verdict", ""))),
        as_of=record.as_of if record is not None else None,
        seed=record.seed if record is not None else None,
        warnings=(*outcome.warnings, *published.get("warnings", ())),
        headline=dict(record.headline) if record is not None else {},
        facts={
            "run": outcome.run_id,
            "exit_code": outcome.exit_code,
            "repeated": outcome.repeated,
            "message": outcome.message,
            "folder": "" if outcome.folder is None else str(outcome.folder),
            "crossed": list(outcome.crossed),
        },
        zone=zone,
        next_command=f"gridtool job show {outcome.run_id}",
    )


def _outcome_words(outcome: RunOutcome, published: str) -> str:
    """The verdict published, which has every label, else why there is none."""
    said = [published or _sentence(outcome.message)]
    if outcome.repeated:
        said = [f"Already done, nothing was computed: run {outcome.run_id}.", published]
    if outcome.crossed:
        said.append(f"Threshold crossed: {', '.join(outcome.crossed)}.")
    return " ".join(filter(None, said))


def report_dry_run(planned: DryRun, *, zone: ZoneInfo) -> Result:
    """What a run would read and do."""
    identity = planned.identity
    rows = [
        {"role": entry.role, "path": entry.path, "size": entry.size, "sha256": entry.sha256}
        for entry in identity.inputs
    ]
    table = NamedTable(
        name="inputs",
        title="What would be read",
        frame=pd.DataFrame(rows, columns=["role", "path", "size", "sha256"]),
        headings={"size": "bytes"},
        terminal_columns=("role", "path", "size"),
    )
    return Result(
        command="job run",
        tables=(table,),
        verdict=f"{_plan_words(planned, zone=zone)} Nothing was written.",
        as_of=identity.as_of,
        seed=identity.seed,
        warnings=planned.missing,
        facts={
            "dry_run": True,
            "identity": identity.digest,
            "slot": None if identity.slot is None else identity.slot.isoformat(),
            "done_by": "" if planned.done is None else planned.done.id,
            "falls_back_on": _fallback(planned),
            "revision": planned.revision,
            "folder": str(planned.folder),
            "new_objects": planned.files[0],
            "new_bytes": planned.files[1],
        },
        zone=zone,
    )


def _plan_words(planned: DryRun, *, zone: ZoneInfo) -> str:
    identity = planned.identity
    if planned.done is not None:
        return f"Nothing would be computed: the same run was done, run {planned.done.id}."
    if planned.missing and not _fallback(planned):
        return "The run would be refused: there is no good run to fall back on."
    if planned.missing:
        return (
            f"The run would fall back on the inputs of run {_fallback(planned)}, labelled stale, "
            "and end with exit code 6."
        )
    count, size = planned.files
    as_of = identity.as_of.astimezone(zone)
    return (
        f"Revision {planned.revision} of {identity.job!r} would be run as of "
        f"{as_of:%Y-%m-%d %H:%M %Z}, and published under {planned.folder}; {count} new input "
        f"file{'' if count == 1 else 's'} of {size / 1000:,.1f} kB would be kept."
    )


def _fallback(planned: DryRun) -> str:
    """The run whose inputs are used where some of the job are missing; empty for none."""
    needed = planned.missing and planned.done is None and planned.last_good is not None
    return planned.last_good.id if needed and planned.last_good is not None else ""


def report_due(entries: Sequence[DueJob], *, now: datetime) -> Result:
    """Which slots are due, which were missed, and what follows."""
    rows = [
        {
            "job": entry.job.name,
            "file": str(entry.job.path),
            "due": entry.due.slot,
            "missed": len(entry.due.covered),
            "expired": len(entry.due.expired),
            "attempts": entry.attempts,
            "last": entry.last,
            "following": entry.due.following,
            "running_since": entry.running,
        }
        for entry in entries
    ]
    table = NamedTable(
        name="due",
        title="Slots",
        frame=pd.DataFrame(rows, columns=_DUE),
        headings={"missed": "missed before", "last": "last run", "following": "next"},
        terminal_columns=("job", "due", "missed", "expired", "last", "following"),
    )
    count = sum(entry.due.slot is not None for entry in entries)
    said = [f"{entry.job.name}: {describe_due(entry, now=now)}" for entry in entries]
    return Result(
        command="job due",
        tables=(table,),
        verdict=" ".join(said) or "No job has a section [schedule].",
        as_of=now,
        headline={"jobs_due": float(count)},
        zone=entries[0].schedule.zone if entries else None,
    )


_DUE = [
    "job",
    "file",
    "due",
    "missed",
    "expired",
    "attempts",
    "last",
    "following",
    "running_since",
]


def report_rerun(rerun: Rerun) -> Result:
    """Whether a past run came out the same."""
    files = dict.fromkeys(rerun.same, "identical")
    rows = [{"file": name, "result": words} for name, words in files.items()]
    rows += [{"file": words.split()[0], "result": words} for words in rerun.differing]
    rows.sort(key=lambda row: row["file"])
    why = f" Why that may be: {'; '.join(rerun.reasons)}." if rerun.reasons else ""
    verdict = f"Run {rerun.run.id} came out the same: {len(rerun.same)} of {len(rows)} files."
    if not rerun.identical:
        differing = "; ".join(rerun.differing)
        verdict = f"Run {rerun.run.id} did not come out the same: {differing}.{why}"
    return Result(
        command="job rerun",
        tables=(
            NamedTable(
                name="files",
                title="Files, against the manifest's SHA-256",
                frame=pd.DataFrame(rows, columns=["file", "result"]),
            ),
        ),
        verdict=verdict,
        as_of=rerun.run.as_of,
        seed=rerun.run.seed,
        headline={"files_differing": float(len(rerun.differing))},
        facts={"run": rerun.run.id, "identical": rerun.identical, "reasons": list(rerun.reasons)},
    )


def report_salvage(salvage: Salvage) -> Result:
    """What of a damaged run history was saved."""
    kept, added = len(salvage.kept), len(salvage.added)
    if salvage.aside is not None:
        said = (
            f"{added} runs were taken from their manifests, {kept} that published nothing from "
            f"what could be read of the database; it was put aside as {salvage.aside}."
        )
    elif added:
        said = f"The database was sound; {added} published runs that it did not know were added."
    else:
        said = "The database is sound and knows every published run: there was nothing to do."
    return Result(
        command="job recover",
        tables=(_table_runs([*salvage.kept, *salvage.added], title="Runs taken up"),),
        verdict=f"{said} Lost: {len(salvage.lost)}." if salvage.lost else said,
        warnings=salvage.lost,
        headline={"runs_lost": float(len(salvage.lost))},
    )


def _table_runs(runs: Sequence[RunRecord], *, title: str) -> NamedTable:
    rows: list[dict[str, Any]] = [
        {
            "number": run.number,
            "run": run.id,
            "job": run.job,
            "slot": run.slot,
            "revision": run.revision,
            "state": run.state,
            "ended": state_words(run),
            "quality": run.quality if run.state == "done" else None,
            "exit_code": run.exit_code,
            "duration_s": run.duration_s,
            "message": run.message,
        }
        for run in runs
    ]
    return NamedTable(
        name="runs",
        title=title,
        frame=pd.DataFrame(rows, columns=_RUN),
        headings={"number": "no.", "exit_code": "exit", "ended": "state"},
        decimals={"duration_s": 1},
        terminal_columns=(
            "number", "run", "job", "slot", "revision", "ended", "exit_code", "duration_s",
        ),
    )  # fmt: skip


_RUN = [
    "number",
    "run",
    "job",
    "slot",
    "revision",
    "state",
    "ended",
    "quality",
    "exit_code",
    "duration_s",
    "message",
]


def _sentence(words: str) -> str:
    text = words.rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else ""
