"""``gridtool whatif``: what a change would make different."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridtool.cli.numbers import FiniteRange
from gridtool.cli.options import (
    OutputOptions,
    damage_options,
    network_argument,
    output_options,
    resources_option,
    seed_option,
)
from gridtool.restoration.budget import QUICK_SEARCH

if TYPE_CHECKING:
    from gridtool.forecast.model import DemandModel, ForecastConfig
    from gridtool.whatif.compare import Forecaster

__all__ = ["whatif"]


@click.command()
@network_argument
@damage_options
@click.option(
    "--out",
    "lost",
    multiple=True,
    metavar="ASSET",
    help="An asset that is destroyed in addition. Repeatable, or several with commas.",
)
@click.option(
    "--back",
    multiple=True,
    metavar="ASSET",
    help="A damaged asset that works again; a substation stands for all that is damaged in it. "
    "Repeatable, or several with commas.",
)
@click.option(
    "--import",
    "import_mw",
    type=FiniteRange(0, 1_000_000),
    metavar="MW",
    help="Most that all infeeds together import.",
)
@click.option(
    "--crews",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Number of crews: the first N of crews.csv, or copies of them in turn beyond their "
    "number.",
)
@resources_option()
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Hourly demand and temperature, to forecast the hours off in both cases.",
)
@click.option(
    "--months",
    type=click.IntRange(1, 60),
    default=3,
    show_default=True,
    help="Months of the forecast, the running one counted.",
)
@click.option(
    "--samples",
    type=click.IntRange(2, 100_000),
    default=100,
    show_default=True,
    help="Simulated futures of the forecast; both cases share their random numbers.",
)
@click.option(
    "--evaluations",
    type=click.IntRange(1, 1_000_000),
    default=QUICK_SEARCH,
    show_default=True,
    help="Budget of each plan's search, in dispatches of distinct states.",
)
@seed_option
@output_options
def whatif(
    *,
    network: str,
    damage: tuple[Path, ...],
    as_of: str | None,
    tz: str | None,
    quarantine: bool,
    lost: tuple[str, ...],
    back: tuple[str, ...],
    import_mw: float | None,
    crews: int | None,
    resources: Path | None,
    history: Path | None,
    months: int,
    samples: int,
    evaluations: int,
    seed: int,
    output: OutputOptions,
) -> None:
    """Show what a change would make different for NETWORK, against the case without it.

    \b
    Example:
        gridtool whatif rivercity --damage networks/rivercity/damage \\
            --resources networks/rivercity/resources --out SS-07 --import 600
    """
    from gridtool.cli.output import emit
    from gridtool.cli.state import read_state
    from gridtool.forecast.model import ForecastConfig
    from gridtool.jobs.demand import make_model
    from gridtool.jobs.model import DemandSource
    from gridtool.network.catalog import load_network
    from gridtool.report.result import Result
    from gridtool.report.whatif import describe_whatif, headline_whatif, tables_whatif
    from gridtool.restoration.model import PlanConfig
    from gridtool.restoration.resources import read_resources
    from gridtool.restoration.work.jobs import list_unused
    from gridtool.whatif.compare import compare_whatif
    from gridtool.whatif.scenario import Scenario

    scenario = Scenario(
        out=_split_ids(lost), back=_split_ids(back), import_mw=import_mw, crews=crews
    )
    _check_request(scenario.is_empty, crews=crews, resources=resources)
    city = load_network(network)
    found = read_state(city, damage=damage, as_of=as_of, tz=tz, quarantine=quarantine)
    demand, forecast = None, None
    if history is not None:
        demand = make_model(
            DemandSource(history=history),
            network=city,
            as_of=found.state.as_of,
            months=months,
        )
        config = ForecastConfig(months=months, samples=samples)
        forecast = _make_forecaster(demand.model, config=config, seed=seed)
    supplies = read_resources(resources, city) if resources else None
    result = compare_whatif(
        found.state,
        scenario,
        resources=supplies,
        config=PlanConfig(evaluations=evaluations),
        seed=seed,
        forecast=forecast,
    )
    emit(
        Result(
            command="whatif",
            tables=tables_whatif(result, zone=found.zone),
            verdict=describe_whatif(result, zone=found.zone),
            as_of=found.state.as_of,
            seed=seed,
            inputs=(*found.inputs, *(path for path in (resources, history) if path)),
            warnings=(
                *found.warnings,
                *(list_unused(found.state, supplies) if supplies else ()),
                *(demand.warnings if demand else ()),
            ),
            headline=headline_whatif(result),
            zone=found.zone,
            fallback=demand.fallback if demand else "",
        ),
        output,
    )


def _leave_out_to_assets(command: click.Command) -> None:
    """Here ``--out`` names assets: the folder for files is ``-o`` or ``--out-dir``."""
    for option in command.params:
        if option.name == "out":
            option.opts = ["-o", "--out-dir"]


_leave_out_to_assets(whatif)


def _split_ids(given: tuple[str, ...]) -> tuple[str, ...]:
    """Asset ids of all the options, each once, in order."""
    ids = (part.strip() for text in given for part in text.split(","))
    return tuple(dict.fromkeys(part for part in ids if part))


def _check_request(nothing: bool, *, crews: int | None, resources: Path | None) -> None:  # noqa: FBT001 - one plain answer
    if nothing:
        raise click.UsageError("say what changes: --out, --back, --import or --crews")
    if crews is not None and resources is None:
        raise click.UsageError("--crews needs --resources: the crews there are")


def _make_forecaster(model: DemandModel, *, config: ForecastConfig, seed: int) -> Forecaster:
    from gridtool.forecast.compare import PairedForecast, compare_premises
    from gridtool.forecast.premises import Premise
    from gridtool.whatif.compare import Case

    def forecast(as_is: Case, what_if: Case) -> PairedForecast:
        one, other = (
            Premise(state=state, plan=plan, config=config) for state, plan in (as_is, what_if)
        )
        return compare_premises(one, other, demand=model, seed=seed)

    return forecast
