"""Options that the commands of ``gridtool job`` share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from gridtool.cli.options import OutputOptions

if TYPE_CHECKING:
    from gridtool.jobs.runs.model import ChainAnswer
    from gridtool.jobs.store.open import Store, StoreAddress

__all__ = ["Bars", "find_store", "job_name_option", "open_history", "store_option"]

R = TypeVar("R")


def store_option(command: Callable[..., R]) -> Callable[..., R]:
    """Add ``--store`` (keyword ``store: str | None``)."""
    option = click.option(
        "--store",
        metavar="PLACE",
        help="Where the run history is: a folder, or postgresql://USER@HOST/DATABASE "
        "(default: GRIDTOOL_STORE, else a folder of this user).",
    )
    return option(command)


def job_name_option(command: Callable[..., R]) -> Callable[..., R]:
    """Add ``--job`` (keyword ``job_name: str | None``)."""
    option = click.option(
        "--job", "job_name", metavar="NAME", help="Only runs of the job of this name."
    )
    return option(command)


def find_store(store: str | None) -> StoreAddress:
    """The store of ``--store`` or of the environment; from now on its secrets are hidden.

    Raises
    ------
    StoreError
        If the address is not understood.
    """
    from gridtool.jobs.secrets import remember_secrets
    from gridtool.jobs.store.open import resolve_store

    remember_secrets(store=store, environ=os.environ)
    return resolve_store(store, environ=os.environ)


@contextmanager
def open_history(address: StoreAddress, *, purpose: str) -> Iterator[Store]:
    """The store for writing, held as ``purpose``: what others are told who find it locked.

    Raises
    ------
    RunLocked
        If another process holds it.
    StoreError
        If it is not there or cannot be opened.
    """
    from gridtool.jobs.clock import read_clock
    from gridtool.jobs.store.lock import this_process
    from gridtool.jobs.store.open import open_store, read_store

    read_store(address)  # a command on past runs begins no history
    now = read_clock()
    with open_store(address, holder=this_process(purpose, now=now), now=now) as opened:
        yield opened


class Bars:
    """Stages of a computation as bars on a terminal."""

    def __init__(self, output: OutputOptions) -> None:
        self._output = output
        self._stack = ExitStack()
        self._advance: Callable[[int], None] = lambda _steps: None

    def stage(self, words: str, steps: int | None) -> None:
        """A stage begins; the one before has ended."""
        from gridtool.cli.output import progress

        self.end()
        self._advance = self._stack.enter_context(progress(self._output, steps, words))

    def advance(self, done: int) -> None:
        """So many steps more are done."""
        self._advance(done)

    def keep(self, answer: ChainAnswer) -> None:
        """Nothing to show."""

    def end(self) -> None:
        """Take the bar away."""
        self._stack.close()
        self._advance = lambda _steps: None
