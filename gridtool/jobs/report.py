"""What the chain of a job gave, as tables, verdict and headline figures."""

from __future__ import annotations

from gridtool.jobs.run import JobResult
from gridtool.report.chain import headline_chain, tables_chain
from gridtool.report.restore import chart_plan
from gridtool.report.restore_words import warn_stopped
from gridtool.report.result import Result
from gridtool.report.tables import Chart
from gridtool.report.verdict import write_verdict

__all__ = ["report_job"]


def report_job(result: JobResult) -> Result:
    """The report of a job's chain."""
    zone = result.network.manifest.zone
    plan = result.plan
    charts: tuple[Chart, ...] = ()
    if plan is not None and plan.jobs:
        charts = (chart_plan(plan, zone=zone),)
    return Result(
        command="run",
        tables=tables_chain(
            result.state,
            result.assessment,
            plan=plan,
            completions=result.completions,
            forecast=result.forecast,
        ),
        verdict=write_verdict(
            result.network,
            result.assessment,
            damaged=len(result.state.damage),
            plan=plan,
            forecast=result.forecast,
        ),
        charts=charts,
        as_of=result.state.as_of,
        seed=result.job.seed,
        inputs=result.job.inputs,
        warnings=(*result.warnings, *(warn_stopped(plan) if plan is not None else ())),
        headline=headline_chain(result.assessment, plan=plan, forecast=result.forecast),
        facts={"stopped": plan.stopped if plan is not None else ""},
        zone=zone,
        fallback=result.fallback,
    )
