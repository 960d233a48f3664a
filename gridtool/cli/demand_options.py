"""Options that commands on the demand model share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

__all__ = ["calibrate_option", "months_option", "paths_option"]

R = TypeVar("R")


def calibrate_option(command: Callable[..., R]) -> Callable[..., R]:
    """Add ``--calibrate`` (keyword ``calibrate: bool``)."""
    option = click.option(
        "--calibrate/--no-calibrate",
        default=True,
        show_default=True,
        help="Scale the spread as a test of the model on its own past asks for; some seconds.",
    )
    decorated: Callable[..., R] = option(command)
    return decorated


def months_option(command: Callable[..., R]) -> Callable[..., R]:
    """Add ``--months`` (keyword ``months: int``)."""
    option = click.option(
        "--months",
        type=click.IntRange(1, 24),
        default=6,
        show_default=True,
        help="Calendar months ahead.",
    )
    decorated: Callable[..., R] = option(command)
    return decorated


def paths_option(command: Callable[..., R]) -> Callable[..., R]:
    """Add ``--paths`` (keyword ``paths: int``)."""
    option = click.option(
        "--paths",
        type=click.IntRange(20, 100_000),
        default=500,
        show_default=True,
        help="Simulated paths.",
    )
    decorated: Callable[..., R] = option(command)
    return decorated
