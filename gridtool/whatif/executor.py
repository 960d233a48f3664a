"""Parts computed by worker processes, each of which can die and costs the part it had only."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from gridtool.errors import GridtoolError

__all__ = ["PartExecutor", "ProcessExecutor", "WorkerLost"]

Inputs = TypeVar("Inputs")
Part = TypeVar("Part")
Result = TypeVar("Result")

MOST_FAILED_STARTS = 3
"""Times in succession that workers may die before they are ready; then nothing will help."""
_START = threading.Lock()


class WorkerLost(Exception):
    """The process that computed a part ended before it gave the result."""


class PartExecutor(Protocol):
    """Computes parts somewhere. Which worker computes a part never shows in its result."""

    @property
    def slots(self) -> int:
        """Parts to have handed out at once; on a cluster it changes with the workers."""
        ...

    def submit(self, part: Any, /) -> Future[Any]:
        """Have a part computed; the future raises :class:`WorkerLost` if its worker died."""
        ...

    def withdraw(self) -> None:
        """Cancel the parts that no worker has begun, where that can be told."""
        ...

    def close(self, *, drop: bool) -> None:
        """End the workers: at once, or when they have computed what they were handed."""
        ...


class ProcessExecutor:
    """Worker processes on this machine; each is handed the inputs once, and one part at a time.

    A worker that is killed, or runs out of memory, is replaced, and only the future of the part
    it had raises :class:`WorkerLost`. (A process pool of the standard library fails all its
    futures then, and does not say which part it was.) Workers end with this process, however it
    ends, and leave Ctrl-C to it.

    Parameters
    ----------
    start
        Function of a module, called once in each worker with ``inputs``; gives the function that
        computes a part.
    inputs
        Handed to each worker once, so it must be picklable; parts and results must be too.
    workers
        Number of processes.
    """

    def __init__(
        self,
        start: Callable[[Inputs], Callable[[Part], Result]],
        inputs: Inputs,
        *,
        workers: int,
    ) -> None:
        self._waiting: SimpleQueue[tuple[Any, Future[Any]] | None] = SimpleQueue()
        self._lanes = [_Lane(start, inputs, waiting=self._waiting) for _ in range(workers)]
        for lane in self._lanes:
            lane.thread.start()

    @property
    def slots(self) -> int:
        """For each worker a part to compute, and one to go on with."""
        return 2 * len(self._lanes)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that are running."""
        found = (lane.worker.pid for lane in self._lanes if lane.worker is not None)
        return tuple(pid for pid in found if pid is not None)

    def submit(self, part: Any, /) -> Future[Any]:
        """Have a part computed by the next worker that is free."""
        future: Future[Any] = Future()
        self._waiting.put((part, future))
        return future

    def withdraw(self) -> None:
        """Cancel the parts that no worker has begun."""
        while True:
            try:
                entry = self._waiting.get_nowait()
            except Empty:
                return
            if entry is not None:
                entry[1].cancel()

    def close(self, *, drop: bool) -> None:
        """End the workers: at once, or when they have computed what they were handed."""
        if drop:
            self.withdraw()
            for lane in self._lanes:
                lane.stop()
        for _ in self._lanes:
            self._waiting.put(None)
        for lane in self._lanes:
            lane.thread.join()


class _Lane:
    """A thread with one worker process at a time: it hands parts over and waits for results."""

    def __init__(
        self,
        start: Callable[[Any], Callable[[Any], Any]],
        inputs: object,
        *,
        waiting: SimpleQueue[tuple[Any, Future[Any]] | None],
    ) -> None:
        self.thread = threading.Thread(target=self._run, name="sweep-worker", daemon=True)
        self.worker: BaseProcess | None = None
        self._arguments = (start, inputs)
        self._waiting = waiting
        self._pipe: Connection | None = None
        self._stopped = False

    def stop(self) -> None:
        """End the worker at once; the part it has is lost."""
        with _START:  # not in the middle of starting one
            self._stopped = True
            if self.worker is not None:
                self.worker.kill()

    def _run(self) -> None:
        if hasattr(signal, "pthread_sigmask"):
            # Processes started by this thread inherit it: Ctrl-C, which a terminal sends to all,
            # reaches this process alone, from their first moment on.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            while (entry := self._waiting.get()) is not None:
                part, future = entry
                if future.set_running_or_notify_cancel():
                    self._compute(part, future)
        finally:
            self._end_worker()

    def _compute(self, part: object, future: Future[Any]) -> None:
        try:
            pipe = self._ready_worker()
            answer = _exchange(pipe, part)
        except GridtoolError as problem:
            future.set_exception(problem)
            return
        except (EOFError, OSError):
            self._end_worker()
            future.set_exception(WorkerLost("the worker ended before it gave a result"))
            return
        if isinstance(answer, _Failure):
            future.set_exception(GridtoolError(f"a worker of the sweep failed: {answer.words}"))
        else:
            future.set_result(answer)

    def _ready_worker(self) -> Connection:
        """The pipe to a worker that has the inputs; a new one if there is none.

        Raises
        ------
        EOFError, OSError
            If the lane was stopped.
        GridtoolError
            If one worker after another dies while it starts.
        """
        for _ in range(MOST_FAILED_STARTS):
            if self._pipe is not None:
                return self._pipe
            try:
                pipe = self._start_worker()
                answer = _exchange(pipe, self._arguments)
            except (EOFError, OSError):
                self._end_worker()
                if self._stopped:
                    raise
                continue
            if isinstance(answer, _Failure):
                self._end_worker()
                raise GridtoolError(f"a worker of the sweep could not start: {answer.words}")
            self._pipe = pipe
            return pipe
        raise GridtoolError(
            f"workers of the sweep ended {MOST_FAILED_STARTS} times in succession before they "
            "were ready; is there memory enough for so many?"
        )

    def _start_worker(self) -> Connection:
        context = get_context("spawn")  # solver and BLAS threads do not survive a fork
        ours, theirs = context.Pipe()
        with _START:
            if self._stopped:
                raise EOFError
            # The inputs go through the pipe: started with them, a process would be waited for here
            # until it has read them, which is after all its imports.
            self.worker = context.Process(target=_serve, args=(theirs,), daemon=True)
            try:
                self.worker.start()
            finally:
                theirs.close()
        return ours

    def _end_worker(self) -> None:
        if self._pipe is not None:
            self._pipe.close()  # a worker that waits for a part leaves then
            self._pipe = None
        if self.worker is not None and self.worker.pid is not None:
            self.worker.join(1.0)
            if self.worker.is_alive():
                self.worker.kill()
                self.worker.join()
        self.worker = None


class _Failure:
    """What a worker could not do, in words: an exception might not survive the pipe."""

    def __init__(self, problem: BaseException) -> None:
        self.words = f"{type(problem).__name__}: {problem}"


def _exchange(pipe: Connection, part: object) -> Any:
    pipe.send(part)
    return pipe.recv()


def _serve(pipe: Connection) -> None:
    """Compute one part after another, in a worker process, until the pipe is closed."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        start, inputs = pipe.recv()
        compute = start(inputs)
    except EOFError:
        return  # the parent has given up
    except Exception as problem:  # noqa: BLE001 - the parent says it
        pipe.send(_Failure(problem))
        return
    pipe.send(None)
    while True:
        try:
            part = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = compute(part)
        except Exception as problem:  # noqa: BLE001 - the parent says it
            answer = _Failure(problem)
        pipe.send(answer)


def _leave_with_parent() -> None:
    """End this process when its parent has ended, whatever it is computing."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
