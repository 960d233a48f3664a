"""How a run is asked for, and with what it is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from gridtool.jobs.clock import read_clock
from gridtool.jobs.runs.compute import Silent
from gridtool.jobs.runs.model import Chain, ChainEvents
from gridtool.jobs.runs.settings_dump import Overrides
from gridtool.jobs.runs.thresholds import Limit
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.open import Store

__all__ = ["RunTools", "RunWish"]


def _no_remarks(_store: Store, _job: str) -> tuple[str, ...]:
    return ()


def _nothing_after(_store: Store, _run: RunRecord) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWish:
    """What is asked of a run beside its job file.

    Attributes
    ----------
    slot
        The scheduled instant (aware) that it is for; None by hand.
    force
        Do it though the same run was done.
    fail_on
        Conditions under which it ends with exit code 10.
    strict
        Refuse what has warnings.
    remarks
        Found before the run (inputs that are late): published as warnings.
    run_id
        Of the new row; None: made.
    deadline_s
        Seconds from the start; None: as the job's schedule says.
    """

    overrides: Overrides = field(default_factory=Overrides)
    slot: datetime | None = None
    force: bool = False
    fail_on: tuple[Limit, ...] = ()
    strict: bool = False
    remarks: tuple[str, ...] = ()
    run_id: str | None = None
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTools:
    """With what a run is done.

    Attributes
    ----------
    stop
        Gives the number of a signal that came, else 0.
    remark
        Given the open store and the job's name, what is to be said in the report (drift).
    after
        Given the open store and the run's last row (metrics); gives what went wrong, in words.
    """

    chain: Chain
    gridtool_version: str
    clock: Callable[[], datetime] = read_clock
    monotonic: Callable[[], float] = time.monotonic
    stop: Callable[[], int] = lambda: 0
    events: ChainEvents = field(default_factory=Silent)
    remark: Callable[[Store, str], tuple[str, ...]] = _no_remarks
    after: Callable[[Store, RunRecord], tuple[str, ...]] = _nothing_after
