"""The base of a sweep: a job file, or the sections of one in the file of scenarios."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gridtool.errors import Issue, JobFileError
from gridtool.formats.findings import refuse_on_errors
from gridtool.jobs.model import Job
from gridtool.jobs.read import parse_moment, read_job, resolve_settings
from gridtool.jobs.settings import check_settings
from gridtool.jobs.sweeps.read_settings import BaseSection, SweepSection

__all__ = ["read_base"]

_SECTIONS = ("damage", "resources", "plan", "demand", "forecast", "further_damage")


def read_base(
    section: BaseSection, sweep: SweepSection, path: Path, *, as_of: str | None = None
) -> Job:
    """The job that all scenarios change, with what the sweep wants of months, samples and search.

    What decides no row is left out: the outlook, the shares of uncertainties, the control
    variate, an error to stop at, bounds and AC verification of plans, and limits by the clock,
    by which a row could not be repeated.

    Parameters
    ----------
    path
        Of the file of scenarios: paths begin beside it.
    as_of
        In place of the base's time.

    Raises
    ------
    JobFileError
        With every finding.
    """
    job = _read_job(section, path) if section.job is not None else _make_job(section, path)
    if as_of is not None:
        moment, issues = parse_moment(as_of, job.network, file=path.name, field="--as-of")
        refuse_on_errors(issues, error=JobFileError, subject=str(path))
        job = replace(job, as_of=moment)
    plan, forecast = job.plan, job.forecast
    return replace(
        job,
        seed=job.seed if sweep.seed is None else sweep.seed,
        plan=replace(
            plan,
            evaluations=sweep.evaluations or plan.evaluations,
            time_limit_s=None,
            bound=False,
            ac=False,
        ),
        forecast=replace(
            forecast,
            months=sweep.months or forecast.months,
            samples=sweep.samples or forecast.samples,
            workers=1,
            until=None,
            share_samples=0,
            outlook_samples=0,
            control=False,
        ),
    )


def _read_job(section: BaseSection, path: Path) -> Job:
    beside = sorted(section.model_fields_set - {"job"})
    if beside:
        raise JobFileError(
            [
                Issue(
                    message="is given beside a job file, which says it",
                    file=path.name,
                    field=f"base.{key}",
                    hint="leave it out, or leave out base.job and give all of the base here",
                )
                for key in beside
            ],
            subject=str(path),
        )
    assert section.job is not None
    found = path.parent / section.job
    return read_job(found if found.is_file() else section.job)


def _make_job(section: BaseSection, path: Path) -> Job:
    """The job of a base that is given by its parts."""
    if section.network is None:
        raise JobFileError(
            Issue(
                message="is missing; so is base.job",
                file=path.name,
                field="base.network",
                hint="name a job file, or the network and what is known of its damage",
            ),
            subject=str(path),
        )
    about: dict[str, Any] = {"name": path.stem, "network": section.network}
    if section.as_of is not None:
        about["as_of"] = section.as_of
    tables: dict[str, Any] = {"format": "gridtool-job", "format_version": 1, "job": about}
    tables |= {key: given for key in _SECTIONS if (given := getattr(section, key)) is not None}
    settings, issues = check_settings(tables, file=path.name)
    refuse_on_errors(_place_in_base(issues), error=JobFileError, subject=str(path))
    assert settings is not None
    try:
        return resolve_settings(settings, path)
    except JobFileError as error:
        raise JobFileError(_place_in_base(error.issues), subject=str(path)) from None


def _place_in_base(issues: Iterable[Issue]) -> list[Issue]:
    """Findings about a job's keys as ones about those of the section [base]."""
    return [
        replace(issue, field=f"base.{(issue.field or '').removeprefix('job.')}") for issue in issues
    ]
