"""A chain computed by a process that may be killed: by us, by the system, by a fault of its own.

The parent holds the store's lock, hears signals and watches the deadline, so none of it depends
on how long a solver is deaf.
"""

from __future__ import annotations

import logging
import signal
import time
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.reduction import ForkingPickler
from typing import Any

from gridtool.forecast.simulate.workers import signals_held
from gridtool.jobs.run import PLANNING
from gridtool.jobs.runs.child import Assignment, Ended, Failed, LogLine, be_child
from gridtool.jobs.runs.model import (
    Chain,
    ChainAnswer,
    ChainEnded,
    ChainEvents,
    ChainLimits,
    ChainRequest,
)

__all__ = ["supervised"]

GRACE_S = 1.1
"""Of the two seconds in which a run is to be out after a signal; the rest is for publishing."""
LOOK_S = 0.05
"""Seconds between looks at signals and the deadline while nothing is heard."""
LATE_S = 10.0
LATE_SHARE = 0.1
"""After its deadline the child may go on for this long, or this share of it: to end the chunk
under way and to write the report."""
ENDING_S = 1.0
"""A killed process is gone in less, unless the kernel holds it; it is not waited for longer."""


def supervised(chain: Chain, *, grace_s: float = GRACE_S, search: str = PLANNING) -> Chain:
    """``chain`` computed in a process of its own.

    Once a signal has come the process is killed, and an answer kept by the chain is the answer.
    Only in the middle of its search for a plan, when there is none yet, the chain has ``grace_s``
    seconds to end that and to give what it has found.

    Parameters
    ----------
    chain
        A function of a module: it is sent to the other process.
    search
        The stage that is waited for, as the chain calls it.

    Returns
    -------
    A chain that raises what ``chain`` raises, and :class:`ChainEnded` with the last answer kept
    where a signal (``signal``) or the deadline (``deadline``) ended it, or where the process was
    killed (``memory``) or died (``died``).
    """
    return partial(_supervise, chain, grace_s, search)


def _supervise(
    chain: Chain,
    grace_s: float,
    search: str,
    request: ChainRequest,
    limits: ChainLimits,
    events: ChainEvents,
) -> ChainAnswer:
    assignment = Assignment(
        chain=chain,
        request=request,
        deadline_s=limits.deadline_s,
        workers=limits.workers,
        log_level=logging.getLogger("gridtool").getEffectiveLevel(),
    )
    child = _Child()
    try:
        watch = _Watch(child, limits, events, grace_s=grace_s, search=search)
        return watch.wait_for(assignment)
    finally:
        child.end()


class _Child:
    """The other process and the pipe to it, whose far end only it holds."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self.wire, self._there = context.Pipe()
        # Not a daemon: those may have no children, and the simulation has workers.
        self._process = context.Process(target=be_child, args=(self._there,))

    def start(self, assignment: Assignment) -> None:
        """Start the process and give it what it is to compute."""
        message = ForkingPickler.dumps(assignment)
        with signals_held():
            self._process.start()
        self._there.close()
        with suppress(OSError):  # one that is gone is found when it is listened to
            self.wire.send_bytes(message)

    @property
    def started(self) -> bool:
        """Whether there is a process."""
        return self._process.pid is not None

    def tell(self, number: int) -> None:
        """Say that a signal came."""
        if self.started:
            with suppress(OSError):
                self.wire.send(number)

    def end(self) -> int | None:
        """Kill the process, and by that its workers; gives its exit code."""
        code = None
        if self.started:
            self._process.kill()
            self._process.join(ENDING_S)
            code = self._process.exitcode
        self._there.close()
        self.wire.close()
        return code

    def wait_for_end(self) -> int | None:
        """Its exit code, once it has closed its end of the pipe."""
        self._process.join(ENDING_S)
        return self._process.exitcode


class _Watch:
    """Listens to a child until it answers or has to be ended."""

    def __init__(
        self,
        child: _Child,
        limits: ChainLimits,
        events: ChainEvents,
        *,
        grace_s: float,
        search: str,
    ) -> None:
        self._child, self._limits, self._events = child, limits, events
        self._grace_s, self._search = grace_s, search
        self._stage = ""
        self._kept: ChainAnswer | None = None
        self._told = 0
        given = limits.deadline_s
        late = None if given is None else given + max(LATE_S, LATE_SHARE * given)
        self._last = None if late is None else time.monotonic() + late

    def wait_for(self, assignment: Assignment) -> ChainAnswer:
        """The child's answer.

        Raises
        ------
        ChainEnded
            If there is none.
        """
        self._look()  # a signal may have come before there is a process
        self._child.start(assignment)
        while True:
            self._look()
            answer = self._listen()
            if answer is not None:
                return answer

    def _look(self) -> None:
        """Whether a signal came or the time is over."""
        number = self._limits.stop()
        if number and not self._told:
            self._told = number
            self._child.tell(number)
            end = time.monotonic() + (self._grace_s if self._stage == self._search else 0.0)
            self._last = end if self._last is None else min(self._last, end)
        late = self._last is not None and time.monotonic() >= self._last
        if self._told and (late or self._kept is not None):
            raise self._end("signal", f"ended by {signal.Signals(self._told).name}")
        if late:
            raise self._end("deadline", "not done by its deadline")

    def _listen(self) -> ChainAnswer | None:
        """Take the next message, if there is one soon; the answer, if that is it."""
        try:
            message: Any = self._child.wire.recv() if self._child.wire.poll(LOOK_S) else None
        except (EOFError, OSError):
            raise self._died() from None
        match message:
            case ChainAnswer():
                return message
            case Ended():
                raise ChainEnded(
                    message.reason,
                    message.words,
                    answer=message.answer or self._kept,
                    signal_number=message.signal_number,
                )
            case Failed():
                raise message.error
            case LogLine():
                _log(message)
            case ("keep", (answer,)):
                self._kept = answer
                self._events.keep(answer)
            case ("stage", (words, steps)):
                self._stage = words
                self._events.stage(words, steps)
            case ("advance", arguments):
                self._events.advance(*arguments)
        return None

    def _died(self) -> ChainEnded:
        """The child is gone without an answer: why."""
        if self._told or self._limits.stop():  # a terminal's or service manager's, to all of us
            self._told = self._told or self._limits.stop()
            return self._end("signal", f"ended by {signal.Signals(self._told).name}")
        code = self._child.wait_for_end()
        if code is not None and code == -signal.SIGKILL:
            return self._end("memory", "killed by the system, as when memory runs out")
        if code is not None and code < 0:
            return self._end("died", f"the computation died of {signal.Signals(-code).name}")
        return self._end("died", f"the computation ended without an answer (exit code {code})")

    def _end(self, reason: str, words: str) -> ChainEnded:
        return ChainEnded(reason, words, answer=self._kept, signal_number=self._told)


def _log(line: LogLine) -> None:
    record = logging.makeLogRecord(
        {
            "name": line.name,
            "levelno": line.level,
            "levelname": logging.getLevelName(line.level),
            "created": line.created,
            "msg": line.words,
        }
        | ({} if line.fields is None else {"fields": line.fields})
    )
    logging.getLogger(line.name).handle(record)
