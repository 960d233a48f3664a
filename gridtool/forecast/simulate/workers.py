"""Worker processes that are started whole, leave interruptions to their parent and end with it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from types import FrameType
from typing import Any, cast

__all__ = ["Worker", "end_with_parent", "portable_error", "signals_held"]

_HELD = (signal.SIGINT, signal.SIGTERM)
_SET_DEATH_SIGNAL = 1
"""``PR_SET_PDEATHSIG`` of Linux's ``<sys/prctl.h>``."""
_ENDING_S = 1.0
"""A killed process is gone in less, unless the kernel holds it; it is not waited for longer."""


class Worker:
    """A process that computes parts, one after the other, and the pipe to it.

    Each worker has a pipe of its own whose far end only it holds, so that its death, even in the
    middle of a result, is an end of file here. (The shared queue of a ``ProcessPoolExecutor``
    has its writing end open in the parent too: a worker that is killed while it sends leaves the
    reader waiting for the rest for good, and the interpreter waiting for the reader.)

    Attributes
    ----------
    parts
        Numbers of the parts handed to it whose results it has not given, the oldest first.
    """

    def __init__(self) -> None:
        # Started anew, not forked: the solver's and BLAS's threads do not survive a fork.
        context = get_context("spawn")
        here, self._there = context.Pipe()
        self.connection = here
        self._process = context.Process(target=_work, args=(self._there,), daemon=True)
        self.parts: deque[int] = deque()

    def start(self) -> None:
        """Start the process. What it inherits is small: it is there before it has read it."""
        with signals_held():
            self._process.start()
        self._there.close()

    def give(self, message: bytes | memoryview) -> None:
        """Send a packed message. A worker that is gone is found by :meth:`take`."""
        with suppress(OSError):
            self.connection.send_bytes(message)

    def take(self) -> tuple[bool, Any]:
        """The next answer: whether the part was computed, and its result, else the error.

        Raises
        ------
        EOFError
            If the worker has ended.
        """
        try:
            return cast("tuple[bool, Any]", self.connection.recv())
        except OSError as error:  # reset by the end of the other side
            raise EOFError from error

    def end(self) -> None:
        """End the process at once, whatever it does; it keeps nothing that could be lost."""
        if self._process.pid is not None:
            self._process.kill()
            self._process.join(_ENDING_S)
        self._there.close()
        self.connection.close()


def _work(connection: Connection[Any, Any]) -> None:
    """Be a worker: take the start and its inputs, then parts, until there are no more."""
    end_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(EOFError, OSError):  # the parent has had enough
        first = connection.recv_bytes()  # before it is understood: the parent need not wait
        try:
            start, inputs = ForkingPickler.loads(first)
            compute = start(inputs)
        except Exception as error:  # noqa: BLE001 - it is the parent's
            connection.send((False, portable_error(error)))
            return
        while True:
            connection.send(_answer(compute, connection.recv()))


def _answer(compute: Callable[[Any], Any], part: Any) -> tuple[bool, Any]:
    """The result of ``part``, or what computing it raised."""
    try:
        return True, compute(part)
    except Exception as error:  # noqa: BLE001 - it is the parent's
        return False, portable_error(error)


def portable_error(error: Exception) -> Exception:
    """``error`` with its trace as a note, or its words where it cannot be sent elsewhere."""
    error.add_note("".join(traceback.format_exception(error)).rstrip())
    try:
        ForkingPickler.loads(ForkingPickler.dumps(error))
    except Exception:  # noqa: BLE001 - whatever its own code raises
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def end_with_parent() -> None:
    """From now on this process ends when its parent does, however that ends.

    Linux kills it at that moment; elsewhere a thread sees the end of the parent.
    """
    parent = parent_process()
    if parent is None:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()


@contextmanager
def signals_held() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM while the body starts processes; then they have their effect.

    A parent that is stopped while it starts a worker leaves one that nobody knows of, and that
    complains on the terminal. Ctrl-C, which a terminal sends to all processes, is blocked as
    well, and started processes inherit that: it then stops the parent alone, and the parent its
    workers. A handler holds it too, since a thread of the parent that does not block it may be
    given it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may change what signals do
        return
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    before = [signal.signal(number, hold) for number in _HELD]
    try:
        with _interrupts_blocked():
            yield
    finally:
        for number, action in zip(_HELD, before, strict=True):
            signal.signal(number, action)
    for missed in held:
        signal.raise_signal(missed)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block Ctrl-C in this thread, where the system knows such a thing."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
