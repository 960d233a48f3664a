"""Runs as a list, and one of them in full."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd

from gridtool.jobs.review.past import find_run
from gridtool.jobs.store.folder import check_files, read_manifest
from gridtool.jobs.store.model import RunRecord, RunState
from gridtool.jobs.store.open import Store
from gridtool.report.result import Result
from gridtool.report.tables import NamedTable

__all__ = ["report_list", "report_run", "state_words"]

_SHOWN = ("eue_mwh", "hours_off_p50", "hours_off_p90", "unserved_mw")
_QUALITIES = {"fewer_samples": "fewer samples", "last_good_inputs": "stale inputs"}
FALLBACK = 6
"""Exit code, as gridtool.cli.exits documents it."""
FORECAST = "eue_mwh"
"""Figure that every run with a forecast has."""


def state_words(run: RunRecord) -> str:
    """How a run ended, in words: degraded ones say so."""
    if run.degraded:
        weaker = _QUALITIES.get(run.quality, run.quality)
        if run.state == "done" and FORECAST not in run.headline:
            weaker = "no forecast"
        return f"{run.state}, degraded: {weaker}"
    if run.state == "done" and run.exit_code == FALLBACK:
        return f"{run.state}, degraded: weaker demand model"
    return run.state


def report_list(
    store: Store,
    *,
    job: str | None = None,
    states: tuple[RunState, ...] = (),
    limit: int | None = None,
) -> Result:
    """The runs of a store, the newest first."""
    runs = store.rows.list_runs(job=job, states=states, limit=limit)
    table = NamedTable(
        name="runs",
        title="Runs, the newest first",
        frame=pd.DataFrame([_describe(run) for run in runs], columns=_COLUMNS),
        decimals={"duration_s": 0, "eue_mwh": 0, "hours_off_p50": 1, "hours_off_p90": 1},
        headings={"number": "no.", "exit_code": "exit", "as_of": "as of [UTC]"},
        terminal_columns=(
            "number", "run", "job", "as_of", "state", "exit_code", "duration_s", "eue_mwh",
            "hours_off_p90",
        ),
    )  # fmt: skip
    jobs = len({run.job for run in runs})
    verdict = "There are no such runs." if not runs else f"{len(runs)} runs of {jobs} jobs."
    if len(runs) == 1:
        verdict = "1 run."
    elif jobs == 1:
        verdict = f"{len(runs)} runs of {runs[0].job}."
    return Result(command="job list", tables=(table,), verdict=verdict, warnings=store.warnings)


_COLUMNS = [
    "number",
    "run",
    "job",
    "slot",
    "revision",
    "as_of",
    "state",
    "quality",
    "started_at",
    "duration_s",
    "exit_code",
    *_SHOWN,
    "message",
]


def _describe(run: RunRecord) -> dict[str, object]:
    return {
        "number": run.number,
        "run": run.id,
        "job": run.job,
        "slot": run.slot,
        "revision": run.revision,
        "as_of": run.as_of,
        "state": state_words(run),
        "quality": run.quality,
        "started_at": run.started_at,
        "duration_s": run.duration_s,
        "exit_code": run.exit_code,
        **{name: run.headline.get(name) for name in _SHOWN},
        "message": run.message,
    }


def report_run(store: Store, name: str, *, job: str | None = None) -> Result:
    """One run: how it ended, its figures, what it read, what it published, what was noted.

    Raises
    ------
    StoreError
        If there is no such run, or several.
    """
    run = find_run(store, name, job=job)
    folder = store.folder / run.folder
    manifest = read_manifest(folder) if run.folder else None
    differing = check_files(folder) if run.folder else ()
    return Result(
        command="job show",
        tables=(
            _table_facts(run, folder=str(folder) if run.folder else ""),
            _table("headline", "Figures", ["name", "value"], list(run.headline.items())),
            _table(
                "inputs",
                "Inputs",
                ["role", "sha256", "size", "path"],
                [(entry.role, entry.sha256, entry.size, entry.path) for entry in run.inputs],
            ),
            _table(
                "files",
                "Published files",
                ["name", "size", "sha256"],
                [(e["name"], e["size"], e["sha256"]) for e in (manifest or {}).get("files", ())],
                shown=0,
            ),
            _table(
                "notes",
                "Notes",
                ["at", "kind", "words"],
                [(note.at, note.kind, note.words) for note in store.rows.list_notes(run)],
            ),
        ),
        verdict=_write_verdict(run, differing=differing),
        as_of=run.as_of,
        seed=run.seed,
        headline=run.headline,
        warnings=differing,
        next_command=f"gridtool job diff {run.id}" if run.folder else "",
    )


def _table_facts(run: RunRecord, *, folder: str) -> NamedTable:
    rows = [
        ("run", run.id),
        ("job", run.job),
        ("slot", run.slot),
        ("revision", run.revision),
        ("as of", run.as_of),
        ("state", state_words(run)),
        ("exit code", run.exit_code),
        ("started", run.started_at),
        ("duration", None if run.duration_s is None else f"{run.duration_s:.1f} s"),
        ("program", run.program_version),
        ("seed", run.seed),
        ("host", run.host),
        ("identity", run.identity),
        ("message", run.message),
        ("folder", folder),
    ]
    return _table("run", "Run", ["what", "value"], [(name, _say(value)) for name, value in rows])


def _say(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return "" if value is None else str(value)


def _table(
    name: str,
    title: str,
    columns: list[str],
    rows: Sequence[tuple[object, ...]],
    *,
    shown: int | None = None,
) -> NamedTable:
    """A table that the terminal leaves out where it is empty."""
    return NamedTable(
        name=name,
        title=title,
        frame=pd.DataFrame(rows, columns=columns),
        terminal_rows=shown if rows else 0,
    )


def _write_verdict(run: RunRecord, *, differing: tuple[str, ...]) -> str:
    verb = {"running": "is ", "done": "is ", "interrupted": "was "}.get(run.state, "")
    words = f"Run {run.id} of {run.job} {verb}{state_words(run)}"
    if run.message:
        words += f": {run.message.rstrip('.')}"
    if differing:
        return f"{words}. Its files are not what was published: {differing[0]}."
    return f"{words}." + (" Its files are as published." if run.folder else "")
