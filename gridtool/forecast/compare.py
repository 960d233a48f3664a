"""Two decisions compared on the same futures, so that what they have in common cancels."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import pandas as pd

from gridtool.damage.model import GridState
from gridtool.errors import InputError, Issue
from gridtool.forecast.metrics.paired import PairedTally
from gridtool.forecast.metrics.tally import ShortageTally, relative_error
from gridtool.forecast.model import DemandModel, ForecastConfig, ShortageForecast
from gridtool.forecast.premises import Premise, lay_out_chunks, prepare_chunks, simulate_chunks
from gridtool.forecast.shortage import UNTIL_SAMPLES, make_forecast
from gridtool.forecast.simulate.simulator import Draw
from gridtool.restoration.model import RestorationPlan

__all__ = ["PairedForecast", "compare_plans", "compare_premises"]

A, B = Draw("a"), Draw("b")


@dataclass(frozen=True, kw_only=True)
class PairedForecast:
    """The forecasts of two premises from the same random numbers.

    ``differences``: by month, district and metric; see
    :meth:`gridtool.forecast.metrics.paired.PairedTally.differences`.
    """

    a: ShortageForecast
    b: ShortageForecast
    differences: pd.DataFrame


def compare_plans(
    state: GridState,
    plan_a: RestorationPlan | None,
    plan_b: RestorationPlan | None,
    demand: DemandModel,
    *,
    config: ForecastConfig | None = None,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> PairedForecast:
    """Forecast two plans for one state; see :func:`compare_premises`."""
    config = config or ForecastConfig()
    return compare_premises(
        Premise(state=state, plan=plan_a, config=config),
        Premise(state=state, plan=plan_b, config=config),
        demand=demand,
        seed=seed,
        progress=progress,
    )


def compare_premises(
    a: Premise,
    b: Premise,
    *,
    demand: DemandModel,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> PairedForecast:
    """Forecast two premises on the same samples, and what makes the difference.

    Samples, months, workers and the wanted standard error are those of ``a``; it is reached when
    both forecasts have it.

    Raises
    ------
    InputError
        If the configuration or a network cannot be simulated, the months are beyond the reach
        of the demand model, or the districts differ.
    """
    config = a.config
    if list(a.state.network.districts.index) != list(b.state.network.districts.index):
        raise InputError(
            Issue(message="the two networks do not have the same districts"), subject="comparison"
        )
    inputs, notes = prepare_chunks({A.premise: a, B.premise: b}, demand, seed=seed)
    layout = inputs.layout
    one, other, paired = ShortageTally(layout), ShortageTally(layout), PairedTally(layout)
    chunks = lay_out_chunks({A: config.samples, B: config.samples}, layout=layout)
    found = simulate_chunks(inputs, chunks, workers=config.workers, progress=progress)
    with closing(found):
        for sums in found:
            one.add(sums[A])
            other.add(sums[B])
            paired.add(sums[A], sums[B])
            worst = max(relative_error(one), relative_error(other))
            if config.until is not None and one.samples >= UNTIL_SAMPLES and worst <= config.until:
                break
    forecasts = (
        make_forecast(tally, premise, seed=seed, demand_description=demand.description, notes=notes)
        for tally, premise in ((one, a), (other, b))
    )
    first, second = forecasts
    return PairedForecast(a=first, b=second, differences=paired.differences())
