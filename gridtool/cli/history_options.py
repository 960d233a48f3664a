"""Options on how a demand history is to be understood, shared by forecast and demand."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from gridtool.forecast.demand.model import DemandEvent, SpecialDays
    from gridtool.forecast.history.model import History
    from gridtool.network.model import CityNetwork

__all__ = ["GivenHistory", "HistoryOptions", "history_options", "read_given_history"]

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryOptions:
    """How the user says a history is to be understood."""

    columns: dict[str, str]
    clock: Literal["auto", "utc", "local"]
    special_days: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenHistory:
    """A history and what the user says of its days and of what happened."""

    history: History
    special_days: SpecialDays
    events: tuple[DemandEvent, ...] = ()


def read_given_history(
    path: Path,
    options: HistoryOptions,
    *,
    zone: ZoneInfo,
    network: CityNetwork | None = None,
) -> GivenHistory:
    """The history and what is said beside it.

    Raises
    ------
    HistoryError
        With every finding.
    """
    from gridtool.forecast.demand.model import SpecialDays
    from gridtool.forecast.demand.special_days import read_special_days
    from gridtool.forecast.history.read import read_history

    days = read_special_days(options.special_days) if options.special_days else SpecialDays()
    history = read_history(
        path, zone=zone, columns=options.columns, clock=options.clock, network=network
    )
    return GivenHistory(history=history, special_days=days)


def history_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add ``--column``, ``--clock``, ``--special-days``; the command gets one keyword
    ``reading: HistoryOptions``.
    """

    @functools.wraps(command)
    def with_reading(*args: Any, **kwargs: Any) -> R:
        reading = HistoryOptions(
            columns=kwargs.pop("columns"),
            clock=kwargs.pop("clock"),
            special_days=kwargs.pop("special_days"),
        )
        return command(*args, reading=reading, **kwargs)

    options = (
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
            type=click.Choice(("auto", "utc", "local")),
            default="auto",
            show_default=True,
            help="What times without an offset from UTC are in.",
        ),
        click.option(
            "--special-days",
            type=click.Path(path_type=Path),
            metavar="CSV",
            help="Days lived as holidays, past and ahead: a column 'date'.",
        ),
    )
    decorated: Callable[..., R] = with_reading
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


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
