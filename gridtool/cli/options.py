"""Options shared by commands, each one decorator."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

__all__ = [
    "OutputOptions",
    "Threshold",
    "damage_options",
    "network_argument",
    "output_options",
    "parse_threshold",
    "parse_zone",
    "resources_option",
    "seed_option",
]

P = ParamSpec("P")
R = TypeVar("R")

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_THRESHOLD = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(>=|<=|>|<)\s*([-+0-9.eE]+)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A ``--fail-on`` condition, e.g. ``unserved_mw>50``."""

    text: str
    name: str
    comparison: str
    limit: float

    def crossed(self, value: float) -> bool:
        """Whether ``value`` meets the condition (NaN never does)."""
        return _COMPARISONS[self.comparison](value, self.limit)


def parse_threshold(condition: str) -> Threshold:
    """A ``--fail-on`` condition from text.

    Raises
    ------
    click.BadParameter
        If it is not a name, a comparison and a number.
    """
    match = _THRESHOLD.fullmatch(condition)
    try:
        limit = float(match.group(3)) if match else None
    except ValueError:
        limit = None
    if match is None or limit is None:
        raise click.BadParameter(
            f"{condition!r} is not a condition; write a name, one of > >= < <=, and a number: "
            "'unserved_mw>50'"
        )
    return Threshold(
        text=condition.strip(), name=match.group(1), comparison=match.group(2), limit=limit
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """How a command answers: see ``--help``. ``progress`` None means: on a terminal only."""

    format: Literal["table", "json", "csv"] = "table"
    out: Path | None = None
    quiet: bool = False
    verbose: int = 0
    progress: bool | None = None
    strict: bool = False
    fail_on: tuple[Threshold, ...] = ()


def output_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options on output; the command gets one keyword ``output: OutputOptions``."""

    @functools.wraps(command)
    def with_output(*args: Any, **kwargs: Any) -> R:
        output = OutputOptions(
            format=kwargs.pop("format"),
            out=kwargs.pop("out"),
            quiet=kwargs.pop("quiet"),
            verbose=kwargs.pop("verbose"),
            progress=kwargs.pop("progress"),
            strict=kwargs.pop("strict"),
            fail_on=tuple(kwargs.pop("fail_on")),
        )
        return command(*args, output=output, **kwargs)

    options = (
        click.option(
            "--format",
            type=click.Choice(("table", "json", "csv")),
            default="table",
            show_default=True,
            help="Form of the data on stdout.",
        ),
        click.option(
            "-o",
            "--out",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Also write every table as CSV, and the JSON envelope, to this new folder.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors."),
        click.option("-v", "--verbose", count=True, help="All rows and notes."),
        click.option(
            "--progress/--no-progress",
            default=None,
            help="Progress on stderr (default: on a terminal only).",
        ),
        click.option("--strict", is_flag=True, help="Treat warnings as errors (exit code 3)."),
        click.option(
            "--fail-on",
            callback=lambda _context, _option, given: tuple(map(parse_threshold, given)),
            multiple=True,
            metavar="CONDITION",
            help="Exit with code 10 when it holds, e.g. 'unserved_mw>50'. Repeatable.",
        ),
    )
    return _apply(options, with_output)


def network_argument(command: Callable[..., R]) -> Callable[..., R]:
    """Add the argument NETWORK (keyword ``network: str``): a name, a folder or a file."""
    return _apply((click.argument("network", metavar="NETWORK"),), command)


def seed_option(command: Callable[..., R]) -> Callable[..., R]:
    """Add ``--seed`` (keyword ``seed: int``)."""
    option = click.option(
        "--seed",
        type=click.IntRange(0, 2**63 - 1),
        default=1,
        show_default=True,
        help="Seed of everything random; the same seed gives the same bytes.",
    )
    return _apply((option,), command)


def resources_option(
    without: str = "without it nothing is repaired",
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Add ``--resources`` (keyword ``resources: Path | None``).

    Parameters
    ----------
    without
        What it means to leave it out; empty where it cannot be.
    """

    def decorate(command: Callable[..., R]) -> Callable[..., R]:
        option = click.option(
            "--resources",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Folder with crews.csv, and spares.csv, arrivals.csv, mobile_units.csv and "
            "repairs.csv where there are any" + (f"; {without}." if without else "."),
        )
        return _apply((option,), command)

    return decorate


def damage_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options on damage.

    Keywords: ``damage: tuple[Path, ...]``, ``as_of: str | None``, ``tz: str | None``,
    ``quarantine: bool``; :func:`gridtool.cli.state.read_state` turns them into a state.
    """
    options = (
        click.option(
            "--damage",
            type=click.Path(path_type=Path),
            multiple=True,
            metavar="PATH",
            help="Damage reports: a file, or a folder of them. Repeatable.",
        ),
        click.option(
            "--as-of",
            metavar="TIME",
            help="Use what was known at this time, e.g. 2027-01-12T08:00 (default: the latest "
            "report).",
        ),
        click.option(
            "--tz",
            metavar="ZONE",
            help="Zone of times without offset, e.g. Europe/Kyiv (default: the network's).",
        ),
        click.option(
            "--quarantine",
            is_flag=True,
            help="Set refused report rows aside and go on with the rest.",
        ),
    )
    return _apply(options, command)


def _apply(options: tuple[Callable[..., Any], ...], command: Callable[..., R]) -> Callable[..., R]:
    for option in reversed(options):
        command = cast("Callable[..., R]", option(command))
    return command


def parse_zone(tz: str) -> ZoneInfo:
    """The zone of ``--tz``.

    Raises
    ------
    click.BadParameter
        If there is none of that name.
    """
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.BadParameter(
            f"{tz!r} is not a time zone; write a name like 'Europe/Kyiv'", param_hint="'--tz'"
        ) from None
