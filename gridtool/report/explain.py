"""Why each job stands where it stands: as a table, and in sentences for single jobs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd

from gridtool.report.tables import NamedTable
from gridtool.restoration.advice.explain import ChainLink, JobExplanation, PlanExplanation
from gridtool.restoration.advice.explain_holds import HoldKind
from gridtool.units import format_quantity

__all__ = ["describe_jobs", "table_critical_path", "table_explanation"]

_SMALLEST_MW = 0.05
_SMALLEST_MWH = 0.5
_COLUMNS = (
    "order",
    "job",
    "stage",
    "start",
    "finish",
    "gain_mw",
    "worth_mw",
    "with_job",
    "with_mw",
    "held_by",
    "held_by_job",
    "held_until",
    "waiting",
    "delay_cost_mwh",
    "delayed_jobs",
    "end_delay_h",
    "critical",
    "critical_for",
)
_WAITS = {
    HoldKind.PREDECESSOR: "must come after it",
    HoldKind.CREW: "next for its crew",
    HoldKind.SPARE: "next for its spare",
}


def table_explanation(found: PlanExplanation, *, shown: bool = True) -> NamedTable:
    """All jobs by start: what each brings, what held it back, what waits, what a day costs.

    Without ``shown`` it is for files only.
    """
    rows = [_row(job) for job in found.jobs]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    for column in ("start", "finish", "held_until"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return NamedTable(
        name="job_explanation",
        title="Why each job stands where it stands",
        frame=frame,
        headings={
            "gain_mw": "gain [MW]",
            "with_job": "gains with",
            "held_by": "held back by",
            "waiting": "for it wait",
            "delay_cost_mwh": "a day later [MWh]",
        },
        decimals={"gain_mw": 1, "delay_cost_mwh": 0},
        terminal_columns=(
            "order",
            "job",
            "gain_mw",
            "held_by",
            "waiting",
            "delay_cost_mwh",
            "critical",
        ),
        terminal_rows=None if shown else 0,
        note="A day later: the energy not served more if the job takes a day of its crew longer, "
        "all after it moving along. Critical: on the chain of waits that ends last. "
        "'--explain JOB' says it in sentences.",
    )


def _row(job: JobExplanation) -> dict[str, object]:
    other = job.hold.kind in {HoldKind.CREW, HoldKind.PREDECESSOR}
    return {
        "order": job.place,
        "job": job.entry.job.id,
        "stage": job.entry.job.stage.value,
        "start": job.entry.start,
        "finish": job.entry.finish,
        "gain_mw": job.entry.served_gain_mw + 0.0,
        "worth_mw": job.worth_mw,
        "with_job": job.with_job,
        "with_mw": job.with_mw,
        "held_by": _name_hold(job),
        "held_by_job": job.held_by_job if other else "",
        "held_until": job.held_until,
        "waiting": " ".join(waiting.job for waiting in job.waiting),
        "delay_cost_mwh": job.delay_cost_mwh,
        "delayed_jobs": job.delayed,
        "end_delay_h": job.end_delay_h,
        "critical": job.critical,
        "critical_for": " ".join(job.critical_for),
    }


def _name_hold(link: ChainLink | JobExplanation) -> str:
    hold = link.hold
    if hold.kind is HoldKind.CREW:
        return f"crew, at {link.held_by_job}"
    if hold.kind is HoldKind.PREDECESSOR:
        return f"after {link.held_by_job}"
    if hold.kind is HoldKind.SPARE:
        return f"spare {hold.name}"
    words = {
        HoldKind.EQUIPMENT: "made to order",
        HoldKind.SHIFT: "shift begins",
        HoldKind.STARTED: "started",
    }
    return words.get(hold.kind, "nothing")


def describe_jobs(found: PlanExplanation, *, jobs: int, zone: ZoneInfo) -> str:
    """The sentences on every job in ``found``, of ``jobs`` in the plan."""
    return "\n\n".join(
        " ".join(
            (
                _say_place(job, jobs=jobs, zone=zone),
                _say_gain(job, zone=zone),
                _say_hold(job, zone=zone),
                _say_waiting(job),
                _say_delay(job),
                _say_critical(job, found),
            )
        )
        for job in found.jobs
    )


def _say_place(job: JobExplanation, *, jobs: int, zone: ZoneInfo) -> str:
    entry = job.entry
    when = f"{_time(entry.start, zone)} to {_time(entry.finish, zone)}"
    stage = "" if entry.job.stage.value == "permanent" else f" ({entry.job.stage.value})"
    return f"{entry.job.id}{stage} is number {job.place} of {jobs}: {entry.crew}, {when}."


def _say_gain(job: JobExplanation, *, zone: ZoneInfo) -> str:
    gain = job.entry.served_gain_mw
    if gain > _SMALLEST_MW:
        text = f"Finished, it brings {_mw(gain)} back"
        if job.worth_mw > gain + _SMALLEST_MW:
            return f"{text}; with all repairs done {_mw(job.worth_mw)} hang on it."
        return f"{text}."
    if gain < -_SMALLEST_MW:
        return (
            f"Finished, it takes {_mw(-gain)} away for a time (power flows otherwise); with all "
            f"repairs done it is worth {_mw(job.worth_mw)}."
        )
    if job.with_job and job.with_at is not None:
        return (
            f"By itself it brings nothing back; with {job.with_job}, finished "
            f"{_time(job.with_at, zone)}, it makes a difference of {_mw(job.with_mw)}."
        )
    return "It brings no load back at the plan's demand: it restores reserve."


_HELD = {
    HoldKind.STARTED: "It has been started and stays with its crew.",
    HoldKind.CREW: "Its crew comes from {job} and is there on {until}.",
    HoldKind.PREDECESSOR: "It must wait for {job}, finished on {until}.",
    HoldKind.SPARE: "It waits for the spare {name}, there on {until}.",
    HoldKind.EQUIPMENT: "It waits for equipment made to order, expected on {until}.",
    HoldKind.SHIFT: "It starts as soon as its crew's working time allows, on {until}.",
    HoldKind.NOTHING: "Nothing holds it back: its crew goes there at once.",
}


def _say_hold(job: JobExplanation, *, zone: ZoneInfo) -> str:
    until = _time(job.held_until, zone)
    return _HELD[job.hold.kind].format(job=job.held_by_job, name=job.hold.name, until=until)


def _say_waiting(job: JobExplanation) -> str:
    if not job.waiting:
        return "Nothing waits for it."
    words = "; ".join(f"{waiting.job} ({_WAITS[waiting.kind]})" for waiting in job.waiting)
    return f"For it wait: {words}."


def _say_delay(job: JobExplanation) -> str:
    if not math.isfinite(job.delay_cost_mwh):
        return "A day later it would not be finished in the time the crews are there."
    if abs(job.delay_cost_mwh) < _SMALLEST_MWH:
        text = "A day later it would leave no more energy unserved"
    else:
        sign = "more" if job.delay_cost_mwh > 0 else "less"
        energy = format_quantity(abs(job.delay_cost_mwh), decimals=0)
        text = f"A day later it would leave {energy} MWh {sign} unserved"
    others = "no other job" if not job.delayed else f"{job.delayed} other job"
    others += "s" * (job.delayed > 1)
    text += f" and delay {others}"
    if job.end_delay_h > 1 / 60:
        text += f", the last repair by {job.end_delay_h:.0f} h"
    return f"{text}."


def _say_critical(job: JobExplanation, found: PlanExplanation) -> str:
    text = (
        f"It is on the critical path ({_join([link.entry.job.id for link in found.critical_path])})"
        if job.critical
        else "It is not on the critical path"
    )
    if job.critical_for:
        text += f"; the return of {', '.join(job.critical_for)} hangs on it"
    return f"{text}."


def table_critical_path(found: PlanExplanation) -> NamedTable:
    """The chains that end with the last repair, and with the return of each district.

    On a terminal the first, and that of the district that is back last.
    """
    latest = list(found.district_paths)[-1:]
    paths = {"last repair": found.critical_path}
    paths |= {district: found.district_paths[district] for district in latest}
    shown = sum(len(chain) for chain in paths.values())
    paths |= found.district_paths
    rows = [
        {
            "path": name,
            "job": link.entry.job.id,
            "crew": link.entry.crew,
            "start": link.entry.start,
            "finish": link.entry.finish,
            "held_by": _name_hold(link),
        }
        for name, chain in paths.items()
        for link in chain
    ]
    frame = pd.DataFrame(rows, columns=["path", "job", "crew", "start", "finish", "held_by"])
    for column in ("start", "finish"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return NamedTable(
        name="critical_path",
        title="Critical paths: each job waits for the one before it",
        frame=frame,
        headings={"path": "ends with", "held_by": "held back by"},
        terminal_rows=shown,
        note="The paths end with the last repair, and with the return of a district.",
    )


def _join(jobs: Sequence[str], *, most: int = 6) -> str:
    """Jobs in a row; of a long chain its end."""
    shown = list(jobs[-most:])
    return " > ".join(["...", *shown] if len(jobs) > most else shown)


def _mw(value: float) -> str:
    return f"{format_quantity(value, decimals=1)} MW"


def _time(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
