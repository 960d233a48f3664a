"""Parts of a simulation, computed in worker processes or here, given back in order.

Which process computes a part never shows in what comes out: parts depend on the inputs and on
themselves only, and the results are given in the order of the parts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from typing import Any, Generic, TypeVar

from gridtool.forecast.simulate.workers import Worker

__all__ = ["run_parts"]

Inputs = TypeVar("Inputs")
Part = TypeVar("Part")
Result = TypeVar("Result")

AHEAD = 2
"""Parts handed out per worker: one to compute and one to go on with. Results that wait for an
earlier one are bounded by it, and so is memory."""
MOST_DEATHS = 3
"""Workers that may die and be replaced."""
ASK_S = 0.1
"""Seconds after which ``stop`` is asked again while a part is waited for."""


def run_parts(
    start: Callable[[Inputs], Callable[[Part], Result]],
    inputs: Inputs,
    *,
    parts: Sequence[Part],
    workers: int,
    stop: Callable[[], bool] | None = None,
) -> Generator[Result, None, None]:
    """The result of each part, in order, whichever process computes it.

    A worker that is killed costs the part under way, which is computed here. Workers end with
    this process, however it ends, and at once when nobody reads on.

    Parameters
    ----------
    start
        Called once in each process with ``inputs``; gives the function that computes a part. What
        that function learns may live from part to part, as long as it does not show in results.
        For workers it must be a function of a module (``functools.partial(partial, compute)``
        makes one of a plain ``compute(inputs, part)``).
    inputs
        Handed to each worker once, so it must be picklable.
    parts
        Small: they say what to compute.
    workers
        Processes; with 1, or a single part, everything is computed here.
    stop
        Whether to give no further results; asked before each part and while one is waited for.

    Raises
    ------
    Exception
        What computing the part raised whose turn it is.
    """
    count = min(workers, len(parts))
    if count > 1:
        yield from _Pool(start, inputs, parts=parts, workers=count).results(stop)
        return
    here: Callable[[Part], Result] | None = None
    for part in parts:
        if stop is not None and stop():
            return
        here = here or start(inputs)
        yield here(part)


class _Pool(Generic[Inputs, Part, Result]):
    """Workers, what they are computing, and results that wait for an earlier one."""

    def __init__(
        self,
        start: Callable[[Inputs], Callable[[Part], Result]],
        inputs: Inputs,
        *,
        parts: Sequence[Part],
        workers: int,
    ) -> None:
        self._start, self._inputs, self._parts = start, inputs, parts
        self._message = ForkingPickler.dumps((start, inputs))
        self._wanted = workers
        self._workers: list[Worker] = []
        self._left = deque(range(len(parts)))
        self._ready: dict[int, tuple[bool, Any]] = {}
        """By number: whether the part was computed, and its result or the error."""
        self._fatal: set[int] = set()
        self._deaths = 0
        self._compute: Callable[[Part], Result] | None = None

    def results(self, stop: Callable[[], bool] | None) -> Iterator[Result]:
        """The results in order, until there are no more or ``stop`` says so."""
        try:
            self._keep_workers()
            for at in range(len(self._parts)):
                while not (asked := stop is not None and stop()) and at not in self._ready:
                    self._hand_out(at)
                    if at in self._fatal or not self._workers:
                        self._ready[at] = True, self._compute_here(at)
                    else:
                        self._collect(None if stop is None else ASK_S)
                if asked:
                    return
                self._hand_out(at)
                computed, answer = self._ready.pop(at)
                if not computed:
                    raise answer
                yield answer
        finally:
            for worker in self._workers:
                worker.end()

    def _keep_workers(self) -> None:
        """Start workers up to the wanted number, as long as not too many have died."""
        new = min(self._wanted - len(self._workers), len(self._left))
        begun = [Worker() for _ in range(new)] if self._deaths < MOST_DEATHS else []
        self._workers += begun  # known before they are there, so that an interruption ends them
        for worker in begun:
            worker.start()
        for worker in begun:
            worker.give(self._message)

    def _hand_out(self, at: int) -> None:
        """Hand out parts while ``at`` is the next to be given."""
        most = at + AHEAD * self._wanted
        while self._left and self._left[0] < most:
            worker = min(self._workers, key=lambda each: len(each.parts), default=None)
            if worker is None or len(worker.parts) >= AHEAD:
                return
            number = self._left.popleft()
            worker.parts.append(number)
            worker.give(ForkingPickler.dumps(self._parts[number]))

    def _collect(self, timeout_s: float | None) -> None:
        """Take what workers have to give; wait for the first of it."""
        by_connection: dict[Any, Worker] = {each.connection: each for each in self._workers}
        for connection in wait(list(by_connection), timeout_s):
            worker = by_connection[connection]
            try:
                answer = worker.take()
            except EOFError:
                self._bury(worker)
            else:
                self._ready[worker.parts.popleft()] = answer

    def _bury(self, worker: Worker) -> None:
        """Do without ``worker``, which died: the part that it was computing is kept from others."""
        self._workers.remove(worker)
        worker.end()
        self._deaths += 1
        if worker.parts:
            self._fatal.add(worker.parts.popleft())
        self._left = deque(sorted((*worker.parts, *self._left)))
        self._keep_workers()

    def _compute_here(self, number: int) -> Result:
        if number in self._left:
            self._left.remove(number)
        if self._compute is None:
            self._compute = self._start(self._inputs)
        return self._compute(self._parts[number])
