"""Parts of a simulation, computed in worker processes or here, given back in order.

Which process computes a part never shows in what comes out: parts depend on the inputs and on
themselves only, and the results are given in the order of the parts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from typing import Any, TypeVar

from gridtool.forecast.simulate.workers import signals_held

__all__ = ["run_parts"]

Inputs = TypeVar("Inputs")
Part = TypeVar("Part")
Result = TypeVar("Result")

AHEAD = 2
"""Parts handed out per worker: one to compute and one to go on with. Results that wait for an
earlier one are bounded by it, and so is memory."""
MOST_BREAKS = 3
"""Pools that may break before the rest is computed here."""


def run_parts(
    start: Callable[[Inputs], Callable[[Part], Result]],
    inputs: Inputs,
    *,
    parts: Sequence[Part],
    workers: int,
) -> Iterator[Result]:
    """The result of each part, in order, whichever process computes it.

    A worker that is killed costs the parts under way: the first is computed here, and the others
    by new workers. Workers end with this process, however it ends.

    Parameters
    ----------
    start
        Called once in each process with ``inputs``; gives the function that computes a part. What
        that function learns may live from part to part, as long as it does not show in results.
        For workers it must be a function of a module (``functools.partial(partial, compute)``
        makes one of a plain ``compute(inputs, part)``).
    inputs
        Handed to each worker once, so it must be picklable.
    workers
        Processes; with 1, or a single part, everything is computed here.
    """
    here: Callable[[Part], Result] | None = None
    left = list(parts)
    breaks = 0
    while left:
        if min(workers, len(left)) > 1 and breaks < MOST_BREAKS:
            try:
                for result in _run_in_pool(start, inputs, parts=tuple(left), workers=workers):
                    left.pop(0)
                    yield result
            except BrokenProcessPool:
                breaks += 1
            else:
                return
        here = here or start(inputs)
        result = here(left.pop(0))
        yield result


def _run_in_pool(
    start: Callable[[Inputs], Callable[[Part], Result]],
    inputs: Inputs,
    *,
    parts: Sequence[Part],
    workers: int,
) -> Iterator[Result]:
    """The results in order from worker processes.

    Raises
    ------
    BrokenProcessPool
        If a worker ends before its time; what was computed before the first missing result has
        been given.
    """
    others = set(active_children())
    # Started anew, not forked: the solver's and BLAS's threads do not survive a fork.
    pool = ProcessPoolExecutor(
        min(workers, len(parts)),
        mp_context=get_context("spawn"),
        initializer=_start_worker,
        initargs=(start, inputs),
    )
    waiting: deque[Future[Result]] = deque()
    handed = iter(parts)
    try:
        for _ in range(AHEAD * workers):
            _hand_out(handed, pool, waiting)
        while waiting:
            result = waiting.popleft().result()
            _hand_out(handed, pool, waiting)
            yield result
    except BaseException:  # interrupted: do not wait for parts nobody will read
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(active_children()) - others:
            child.terminate()
        raise
    pool.shutdown()


def _hand_out(
    parts: Iterator[Part], pool: ProcessPoolExecutor, waiting: deque[Future[Result]]
) -> None:
    for part in parts:
        with signals_held():  # it may start a worker
            waiting.append(pool.submit(_run_part, part))
        return


_WORKER: list[Callable[[Any], Any]] = []
"""The function of this worker process that computes a part."""


def _start_worker(start: Callable[[Any], Callable[[Any], Any]], inputs: object) -> None:
    _WORKER[:] = [start(inputs)]


def _run_part(part: Any) -> Any:
    return _WORKER[0](part)
