"""What a job reads, understood: the network and its state as known at a time, crews, demand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gridtool.damage.ledger import state_as_of
from gridtool.damage.model import GridState
from gridtool.damage.read import ReportBatch, read_reports
from gridtool.errors import Issue
from gridtool.forecast.model import ForecastConfig
from gridtool.jobs.clock import read_clock
from gridtool.jobs.demand import MadeModel, make_model
from gridtool.jobs.districts import move_districts
from gridtool.jobs.further_damage import expose_assets
from gridtool.jobs.model import Job
from gridtool.network.catalog import load_network
from gridtool.network.model import CityNetwork
from gridtool.restoration.model import Resources
from gridtool.restoration.resources import read_resources
from gridtool.restoration.work.jobs import list_unused

__all__ = ["JobInputs", "find_as_of", "read_inputs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInputs:
    """What the files of a job hold.

    ``config`` is how the shortage is forecast, with the further damage that the job states.
    Parts that the job leaves out are None.
    """

    job: Job
    network: CityNetwork
    reports: ReportBatch | None
    resources: Resources | None
    state: GridState
    demand: MadeModel | None
    config: ForecastConfig
    warnings: tuple[Issue | str, ...]


def read_inputs(job: Job, *, gridtool_version: str = "", now: datetime | None = None) -> JobInputs:
    """Read the files of ``job``, and fit its demand model.

    Parameters
    ----------
    gridtool_version
        Of the program, to say that a saved demand model is of another one.
    now
        The present (aware), by which a history can be of the future; None: the clock's.

    Raises
    ------
    InputError
        If an input is refused: network, reports, resources or the history, with every finding.
    """
    network = load_network(job.network)
    batch = _read_reports(job, network)
    resources = read_resources(job.resources, network) if job.resources else None
    as_of = job.as_of or _latest_report(batch) or _this_hour(now)
    network, said = _place_people(job, network, as_of=as_of)
    state = state_as_of(network, batch.reports if batch else (), as_of)
    demand = None
    if job.demand is not None:
        demand = make_model(
            job.demand,
            network=network,
            as_of=state.as_of,
            months=job.forecast.months,
            gridtool_version=gridtool_version,
            now=now,
        )
    return JobInputs(
        job=job,
        network=network,
        reports=batch,
        resources=resources,
        state=state,
        demand=demand,
        config=_state_damage(job, network),
        warnings=(
            *_report_warnings(batch),
            *(list_unused(state, resources) if resources is not None else ()),
            *(demand.warnings if demand is not None else ()),
            *said,
        ),
    )


def find_as_of(job: Job, *, now: datetime) -> datetime:
    """The job's time; else that of the latest report; else the hour of ``now`` (aware UTC).

    Raises
    ------
    InputError
        If network and reports have to be read for it and one is refused.
    """
    if job.as_of is not None:
        return job.as_of
    batch = _read_reports(job, load_network(job.network)) if job.reports else None
    return _latest_report(batch) or _this_hour(now)


def _state_damage(job: Job, network: CityNetwork) -> ForecastConfig:
    """The settings of the forecast, with the further damage that the job states."""
    if job.further_damage is None:
        return job.forecast
    damage = expose_assets(job.further_damage, network, file=job.path.name)
    return replace(job.forecast, further_damage=damage)


def _read_reports(job: Job, network: CityNetwork) -> ReportBatch | None:
    if not job.reports:
        return None
    zone = network.manifest.zone
    return read_reports(job.reports, network, zone=zone, quarantine=job.quarantine)


def _report_warnings(batch: ReportBatch | None) -> tuple[Issue, ...]:
    if batch is None:
        return ()
    return (*batch.warnings, *(entry[-1] for entry in batch.rejected))


def _latest_report(batch: ReportBatch | None) -> datetime | None:
    reports = batch.reports if batch else ()
    times = [max(report.reported_at, report.recorded_at) for report in reports]
    return max(times, default=None)


def _this_hour(now: datetime | None) -> datetime:
    return (now or read_clock()).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _place_people(
    job: Job, network: CityNetwork, *, as_of: datetime
) -> tuple[CityNetwork, tuple[str, ...]]:
    """The network with its districts as their history has them, where the job gives one."""
    if job.demand is None:
        return network, ()
    source = job.demand
    return move_districts(
        network,
        source.options.district_history,
        zone=ZoneInfo(source.timezone) if source.timezone else network.manifest.zone,
        as_of=as_of,
        months=job.forecast.months,
    )
