"""A file of scenarios and its base, read and checked: everything a sweep needs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gridtool.errors import Issue, JobFileError
from gridtool.forecast.premises import forecast_grid
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.strict_toml import load
from gridtool.jobs.inputs import JobInputs, read_inputs
from gridtool.jobs.model import Job
from gridtool.jobs.sweeps.read_base import read_base
from gridtool.jobs.sweeps.read_check import check_level, check_scenarios
from gridtool.jobs.sweeps.read_settings import FileSections, check_tables
from gridtool.jobs.sweeps.read_space import read_space
from gridtool.report.envelope import describe_inputs
from gridtool.whatif.model import Level, SweepContext
from gridtool.whatif.space import ScenarioSpace

__all__ = ["ReadSweep", "read_sweep"]

HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class ReadSweep:
    """A sweep as its file states it.

    Attributes
    ----------
    name
        For people.
    inputs
        Every file and folder read, the file of scenarios first.
    identity
        What decides the rows, as plain JSON values without places of this machine.
    fallback
        Why the demand model is a weaker one than the files promised; empty where it is not.
    """

    path: Path
    name: str
    job: Job
    context: SweepContext
    inputs: tuple[Path, ...]
    identity: Mapping[str, Any]
    zone: ZoneInfo
    warnings: tuple[Issue | str, ...] = ()
    fallback: str = ""


def read_sweep(
    path: Path,
    *,
    seed: int | None = None,
    as_of: str | None = None,
    level: Level | None = None,
    samples: int | None = None,
    gridtool_version: str = "",
    now: datetime | None = None,
) -> ReadSweep:
    """The sweep in a file of scenarios.

    Parameters
    ----------
    seed, as_of, level, samples
        In place of what the file says.
    gridtool_version, now
        As for :func:`gridtool.jobs.inputs.read_inputs`.

    Raises
    ------
    InputError
        If the file, its base or an input of that is refused: unknown keys, wrong values, assets
        that there are not, changes that the base does not allow for, all of a kind at once.
    """
    sections = _read_sections(path)
    wanted = sections.file.sweep.model_copy(
        update={
            key: given
            for key, given in (("seed", seed), ("level", level), ("samples", samples))
            if given is not None
        }
    )
    job = read_base(sections.file.base, wanted, path, as_of=as_of)
    reached = check_level(wanted.level, job, file=path.name)
    if reached != "forecast" and not _moves_people(job):
        job = replace(job, demand=None)
    found = read_inputs(job, gridtool_version=gridtool_version, now=now)
    scenarios, warnings = _read_scenarios(sections, found, path, seed=job.seed, level=reached)
    context = SweepContext(
        level=reached,
        state=found.state,
        scenarios=scenarios,
        seed=job.seed,
        counted_h=_count_hours(found, days=wanted.counted_days),
        resources=None if reached == "assess" else found.resources,
        plan=job.plan,
        demand=found.demand.model if reached == "forecast" and found.demand else None,
        forecast=found.config,
    )
    return ReadSweep(
        path=path,
        name=wanted.name or path.stem,
        job=job,
        context=context,
        inputs=(path, *job.inputs),
        identity=_identify(context, path, job),
        zone=found.network.manifest.zone,
        warnings=(*found.warnings, *warnings),
        fallback=found.demand.fallback if found.demand else "",
    )


def _read_sections(path: Path) -> FileSections:
    tables = load(path, error=JobFileError)
    sections, issues = check_tables(tables, file=path.name)
    refuse_on_errors(issues, error=JobFileError, subject=str(path))
    assert sections is not None
    return sections


def _read_scenarios(
    sections: FileSections, found: JobInputs, path: Path, *, seed: int, level: Level
) -> tuple[ScenarioSpace, list[Issue]]:
    """The scenarios of a file, checked against their base, and warnings."""
    file = path.name
    scenarios, issues = read_space(sections, network=found.network, seed=seed, file=file)
    if issues:  # grids and samples cannot be listed; what is stated by name can be checked
        scenarios, sections = scenarios.keep_named(), replace(sections, grids=(), samples=())
    issues += check_scenarios(scenarios, sections, found, level=level, file=file)
    return scenarios, refuse_on_errors(issues, error=JobFileError, subject=str(path))


def _moves_people(job: Job) -> bool:
    """Whether the network's districts are as a history of theirs has them."""
    return job.demand is not None and job.demand.options.district_history is not None


def _count_hours(found: JobInputs, *, days: int | None) -> float:
    """Hours over which energy not served is counted: the days stated, or the months ahead."""
    if days is not None:
        return 24.0 * days
    as_of = found.state.as_of
    grid = forecast_grid(as_of, months=found.config.months, zone=found.network.manifest.zone)
    return float((grid.end - as_of) / HOUR)


def _identify(context: SweepContext, path: Path, job: Job) -> dict[str, Any]:
    files = describe_inputs(job.inputs)
    return {
        "file": hashlib.sha256(path.read_bytes()).hexdigest(),
        "level": context.level,
        "seed": context.seed,
        "as_of": context.state.as_of.isoformat(),
        "samples": context.forecast.samples if context.level == "forecast" else 0,
        "inputs": sorted([Path(entry["path"]).name, entry["sha256"]] for entry in files),
    }
