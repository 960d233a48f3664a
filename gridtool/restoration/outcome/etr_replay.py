"""Executions replayed on the network: when load and customers come back in each of them.

Nothing here is monotone: a repair can take supply away again (an automatic transfer, a shortage
shared by more, a parallel path that overloads). So no state of an execution is skipped, but each
is dispatched once for all executions that pass through it: that makes many executions cheap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.mobile.policy import follow_tours
from gridtool.restoration.model import CompletionSamples, RestorationPlan
from gridtool.restoration.outcome.etr_states import StateBook
from gridtool.restoration.outcome.plan_states import PlanStates, find_plan_states
from gridtool.restoration.outcome.stages import Owners, Stage, list_owners
from gridtool.restoration.value.states import timeline

__all__ = ["ALL_BACK", "MOST_STATES", "Replay", "replay_executions"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

ALL_BACK = 0.5
"""So many customers may still be out for the damage when all are back: sums are not exact."""

MILESTONES = (0.9, 1.0)

MOST_STATES = 12_000
"""Distinct states dispatched at most, which bounds the number of executions: up to a minute for a
city of 400 substations, where they make about sixty executions of 200 jobs. Ten thousand
executions of 30 jobs pass through fewer."""


@dataclass(frozen=True, kw_only=True)
class Replay:
    """When what comes back in n executions, hours after the as-of time; infinite: never.

    Jobs need no network to be dated: ``finish_h`` holds all executions drawn, N of them, of
    which the first n are replayed.

    Attributes
    ----------
    owners
        The O substations and districts, and the city.
    job_ids
        By job.
    finish_h : (N, jobs)
    back_h : (n, O)
        When an owner is back for good; 0 where it is never out.
    share : (M,)
        Shares of the customers that the damage put out.
    share_back_h : (n, M)
        When so many of them are back for good.
    customer_hours : (n,)
        Customers out for the damage, times hours.
    now, at_end
        The states before the first and after the last repair.
    states : int
        Distinct states dispatched.
    """

    owners: Owners
    job_ids: tuple[str, ...]
    finish_h: FloatArray
    back_h: FloatArray
    share: FloatArray
    share_back_h: FloatArray
    customer_hours: FloatArray
    now: Stage
    at_end: Stage
    states: int

    @property
    def n(self) -> int:
        """How many executions are replayed."""
        return len(self.back_h)


def replay_executions(
    plan: RestorationPlan,
    completions: CompletionSamples,
    *,
    dispatcher: Dispatcher | None = None,
    n: int | None = None,
    most_states: int = MOST_STATES,
) -> Replay:
    """The first ``n`` executions of ``completions`` (None: all) on the network of ``plan``.

    Mobile units go on when the repairs are there that they bridge, see
    :mod:`gridtool.restoration.mobile.policy`.

    Parameters
    ----------
    most_states
        No further execution is replayed once so many distinct states have been dispatched.
    """
    job_ids = completions.job_ids or completions.asset_ids
    given = find_plan_states(plan, job_ids=job_ids, dispatcher=dispatcher)
    owners = list_owners(given.network, city=True)
    book = StateBook(given, plan.config, owners=owners)
    finish = completions.finish_h
    ends, state = _walk(finish[:n], given, book, most_states=most_states)
    now, at_end = (book.stage(mask) for mask in (0, given.final_mask))
    left = float(at_end.customers_out.sum())
    damaged = np.maximum(np.array(book.customers) - left, 0.0)
    lost = max(float(now.customers_out.sum()) - left, 0.0)
    share = np.array(MILESTONES)
    allowed = (1.0 - share) * lost + ALL_BACK
    return Replay(
        owners=owners,
        job_ids=tuple(job_ids),
        finish_h=finish,
        back_h=_last_end(np.array(book.out), state, ends),
        share=share,
        share_back_h=_last_end(damaged[:, None] > allowed, state, ends),
        customer_hours=_customer_hours(damaged, state, ends),
        now=now,
        at_end=at_end,
        states=len(book.out),
    )


def _walk(
    finish_h: FloatArray, given: PlanStates, book: StateBook, *, most_states: int
) -> tuple[FloatArray, IntArray]:
    """When each state of each execution ends, and its row in ``book``, both (n, K).

    The last state, which stays, is repeated to the right. Ends with the execution that reaches
    ``most_states``.
    """
    width = finish_h.shape[1] + len(given.switchings) + 1
    ends = np.full((len(finish_h), width), np.inf)
    state = np.empty((len(finish_h), width), dtype=np.int64)
    for row, hours in enumerate(finish_h):
        states = timeline(hours, switchings=follow_tours(given.tours, hours))
        ends[row, : len(states) - 1] = [begin for begin, _ in states[1:]]
        places = [book.position(mask) for _, mask in states]
        state[row, : len(places)] = places
        state[row, len(places) :] = places[-1]
        if len(book.out) >= most_states:
            return ends[: row + 1], state[: row + 1]
    return ends, state


def _last_end(out: BoolArray, state: IntArray, ends: FloatArray) -> FloatArray:
    """When the last state that is ``out`` (states, O) ends, 0 without any; shape (n, O)."""
    back = np.zeros((len(state), out.shape[1]))
    for step in range(state.shape[1]):
        back = np.where(out[state[:, step]], ends[:, step, None], back)
    return back


def _customer_hours(damaged: FloatArray, state: IntArray, ends: FloatArray) -> FloatArray:
    """Customers out times hours (n,); infinite where some stay out."""
    total = np.zeros(len(state))
    begin = np.zeros(len(state))
    for step in range(state.shape[1]):
        end = ends[:, step]
        customers = damaged[state[:, step]]
        stays = np.isinf(end)
        lasts = np.where(stays, 0.0, end - np.where(stays, 0.0, begin))
        total += np.where(stays, np.where(customers > ALL_BACK, np.inf, 0.0), customers * lasts)
        begin = end
    return total
