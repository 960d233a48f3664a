"""Options on how a demand history is to be understood, shared by every command that reads one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from gridtool.jobs.history_options import GivenHistory, HistoryOptions

if TYPE_CHECKING:
    from datetime import datetime

    from gridtool.network.model import CityNetwork

__all__ = [
    "GivenHistory",
    "HistoryOptions",
    "district_history_option",
    "history_argument",
    "history_options",
    "read_given_history",
    "tz_option",
]

R = TypeVar("R")


def read_given_history(
    path: Path,
    options: HistoryOptions,
    *,
    zone: ZoneInfo,
    network: CityNetwork | None = None,
    as_of: datetime | None = None,
) -> GivenHistory:
    """See :func:`gridtool.jobs.given_history.read_given_history`, loaded when it is called."""
    from gridtool.jobs import given_history

    return given_history.read_given_history(path, options, zone=zone, network=network, as_of=as_of)


def history_argument(command: Callable[..., R]) -> Callable[..., R]:
    """Add the argument HISTORY (keyword ``history: Path``)."""
    argument = click.argument("history", type=click.Path(path_type=Path), metavar="HISTORY")
    decorated: Callable[..., R] = argument(command)
    return decorated


def district_history_option(command: Callable[..., R]) -> Callable[..., R]:
    """Add ``--district-history``, below :func:`history_options`, which takes it as well."""
    option = click.option(
        "--district-history",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="What each district took: a time and a column for each, or a column 'district'. It "
        "overrules the shares of the network's feeders.",
    )
    decorated: Callable[..., R] = option(command)
    return decorated


def tz_option(command: Callable[..., R]) -> Callable[..., R]:
    """Add ``--tz`` of a history that belongs to no network (keyword ``tz: str``)."""
    option = click.option(
        "--tz",
        metavar="ZONE",
        default="UTC",
        show_default=True,
        help="Zone of the history's local days, e.g. Europe/Kyiv.",
    )
    decorated: Callable[..., R] = option(command)
    return decorated


def history_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options on a history; the command gets one keyword ``reading: HistoryOptions``."""

    @functools.wraps(command)
    def with_reading(*args: Any, **kwargs: Any) -> R:
        names = tuple(HistoryOptions.__dataclass_fields__)
        reading = HistoryOptions(**{name: kwargs.pop(name) for name in names if name in kwargs})
        return command(*args, reading=reading, **kwargs)

    decorated: Callable[..., R] = with_reading
    for option in reversed((*_file_options(), *_meaning_options())):
        decorated = option(decorated)
    return decorated


def _file_options() -> Sequence[Callable[..., Any]]:
    """How the file is laid out."""
    return (
        click.option(
            "--column",
            "columns",
            multiple=True,
            metavar="ROLE=NAME",
            callback=_split_columns,
            help="Column of the history by role, e.g. 'load_kw=Total'. Repeatable.",
        ),
        click.option(
            "--clock",
            type=click.Choice(("auto", "utc", "local", "standard")),
            default="auto",
            show_default=True,
            help="What times without an offset from UTC are in; standard: local without summer "
            "time.",
        ),
        click.option(
            "--hour-ending/--hour-beginning",
            default=None,
            help="Whether times are the ends of their intervals (default: as the column's name "
            "says).",
        ),
        click.option("--sheet", metavar="NAME", help="Sheet of a workbook (default: the first)."),
        click.option(
            "--outages",
            type=click.Path(path_type=Path),
            metavar="CSV",
            help="Log of hours in which less was served than wanted: from, to, and the load shed "
            "where it is known.",
        ),
    )


def _meaning_options() -> Sequence[Callable[..., Any]]:
    """What is known of the days, of what happened, and of the model."""
    return (
        click.option(
            "--country",
            metavar="CODE[-REGION]",
            help="Country whose public holidays are kept, e.g. UA or US-NY; none is assumed.",
        ),
        click.option(
            "--special-days",
            type=click.Path(path_type=Path),
            metavar="CSV",
            help="Days and periods lived otherwise, past and ahead: date or from,to; kind; like. "
            "They overrule those of --country.",
        ),
        click.option(
            "--events",
            type=click.Path(path_type=Path),
            metavar="CSV",
            help="Outages, moves of the level and rebounds that you know of: kind, from, to, "
            "change_pct, note.",
        ),
        click.option(
            "--model-kind",
            metavar="NAME",
            default="auto",
            show_default=True,
            help="Fit this model instead of the one that the history can carry.",
        ),
    )


def _split_columns(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> dict[str, Any]:
    columns = {}
    for pair in given:
        role, separator, name = pair.partition("=")
        if not separator or not role.strip() or not name.strip():
            raise click.BadParameter(f"{pair!r} is not ROLE=NAME, e.g. 'load_mw=Total'")
        columns[role.strip()] = name.strip()
    return columns
