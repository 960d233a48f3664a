"""Executions replayed on the network: when load and customers come back in each of them.

Nothing here is monotone: a repair can take supply away again (an automatic transfer, a shortage
shared by more, a parallel path that overloads). So no state of an execution is skipped: each is
dispatched once for all executions that pass through it, which is what makes many executions
cheap. Jobs that change no rating (make safe) lead to no new state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.model import CompletionSamples, RestorationPlan
from gridtool.restoration.stages import (
    Owners,
    Stage,
    dispatch_shares,
    list_owners,
    view_stage,
)
from gridtool.restoration.stages_plan import PlanStates, find_plan_states
from gridtool.restoration.value import timeline

__all__ = ["ALL_BACK", "Replay", "replay_executions"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

ALL_BACK = 0.5
"""So many customers may still be out for the damage when all are back: sums are not exact."""

MILESTONES = (0.9, 1.0)


@dataclass(frozen=True, kw_only=True)
class Replay:
    """When what comes back in n executions, hours after the as-of time; infinite: never.

    Attributes
    ----------
    owners
        The O substations and districts, and the city.
    job_ids
        By job.
    finish_h : (n, jobs)
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
        """How many executions."""
        return len(self.finish_h)


class _StateBook:
    """What each state means to owners and customers, dispatched once by its shares of rating."""

    def __init__(self, plan: RestorationPlan, given: PlanStates, *, owners: Owners) -> None:
        self._plan = plan
        self._given = given
        self._owners = owners
        self._of_mask: dict[int, int] = {}
        self._of_shares: dict[frozenset[tuple[str, float]], int] = {}
        self.out: list[BoolArray] = []
        self.customers: list[float] = []
        self.position(0)

    def position(self, mask: int) -> int:
        """Row of the state in ``out`` and ``customers``."""
        found = self._of_mask.get(mask)
        if found is None:
            shares = self._given.effects.shares(mask)
            key = frozenset(shares.items())
            found = self._of_shares.get(key)
            if found is None:
                stage = self.stage(mask)
                found = self._of_shares[key] = len(self.out)
                self.out.append(self._owners.are_out(stage))
                self.customers.append(float(stage.customers_out.sum()))
            self._of_mask[mask] = found
        return found

    def stage(self, mask: int) -> Stage:
        """The state by substation."""
        dispatch = dispatch_shares(
            self._given.dispatcher, self._given.effects.shares(mask), self._plan.config
        )
        return view_stage(dispatch, begins=self._plan.state.as_of)


def replay_executions(
    plan: RestorationPlan,
    completions: CompletionSamples,
    *,
    dispatcher: Dispatcher | None = None,
    n: int | None = None,
) -> Replay:
    """The first ``n`` executions of ``completions`` (None: all) on the network of ``plan``.

    Mobile units come and go by the plan's dates in every execution.
    """
    job_ids = completions.job_ids or completions.asset_ids
    given = find_plan_states(plan, job_ids=job_ids, dispatcher=dispatcher)
    owners = list_owners(given.network, city=True)
    book = _StateBook(plan, given, owners=owners)
    finish = completions.finish_h[:n]
    ends, state = _walk(finish, given, book)
    now, at_end = book.stage(0), book.stage(given.final_mask)
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


def _walk(finish_h: FloatArray, given: PlanStates, book: _StateBook) -> tuple[FloatArray, IntArray]:
    """When each state of each execution ends, and its row in ``book``, both (n, K).

    The last state, which stays, is repeated to the right.
    """
    width = finish_h.shape[1] + len(given.switchings) + 1
    ends = np.full((len(finish_h), width), np.inf)
    state = np.empty((len(finish_h), width), dtype=np.int64)
    for row, hours in enumerate(finish_h):
        states = timeline(hours, switchings=given.switchings)
        ends[row, : len(states) - 1] = [begin for begin, _ in states[1:]]
        places = [book.position(mask) for _, mask in states]
        state[row, : len(places)] = places
        state[row, len(places) :] = places[-1]
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
