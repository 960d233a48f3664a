"""``gridtool network``: list, show, check, convert and generate networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridtool.cli.lazy import HELP_OPTIONS
from gridtool.cli.options import OutputOptions, network_argument, output_options, seed_option

if TYPE_CHECKING:  # what a command needs is loaded when it runs
    from gridtool.errors import Issue
    from gridtool.network.model import CityNetwork
    from gridtool.report.tables import NamedTable

__all__ = ["network"]


@click.group(context_settings=HELP_OPTIONS)
def network() -> None:
    """List, show, check, convert and generate networks.

    A NETWORK is a name (see `gridtool network list`), the folder of a network package, or a
    pandapower (.json, .xlsx) or MATPOWER (.m) file.

    \b
    Example:
        gridtool network list
        gridtool network check rivercity
    """


@network.command(name="list")
@output_options
def list_(*, output: OutputOptions) -> None:
    """List the networks that can be named: those in ./networks, then the shipped ones.

    \b
    Example:
        gridtool network list
        gridtool network list --format csv
    """
    from gridtool.cli.output import emit
    from gridtool.errors import NetworkError
    from gridtool.network.catalog import list_networks
    from gridtool.network.read import read_package
    from gridtool.report.network import table_catalog
    from gridtool.report.result import Result

    found: dict[str, tuple[Path, CityNetwork | NetworkError]] = {}
    for name, folder in list_networks().items():
        try:
            found[name] = (folder, read_package(folder))
        except NetworkError as error:
            found[name] = (folder, error)
    emit(
        Result(
            command="network list",
            tables=(table_catalog(found),),
            next_command="gridtool network show NETWORK",
        ),
        output,
    )


@network.command()
@network_argument
@click.option("--substation", metavar="ID", help="Show what stands in one substation instead.")
@output_options
def show(network: str, *, substation: str | None, output: OutputOptions) -> None:
    """Show what NETWORK holds: districts, voltage levels, sources, assumptions.

    \b
    Example:
        gridtool network show rivercity
        gridtool network show rivercity --substation SS-07
        gridtool network show grid.json --format json
    """
    from gridtool.cli.output import emit
    from gridtool.network.catalog import find_network, load_network
    from gridtool.report.network import describe_network, tables_network
    from gridtool.report.result import Result

    city = load_network(network)
    emit(
        Result(
            command="network show",
            tables=tables_network(city) if substation is None else (_one(city, substation),),
            verdict=describe_network(city),
            inputs=(find_network(network),),
            headline={
                "peak_mw": city.peak_mw,
                "substations": float(len(city.substations)),
                "feeders": float(len(city.feeders)),
            },
            zone=city.manifest.zone,
        ),
        output,
    )


def _one(city: CityNetwork, substation: str) -> NamedTable:
    """The table of one substation of the registry."""
    from gridtool.formats import nearest
    from gridtool.network.registry import build_registry
    from gridtool.report.network import table_substation

    registry = build_registry(city)
    if substation not in registry:
        close = nearest(substation, list(registry))
        hint = f"; did you mean {close}?" if close else ""
        raise click.BadParameter(
            f"there is no substation {substation!r}{hint}", param_hint="'--substation'"
        )
    return table_substation(registry[substation])


@network.command()
@network_argument
@output_options
def check(network: str, *, output: OutputOptions) -> None:
    """Check NETWORK: every finding at once, in electrical words.

    Errors end with exit code 3; warnings are listed, and end with 3 under --strict.

    \b
    Example:
        gridtool network check rivercity
        gridtool network check grid.m --strict
    """
    from gridtool.cli.output import emit
    from gridtool.errors import NetworkError, raise_on_errors
    from gridtool.network.catalog import find_network, load_network
    from gridtool.network.check import check_network
    from gridtool.report.network import describe_findings, table_findings
    from gridtool.report.result import Result

    path = find_network(network)
    city = load_network(network)
    issues = check_network(city)
    if path.is_file():
        issues = [_name_by_asset(issue, path) for issue in issues]
    raise_on_errors(issues, NetworkError, subject=network)
    emit(
        Result(
            command="network check",
            tables=(table_findings(issues),),
            verdict=describe_findings(city, issues),
            inputs=(path,),
            warnings=tuple(issues) if output.strict else (),
            headline={"findings": float(len(issues))},
            next_command=f"gridtool assess {network}",
        ),
        output,
    )


def _name_by_asset(issue: Issue, path: Path) -> Issue:
    """A finding on a foreign file: it has no tables of ours, so the assets say where."""
    assets = ", ".join(issue.ids[:3])
    message = f"{assets}: {issue.message}" if assets else issue.message
    return replace(issue, file=path.name, row=None, message=message)


@network.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", type=click.Path(path_type=Path), metavar="TARGET")
@click.option(
    "--ignore-extras",
    is_flag=True,
    help="Leave out parts of a pandapower file that have no counterpart here.",
)
@output_options
def convert(source: str, target: Path, *, ignore_extras: bool, output: OutputOptions) -> None:
    """Convert SOURCE to TARGET: a new network package, or a pandapower file (.json).

    \b
    Example:
        gridtool network convert case24.m rts
        gridtool network convert rivercity rivercity.json
    """
    from gridtool.cli.output import emit
    from gridtool.network.catalog import find_network, load_network
    from gridtool.report.network import describe_network, tables_network
    from gridtool.report.result import Result

    city = load_network(source, ignore_extras=ignore_extras)
    if target.suffix.lower() == ".json":
        from gridtool.network.foreign import write_pandapower_json

        write_pandapower_json(city, target)
    else:
        from gridtool.network.write import write_package

        write_package(city, target)
    emit(
        Result(
            command="network convert",
            tables=tables_network(city),
            verdict=f"{describe_network(city)} Written to {target}.",
            inputs=(find_network(source),),
            next_command=f"gridtool network check {target}",
        ),
        output,
    )


@network.command()
@click.argument("target", type=click.Path(path_type=Path), metavar="TARGET")
@click.option(
    "--substations",
    type=click.IntRange(10, 400),
    default=60,
    show_default=True,
    help="Number of 110/10 kV substations.",
)
@click.option("--name", help="Id of the network (default: the name of TARGET).")
@click.option(
    "--calibrate/--no-calibrate",
    default=True,
    show_default=True,
    help="Calibrate the DC power-flow margin against AC power flow.",
)
@seed_option
@output_options
def generate(
    target: Path,
    *,
    substations: int,
    name: str | None,
    calibrate: bool,
    seed: int,
    output: OutputOptions,
) -> None:
    """Generate a synthetic city of any size as the new network package TARGET.

    \b
    Example:
        gridtool network generate mycity --substations 30 --seed 7
    """
    from gridtool.cli.output import emit
    from gridtool.network.synthetic import generate_city
    from gridtool.network.write import write_package
    from gridtool.report.network import describe_network, tables_network
    from gridtool.report.result import Result

    city = generate_city(substations=substations, seed=seed, name=name or target.resolve().name)
    if calibrate:
        from gridtool.flow.margin import calibrate_margin

        margin = calibrate_margin(city, seed=seed)
        city = replace(city, manifest=replace(city.manifest, pf_margin=margin))
    write_package(city, target)
    emit(
        Result(
            command="network generate",
            tables=tables_network(city),
            verdict=f"{describe_network(city)} Written to {target}.",
            seed=seed,
            next_command=f"gridtool assess {target}",
        ),
        output,
    )
