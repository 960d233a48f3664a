"""``gridtool restore``: the order of repairs, who does them, and when the load is back."""

from __future__ import annotations

from pathlib import Path

import click

from gridtool.cli.history_options import HistoryOptions, history_options
from gridtool.cli.numbers import FiniteRange
from gridtool.cli.options import (
    OutputOptions,
    damage_options,
    network_argument,
    output_options,
    resources_option,
    seed_option,
)
from gridtool.cli.restore_options import PlanOptions, plan_options

__all__ = ["restore"]

_ALL_JOBS = "*"


@click.command()
@network_argument
@damage_options
@resources_option("")
@plan_options
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Hourly demand: repairs are valued at the demand it lets expect, not at the peak.",
)
@history_options
@click.option("--compare", is_flag=True, help="Print the plan against the rules people use.")
@click.option(
    "--explain",
    "explained",
    is_flag=False,
    flag_value=_ALL_JOBS,
    multiple=True,
    metavar="[JOB]",
    help="Say why JOB (an asset, or a job's id) stands where it stands; without JOB a table of "
    "all jobs. Repeatable.",
)
@click.option(
    "--replan",
    type=click.Path(path_type=Path),
    metavar="PREVIOUS",
    help="Keep started jobs and the order of this plan (the JSON of restore, or its output "
    "folder), and say what moves and why.",
)
@click.option(
    "--replan-threshold",
    "threshold_pct",
    type=FiniteRange(0, 100),
    metavar="PCT",
    help="What each move must save with --replan, percent of the energy not served (0.5).",
)
@click.option(
    "--value-of",
    is_flag=True,
    help="Print what one more crew of each type, each spare a week sooner or one more of it, and "
    "each mobile unit is worth.",
)
@click.option(
    "--unit-repairs",
    is_flag=True,
    help="Order one repair per period of a MATPOWER case with damage tables (NETWORK), as in the "
    "literature.",
)
@click.option(
    "--periods",
    type=click.IntRange(1, 10_000),
    metavar="R",
    help="Periods with --unit-repairs (default: one for each damaged component).",
)
@click.option(
    "--ac-redispatch",
    is_flag=True,
    help="Dispatch each period of --unit-repairs by AC power flow as well.",
)
@seed_option
@output_options
@click.pass_context
def restore(
    context: click.Context,
    *,
    network: str,
    damage: tuple[Path, ...],
    as_of: str | None,
    tz: str | None,
    quarantine: bool,
    resources: Path | None,
    planning: PlanOptions,
    history: Path | None,
    reading: HistoryOptions,
    compare: bool,
    explained: tuple[str, ...],
    replan: Path | None,
    threshold_pct: float | None,
    value_of: bool,
    unit_repairs: bool,
    periods: int | None,
    ac_redispatch: bool,
    seed: int,
    output: OutputOptions,
) -> None:
    """Plan the repairs of NETWORK: crews, spares, restoration curve and ETR.

    Ctrl-C or SIGTERM ends the search: the best plan found so far is printed, labelled, with exit
    code 130 or 143.

    \b
    Example:
        gridtool restore rivercity --damage networks/rivercity/damage \\
            --resources networks/rivercity/resources --compare
        gridtool restore rivercity --damage networks/rivercity/damage \\
            --resources networks/rivercity/resources --explain SS-08/T2 --weight hospital=5
        gridtool restore rivercity --damage networks/rivercity/damage \\
            --resources networks/rivercity/resources --replan runs/yesterday
        gridtool restore case24.m --unit-repairs
    """
    from gridtool.cli.restore_checks import check_request, is_given

    check_request(context)
    if unit_repairs:
        from gridtool.cli.unit_repairs import run_unit_repairs

        run_unit_repairs(
            network,
            periods=periods,
            evaluations=planning.evaluations if is_given(context, "evaluations") else None,
            seed=seed,
            bound=planning.bound,
            ac_redispatch=ac_redispatch,
            time_limit_s=planning.time_limit_s,
            output=output,
        )
        return
    from gridtool.cli.restore_work import Request, run_restore
    from gridtool.restoration.advice.replan import THRESHOLD_PCT

    run_restore(
        Request(
            network=network,
            damage=damage,
            as_of=as_of,
            tz=tz,
            quarantine=quarantine,
            resources=resources or Path(),
            planning=planning,
            history=history,
            reading=reading,
            compare=compare,
            explain_all=_ALL_JOBS in explained,
            explained=tuple(name for name in explained if name != _ALL_JOBS),
            previous=replan,
            threshold_pct=THRESHOLD_PCT if threshold_pct is None else threshold_pct,
            value_of=value_of,
            seed=seed,
        ),
        output,
    )
