"""What a run falls back on, rung by rung, when something fails; each is labelled, none is silent.

Full; fewer samples, where the computation was too big for the memory or the time; the inputs of
the last good run, where the new ones are refused or have no answer; else the run is refused.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from gridtool.errors import GridtoolError, InputError, StoreError
from gridtool.forecast.model import ForecastConfig
from gridtool.jobs.runs.explain import explain
from gridtool.jobs.runs.model import (
    Chain,
    ChainAnswer,
    ChainEnded,
    ChainEvents,
    ChainLimits,
    ChainRequest,
)
from gridtool.jobs.secrets import hide_secrets

__all__ = ["Failure", "Landing", "LastGood", "Rung", "climb_down", "describe_fewer"]

Rung = Literal["full", "fewer samples", "last good inputs"]

_LOGGER = logging.getLogger(__name__)

FEWER = 250
"""Most samples tried where the full number was too much; a quarter of it, if that is less."""
LEAST = 2
"""Fewest samples of a forecast: a standard error needs them."""
SHORTEST_S = 5.0
"""A rung is not tried with less time than this left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastGood:
    """The inputs of the last run that was full, laid out to be computed again.

    ``as_of`` is the time (aware) as of which that run took them.
    """

    run_id: str
    as_of: datetime
    request: ChainRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a rung did not hold; ``reason`` is that of :class:`ChainEnded`, else ``input``,
    ``analysis`` or ``unexpected``."""

    rung: Rung
    reason: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """The rung that held.

    Attributes
    ----------
    request
        Makes the same answer on the full rung of another run: fewer samples and the label are
        put in.
    stale_from
        Run whose inputs were used, empty where they are this run's.
    failures
        Of the rungs above.
    """

    rung: Rung
    request: ChainRequest
    answer: ChainAnswer
    stale_from: str = ""
    failures: tuple[Failure, ...] = ()


def describe_fewer(samples: int, wanted: int) -> str:
    """The label of a forecast of fewer samples than wanted."""
    return f"fewer samples: {samples} of {wanted} within the deadline"


def climb_down(
    chain: Chain,
    request: ChainRequest,
    *,
    limits: ChainLimits,
    events: ChainEvents,
    last_good: Callable[[], LastGood | None],
    clock: Callable[[], float] = time.monotonic,
) -> Landing:
    """Compute ``request``, or the best of what can be had instead.

    Parameters
    ----------
    last_good
        Called when it is needed only.
    clock
        Seconds of a clock that is never set back; the deadline is that of all rungs together.

    Raises
    ------
    ChainEnded
        If a signal ended it, on whichever rung: that is nothing to fall back from.
    Exception
        What the full rung raised, if no rung holds. Its notes say why the others did not.
    """
    return _Descent(chain, limits, events, clock=clock).go_down(request, last_good)


class _Descent:
    def __init__(
        self,
        chain: Chain,
        limits: ChainLimits,
        events: ChainEvents,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._chain, self._limits, self._events, self._clock = chain, limits, events, clock
        given = limits.deadline_s
        self._deadline = None if given is None else clock() + given
        self._failures: list[Failure] = []
        self._errors: list[Exception] = []

    def go_down(self, request: ChainRequest, last_good: Callable[[], LastGood | None]) -> Landing:
        """From the full rung to the first that holds."""
        landing = self._try("full", request)
        if landing is None and self._was_too_big:
            landing = self._try_fewer(request)
        if landing is None and self._deadline_answer is not None:
            landing = self._land_without_forecast(request, self._deadline_answer)
        if landing is None and self._has_time:
            landing = self._try_last_good(request, last_good)
        if landing is None:
            raise self._refuse()
        return landing

    def _try(self, rung: Rung, request: ChainRequest, *, stale_from: str = "") -> Landing | None:
        """``request`` on a rung; None where it does not hold."""
        limits = replace(self._limits, deadline_s=self._left_s)
        if rung == "fewer samples":
            limits = replace(limits, workers=1)  # each holds the network and its results
        try:
            answer = self._chain(request, limits, self._events)
        except ChainEnded as end:
            if end.reason == "signal":
                raise
            self._note(rung, end.reason, error=end)
        except StoreError:
            raise
        except GridtoolError as error:
            reason = "input" if isinstance(error, InputError) else "analysis"
            self._note(rung, reason, error=error)
        except Exception as error:  # a fault of ours is one to fall back from too
            # Its text may name folders of this machine, and the label is published.
            _LOGGER.warning("the computation failed by a fault of its own", exc_info=error)
            self._note(rung, "unexpected", error=error, words=type(error).__name__)
        else:
            return self._land(rung, request, answer, stale_from=stale_from)
        return None

    def _land(
        self, rung: Rung, request: ChainRequest, answer: ChainAnswer, *, stale_from: str
    ) -> Landing:
        if 0 < answer.samples < answer.wanted and answer.degraded != request.degraded:
            # The deadline cut the forecast; the chain has labelled it.
            request = replace(request, samples=answer.samples, degraded=answer.degraded)
            rung = "fewer samples" if rung == "full" else rung
        return Landing(
            rung=rung,
            request=request,
            answer=answer,
            stale_from=stale_from,
            failures=tuple(self._failures),
        )

    def _try_fewer(self, request: ChainRequest) -> Landing | None:
        wanted = _count_wanted(request)
        fewer = max(LEAST, min(FEWER, wanted // 4))
        if not self._has_time or fewer >= wanted:
            return None
        words = (
            f"fewer samples: {fewer} of {wanted}, because the full run failed "
            f"({self._failures[0].words})"
        )
        return self._try("fewer samples", replace(request, samples=fewer, degraded=words))

    def _land_without_forecast(self, request: ChainRequest, answer: ChainAnswer) -> Landing:
        """State and plan of the new inputs are worth more than a forecast of old ones."""
        cut = replace(request, samples=0, degraded=answer.degraded)
        return self._land("fewer samples", cut, answer, stale_from="")

    def _try_last_good(
        self, request: ChainRequest, last_good: Callable[[], LastGood | None]
    ) -> Landing | None:
        good = last_good()
        if good is None:
            return None
        samples, wanted = _count_wanted(good.request), _count_wanted(request)
        words = (
            f"stale: the inputs of run {good.run_id}, as of "
            f"{good.as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            f"{'' if samples == wanted else f', with its {samples} samples, not {wanted}'}"
            f", because the new ones failed ({self._failures[0].words})"
        )
        asked = replace(good.request, degraded=words)
        return self._try("last good inputs", asked, stale_from=good.run_id)

    @property
    def _was_too_big(self) -> bool:
        return self._failures[-1].reason in ("memory", "died", "deadline")

    @property
    def _deadline_answer(self) -> ChainAnswer | None:
        """What there was when the deadline or the memory ended a rung; the last of it."""
        ends = [error for error in self._errors if isinstance(error, ChainEnded)]
        return next((end.answer for end in reversed(ends) if end.answer is not None), None)

    @property
    def _left_s(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - self._clock())

    @property
    def _has_time(self) -> bool:
        left = self._left_s
        return left is None or left >= SHORTEST_S

    def _note(self, rung: Rung, reason: str, *, error: Exception, words: str = "") -> None:
        words = hide_secrets(words or explain(error, most=1))
        self._failures.append(Failure(rung=rung, reason=reason, words=words))
        self._errors.append(error)

    def _refuse(self) -> Exception:
        first = self._errors[0]
        for failure in self._failures[1:]:
            first.add_note(f"{failure.rung}: {failure.words}")
        return first


def _count_wanted(request: ChainRequest) -> int:
    """Samples that ``request`` asks for."""
    if request.samples is not None:
        return request.samples
    stated = request.settings.get("forecast") or {}
    return int(stated.get("samples") or ForecastConfig().samples)
