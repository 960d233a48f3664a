"""Run a sweep: blocks of scenarios to workers, rows to the folder, until all are there."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Literal, Protocol

from gridtool.jobs.sweeps.blocks import Block, BlockRows
from gridtool.jobs.sweeps.folder import SHELF, SweepFolder
from gridtool.jobs.sweeps.pace import BlockSize, Pace
from gridtool.jobs.sweeps.parts import encode_rows
from gridtool.whatif.executor import PartExecutor, WorkerLost
from gridtool.whatif.model import ScenarioList, failed_row

__all__ = ["LOST_TWICE", "OnInterrupt", "SweepEvents", "SweepOutcome", "run_sweep"]

OnInterrupt = Literal["finish", "drop"]
LOST_TWICE = "the worker that evaluated it ended, and so did another one"
LOOK_S = 0.2
"""Seconds between looks at whether to stop; also how long a signal may go unseen."""
BLOCK_S = 0.5
"""What a block should take, s: a thousand times what it takes to hand it over, and short enough
for Ctrl-C to wait for."""


class SweepEvents(Protocol):
    """Told how a sweep goes on."""

    def advanced(self, pace: Pace) -> None:
        """More scenarios are done, or some time went by."""
        ...

    def noted(self, words: str) -> None:
        """Something to be known: a worker was lost, an end was asked for."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOutcome:
    """How a run of a sweep ended.

    Attributes
    ----------
    count, done
        Scenarios of the sweep, and those whose rows are kept.
    found
        Of these, how many were there before this run.
    failed
        Rows of this run that say why there is no outcome.
    lost
        Times that a worker ended before its time.
    seconds
        Duration of this run.
    signal_number
        Of the signal that ended it; 0 if none did.
    """

    count: int
    done: int
    found: int
    failed: int
    lost: int
    seconds: float
    signal_number: int = 0

    @property
    def is_finished(self) -> bool:
        """Whether all scenarios are done."""
        return self.done == self.count


@dataclass(frozen=True, slots=True)
class _Trial:
    """A block handed out; ``again`` if the worker of an earlier trial was lost."""

    block: Block
    again: bool = False


def run_sweep(
    folder: SweepFolder,
    scenarios: ScenarioList,
    *,
    executor: PartExecutor,
    events: SweepEvents,
    stop: Callable[[], int] = lambda: 0,
    on_interrupt: OnInterrupt = "finish",
    block_s: float = BLOCK_S,
    clock: Callable[[], float] = time.monotonic,
) -> SweepOutcome:
    """Evaluate the scenarios that have no row yet.

    The rows are on the disk block by block, in whatever order workers give them; the table that
    is made of them in the end has the same bytes for any workers, and however often the sweep was
    interrupted. A worker that dies costs the block it had: its scenarios are evaluated once more,
    each by itself, and one that ends its worker again gets a row that says so.

    Parameters
    ----------
    executor
        Runs :func:`gridtool.jobs.sweeps.blocks.start_blocks`; the caller closes it.
    stop
        Gives the number of a signal that asks for an end, else 0.
    on_interrupt
        What becomes of blocks under way after Ctrl-C; after any other signal they are dropped.

    Raises
    ------
    StoreError
        If rows cannot be written. What is written stays.
    GridtoolError
        If workers cannot start, or the cluster is lost.
    """
    sweep = _RunningSweep(
        folder, scenarios, executor=executor, events=events, block_s=block_s, clock=clock
    )
    signal_number = sweep.work(stop, on_interrupt=on_interrupt)
    if sweep.pace.done == folder.count and not folder.is_finished:
        folder.finish()
    return SweepOutcome(
        count=folder.count,
        done=sweep.pace.done,
        found=sweep.found,
        failed=sweep.failed,
        lost=sweep.lost,
        seconds=clock() - sweep.began,
        signal_number=signal_number,
    )


class _RunningSweep:
    """What is left, what workers have, and what came back."""

    def __init__(
        self,
        folder: SweepFolder,
        scenarios: ScenarioList,
        *,
        executor: PartExecutor,
        events: SweepEvents,
        block_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._folder, self._scenarios = folder, scenarios
        self._executor, self._events = executor, events
        self._left = deque(folder.find_missing())
        self._left_rows = sum(end - first for first, end in self._left)
        self._again: deque[Block] = deque()
        self._out: dict[Future[BlockRows], _Trial] = {}
        self._back: SimpleQueue[Future[BlockRows]] = SimpleQueue()
        self._size = BlockSize(target_s=block_s, most=SHELF)
        self._shelves = _Shelves(folder)
        self.began = clock()
        self.found = folder.count - self._left_rows
        self.pace = Pace(clock, done=self.found, count=folder.count)
        self.failed = 0
        self.lost = 0

    def work(self, stop: Callable[[], int], *, on_interrupt: OnInterrupt) -> int:
        """Go on until all is done or an end is asked for; gives the signal's number, else 0."""
        signal_number = 0
        while True:
            if not signal_number and (signal_number := stop()):
                if signal_number != signal.SIGINT or on_interrupt == "drop":
                    return signal_number
                self._executor.withdraw()
                self._events.noted("finishing what the workers have; again to stop at once")
            if not signal_number:
                self._hand_out()
            if not self._out:
                return signal_number
            self._take_back()

    def _hand_out(self) -> None:
        slots = self._executor.slots
        while len(self._out) < slots:
            trial = self._next_trial(slots)
            if trial is None:
                return
            future = self._executor.submit(trial.block)
            self._out[future] = trial
            future.add_done_callback(self._back.put)

    def _next_trial(self, slots: int) -> _Trial | None:
        if self._again:
            return _Trial(self._again.popleft(), again=True)
        if not self._left:
            return None
        first, end = self._left.popleft()
        cut = min(end, first + self._size.choose(left=self._left_rows, slots=slots))
        if cut < end:
            self._left.appendleft((cut, end))
        self._left_rows -= cut - first
        return _Trial((first, cut))

    def _take_back(self) -> None:
        """Wait for a block, and take all that are there."""
        try:
            future = self._back.get(timeout=LOOK_S)
            while True:
                self._settle(future, self._out.pop(future))
                future = self._back.get_nowait()
        except Empty:
            self._events.advanced(self.pace)

    def _settle(self, future: Future[BlockRows], trial: _Trial) -> None:
        try:
            rows = future.result()
        except WorkerLost:
            self._lose(trial)
        except CancelledError:
            return  # withdrawn: nobody had begun it
        else:
            self._size.measure(trial.block[1] - trial.block[0], rows.seconds)
            self._keep(trial.block, rows.content, failed=rows.failed)

    def _lose(self, trial: _Trial) -> None:
        self.lost += 1
        first, end = trial.block
        if trial.again:
            rows = [
                failed_row(self._scenarios[number], reason=LOST_TWICE)
                for number in range(first, end)
            ]
            self._keep(trial.block, encode_rows(rows), failed=len(rows))
            self._events.noted(f"scenario {first} ended two workers; its row says so")
        else:
            self._again.extend((number, number + 1) for number in range(first, end))
            self._events.noted("a worker ended before its time; what it had is done once more")

    def _keep(self, block: Block, content: bytes, *, failed: int) -> None:
        self._folder.keep(block, content)
        self._shelves.add(block)
        self.failed += failed
        self.pace.advance(block[1] - block[0])


class _Shelves:
    """Parts of each ``SHELF`` scenarios; put together as soon as they are complete."""

    def __init__(self, folder: SweepFolder) -> None:
        self._folder = folder
        self._begun: dict[int, list[Block]] = {}
        for block in folder.list_parts() if not folder.is_finished else ():
            self.add(block)

    def add(self, block: Block) -> None:
        """Note a part that is on the disk."""
        shelf = block[0] // SHELF
        parts = self._begun.setdefault(shelf, [])
        parts.append(block)
        size = min((shelf + 1) * SHELF, self._folder.count) - shelf * SHELF
        if sum(end - first for first, end in parts) == size:
            self._folder.join_shelf(sorted(parts))
            del self._begun[shelf]
