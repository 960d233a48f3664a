"""``gridtool whatif``: what a change would make different."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

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
    from gridtool.jobs.sweeps.run import OnInterrupt
    from gridtool.whatif.compare import Forecaster
    from gridtool.whatif.model import Level

__all__ = ["whatif"]

_OF_A_CHANGE = (
    "damage",
    "tz",
    "quarantine",
    "lost",
    "back",
    "import_mw",
    "crews",
    "resources",
    "history",
    "months",
    "evaluations",
)
_OF_A_SWEEP = ("level", "workers", "cluster", "folder", "on_interrupt")


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
@click.option(
    "--level",
    type=click.Choice(("assess", "plan", "forecast")),
    help="Of a sweep: how far each scenario is evaluated, instead of what its file says.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    help="Of a sweep: processes on this machine (default: its processors).",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Of a sweep: scheduler of a Dask cluster that works on it, tcp://HOST:8786.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Of a sweep: keeps its rows, and what is done of it (default: beside the run history).",
)
@click.option(
    "--on-interrupt",
    type=click.Choice(("finish", "drop")),
    default="finish",
    show_default=True,
    help="Of a sweep: what Ctrl-C does with the scenarios that workers have; again drops them.",
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
    level: Level | None,
    workers: int | None,
    cluster: str | None,
    folder: Path | None,
    on_interrupt: OnInterrupt,
    seed: int,
    output: OutputOptions,
) -> None:
    """Show what a change would make different for NETWORK, against the case without it.

    With a file of scenarios, SCENARIOS.toml, in place of NETWORK all of them are evaluated and
    compared with the base and with each other. Their rows go to a folder as they come: stopped
    in any way, the same command goes on where it was.

    \b
    Example:
        gridtool whatif rivercity --damage networks/rivercity/damage \\
            --resources networks/rivercity/resources --out SS-07 --import 600
        gridtool whatif forecasts/scenarios/rivercity.toml --workers 4 --folder sweeps/january
    """
    if network.endswith(".toml"):
        _refuse_given(_OF_A_CHANGE, "a file of scenarios says what changes")
        if workers is not None and cluster is not None:
            raise click.UsageError("--workers are of this machine, --cluster has its own")
        from gridtool.cli.whatif_sweep import SweepWish, sweep_whatif

        sweep_whatif(
            SweepWish(
                path=Path(network),
                seed=seed if _is_given("seed") else None,
                as_of=as_of,
                level=level,
                samples=samples if _is_given("samples") else None,
                workers=workers,
                cluster=cluster,
                folder=folder,
                on_interrupt=on_interrupt,
            ),
            output,
        )
        return
    _refuse_given(_OF_A_SWEEP, "it is of a sweep: name a file of scenarios, SCENARIOS.toml")
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


def _is_given(name: str) -> bool:
    """Whether the option is on the command line, or in a variable."""
    source = click.get_current_context().get_parameter_source(name)
    return source not in {ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP, None}


def _refuse_given(names: Iterable[str], reason: str) -> None:
    for option in click.get_current_context().command.params:
        if option.name in names and _is_given(option.name):
            raise click.UsageError(f"{option.opts[0]} does not go with this: {reason}")


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
