"""The case as it is and the case as supposed, through the same chain, and the difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.damage.model import GridState
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.forecast.compare import PairedForecast
from gridtool.forecast.metrics.shape_frames import WHOLE
from gridtool.forecast.model import CITY, ShortageForecast
from gridtool.network.model import CityNetwork
from gridtool.restoration.model import PlanConfig, Resources, RestorationPlan
from gridtool.restoration.outcome.stages import Stage, dispatch_shares, view_stage
from gridtool.restoration.plan import plan_restoration
from gridtool.whatif.change import change_plan_config, change_resources, change_state
from gridtool.whatif.scenario import Scenario

__all__ = ["Case", "Forecaster", "WhatIf", "WhatIfCase", "compare_whatif", "energy_until"]

FloatArray = npt.NDArray[np.float64]

Case = tuple[GridState, RestorationPlan | None]
Forecaster = Callable[[Case, Case], PairedForecast]
"""Gives the forecasts of two states and their plans on the same futures."""


@dataclass(frozen=True, kw_only=True)
class WhatIfCase:
    """One of the two cases. ``now`` is the dispatch as of the state's time, by substation."""

    state: GridState
    now: Stage
    plan: RestorationPlan | None
    forecast: ShortageForecast | None = None

    @property
    def unserved_mw(self) -> float:
        """Unserved load now, at the reference demand, MW."""
        return float(self.now.unserved_mw.sum())


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """What a scenario makes different.

    - ``difference``: quantity, unit, as_is, what_if, difference
    - ``districts``: district, name, unserved_as_is_mw, unserved_what_if_mw, unserved_diff_mw
      and, with a forecast, hours_off_as_is, hours_off_what_if, hours_off_diff (hours a day,
      over all months) and hours_off_diff_se (of pairs: both cases are simulated on the same
      futures)

    ``paired`` has both forecasts and their differences by month and district; None without.
    ``until`` is the time up to which energy not served is counted in both cases: the later of
    their last repairs; None without plans.
    """

    scenario: Scenario
    as_is: WhatIfCase
    what_if: WhatIfCase
    until: datetime | None
    difference: pd.DataFrame
    districts: pd.DataFrame
    paired: PairedForecast | None = None


def compare_whatif(
    state: GridState,
    scenario: Scenario,
    *,
    resources: Resources | None = None,
    config: PlanConfig | None = None,
    seed: int = 1,
    forecast: Forecaster | None = None,
) -> WhatIf:
    """Run both cases and state the difference.

    Parameters
    ----------
    resources
        Crews and spares; without them no repairs are planned, and nothing comes back.
    forecast
        Without it hours off are not compared.

    Raises
    ------
    JobFileError
        If the scenario names assets that do not exist or are not damaged.
    Infeasible
        If the repairs of one of the cases cannot be done.
    """
    config = config or PlanConfig()
    changed = change_state(state, scenario)
    dispatcher = Dispatcher(compile_case(state.network))
    as_is = _run_case(state, resources, dispatcher=dispatcher, config=config, seed=seed)
    what_if = _run_case(
        changed,
        change_resources(resources, scenario, state=changed) if resources else None,
        dispatcher=dispatcher,
        config=change_plan_config(config, scenario, network=state.network),
        seed=seed,
    )
    paired = None
    if forecast is not None:
        paired = forecast((state, as_is.plan), (changed, what_if.plan))
        as_is, what_if = replace(as_is, forecast=paired.a), replace(what_if, forecast=paired.b)
    ends = [case.plan.curve["time"].iloc[-1] for case in (as_is, what_if) if case.plan]
    until = max(ends).to_pydatetime() if ends else None
    return WhatIf(
        scenario=scenario,
        as_is=as_is,
        what_if=what_if,
        until=until,
        difference=_tabulate_difference(as_is, what_if, until=until, paired=paired),
        districts=_tabulate_districts(state.network, as_is, what_if, paired=paired),
        paired=paired,
    )


def _run_case(
    state: GridState,
    resources: Resources | None,
    *,
    dispatcher: Dispatcher,
    config: PlanConfig,
    seed: int,
) -> WhatIfCase:
    dispatch = dispatch_shares(dispatcher, state.capacity_share, config)
    plan = None
    if resources is not None:
        plan = plan_restoration(state, resources, config=config, seed=seed, dispatcher=dispatcher)
    return WhatIfCase(
        state=state,
        now=view_stage(dispatch, begins=state.as_of),
        plan=plan,
    )


def energy_until(plan: RestorationPlan, until: datetime) -> float:
    """Energy not served by the plan's curve from its start to ``until``, MWh.

    All that is not served at the reference demand, whether damage or supply is the cause.
    """
    ends = pd.DatetimeIndex([*plan.curve["time"].iloc[1:], pd.Timestamp(until)])
    hours = (ends - pd.DatetimeIndex(plan.curve["time"])) / pd.Timedelta(1, "h")
    unserved = plan.curve["unserved_mw"].to_numpy(dtype=np.float64)
    return float(unserved @ hours.to_numpy(dtype=np.float64))


def _tabulate_difference(
    as_is: WhatIfCase,
    what_if: WhatIfCase,
    *,
    until: datetime | None,
    paired: PairedForecast | None,
) -> pd.DataFrame:
    rows: list[tuple[str, str, float, float]] = [
        ("unserved load now", "MW", as_is.unserved_mw, what_if.unserved_mw),
        (
            "customers out now",
            "",
            float(as_is.now.customers_out.sum()),
            float(what_if.now.customers_out.sum()),
        ),
    ]
    one, other = as_is.plan, what_if.plan
    if one is not None and other is not None and until is not None:
        rows += [
            ("repairs", "", float(len(one.jobs)), float(len(other.jobs))),
            ("days to the last repair", "d", _days(one), _days(other)),
            ("energy not served", "MWh", energy_until(one, until), energy_until(other, until)),
        ]
    if paired is not None:
        for metric, quantity, unit in _FORECAST_ROWS:
            found = _whole_horizon(paired, metric).loc[[CITY]]
            rows.append((quantity, unit, float(found["a"].iloc[0]), float(found["b"].iloc[0])))
    frame = pd.DataFrame(rows, columns=["quantity", "unit", "as_is", "what_if"])
    return frame.assign(difference=frame["what_if"] - frame["as_is"])


def _days(plan: RestorationPlan) -> float:
    return float((plan.curve["time"].iloc[-1] - plan.curve["time"].iloc[0]) / pd.Timedelta(1, "D"))


_FORECAST_ROWS = (
    ("eue_mwh", "expected unserved energy, forecast", "MWh"),
    ("hours_off", "hours off a day, forecast", "h/d"),
)


def _whole_horizon(paired: PairedForecast, metric: str) -> pd.DataFrame:
    """Rows of all months together by district."""
    frame = paired.differences
    rows = frame[(frame["metric"] == metric) & (frame["month"] == WHOLE)]
    return rows.set_index("district")


def _tabulate_districts(
    network: CityNetwork,
    as_is: WhatIfCase,
    what_if: WhatIfCase,
    *,
    paired: PairedForecast | None,
) -> pd.DataFrame:
    owner = network.substations["district"].to_numpy()
    ids = [str(key) for key in network.districts.index]

    def by_district(case: WhatIfCase) -> FloatArray:
        unserved = pd.Series(case.now.unserved_mw).groupby(owner).sum()
        return np.array([unserved.get(district, 0.0) for district in ids], dtype=np.float64)

    one, other = by_district(as_is), by_district(what_if)
    frame = pd.DataFrame(
        {
            "district": ids,
            "name": network.districts["name"].to_numpy(),
            "unserved_as_is_mw": one,
            "unserved_what_if_mw": other,
            "unserved_diff_mw": other - one,
        }
    )
    if paired is None:
        return frame
    found = _whole_horizon(paired, "hours_off").reindex(ids)
    return frame.assign(
        hours_off_as_is=found["a"].to_numpy(),
        hours_off_what_if=found["b"].to_numpy(),
        hours_off_diff=-found["difference"].to_numpy(),
        hours_off_diff_se=found["difference_se"].to_numpy(),
    )
