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
from gridtool.restoration.model import RestorationPlan
from gridtool.restoration.outcome.etr import quantile_hours
from gridtool.restoration.outcome.etr_replay import replay_executions
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.schedule.execute import simulate_completions
from gridtool.whatif.change import (
    change_forecast,
    change_plan_config,
    change_resources,
    change_state,
    check_scenario,
    shares_changed,
)
from gridtool.whatif.counted import energy_counted
from gridtool.whatif.demand import DemandShelf
from gridtool.whatif.futures import simulate_outcome
from gridtool.whatif.model import SweepContext, SweepRow, SweepScenario, failed_row
from gridtool.whatif.parts import PartShares
from gridtool.whatif.scenario import Scenario, describe_scenario

__all__ = ["EXECUTIONS", "evaluate", "start_evaluator"]

EXECUTIONS = 400
"""Executions of a plan from which the dates of the city are taken: the P50 covers half of new ones
within 2.5 %, the P90 90 % within 1.5 % (standard errors)."""
MOST_STATES = 3_000
KEPT_PLANS = 16
"""Plans that an evaluator keeps for scenarios that differ in the months ahead alone."""


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
        self._plans: dict[Scenario, RestorationPlan] = {}

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
        plan = self._plan(scenario)
        row = replace(row, **self._describe_plan(plan, unserved_mw=row.unserved_mw))
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

    def _plan(self, scenario: Scenario) -> RestorationPlan | None:
        """The plan of the scenario's repairs; None where nothing is repaired."""
        context = self._context
        if context.resources is None:
            return None
        key = replace(scenario, weather_year=None, further_damage_rate=None)
        plan = self._plans.get(key)
        if plan is None:
            state = change_state(context.state, scenario)
            plan = plan_restoration(
                state,
                change_resources(context.resources, scenario, state=state),
                config=change_plan_config(context.plan, scenario, network=context.state.network),
                seed=context.seed,
                dispatcher=self._dispatcher,
            )
            if len(self._plans) >= KEPT_PLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[key] = plan
        return plan

    def _describe_plan(self, plan: RestorationPlan | None, *, unserved_mw: float) -> dict[str, Any]:
        counted_h = self._context.counted_h
        if plan is None:
            return {"repairs": 0.0, "ens_mwh": unserved_mw * counted_h}
        columns: dict[str, Any] = {
            "repairs": float(len(plan.jobs)),
            "ens_mwh": energy_counted(plan, counted_h),
            "last_repair_h": 0.0,
            "etr_p50_h": 0.0,
            "etr_p90_h": 0.0,
        }
        if plan.jobs:
            last = max(entry.finish for entry in plan.jobs) - plan.state.as_of
            completions = simulate_completions(plan, n=EXECUTIONS, seed=self._context.seed)
            replay = replay_executions(
                plan, completions, dispatcher=self._dispatcher, most_states=MOST_STATES
            )
            median, late = quantile_hours(replay.back_h[:, -1:])
            columns |= {
                "last_repair_h": last.total_seconds() / 3600.0,
                "etr_p50_h": float(median[0]),
                "etr_p90_h": float(late[0]),
            }
        return columns


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
