"""Worker processes that are started whole, and that leave interruptions to their parent."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["signals_held"]

_HELD = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_held() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM while the body starts processes; then they have their effect.

    A parent that is stopped while it hands a worker its inputs leaves the worker with half of
    them, which it complains about on the terminal. Ctrl-C, which a terminal sends to all
    processes, is blocked as well, and started processes inherit that: it then stops the parent
    alone, and the parent its workers. A handler holds it too, since a thread of the parent that
    does not block it may be given it.
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
