"""The preview of a shortage forecast: expected shortage of supply and delivery in a second.

Units that fail are a distribution, not draws: the capacity of each hour is convolved exactly from
their chances to be up, on the way out of today's state. Damage, its repairs and, where it is
stated, further damage are the mixture over futures drawn as the simulation draws them, so that
what comes back together, or when crews are free, stays together. Demand is the distribution of
the model's paths at each hour, import its triangular distribution, both by equally likely nodes
(means of equal parts of the distribution). Limits of the network are left out; load of places that
no source can reach is counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.damage.model import GridState
from gridtool.flow.case import ORDINARY
from gridtool.flow.compile import compile_case
from gridtool.forecast.model import DemandModel, ForecastConfig
from gridtool.forecast.preview_kernel import expect_over_futures
from gridtool.forecast.preview_supply import follow_supply
from gridtool.forecast.simulate.futures import FutureInputs, prepare_futures
from gridtool.forecast.simulate.import_limits import invert_triangular
from gridtool.restoration.model import RestorationPlan
from gridtool.timegrid import TimeGrid

__all__ = ["ShortagePreview", "import_nodes", "preview_shortage"]

FloatArray = npt.NDArray[np.float64]

FUTURES = 300
"""Executions of the repairs that are mixed."""
FUTURES_WITH_DAMAGE = 150
"""As many where further damage makes them more different from each other."""
PATHS = 480
DEMAND_NODES = 48
IMPORT_NODES = 12
_FINE = 64
_NO_NETWORK = "preview: limits of lines and transformers, and their outages, are left out"


@dataclass(frozen=True, kw_only=True)
class ShortagePreview:
    """Expected shortage by month, without network limits and without noise of outages.

    - ``monthly``: month, hours, demand_mwh, supply_lole_h (hours in which supply is short),
      supply_mwh, delivery_mwh (feeders and busbar sections out or weakened), cut_off_mwh (places
      that no source can reach), eue_mwh (the three together), neue_ppm, hours_off_mean (24 x
      eue_mwh / ordinary demand: hours a day off for an ordinary customer)

    Attributes
    ----------
    supply_mw, delivery_mw, cut_off_mw, supply_lolp : (H,)
        The same by hour of ``grid``, expected.
    """

    as_of: datetime
    grid: TimeGrid
    futures: int
    seed: int
    monthly: pd.DataFrame
    supply_mw: FloatArray
    delivery_mw: FloatArray
    cut_off_mw: FloatArray
    supply_lolp: FloatArray
    notes: tuple[str, ...] = ()


def preview_shortage(
    state: GridState,
    plan: RestorationPlan | None,
    demand_model: DemandModel,
    *,
    grid: TimeGrid,
    config: ForecastConfig | None = None,
    seed: int = 1,
) -> ShortagePreview:
    """The expected shortage of the months ahead of ``state``, within about a second.

    Parameters
    ----------
    grid
        The hours ahead, as of :func:`gridtool.forecast.shortage.forecast_grid`.
    config
        Of the forecast; the number of samples and of workers do not count here.

    Raises
    ------
    AnalysisError
        If damage touches more units than can be enumerated.
    InputError
        If the network cannot be simulated.
    """
    config = config or ForecastConfig()
    case = compile_case(state.network)
    inputs, notes = prepare_futures(state, plan, case, grid=grid, config=config, seed=seed)
    futures = FUTURES if config.further_damage is None else FUTURES_WITH_DAMAGE
    futures = 1 if plan is None and config.further_damage is None else futures
    supply = follow_supply(inputs, first=0, n=futures)
    factor = demand_model.simulate(PATHS, grid=grid, seed=seed) / state.network.peak_mw
    short = expect_over_futures(
        supply.course,
        supply.steady,
        supply.weak,
        (np.ascontiguousarray(supply.kinds[:, 0]), np.ascontiguousarray(supply.kinds[:, 1])),
        (
            np.ascontiguousarray(_demand_nodes(factor).T),
            import_nodes(inputs),
            np.asarray(grid.month_index, dtype=np.int64),
        ),
    )
    mean = factor.mean(axis=0)
    lost, cut = supply.mean_by_hour(2) * mean, supply.mean_by_hour(3) * mean
    return ShortagePreview(
        as_of=state.as_of,
        grid=grid,
        futures=futures,
        seed=seed,
        monthly=_tabulate(
            grid,
            mean,
            short=short,
            delivery=(lost, cut),
            peak_mw=np.asarray(inputs.case.demand_mw.sum(axis=0)),
        ),
        supply_mw=short[1],
        delivery_mw=lost,
        cut_off_mw=cut,
        supply_lolp=short[0],
        notes=(*notes, *supply.notes, _NO_NETWORK),
    )


def _demand_nodes(factor: FloatArray) -> FloatArray:
    """Means of equal parts of the paths' distribution at each hour (K, H)."""
    ordered = np.sort(factor, axis=0)
    nodes = min(DEMAND_NODES, len(ordered))
    parts = ordered[: len(ordered) // nodes * nodes].reshape(nodes, -1, ordered.shape[1])
    return np.asarray(parts.mean(axis=1))


def import_nodes(inputs: FutureInputs) -> FloatArray:
    """Means of equal parts of each month's import limit, MW (M, J)."""
    allocation = inputs.allocation
    share = (np.arange(IMPORT_NODES * _FINE) + 0.5) / (IMPORT_NODES * _FINE)
    drawn = invert_triangular(
        share[:, None],
        low=allocation.low_mw,
        likely=allocation.likely_mw,
        high=allocation.high_mw,
    )
    limit = np.maximum(drawn + inputs.import_change_mw, 0.0)
    return np.ascontiguousarray(limit.reshape(IMPORT_NODES, _FINE, -1).mean(axis=1).T)


def _tabulate(
    grid: TimeGrid,
    factor: FloatArray,
    *,
    short: FloatArray,
    delivery: tuple[FloatArray, FloatArray],
    peak_mw: FloatArray,
) -> pd.DataFrame:
    def sums(values: FloatArray) -> FloatArray:
        months = np.bincount(grid.month_index, weights=values, minlength=len(grid.months))
        return months.astype(np.float64)

    factor_h = sums(factor)
    lost, cut = sums(delivery[0]), sums(delivery[1])
    supply = sums(short[1])
    eue = supply + lost + cut
    demand, ordinary = factor_h * peak_mw.sum(), factor_h * peak_mw[ORDINARY]
    return pd.DataFrame(
        {
            "month": list(grid.months),
            "hours": np.bincount(grid.month_index, minlength=len(grid.months)),
            "demand_mwh": demand,
            "supply_lole_h": sums(short[0]),
            "supply_mwh": supply,
            "delivery_mwh": lost,
            "cut_off_mwh": cut,
            "eue_mwh": eue,
            "neue_ppm": 1e6 * eue / np.where(demand > 0, demand, np.inf),
            "hours_off_mean": 24.0 * eue / np.where(ordinary > 0, ordinary, np.inf),
        }
    )
