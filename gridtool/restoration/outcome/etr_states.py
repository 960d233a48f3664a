"""The states that executions pass through, each dispatched once and kept as what counts.

A state that nothing but supply and transformers holds back is answered by the compiled closed
form; it takes one way of sharing generation that keeps all limits to prove it the optimum. Where
the simple rules find none, the ways that programs found for earlier states are tried first; a
program is solved only where these fail too.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gridtool.flow.served import ClosedForm
from gridtool.flow.topology import share_vector
from gridtool.restoration.model import PlanConfig
from gridtool.restoration.outcome.plan_states import PlanStates
from gridtool.restoration.outcome.stages import (
    Owners,
    Stage,
    dispatch_shares,
    sum_stage,
    view_stage,
)

__all__ = ["StateBook"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_MOST_PATTERNS = 12
_SAME_MW = 1e-6
"""A program that serves this close to the closed form found a way that it lacked; one that
serves less is held back by the network and proves nothing about other states."""


class StateBook:
    """What each state means to owners and customers.

    Attributes
    ----------
    out : list of (O,) bool
        By row: which owners are out.
    customers : list of float
        By row: customers out in the whole network.
    programs : int
        How many states took a program.
    """

    def __init__(self, given: PlanStates, config: PlanConfig, *, owners: Owners) -> None:
        case = given.dispatcher.case
        self.out: list[BoolArray] = []
        self.customers: list[float] = []
        self.programs = 0
        self._given = given
        self._config = config
        self._owners = owners
        self._of_mask: dict[int, int] = {}
        self._of_shares: dict[frozenset[tuple[str, float]], int] = {}
        self._closed = ClosedForm(case)
        self._demand_mw = case.demand_mw * config.demand_factor
        self._patterns = np.zeros((0, len(case.source_ids)))
        self.position(0)

    def position(self, mask: int) -> int:
        """Row of a state; masks that leave the same shares of rating are one state."""
        found = self._of_mask.get(mask)
        if found is None:
            shares = self._given.effects.shares(mask)
            key = frozenset(shares.items())
            found = self._of_shares.get(key)
            if found is None:
                stage = self._view(shares)
                found = self._of_shares[key] = len(self.out)
                self.out.append(self._owners.are_out(stage))
                self.customers.append(float(stage.customers_out.sum()))
            self._of_mask[mask] = found
        return found

    def stage(self, mask: int) -> Stage:
        """The state by substation, as of the plan's beginning."""
        return self._view(self._given.effects.shares(mask))

    def _view(self, shares: Mapping[str, float]) -> Stage:
        begins = self._given.states[0].begins
        case, limit = self._given.dispatcher.case, self._config.import_limit_mw
        served, proof = self._closed.serve_busbars(
            share_vector(case, shares),
            factor=self._config.demand_factor,
            import_limit_mw=np.inf if limit is None else limit,
            patterns=self._patterns,
        )
        if proof >= 0:
            self._prefer(proof - 1)
            unserved = np.maximum(self._demand_mw - served, 0.0)
            return sum_stage(case, self._demand_mw, unserved, begins=begins)
        self.programs += 1
        dispatch = dispatch_shares(self._given.dispatcher, shares, self._config)
        if dispatch.total_served_mw > float(served.sum()) - _SAME_MW:
            self._patterns = np.vstack([dispatch.generation_mw, self._patterns])[:_MOST_PATTERNS]
        return view_stage(dispatch, begins=begins)

    def _prefer(self, pattern: int) -> None:
        """Try a pattern that did (none: -1) first from now on."""
        if pattern > 0:
            order = [pattern, *(k for k in range(len(self._patterns)) if k != pattern)]
            self._patterns = self._patterns[order]
