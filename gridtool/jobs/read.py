"""A job file from TOML, with all findings at once."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from gridtool.errors import InputError, Issue, JobFileError
from gridtool.forecast.model import ForecastConfig
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.spelling import did_you_mean, list_words
from gridtool.formats.strict_toml import load
from gridtool.jobs.catalog import find_job
from gridtool.jobs.further_damage import to_statement
from gridtool.jobs.model import Job
from gridtool.jobs.paths import PathFinder
from gridtool.jobs.read_demand import check_demand, resolve_demand
from gridtool.jobs.schedule_section import resolve_schedule
from gridtool.jobs.settings import ForecastSection, JobSettings, PlanSection, check_settings
from gridtool.network.catalog import find_network
from gridtool.network.schema import CUSTOMER_CLASSES
from gridtool.restoration.model import ColdLoad, PlanConfig
from gridtool.timegrid import parse_timestamp

__all__ = [
    "check_statements",
    "find_network_path",
    "find_zone",
    "list_folders",
    "parse_moment",
    "read_job",
    "read_settings",
    "resolve_settings",
]

WEEK_H = 168.0


def read_job(name_or_path: str | Path) -> Job:
    """The job in a file, or the shipped job of that name.

    Paths in it are relative to the file, then to the network's folder.

    Raises
    ------
    JobFileError
        With every finding: unknown keys, wrong values, files that are not there.
    """
    settings, path = read_settings(name_or_path)
    return resolve_settings(settings, path)


def read_settings(name_or_path: str | Path) -> tuple[JobSettings, Path]:
    """What a job file says, before any path in it is looked for; and where the file is.

    Raises
    ------
    JobFileError
        With every finding: unknown keys, wrong values.
    """
    path = find_job(name_or_path)
    tables = load(path, error=JobFileError)
    settings, issues = check_settings(tables, file=path.name)
    refuse_on_errors(issues, error=JobFileError, subject=str(path))
    assert settings is not None
    return settings, path


def resolve_settings(settings: JobSettings, path: Path) -> Job:
    """The job that ``settings`` in a file at ``path`` mean; that file itself is not read.

    Raises
    ------
    JobFileError
        With every finding: values that contradict each other, files that are not there.
    """
    file = path.name
    network, issues = find_network_path(settings.job.network, path)
    finder = PathFinder(list_folders(network, path), file=file)
    as_of, found = parse_moment(settings.job.as_of, network, file=file, field="job.as_of")
    reports = [
        finder.find_reports(given, field="damage.reports")
        for given in (settings.damage.reports if settings.damage else [])
    ]
    resources = (
        finder.find_folder(settings.resources.folder, field="resources.folder")
        if settings.resources
        else None
    )
    plan, plan_issues = _resolve_plan(settings.plan, network, as_of=as_of, file=file)
    demand, zone_issues = resolve_demand(settings.demand, finder, file=file)
    schedule, schedule_issues = resolve_schedule(
        settings.schedule, zone=find_zone(network), file=file
    )
    issues += [*found, *plan_issues, *zone_issues, *schedule_issues, *finder.issues]
    refuse_on_errors(issues, error=JobFileError, subject=str(path))
    assert network is not None
    return Job(
        name=settings.job.name,
        path=path,
        network=network,
        as_of=as_of,
        seed=settings.job.seed,
        reports=tuple(report for group in reports for report in group),
        quarantine=settings.damage.quarantine if settings.damage else False,
        resources=resources,
        plan=plan,
        demand=demand,
        forecast=_resolve_forecast(settings.forecast),
        further_damage=None
        if settings.further_damage is None
        else to_statement(settings.further_damage),
        schedule=schedule,
    )


def list_folders(network: Path | None, path: Path) -> tuple[Path, ...]:
    """Where paths in a job file at ``path`` begin, in the order in which they are tried."""
    if network is None or not network.is_dir():
        return (path.parent,)
    return (path.parent, network)


def check_statements(settings: JobSettings, network: Path | None, *, file: str) -> list[Issue]:
    """What is wrong with ``settings`` whatever the input files hold, in the words of the reader."""
    as_of, issues = parse_moment(settings.job.as_of, network, file=file, field="job.as_of")
    _, plan_issues = _resolve_plan(settings.plan, network, as_of=as_of, file=file)
    return [*issues, *plan_issues, *check_demand(settings.demand, file=file)]


def find_network_path(given: str, path: Path) -> tuple[Path | None, list[Issue]]:
    """The network beside the job file, else by name or path as on the command line; None, and
    issues, if there is none."""
    beside = path.parent / given
    try:
        found = beside if beside.is_dir() or beside.is_file() else find_network(given)
    except InputError as error:
        return None, [
            Issue(
                message=issue.message,
                file=path.name,
                field="job.network",
                value=given,
                accepted=issue.accepted,
                hint=issue.hint,
            )
            for issue in error.issues
        ]
    if found.is_dir() or found.is_file():
        return found, []
    message = "is neither a folder nor a file"
    return None, [Issue(message=message, file=path.name, field="job.network", value=given)]


def parse_moment(
    given: str | datetime | date | None, network: Path | None, *, file: str, field: str
) -> tuple[datetime | None, list[Issue]]:
    """A time in UTC, or what is wrong with it; without offset it is local to the network."""
    if given is None:
        return None, []
    if isinstance(given, date) and not isinstance(given, datetime):
        given = datetime.combine(given, time())
    text = given if isinstance(given, str) else given.isoformat()
    try:
        return parse_timestamp(text, zone=find_zone(network)), []
    except ValueError as error:
        return None, [
            Issue(
                message=str(error),
                file=file,
                field=field,
                accepted="a time such as 2027-01-12T08:00+02:00",
            )
        ]


def _resolve_plan(
    section: PlanSection, network: Path | None, *, as_of: datetime | None, file: str
) -> tuple[PlanConfig, list[Issue]]:
    field = "plan.deadline"
    deadline, issues = parse_moment(section.deadline, network, file=file, field=field)
    if deadline is not None and as_of is not None and deadline <= as_of:
        message = "is not after job.as_of"
        issues.append(Issue(message=message, file=file, field=field, value=str(section.deadline)))
    issues += [
        Issue(
            message="is not a customer class",
            file=file,
            field=f"plan.weights.{word}",
            accepted=list_words(CUSTOMER_CLASSES),
            hint=did_you_mean(word, CUSTOMER_CLASSES),
        )
        for word in section.weights
        if word not in CUSTOMER_CLASSES
    ]
    config = PlanConfig(
        evaluations=section.evaluations,
        horizon_days=section.horizon_days,
        protected_weight=section.protected_weight,
        class_weights=dict(section.weights),
        deadline=deadline,
        durations=section.durations,
        cold_load=None if section.cold_load is None else ColdLoad(factor=section.cold_load),
        time_limit_s=section.time_limit_s,
        bound=section.bound,
        ac=section.ac,
    )
    return config, issues


def _resolve_forecast(section: ForecastSection) -> ForecastConfig:
    return ForecastConfig(
        months=section.months,
        samples=section.samples,
        workers=section.workers,
        until=section.until,
        outlook_samples=section.outlook,
        share_samples=section.shares,
        slip_h=section.slip_weeks * WEEK_H,
        import_change_mw=section.import_change_mw,
    )


def find_zone(network: Path | None) -> ZoneInfo:
    """The zone that the manifest of a network names; UTC for a foreign file, which has none."""
    if network is None or not network.is_dir():
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(str(load(network / "network.toml").get("timezone", "UTC")))
    except (InputError, KeyError, ValueError, OSError):
        return ZoneInfo("UTC")  # the network's reader refuses the manifest, with reasons
