"""``gridtool assess``: what is out now, and what the next outage would cost."""

from __future__ import annotations

from pathlib import Path

import click

from gridtool.cli.options import OutputOptions, damage_options, network_argument, output_options

__all__ = ["assess"]


@click.command()
@network_argument
@damage_options
@click.option("--no-ac", is_flag=True, help="Leave out the check by AC power flow.")
@click.option(
    "--top",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Next outages shown, the worst first.",
)
@click.option(
    "--demand-factor",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Demand over the reference peak.",
)
@click.option(
    "--import-limit",
    type=click.FloatRange(0),
    metavar="MW",
    help="What all infeeds together may import.",
)
@click.option(
    "--mld",
    is_flag=True,
    help="Maximum load delivery of a MATPOWER case (.m), by the objective of "
    "PowerModelsRestoration.jl; statuses count, damage tables do not.",
)
@click.option(
    "--mld-form",
    type=click.Choice(["dc", "ac"]),
    help="Power flow behind --mld: dc (default), or ac with voltages, reactive power and losses.",
)
@output_options
def assess(
    *,
    network: str,
    damage: tuple[Path, ...],
    as_of: str | None,
    tz: str | None,
    quarantine: bool,
    no_ac: bool,
    top: int,
    demand_factor: float,
    import_limit: float | None,
    mld: bool,
    mld_form: str | None,
    output: OutputOptions,
) -> None:
    """Show what is out in NETWORK: served load, customers, limits, next outages.

    Damage is taken from the reports given; without any the intact network is assessed.

    \b
    Example:
        gridtool assess rivercity
        gridtool assess rivercity --damage networks/rivercity/damage --top 5
        gridtool assess case24.m --mld --format json
        gridtool assess case24.m --mld --mld-form ac
    """
    if mld:
        from gridtool.cli.mld import run_load_delivery

        if damage or as_of is not None or import_limit is not None or demand_factor != 1.0:
            raise click.UsageError(
                "--mld takes the case as it is: leave out --damage, --as-of, --demand-factor "
                "and --import-limit"
            )
        run_load_delivery(network, form=mld_form or "dc", output=output)
        return
    if mld_form is not None:
        raise click.UsageError("--mld-form says how --mld reckons: give --mld too")
    from gridtool.cli.output import emit
    from gridtool.cli.state import read_state
    from gridtool.flow.assess import assess as assess_state
    from gridtool.network.catalog import load_network
    from gridtool.report.assess import describe_assessment, headline_numbers, tables_assessment
    from gridtool.report.result import Result

    city = load_network(network)
    found = read_state(city, damage=damage, as_of=as_of, tz=tz, quarantine=quarantine)
    result = assess_state(
        found.state,
        ac=not no_ac,
        demand_factor=demand_factor,
        import_limit_mw=import_limit,
    )
    emit(
        Result(
            command="assess",
            tables=tables_assessment(result, top=top),
            verdict=describe_assessment(found.state, result),
            as_of=found.state.as_of,
            inputs=found.inputs,
            warnings=found.warnings,
            headline=headline_numbers(result),
            zone=found.zone,
        ),
        output,
    )
