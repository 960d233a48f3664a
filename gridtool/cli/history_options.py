"""Options on how a demand history is to be understood, shared by forecast and demand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = ["history_options"]

R = TypeVar("R")


def history_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add ``--column``, ``--clock``, ``--special-days``.

    Keywords: ``columns: dict[str, str]``, ``clock: str``, ``special_days: Path | None``.
    """
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
    for option in reversed(options):
        command = option(command)
    return command


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
