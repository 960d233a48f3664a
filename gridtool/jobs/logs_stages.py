"""Stages of a computation as log lines, beside what else is told of them."""

from __future__ import annotations

import time
from collections.abc import Callable

from gridtool.jobs.logs import say
from gridtool.jobs.runs.model import ChainAnswer, ChainEvents

__all__ = ["LoggedStages"]

EVERY_S = 30.0
"""Between two lines on how far a stage is."""


class LoggedStages:
    """Events that are logged and passed on: a line as a stage begins, a line now and then on how
    far it is, a line with its seconds when it has ended.

    Parameters
    ----------
    inner
        Who else is told, as a progress bar.
    monotonic
        Seconds by a clock that is never set back.
    """

    def __init__(
        self, inner: ChainEvents | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._inner, self._monotonic = inner, monotonic
        self._words, self._steps, self._done = "", 0, 0
        self._began = self._said = monotonic()

    def stage(self, words: str, steps: int | None) -> None:
        """A stage begins; the one before has ended."""
        self.end()
        self._words, self._steps, self._done = words, steps or 0, 0
        self._began = self._said = self._monotonic()
        if steps:
            say(words, steps=steps)
        else:
            say(words)
        if self._inner is not None:
            self._inner.stage(words, steps)

    def advance(self, done: int) -> None:
        """So many steps of the stage are done since the last call."""
        self._done += done
        now = self._monotonic()
        if now - self._said >= EVERY_S:
            self._said = now
            say(self._words, done=self._done, steps=self._steps, seconds=round(now - self._began))
        if self._inner is not None:
            self._inner.advance(done)

    def keep(self, answer: ChainAnswer) -> None:
        """The best answer so far."""
        say("a result is kept, should the run be ended now", level="debug", files=len(answer.files))
        if self._inner is not None:
            self._inner.keep(answer)

    def end(self) -> None:
        """The last stage has ended."""
        if self._words:
            seconds = round(self._monotonic() - self._began, 3)
            say(f"done: {self._words}", seconds=seconds)
        self._words = ""
