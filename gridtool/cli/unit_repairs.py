"""Body of ``gridtool restore CASE.m --unit-repairs``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gridtool.cli.output import OutputOptions, emit
from gridtool.cli.stopping import watch_signals
from gridtool.errors import Issue, NetworkError
from gridtool.report.result import Result

if TYPE_CHECKING:
    from gridtool.flow.mld_case import MatpowerFile
    from gridtool.restoration.unit_repairs.model import UnitRepairPlan

__all__ = ["matpower_path", "run_unit_repairs"]


def run_unit_repairs(
    path: str | Path,
    *,
    periods: int | None = None,
    evaluations: int | None = None,
    seed: int = 1,
    bound: bool = True,
    ac_redispatch: bool = False,
    time_limit_s: float | None = None,
    output: OutputOptions,
) -> None:
    """Order the repairs of a MATPOWER case, one a period or in ``periods`` periods.

    A signal or the time limit ends the search with the best order found so far, labelled.

    Raises
    ------
    NetworkError
        If the file is no MATPOWER case or has findings.
    AnalysisError
        With storage and too many repairs.
    """
    from gridtool.flow.mld_case import read_matpower_file
    from gridtool.report.unit_repairs import (
        describe_unit_repairs,
        tables_unit_repairs,
        unit_repair_facts,
    )
    from gridtool.restoration.unit_repairs.damage import case_of_file
    from gridtool.restoration.unit_repairs.plan import plan_unit_repairs

    file = read_matpower_file(matpower_path(path, "--unit-repairs"))
    with watch_signals() as stop:
        plan = plan_unit_repairs(
            case_of_file(file),
            count=periods,
            evaluations=evaluations,
            seed=seed,
            bound=bound,
            stop=stop,
            clock=time.monotonic,
            time_limit_s=time_limit_s,
        )
    warnings: tuple[Issue | str, ...] = tuple(file.assumptions)
    if plan.stopped:
        warnings += (f"stopped: {plan.stopped}; this is the best order found until then",)
    facts, words = unit_repair_facts(plan), describe_unit_repairs(plan)
    if ac_redispatch:
        redispatch = _redispatch(plan, file)
        facts = facts | {"ac_redispatch": redispatch}
        words += f" By AC power flow the objective is {redispatch['objective']:.4f} p.u."
    result = Result(
        command="restore",
        tables=tables_unit_repairs(plan),
        verdict=words,
        seed=seed,
        inputs=(Path(path),),
        warnings=warnings,
        headline={
            "objective": plan.objective,
            "upper_bound": plan.upper_bound,
            "gap_pct": plan.gap_pct,
            "energy_not_served": plan.energy_not_served,
        },
        facts=facts,
    )
    try:
        emit(result, output)
    finally:
        if stop.exit_code:
            raise click.exceptions.Exit(stop.exit_code)


def _redispatch(plan: UnitRepairPlan, file: MatpowerFile) -> dict[str, Any]:
    """What the plan serves by AC power flow, period by period."""
    from gridtool.flow.mld_ac_case import ac_case_of_matpower
    from gridtool.restoration.unit_repairs.redispatch import redispatch_plan

    found = redispatch_plan(plan, ac_case_of_matpower(file))
    return {"objective": found.objective, "served": list(found.served_pu)}


def matpower_path(path: str | Path, option: str) -> Path:
    """``path`` if it is a MATPOWER case, which ``option`` needs."""
    path = Path(path)
    if path.suffix.lower() != ".m":
        raise NetworkError(
            Issue(
                message=f"{option} works on a MATPOWER case",
                file=str(path),
                value=path.suffix or path.name,
                accepted="a .m file",
                hint="write the network as a MATPOWER case first",
            )
        )
    return path
