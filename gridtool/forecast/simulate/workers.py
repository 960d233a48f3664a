"""Worker processes that are started whole, and that leave interruptions to their parent."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["signals_held"]


@contextmanager
def signals_held() -> Iterator[None]:
    """Hold back SIGTERM, and ignore Ctrl-C, while the body starts processes.

    A parent that is stopped while it hands a worker its inputs leaves the worker with half of
    them, which it complains about on the terminal. Processes that are started anew inherit what
    is ignored: Ctrl-C, which a terminal sends to all, then stops the parent alone, and the parent
    its workers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may change what signals do
        return
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    before = signal.signal(signal.SIGTERM, hold), signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
    for number in held:
        signal.raise_signal(number)
