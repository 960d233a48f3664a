"""Ctrl-C and SIGTERM while a plan is searched: the best plan found so far is kept."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

__all__ = ["StopRequest", "leave_at_once", "watch_signals"]

_WATCHED = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Says whether an end was asked for; ``signal_number`` is 0 until then."""

    def __init__(self) -> None:
        self.signal_number = 0

    def __call__(self) -> bool:
        """Whether to stop now."""
        return self.signal_number != 0

    @property
    def exit_code(self) -> int:
        """130 for Ctrl-C, 143 for SIGTERM; 0 if nothing was asked."""
        return 128 + self.signal_number if self.signal_number else 0


@contextmanager
def watch_signals() -> Iterator[StopRequest]:
    """Within the body the first signal only asks for an end; the second has its usual effect."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # signals are the main thread's
        return
    usual = {number: signal.getsignal(number) for number in _WATCHED}

    def note_request(number: int, _frame: FrameType | None) -> None:
        request.signal_number = number
        for watched in _WATCHED:
            signal.signal(watched, usual[watched])

    for number in _WATCHED:
        signal.signal(number, note_request)
    try:
        yield request
    finally:
        for number in _WATCHED:
            signal.signal(number, usual[number])


def leave_at_once(code: int) -> NoReturn:
    """End this process with all that was printed, without taking the interpreter down.

    That takes a second once solvers and tables are loaded, and whoever sent a signal waits. By
    then every ``with`` has been left: files are closed, workers and temporary folders are gone.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads any more
            stream.flush()
    if "multiprocessing" in sys.modules:
        from multiprocessing import active_children

        for child in active_children():
            child.kill()
    os._exit(code)
