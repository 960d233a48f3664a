"""Options of ``forecast`` that say what is simulated, and how they become its settings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gridtool.cli.numbers import FiniteRange, Percentage

if TYPE_CHECKING:
    from gridtool.forecast.model import ForecastConfig
    from gridtool.network.model import CityNetwork

__all__ = ["FuturesOptions", "futures_options", "make_forecast_config"]

R = TypeVar("R")

WEEK_H = 168.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FuturesOptions:
    """What the user says of the futures to simulate, before the network is known."""

    months: int
    samples: int
    until: float | None
    workers: int
    outlook: bool
    shares: bool
    slip_weeks: float
    import_change_mw: float
    further_damage: Path | None


def make_forecast_config(options: FuturesOptions, network: CityNetwork) -> ForecastConfig:
    """The settings of the forecast.

    Raises
    ------
    JobFileError
        If the further damage is not stated soundly, with every finding.
    """
    from gridtool.forecast.model import ForecastConfig
    from gridtool.jobs.further_damage import expose_assets, read_further_damage
    from gridtool.jobs.settings import OUTLOOK_SAMPLES, SHARE_SAMPLES

    path = options.further_damage
    return ForecastConfig(
        months=options.months,
        samples=options.samples,
        workers=options.workers,
        until=options.until,
        outlook_samples=OUTLOOK_SAMPLES if options.outlook else 0,
        share_samples=SHARE_SAMPLES if options.shares else 0,
        further_damage=None
        if path is None
        else expose_assets(read_further_damage(path), network, file=path.name),
        slip_h=options.slip_weeks * WEEK_H,
        import_change_mw=options.import_change_mw,
    )


def futures_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options; the command gets one keyword ``futures: FuturesOptions``."""

    @functools.wraps(command)
    def with_futures(*args: Any, **kwargs: Any) -> R:
        names = tuple(FuturesOptions.__dataclass_fields__)
        futures = FuturesOptions(**{name: kwargs.pop(name) for name in names})
        return command(*args, futures=futures, **kwargs)

    decorated: Callable[..., R] = with_futures
    for option in reversed((*_size_options(), *_case_options())):
        decorated = option(decorated)
    return decorated


def _size_options() -> Sequence[Callable[..., Any]]:
    return (
        click.option(
            "--months",
            type=click.IntRange(1, 60),
            default=6,
            show_default=True,
            help="Calendar months ahead; the running one counts. No further than the history is "
            "long.",
        ),
        click.option(
            "--samples",
            type=click.IntRange(1, 1_000_000),
            default=1000,
            show_default=True,
            help="Simulated futures; with --until the most of them.",
        ),
        click.option(
            "--until",
            type=Percentage(),
            metavar="PERCENT",
            help="Stop when the standard error of all unserved energy is at most this share of "
            "it, e.g. 2%.",
        ),
        click.option(
            "--workers",
            type=click.IntRange(1, 256),
            default=2,
            show_default=True,
            help="Processes; they do not change the result.",
        ),
    )


def _case_options() -> Sequence[Callable[..., Any]]:
    return (
        click.option(
            "--outlook/--no-outlook",
            default=True,
            show_default=True,
            help="What repairs 2 and 4 weeks later, or 100 MW less import, would make of it.",
        ),
        click.option(
            "--shares/--no-shares",
            default=True,
            show_default=True,
            help="Which uncertainty decides: demand, repairs, outages, imports, further damage.",
        ),
        click.option(
            "--slip-weeks",
            type=FiniteRange(0, 104),
            default=0.0,
            metavar="WEEKS",
            help="Every repair ends so much later than executed.",
        ),
        click.option(
            "--import-change",
            "import_change_mw",
            type=FiniteRange(-100_000, 100_000),
            default=0.0,
            metavar="MW",
            help="Added to what may be imported in every month, e.g. -100.",
        ),
        click.option(
            "--further-damage",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A stated scenario of damage still to come (TOML, see forecasts/README.md); "
            "without it nothing more is damaged.",
        ),
    )
