"""When a search has to stop before its budget is spent."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["INTERRUPTED", "TIME_LIMIT", "Interrupt"]

TIME_LIMIT = "time limit"
INTERRUPTED = "interrupted"


class Interrupt:
    """Asked now and then by whatever takes long; once it has said stop it keeps saying so.

    Parameters
    ----------
    stop
        Whether somebody wants an end (a signal was caught), asked anew every time.
    clock
        Seconds of a clock that never goes back.
    limit_s
        Seconds from now after which to stop; nothing is limited without ``clock``.
    """

    def __init__(
        self,
        *,
        stop: Callable[[], bool] | None = None,
        clock: Callable[[], float] | None = None,
        limit_s: float | None = None,
    ) -> None:
        self._stop = stop
        self._clock = clock
        self._end = clock() + limit_s if clock is not None and limit_s is not None else None
        self.reason = ""
        """Why it stopped: :data:`TIME_LIMIT`, :data:`INTERRUPTED`, or empty."""

    def __call__(self) -> bool:
        """Whether to stop now."""
        if not self.reason:
            if self._stop is not None and self._stop():
                self.reason = INTERRUPTED
            elif self._clock is not None and self._end is not None and self._clock() >= self._end:
                self.reason = TIME_LIMIT
        return bool(self.reason)
