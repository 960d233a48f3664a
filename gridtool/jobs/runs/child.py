"""The process that computes a run: what it tells its parent, and what it is told.

It is started anew, so that it inherits no lock, leaves signals to its parent, and ends with it,
however that ends; so do the workers of its simulation.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from gridtool.errors import GridtoolError
from gridtool.forecast.simulate.workers import end_with_parent, portable_error
from gridtool.jobs.runs.model import Chain, ChainAnswer, ChainEnded, ChainLimits, ChainRequest

__all__ = ["Assignment", "Ended", "Failed", "LogLine", "be_child"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What a child is to compute; the limits' ``stop`` stays with the parent."""

    chain: Chain
    request: ChainRequest
    deadline_s: float | None
    workers: int | None
    log_level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A log line of the child, plain enough to travel."""

    name: str
    level: int
    created: float
    words: str
    fields: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The chain raised :class:`ChainEnded`."""

    reason: str
    words: str
    answer: ChainAnswer | None
    signal_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The chain raised something else."""

    error: Exception


def be_child(wire: Connection[Any, Any]) -> None:
    """Take an :class:`Assignment` from ``wire``, compute it and answer."""
    end_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not ignored, which the workers would inherit: the parent says when to stop.
        signal.signal(number, lambda _number, _frame: None)
    message = wire.recv_bytes()  # before it is understood: the parent need not wait
    told = _Told()
    threading.Thread(target=_listen, args=(wire, told), name="listen", daemon=True).start()
    post = _Post(wire)
    post.send(_compute(message, told, post))


class _Told:
    """What the parent has said since."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self) -> int:
        """Number of the signal that came, else 0."""
        return self.number


def _listen(wire: Connection[Any, Any], told: _Told) -> None:
    """Take the numbers of signals; the end of the parent is the end of this process."""
    try:
        while True:
            told.number = wire.recv()
    except (EOFError, OSError):
        os._exit(1)


def _compute(message: bytes, told: _Told, post: _Post) -> ChainAnswer | Ended | Failed:
    try:
        given: Assignment = ForkingPickler.loads(message)
        _forward_logs(post, level=given.log_level)
        limits = ChainLimits(deadline_s=given.deadline_s, stop=told, workers=given.workers)
        return given.chain(given.request, limits, _Events(post))
    except ChainEnded as end:
        return Ended(
            reason=end.reason,
            words=str(end),
            answer=end.answer,
            signal_number=end.signal_number or told(),
        )
    except MemoryError:
        return Ended(reason="memory", words="out of memory", answer=None, signal_number=0)
    except Exception as error:  # noqa: BLE001 - it is the parent's
        return Failed(error=_without_trace(portable_error(error)))


def _without_trace(error: Exception) -> Exception:
    """A foreseen error is told in words, notes and all; where it was raised is for faults."""
    if isinstance(error, GridtoolError):
        error.__notes__ = []
    return error


class _Post:
    """Sends what any thread has to say, one message at a time."""

    def __init__(self, wire: Connection[Any, Any]) -> None:
        self._wire, self._lock = wire, threading.Lock()

    def send(self, message: object) -> None:
        """Send ``message``."""
        content = ForkingPickler.dumps(message)
        with self._lock:
            self._wire.send_bytes(content)


class _Events:
    """The parent's events, told by messages: (name, arguments)."""

    def __init__(self, post: _Post) -> None:
        self._post = post

    def stage(self, words: str, steps: int | None) -> None:
        """A stage begins."""
        self._post.send(("stage", (words, steps)))

    def advance(self, done: int) -> None:
        """Steps are done."""
        self._post.send(("advance", (done,)))

    def keep(self, answer: ChainAnswer) -> None:
        """The best answer so far."""
        self._post.send(("keep", (replace(answer, files=dict(answer.files)),)))


class _Forwarder(logging.Handler):
    def __init__(self, post: _Post) -> None:
        super().__init__()
        self._post = post

    def emit(self, record: logging.LogRecord) -> None:
        """Send the line; arguments may not travel, so it is worded here."""
        fields = getattr(record, "fields", None)
        self._post.send(
            LogLine(
                name=record.name,
                level=record.levelno,
                created=record.created,
                words=record.getMessage(),
                fields=None if fields is None else {key: str(fields[key]) for key in fields},
            )
        )


def _forward_logs(post: _Post, *, level: int) -> None:
    logger = logging.getLogger("gridtool")
    logger.addHandler(_Forwarder(post))
    logger.setLevel(level)
    logger.propagate = False
