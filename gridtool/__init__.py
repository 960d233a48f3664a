"""Restoration schedules and shortage forecasts for a damaged city's power network.

The arrows of the chain, one call each::

    import gridtool as gt

    city = gt.load_network("rivercity")
    batch = gt.read_reports(["damage.csv"], city, zone=city.manifest.zone)
    state = gt.state_as_of(city, batch.reports, as_of)
    assessment = gt.assess(state)
    plan = gt.plan_restoration(state, gt.read_resources("resources/", city), seed=1)
    demand = gt.fit_demand(gt.read_history("history.csv", zone=zone, network=city), ...)
    forecast = gt.forecast_shortage(state, plan, demand, config=gt.ForecastConfig(), seed=1)

Results are frozen objects holding frames. Names load when they are first used, so that
``import gridtool`` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gridtool.errors import (
    AnalysisError,
    DamageReportError,
    GridtoolError,
    HistoryError,
    Infeasible,
    InputError,
    Issue,
    JobFileError,
    MissingExtra,
    NetworkError,
    PowerFlowDiverged,
    ResourcesError,
    RunLocked,
    SolverLimit,
    StoreError,
)

if TYPE_CHECKING:  # what type checkers and editors see; at run time __getattr__ loads
    from gridtool.damage.ledger import state_as_of
    from gridtool.damage.read import read_reports
    from gridtool.flow.assess import assess
    from gridtool.forecast.demand.fit import fit_demand
    from gridtool.forecast.history.read import read_history
    from gridtool.forecast.model import ForecastConfig
    from gridtool.forecast.shortage import forecast_shortage
    from gridtool.jobs.read import read_job
    from gridtool.jobs.run import run_job
    from gridtool.network.catalog import load_network
    from gridtool.restoration.plan import PlanConfig, plan_restoration
    from gridtool.restoration.resources import read_resources

__version__ = "0.1.0"

__all__ = [
    "AnalysisError",
    "DamageReportError",
    "ForecastConfig",
    "GridtoolError",
    "HistoryError",
    "Infeasible",
    "InputError",
    "Issue",
    "JobFileError",
    "MissingExtra",
    "NetworkError",
    "PlanConfig",
    "PowerFlowDiverged",
    "ResourcesError",
    "RunLocked",
    "SolverLimit",
    "StoreError",
    "assess",
    "fit_demand",
    "forecast_shortage",
    "load_network",
    "plan_restoration",
    "read_history",
    "read_job",
    "read_reports",
    "read_resources",
    "run_job",
    "state_as_of",
]

_HOMES = {
    "ForecastConfig": "gridtool.forecast.model",
    "PlanConfig": "gridtool.restoration.plan",
    "assess": "gridtool.flow.assess",
    "fit_demand": "gridtool.forecast.demand.fit",
    "forecast_shortage": "gridtool.forecast.shortage",
    "load_network": "gridtool.network.catalog",
    "plan_restoration": "gridtool.restoration.plan",
    "read_history": "gridtool.forecast.history.read",
    "read_job": "gridtool.jobs.read",
    "read_reports": "gridtool.damage.read",
    "read_resources": "gridtool.restoration.resources",
    "run_job": "gridtool.jobs.run",
    "state_as_of": "gridtool.damage.ledger",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gridtool' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
