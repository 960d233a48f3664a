"""``gridtool adequacy``: how often, and how far, a generating system falls short of its load.

Without more it is answered exactly, by convolution (one area) or enumeration (areas with
interfaces). Two options hand over to modules of their own, imported when they are asked for:

- ``--samples`` or ``--storage``: ``gridtool.cli.adequacy_sampled.simulate_system(system, load, *,
  storage: Path | None, samples: int, until: float | None, workers: int | None,
  seed: int, output: OutputOptions)``
- ``--network``: ``gridtool.cli.adequacy_composite.assess_network(network: str, load: LoadSeries,
  *, method: "enumerate" | "sample", shedding: "total" | "proportional" | "priority",
  by: "month" | "week" | None, least_probability: float, samples: int | None,
  until: float | None, workers: int | None, seed: int, output: OutputOptions)``

Both return a :class:`gridtool.report.adequacy.AdequacyAnswer`.
"""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal

import click

from gridtool.cli.options import OutputOptions, output_options, parse_zone, seed_option

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from gridtool.forecast.adequacy.read_system import SystemFiles
    from gridtool.report.adequacy import AdequacyAnswer

__all__ = ["adequacy", "parse_share"]

DEFAULT_SAMPLES = 10_000


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="UNITS LOAD")
@click.option(
    "--network",
    metavar="NETWORK",
    help="Units, lines and busbars of a network, with its limits, in place of UNITS.",
)
@click.option(
    "--method",
    type=click.Choice(("enumerate", "sample")),
    default=None,
    help="With --network: all states (default), or states drawn.",
)
@click.option(
    "--shedding",
    type=click.Choice(("total", "proportional", "priority")),
    default="proportional",
    show_default=True,
    help="With --network: how the shortage, whose total is unique, is split over busbars.",
)
@click.option(
    "--samples",
    type=click.IntRange(2, 100_000_000),
    help="Simulate this many years (10 000 where it must be simulated) instead of the exact "
    "answer; with --network: draw this many states (100 000).",
)
@click.option(
    "--until",
    metavar="SHARE",
    help="Stop when the standard error of the EUE is at most this share of it, e.g. '2%'; "
    "--samples are then the most.",
)
@click.option(
    "--least-probability",
    metavar="CHANCE",
    type=click.FloatRange(0.0, 1.0, max_open=True),
    help="With --network and all states: leave out states less probable, e.g. 1e-9; what they "
    "could add is said.",
)
@click.option(
    "--by",
    type=click.Choice(("month", "week")),
    help="With --network: by month or week as well; each of them takes as long as the whole.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="Processes of a simulation; they do not change the result. [default: 2 where it is long]",
)
@click.option(
    "--interfaces",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Links between areas: interface,from_area,to_area,forward_mw,backward_mw,for. Without "
    "it all areas are one.",
)
@click.option(
    "--availability",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Share of capacity by hour: hour (or timestamp) and a column for each unit concerned.",
)
@click.option(
    "--common-cause",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Events that take several units at once: event,probability,unit,count.",
)
@click.option(
    "--storage",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Storages; they need time, so the answer is simulated.",
)
@click.option(
    "--load-sd",
    metavar="SHARE",
    help="Standard deviation of each hour's load, as a share of it, e.g. '3%' (normal).",
)
@click.option(
    "--start",
    type=click.Choice(("stationary", "up")),
    default="stationary",
    show_default=True,
    help="Units at the first hour, and at their return: long in operation, or up for certain.",
)
@click.option(
    "--tz",
    metavar="ZONE",
    default="UTC",
    show_default=True,
    help="Zone of days, weeks and months, and of times without offset.",
)
@seed_option
@output_options
def adequacy(
    *,
    files: tuple[Path, ...],
    network: str | None,
    method: Literal["enumerate", "sample"] | None,
    shedding: Literal["total", "proportional", "priority"],
    samples: int | None,
    until: str | None,
    least_probability: float | None,
    by: Literal["month", "week"] | None,
    workers: int | None,
    interfaces: Path | None,
    availability: Path | None,
    common_cause: Path | None,
    storage: Path | None,
    load_sd: str | None,
    start: Literal["stationary", "up"],
    tz: str,
    seed: int,
    output: OutputOptions,
) -> None:
    """Say how short a generating system is of its load: LOLP, LOLE, EUE, by week and month.

    UNITS has the columns unit, count, capacity_mw, for, mttf_h, mttr_h (and area, and when units
    that are out return); LOAD has hour or timestamp, and load_mw or a column for each area.
    Load equal to capacity is no shortage; loads are not rounded.

    \b
    Example:
        gridtool adequacy forecasts/adequacy/rts79_units.csv forecasts/adequacy/rts79_load.csv.gz
        gridtool adequacy --network rts79 forecasts/adequacy/rts79_load.csv.gz --samples 100000
    """
    from gridtool.cli.output import emit
    from gridtool.forecast.adequacy.read_system import SystemFiles
    from gridtool.report.result import Result

    zone = parse_zone(tz)
    question = _Question(
        zone=zone,
        start=start,
        samples=samples,
        until=parse_share(until, "--until"),
        load_sd=parse_share(load_sd, "--load-sd"),
        storage=storage,
        workers=workers,
        seed=seed,
        output=output,
    )
    if network is not None:
        if load_sd is not None or any((interfaces, availability, common_cause, storage)):
            raise click.UsageError(
                "--network takes units and limits from the network: leave out --interfaces, "
                "--availability, --common-cause, --storage and --load-sd"
            )
        way = _choose_method(method, question, least_probability=least_probability)
        answer = _assess_network(
            network,
            files,
            question,
            method=way,
            shedding=shedding,
            by=by,
            least_probability=least_probability or 0.0,
        )
        inputs = files
    else:
        if len(files) != 2:
            raise click.UsageError("give two files: UNITS and LOAD (--network needs LOAD only)")
        if method is not None:
            raise click.UsageError("--method is for --network")
        if least_probability is not None or by is not None:
            raise click.UsageError("--least-probability and --by are for --network")
        given = SystemFiles(
            units=files[0],
            load=files[1],
            interfaces=interfaces,
            availability=availability,
            common_causes=common_cause,
        )
        answer = _assess_system(given, question)
        inputs = (*given.paths, *(() if storage is None else (storage,)))
    emit(
        Result(
            command="adequacy",
            tables=answer.tables,
            verdict=answer.verdict,
            seed=seed if answer.simulated else None,
            inputs=inputs,
            warnings=answer.warnings,
            headline=answer.headline,
            facts=answer.headline,
            zone=zone,
        ),
        output,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked of a system or a network; None: not asked for."""

    zone: ZoneInfo
    start: Literal["stationary", "up"]
    samples: int | None
    until: float | None
    load_sd: float | None
    storage: Path | None
    workers: int | None
    seed: int
    output: OutputOptions

    @property
    def sampled(self) -> bool:
        """Whether samples are asked for."""
        return self.samples is not None or self.until is not None


def _assess_system(given: SystemFiles, question: _Question) -> AdequacyAnswer:
    from gridtool.forecast.adequacy.read_system import read_system

    found = read_system(given, zone=question.zone, start=question.start)
    if question.sampled or question.storage is not None:
        if question.load_sd is not None:
            raise click.UsageError("--load-sd is for the exact answer: leave out --samples")
        sampled = _import_part("adequacy_sampled", "--samples")
        simulated: AdequacyAnswer = sampled.simulate_system(
            found.system,
            found.load,
            storage=question.storage,
            samples=question.samples or DEFAULT_SAMPLES,
            until=question.until,
            seed=question.seed,
            output=question.output,
            workers=question.workers,
        )
        return replace(simulated, warnings=(*found.warnings, *simulated.warnings))
    from gridtool.forecast.adequacy.areas_exact import assess_areas
    from gridtool.forecast.adequacy.exact import assess_pooled
    from gridtool.report.adequacy import answer_exactly

    if found.system.interfaces:
        if question.load_sd is not None:
            raise click.UsageError("--load-sd is for one area: leave out --interfaces")
        result = assess_areas(found.system, found.load)
    else:
        result = assess_pooled(found.system, found.load, load_sd=question.load_sd or 0.0)
    return answer_exactly(found.system, result, warnings=found.warnings)


def _choose_method(
    method: Literal["enumerate", "sample"] | None,
    question: _Question,
    *,
    least_probability: float | None,
) -> Literal["enumerate", "sample"]:
    chosen = method or ("sample" if question.sampled else "enumerate")
    if chosen == "sample" and least_probability is not None:
        raise click.UsageError("--least-probability is for all states, not for states drawn")
    if chosen == "enumerate" and question.sampled:
        raise click.UsageError("--samples and --until are for --method sample")
    return chosen


def _assess_network(
    network: str,
    files: tuple[Path, ...],
    question: _Question,
    *,
    method: Literal["enumerate", "sample"],
    shedding: Literal["total", "proportional", "priority"],
    by: Literal["month", "week"] | None,
    least_probability: float,
) -> AdequacyAnswer:
    from gridtool.forecast.adequacy.read_load import read_load

    if len(files) != 1:
        raise click.UsageError("with --network give one file: LOAD")
    composite = _import_part("adequacy_composite", "--network")
    load, warnings = read_load(files[0], zone=question.zone)
    answer: AdequacyAnswer = composite.assess_network(
        network,
        load,
        method=method,
        shedding=shedding,
        by=by,
        least_probability=least_probability,
        samples=question.samples,
        until=question.until,
        workers=question.workers,
        seed=question.seed,
        output=question.output,
    )
    return replace(answer, warnings=(*warnings, *answer.warnings))


def _import_part(name: str, option: str) -> ModuleType:
    """A part of this command that only some questions need."""
    try:
        return importlib.import_module(f"gridtool.cli.{name}")
    except ModuleNotFoundError as missing:
        if missing.name != f"gridtool.cli.{name}":
            raise
        raise click.UsageError(f"{option} is not part of this installation") from None


def parse_share(text: str | None, option: str) -> float | None:
    """A share such as ``2%`` or ``0.02``, above 0 and below 1.

    Raises
    ------
    click.BadParameter
        If it is none.
    """
    if text is None:
        return None
    number, percent = text.strip().removesuffix("%"), text.strip().endswith("%")
    try:
        share = float(number) / (100.0 if percent else 1.0)
    except ValueError:
        share = math.nan
    if not 0 < share < 1:
        raise click.BadParameter(
            f"{text!r} is not a share between 0 and 1; write '2%' or 0.02",
            param_hint=f"'{option}'",
        )
    return share
