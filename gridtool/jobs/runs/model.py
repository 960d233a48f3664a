"""What is asked of a computed run, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from gridtool.errors import GridtoolError
from gridtool.jobs.store.model import RunRecord

__all__ = [
    "Chain",
    "ChainAnswer",
    "ChainEnded",
    "ChainEvents",
    "ChainLimits",
    "ChainRequest",
    "RunOutcome",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRequest:
    """A job to be computed: everything that decides the published bytes.

    Attributes
    ----------
    settings
        The job's settings as plain JSON values, with every path relative to ``root``.
    root
        Folder in which the inputs lie; it decides nothing.
    as_of
        Aware UTC; inputs are taken as known then.
    generated_at
        The moment that the published files state: that of the run's start.
    gridtool_version
        Of the program.
    samples
        Instead of the job's, None for the job's; 0 for no forecast.
    degraded
        Why this is not the full run, in words; empty where it is. It labels all that is published.
    remarks
        What was found before the run (inputs that were late, a model that drifts): published as
        warnings.
    """

    settings: Mapping[str, Any]
    root: Path
    as_of: datetime
    generated_at: datetime
    gridtool_version: str
    samples: int | None = None
    degraded: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLimits:
    """When a computation has to end; none of it decides a byte of what is complete.

    ``deadline_s`` counts from now by a clock that is never set back; after it the forecast is
    made of the samples done. ``stop`` gives the number of a signal that came, else 0.
    """

    deadline_s: float | None = None
    stop: Callable[[], int] = lambda: 0
    workers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainAnswer:
    """What is to be published.

    Attributes
    ----------
    files
        Content by name: ``result.json``, ``report.txt``, ``tables/<name>.csv``,
        ``tables/<name>.parquet``, ``samples/<name>.parquet``.
    headline
        Figures for ``--fail-on``, metrics and ``job diff``.
    samples
        Futures behind the forecast; 0 without one.
    wanted
        Futures that were asked for.
    complete
        Whether the whole chain was run; False where a signal ended it after the plan.
    fallback
        Why the demand model is a weaker one than the files promised; empty where it is not.
    warnings
        In words.
    repeatable
        Whether the same request gives the same bytes; not where a clock cut the search for the
        plan.
    degraded
        The label on the files: the request's, or why the forecast has fewer futures.
    """

    files: Mapping[str, bytes]
    headline: Mapping[str, float]
    samples: int = 0
    wanted: int = 0
    complete: bool = True
    fallback: str = ""
    warnings: tuple[str, ...] = ()
    repeatable: bool = True
    degraded: str = ""


class ChainEvents(Protocol):
    """Told how a computation goes on; for logs, and progress on a terminal."""

    def stage(self, words: str, steps: int | None) -> None:
        """A stage begins; the one before has ended."""
        ...

    def advance(self, done: int) -> None:
        """So many steps of the stage are done since the last call."""
        ...

    def keep(self, answer: ChainAnswer) -> None:
        """The best answer so far: published if the computation is ended from now on."""
        ...


class ChainEnded(Exception):
    """The computation ended before it was done, through no fault of its inputs.

    ``reason`` is ``signal``, ``deadline``, ``memory`` or ``died``; ``answer`` is the best there
    was by then (state and plan), None if nothing; ``signal_number`` 0 unless a signal ended it.
    """

    def __init__(
        self,
        reason: str,
        words: str,
        *,
        answer: ChainAnswer | None = None,
        signal_number: int = 0,
    ) -> None:
        super().__init__(words)
        self.reason = reason
        self.answer = answer
        self.signal_number = signal_number


Chain = Callable[[ChainRequest, ChainLimits, ChainEvents], ChainAnswer]
"""Computes a request. Raises InputError and AnalysisError as the chain does, and ChainEnded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """How ``gridtool job run`` ended, for people, metrics and notifications.

    ``repeated`` says that the same run had been done before and nothing was computed. ``error``
    is what refused or failed the run, ``record`` its row as it was written at the end. ``folder``
    is that of the published files, ``crossed`` the conditions that were met, ``warnings`` what
    went wrong beside the run.
    """

    run_id: str
    exit_code: int
    message: str
    repeated: bool = False
    folder: Path | None = None
    answer: ChainAnswer | None = None
    crossed: tuple[str, ...] = field(default=())
    warnings: tuple[str, ...] = ()
    error: GridtoolError | None = None
    record: RunRecord | None = None
