"""Body of ``gridtool restore CASE.m --unit-repairs``."""

from __future__ import annotations

from pathlib import Path

from gridtool.cli.output import OutputOptions, Result, emit
from gridtool.errors import Issue, NetworkError

__all__ = ["matpower_path", "run_unit_repairs"]


def run_unit_repairs(
    path: str | Path,
    *,
    periods: int | None = None,
    evaluations: int | None = None,
    seed: int = 1,
    output: OutputOptions,
) -> None:
    """Order the repairs of a MATPOWER case, one a period or in ``periods`` periods.

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
    plan = plan_unit_repairs(case_of_file(file), count=periods, evaluations=evaluations, seed=seed)
    emit(
        Result(
            command="restore",
            tables=tables_unit_repairs(plan),
            verdict=describe_unit_repairs(plan),
            seed=seed,
            inputs=(Path(path),),
            warnings=file.assumptions,
            headline={
                "objective": plan.objective,
                "upper_bound": plan.upper_bound,
                "gap_pct": plan.gap_pct,
                "energy_not_served": plan.energy_not_served,
            },
            facts=unit_repair_facts(plan),
        ),
        output,
    )


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
