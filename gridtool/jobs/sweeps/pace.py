"""How quickly a sweep goes on, how long it will take, and how large its blocks should be."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

__all__ = ["BlockSize", "Pace", "format_duration"]

WINDOW_S = 30.0
"""The rate is that of so many seconds: machines come and go, and scenarios differ."""
GROWTH = 4
"""A block has at most so many times the scenarios of the largest before it: the first scenarios
say little of the others."""


class Pace:
    """Scenarios done a second of late, and what remains.

    Parameters
    ----------
    clock
        Seconds, never set back.
    done, count
        Scenarios that are done at the beginning, and all of them.
    """

    def __init__(self, clock: Callable[[], float], *, done: int, count: int) -> None:
        self._clock = clock
        self._seen = deque([(clock(), done)])
        self.done = done
        self.count = count

    def advance(self, done: int) -> None:
        """So many more are done."""
        self.done += done
        now = self._clock()
        self._seen.append((now, self.done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW_S:
            self._seen.popleft()

    @property
    def rate(self) -> float:
        """Scenarios a second over the last half minute; 0 before the first is done."""
        began, done = self._seen[0]
        seconds = self._clock() - began
        return (self.done - done) / seconds if seconds > 0 else 0.0

    @property
    def remaining_s(self) -> float | None:
        """Seconds until all are done, at this rate; None as long as there is none."""
        rate = self.rate
        return (self.count - self.done) / rate if rate > 0 else None

    def __str__(self) -> str:
        left = self.remaining_s
        text = f"{self.done:,} of {self.count:,} scenarios, {_format_rate(self.rate)}"
        return text if left is None else f"{text}, {format_duration(left)} left"


def _format_rate(rate: float) -> str:
    if rate >= 10:
        return f"{rate:,.0f} a second"
    return f"{rate:.1f} a second" if rate >= 1 else f"{rate * 60:.1f} a minute"


def format_duration(seconds: float) -> str:
    """Seconds in words for people: ``42 s``, ``3 min 20 s``, ``5 h 07 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min"


class BlockSize:
    """How many scenarios to hand to a worker, so that handing over costs little and waiting less.

    From the cost measured: one at first, then as many as take ``target_s`` seconds; towards the
    end smaller ones, so that no worker is alone with the last block.
    """

    def __init__(self, *, target_s: float, most: int) -> None:
        self._target_s = target_s
        self._most = most
        self._largest = 0
        self._cost_s: float | None = None

    def measure(self, scenarios: int, seconds: float) -> None:
        """So many scenarios took so long."""
        cost = seconds / scenarios
        # A larger block says more; the first scenario of a worker warms it up and says little.
        if self._cost_s is None or scenarios > self._largest:
            self._cost_s = cost
        else:
            self._cost_s += 0.3 * (cost - self._cost_s)
        self._largest = max(self._largest, scenarios)

    def choose(self, *, left: int, slots: int) -> int:
        """Scenarios of the next block.

        Parameters
        ----------
        left
            Scenarios that nobody has.
        slots
            Blocks that are handed out at once.
        """
        if self._cost_s is None:
            return 1
        wanted = int(self._target_s / max(self._cost_s, 1e-9))
        fair = -(-left // slots)
        return max(1, min(wanted, GROWTH * self._largest, fair, self._most))
