"""A scenario through the chain, as far as the sweep's level goes: its row.

What scenarios have in common is made once per process: the compiled network, its dispatches, the
demand's paths. It shows in no number: a row depends on the context and its scenario alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gridtool.errors import GridtoolError
from gridtool.flow.case import PROTECTED
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.model import Dispatch
from gridtool.flow.people import customers_out, dead_busbars
from gridtool.flow.topology import topology_of
from gridtool.whatif.change import (
    change_forecast,
    change_plan_config,
    change_state,
    check_scenario,
    shares_changed,
)
from gridtool.whatif.demand import DemandShelf
from gridtool.whatif.futures import simulate_outcome
from gridtool.whatif.model import SweepContext, SweepRow, SweepScenario, failed_row
from gridtool.whatif.parts import PartShares
from gridtool.whatif.planned import PlanShelf
from gridtool.whatif.scenario import Scenario, describe_scenario

__all__ = ["evaluate", "start_evaluator"]


def evaluate(context: SweepContext, one: SweepScenario) -> SweepRow:
    """The row of one scenario; whoever has more of them calls :func:`start_evaluator` once."""
    return start_evaluator(context)(one)


def start_evaluator(context: SweepContext) -> Callable[[SweepScenario], SweepRow]:
    """What evaluates scenarios of ``context`` in this process.

    It gives a row for every scenario: one that has no answer (its assets are unknown, its repairs
    cannot be done, a solver fails) has the reason in its status.
    """
    return _Evaluator(context)


class _Evaluator:
    def __init__(self, context: SweepContext) -> None:
        self._context = context
        network = context.state.network
        self._case = compile_case(network)
        self._dispatcher = Dispatcher(self._case)
        self._parts = PartShares(network, self._case)
        self._demand = None if context.demand is None else DemandShelf(context.demand)
        self._plans: PlanShelf | None = None
        if context.resources is not None:
            self._plans = PlanShelf(context, context.resources, dispatcher=self._dispatcher)

    def __call__(self, one: SweepScenario) -> SweepRow:
        try:
            return self._evaluate(one)
        except GridtoolError as error:
            return failed_row(one, reason=str(error))

    def _evaluate(self, one: SweepScenario) -> SweepRow:
        context, scenario = self._context, one.scenario
        row = SweepRow(
            number=one.number,
            name=one.name,
            changes=describe_scenario(scenario),
            **_present(self._assess(scenario)),
        )
        if context.level == "assess":
            return row
        plan = None
        if self._plans is None:  # nothing is repaired
            row = replace(row, repairs=0.0, ens_mwh=row.unserved_mw * context.counted_h)
        else:
            found = self._plans.find(scenario)
            plan = found.plan
            row = replace(row, **found.columns)
        if context.level == "plan" or self._demand is None:
            return row
        outcome = simulate_outcome(
            change_state(context.state, scenario),
            plan,
            self._demand.find(weather_year=scenario.weather_year, growth=scenario.demand_growth),
            config=change_forecast(context.forecast, scenario),
            seed=context.seed,
        )
        return replace(row, **outcome.columns())

    def _assess(self, scenario: Scenario) -> Dispatch:
        """The dispatch now, at the reference demand of the plan."""
        state, case = self._context.state, self._case
        issues = check_scenario(state, scenario)
        if issues:
            change_state(state, scenario)  # raises them
        shares = self._parts.vector(shares_changed(state, scenario))
        config = change_plan_config(self._context.plan, scenario, network=state.network)
        factor = config.demand_factor
        return self._dispatcher.solve(
            {},
            topology=topology_of(case, shares),
            demand_mw=None if factor == 1.0 else case.demand_mw * factor,
            import_limit_mw=config.import_limit_mw,
        )


def _present(now: Dispatch) -> dict[str, Any]:
    """What is out now."""
    case = now.case
    out = customers_out(
        case,
        unserved_mw=now.unserved_mw,
        demand_mw=now.demand_mw,
        dead=dead_busbars(now),
        customers=case.feeder_customers,
    )
    return {
        "served_mw": now.total_served_mw,
        "unserved_mw": now.total_unserved_mw,
        "protected_unserved_mw": float(now.unserved_mw[:, PROTECTED].sum()),
        "customers_out": float(round(float(out.sum()))),
    }
