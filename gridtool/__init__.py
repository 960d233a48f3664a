"""Restoration schedules and shortage forecasts for a damaged city's power network.

The arrows of the chain, one call each::

    import gridtool as gt

    city = gt.load_network("rivercity")
    batch = gt.read_reports(["damage.csv"], city, zone=city.manifest.zone)
    state = gt.state_as_of(city, batch.reports, as_of)
    assessment = gt.assess(state)
    plan = gt.plan_restoration(state, gt.read_resources("resources/", city), seed=1)
    history = gt.read_demand_history("history.csv", zone=city.manifest.zone)
    demand = gt.fit_history(history, peak_mw=city.peak_mw, special_days=gt.holidays_of("PL", ...))
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
    from gridtool.forecast.demand.censored.read_events import read_events
    from gridtool.forecast.demand.choose import fit_history
    from gridtool.forecast.demand.days.holidays import holidays_of
    from gridtool.forecast.demand.days.read_special_days import read_special_days
    from gridtool.forecast.demand.fit import fit_demand
    from gridtool.forecast.demand.saved.read_model import read_model
    from gridtool.forecast.demand.saved.refit import refit_reasons
    from gridtool.forecast.demand.saved.write import write_model
    from gridtool.forecast.demand.scoring.backtest import backtest_demand
    from gridtool.forecast.demand.scoring.calibrate import calibrate
    from gridtool.forecast.history.read import read_demand_history, read_history
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
    "backtest_demand",
    "calibrate",
    "fit_demand",
    "fit_history",
    "forecast_shortage",
    "holidays_of",
    "load_network",
    "plan_restoration",
    "read_demand_history",
    "read_events",
    "read_history",
    "read_job",
    "read_model",
    "read_reports",
    "read_resources",
    "read_special_days",
    "refit_reasons",
    "run_job",
    "state_as_of",
    "write_model",
]

_HOMES = {
    "ForecastConfig": "gridtool.forecast.model",
    "PlanConfig": "gridtool.restoration.plan",
    "assess": "gridtool.flow.assess",
    "backtest_demand": "gridtool.forecast.demand.scoring.backtest",
    "calibrate": "gridtool.forecast.demand.scoring.calibrate",
    "fit_demand": "gridtool.forecast.demand.fit",
    "fit_history": "gridtool.forecast.demand.choose",
    "forecast_shortage": "gridtool.forecast.shortage",
    "holidays_of": "gridtool.forecast.demand.days.holidays",
    "load_network": "gridtool.network.catalog",
    "plan_restoration": "gridtool.restoration.plan",
    "read_demand_history": "gridtool.forecast.history.read",
    "read_events": "gridtool.forecast.demand.censored.read_events",
    "read_history": "gridtool.forecast.history.read",
    "read_job": "gridtool.jobs.read",
    "read_model": "gridtool.forecast.demand.saved.read_model",
    "read_reports": "gridtool.damage.read",
    "read_resources": "gridtool.restoration.resources",
    "read_special_days": "gridtool.forecast.demand.days.read_special_days",
    "refit_reasons": "gridtool.forecast.demand.saved.refit",
    "run_job": "gridtool.jobs.run",
    "state_as_of": "gridtool.damage.ledger",
    "write_model": "gridtool.forecast.demand.saved.write",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gridtool' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
