"""Figures of the last runs for Prometheus, by the textfile collector of its node exporter.

One file holds all jobs of a store; it is written anew after each run, whole or not at all. No
figure carries a time of its own: times are values, and alerts are on the age of the last success.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gridtool.errors import GridtoolError
from gridtool.formats.publish import write_bytes
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.runs import RunRows
from gridtool.jobs.wait_inputs import AGE_PREFIX

__all__ = ["Family", "format_families", "list_families", "write_metrics"]

_FALLBACK = 6
"""Exit code of a run that rests on a fallback, of the ladder or of its demand model."""
_QUANTILE = re.compile(r"hours_off_p(\d{1,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Figures of one name: its meaning, and values with their labels."""

    name: str
    meaning: str
    samples: list[tuple[Mapping[str, str], float]] = field(default_factory=list)


def write_metrics(path: Path, rows: RunRows) -> str:
    """Write the figures of every job in the history; a failure is told, not raised.

    Returns
    -------
    A warning in words; empty if all went well.
    """
    if path.suffix != ".prom":
        return f"the metrics were not written: {path} has to end in .prom to be collected"
    try:
        write_bytes(path, format_families(list_families(rows)).encode())
    except GridtoolError as problem:
        return f"the metrics were not written: {problem}"
    return ""


def list_families(rows: RunRows) -> tuple[Family, ...]:
    """The figures of every job that has a run which ended."""
    families = {name: Family(name=f"gridtool_job_{name}", meaning=meaning) for name, meaning in
                _MEANINGS.items()}  # fmt: skip
    for job in rows.list_jobs():
        ended = rows.list_runs(job=job, states=("done", "failed", "interrupted"), limit=1)
        done = rows.list_runs(job=job, states=("done",), limit=1)
        figures = [*_of_ended(*ended), *_of_done(*done)] if done else [*_of_ended(*ended)]
        slot = rows.last_slot(job)
        if slot is not None:
            figures.append(("last_slot_seconds", {}, slot.timestamp()))
        for name, labels, value in figures:
            families[name].samples.append(({"job": job, **labels}, value))
    return tuple(family for family in families.values() if family.samples)


def format_families(families: Iterable[Family]) -> str:
    """The text format of Prometheus, version 0.0.4, all figures gauges."""
    lines = []
    for family in families:
        lines += [f"# HELP {family.name} {_escape(family.meaning)}", f"# TYPE {family.name} gauge"]
        for labels, value in family.samples:
            said = ",".join(f'{key}="{_escape_label(text)}"' for key, text in labels.items())
            lines.append(f"{family.name}{{{said}}} {_number(value)}")
    return "".join(f"{line}\n" for line in lines)


_Figure = tuple[str, dict[str, str], float]

_MEANINGS = {
    "last_success_seconds": "Unix time at which the last run that is done ended, full or degraded.",
    "last_run_seconds": "Unix time at which the last run that ended began.",
    "last_slot_seconds": "Unix time of the last scheduled slot for which a run is done.",
    "exit_code": "Exit code of the last run that ended.",
    "duration_seconds": "Seconds that the last run that ended took.",
    "degraded": "1 if the last run that is done rests on a fallback, else 0.",
    "input_age_seconds": "Seconds since the input was written, when the last run done began.",
    "shortage_hours_off": "Hours off a day in the worst month, by quantile q; last run done.",
    "shortage_eue_mwh": "Expected unserved energy of the last run done.",
    "headline": "Headline figure of the last run done, by the name that --fail-on takes.",
}


def _of_ended(run: RunRecord | None = None) -> Iterator[_Figure]:
    if run is None:
        return
    yield "last_run_seconds", {}, run.started_at.timestamp()
    if run.exit_code is not None:
        yield "exit_code", {}, float(run.exit_code)
    if run.duration_s is not None:
        yield "duration_seconds", {}, run.duration_s


def _of_done(run: RunRecord) -> Iterator[_Figure]:
    ended: datetime = run.finished_at or run.started_at
    yield "last_success_seconds", {}, ended.timestamp()
    yield "degraded", {}, float(run.degraded or run.exit_code == _FALLBACK)
    for name, value in sorted(run.headline.items()):
        if name.startswith(AGE_PREFIX):
            yield "input_age_seconds", {"input": name.removeprefix(AGE_PREFIX)}, value
            continue
        yield "headline", {"name": name}, value
        quantile = _QUANTILE.fullmatch(name)
        if quantile is not None:
            yield "shortage_hours_off", {"q": f"{int(quantile[1]) / 100:g}"}, value
        elif name == "eue_mwh":
            yield "shortage_eue_mwh", {}, value


def _number(value: float | None) -> str:
    """As Go reads it; a figure that a run has not is NaN."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return "NaN"
    if abs(value) == float("inf"):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value))


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _escape_label(text: str) -> str:
    return _escape(text).replace('"', r"\"")
