"""``gridtool restore``: the order of repairs, who does them, and when the load is back."""

from __future__ import annotations

from pathlib import Path

import click

from gridtool.cli.numbers import FiniteRange
from gridtool.cli.options import (
    OutputOptions,
    damage_options,
    network_argument,
    output_options,
    seed_option,
)

__all__ = ["restore"]


@click.command()
@network_argument
@damage_options
@click.option(
    "--resources",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Folder with crews.csv, and spares.csv and arrivals.csv where spares are needed.",
)
@click.option(
    "--evaluations",
    type=click.IntRange(1, 1_000_000),
    default=4000,
    show_default=True,
    help="Budget of the search, in dispatches of distinct states.",
)
@click.option(
    "--demand-factor",
    type=FiniteRange(0, 10, min_open=True),
    default=1.0,
    show_default=True,
    help="Demand that repairs are valued at, over the reference peak.",
)
@click.option("--compare", is_flag=True, help="Print the plan against the rules people use.")
@seed_option
@output_options
def restore(
    *,
    network: str,
    damage: tuple[Path, ...],
    as_of: str | None,
    tz: str | None,
    quarantine: bool,
    resources: Path,
    evaluations: int,
    demand_factor: float,
    compare: bool,
    seed: int,
    output: OutputOptions,
) -> None:
    """Plan the repairs of NETWORK: crews, spares, restoration curve and ETR.

    \b
    Example:
        gridtool restore rivercity --damage networks/rivercity/damage \\
            --resources networks/rivercity/resources --compare
    """
    from gridtool.cli.output import Result, emit
    from gridtool.cli.state import read_state
    from gridtool.network.catalog import load_network
    from gridtool.report.restore import chart_plan, describe_plan, tables_restoration
    from gridtool.restoration.execute import COMPLETIONS, simulate_completions
    from gridtool.restoration.model import PlanConfig
    from gridtool.restoration.plan import plan_restoration
    from gridtool.restoration.resources import read_resources

    city = load_network(network)
    found = read_state(city, damage=damage, as_of=as_of, tz=tz, quarantine=quarantine)
    plan = plan_restoration(
        found.state,
        read_resources(resources, city),
        config=PlanConfig(evaluations=evaluations, demand_factor=demand_factor),
        seed=seed,
    )
    completions = simulate_completions(plan, n=COMPLETIONS, seed=seed)
    emit(
        Result(
            command="restore",
            tables=tables_restoration(plan, completions, compare=compare),
            verdict=describe_plan(plan, zone=found.zone),
            charts=(chart_plan(plan, zone=found.zone),),
            as_of=found.state.as_of,
            seed=seed,
            inputs=(*found.inputs, resources),
            warnings=found.warnings,
            headline={
                "ens_mwh": plan.ens_mwh,
                "repairs": float(len(plan.jobs)),
                "repair_days": plan.curve["time"].iloc[-1].timestamp() / 86400
                - found.state.as_of.timestamp() / 86400,
            },
            zone=found.zone,
        ),
        output,
    )
