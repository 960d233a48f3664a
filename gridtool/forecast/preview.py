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

from collections.abc import Mapping
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

FUTURES = 304
"""Executions of the repairs that are mixed."""
FUTURES_WITH_DAMAGE = 152
"""As many where further damage makes them more different from each other."""
PATHS = 480
"""Paths of demand."""
DEMAND_NODES = 12
"""Of each batch."""
BATCHES = 8
"""Parts of the futures and paths that give the error of the whole."""
IMPORT_NODES = 12
"""Of each month."""
_FINE = 64
_NO_NETWORK = "preview: limits of lines and transformers, and their outages, are left out"


@dataclass(frozen=True, kw_only=True)
class ShortagePreview:
    """Expected shortage by month, without network limits, and without noise of outages and imports.

    - ``monthly``: month, hours, demand_mwh, supply_lole_h (hours in which supply is short),
      supply_mwh, supply_mwh_se, delivery_mwh (feeders and busbar sections out or weakened),
      cut_off_mwh (places that no source can reach), eue_mwh (the three together), eue_mwh_se,
      neue_ppm, hours_off_mean (24 x eue_mwh / ordinary demand: hours a day off for an ordinary
      customer). The errors are those of the finite number of futures and of paths.

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
    futures: int | None = None,
    paths: int = PATHS,
) -> ShortagePreview:
    """The expected shortage of the months ahead of ``state``, within about a second.

    Parameters
    ----------
    grid
        The hours ahead, as of :func:`gridtool.forecast.shortage.forecast_grid`.
    config
        Of the forecast; the number of samples and of workers do not count here.
    futures
        Executions of the repairs, and courses of further damage, that are mixed; None: as many as
        a second allows.
    paths
        Paths of demand whose distribution at each hour is taken; at least 8.

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
    if futures is None:
        futures = FUTURES if config.further_damage is None else FUTURES_WITH_DAMAGE
    if plan is None and config.further_damage is None:
        futures = 1  # they are all alike
    supply = follow_supply(inputs, first=0, n=futures)
    factor = demand_model.simulate(paths, grid=grid, seed=seed) / state.network.peak_mw
    short = expect_over_futures(
        supply.course,
        supply.steady,
        supply.weak,
        supply.kinds,
        (
            _demand_nodes(factor),
            import_nodes(inputs),
            np.asarray(grid.month_index, dtype=np.int64),
        ),
    )
    mean = np.stack([factor[batch::BATCHES].mean(axis=0) for batch in range(BATCHES)])
    lost = supply.mean_by_hour(supply.lost_mw, batches=BATCHES) * mean
    cut = supply.mean_by_hour(supply.cut_off_mw, batches=BATCHES) * mean
    hourly = {"lolp": short[:, 0], "supply": short[:, 1], "delivery": lost, "cut_off": cut}
    return ShortagePreview(
        as_of=state.as_of,
        grid=grid,
        futures=futures,
        seed=seed,
        monthly=_tabulate(
            grid, factor.mean(axis=0), hourly, peak_mw=inputs.case.demand_mw.sum(axis=0)
        ),
        supply_mw=hourly["supply"].mean(axis=0),
        delivery_mw=lost.mean(axis=0),
        cut_off_mw=cut.mean(axis=0),
        supply_lolp=hourly["lolp"].mean(axis=0),
        notes=(*notes, *supply.notes, _NO_NETWORK),
    )


def _demand_nodes(factor: FloatArray) -> FloatArray:
    """Means of equal parts of the distribution at each hour of each batch of paths (B, H, K)."""
    parts = []
    for batch in range(BATCHES):
        ordered = np.sort(factor[batch::BATCHES], axis=0)
        nodes = min(DEMAND_NODES, len(ordered))
        edges = np.linspace(0, len(ordered), nodes + 1).astype(np.int64)
        sums = np.add.reduceat(ordered, edges[:-1], axis=0)
        parts.append((sums / np.diff(edges)[:, None]).T)
    shortest = min(part.shape[1] for part in parts)
    return np.ascontiguousarray(np.stack([part[:, :shortest] for part in parts]))


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
    hourly: Mapping[str, FloatArray],
    *,
    peak_mw: FloatArray,
) -> pd.DataFrame:
    first = np.flatnonzero(np.diff(grid.month_index, prepend=-1))
    factor_h = np.add.reduceat(factor, first)
    sums = {name: np.add.reduceat(values, first, axis=1) for name, values in hourly.items()}
    total = sums["supply"] + sums["delivery"] + sums["cut_off"]
    eue = total.mean(axis=0)
    demand, ordinary = factor_h * peak_mw.sum(), factor_h * peak_mw[ORDINARY]
    return pd.DataFrame(
        {
            "month": list(grid.months),
            "hours": np.diff(np.append(first, grid.hours)),
            "demand_mwh": demand,
            "supply_lole_h": sums["lolp"].mean(axis=0),
            "supply_mwh": sums["supply"].mean(axis=0),
            "supply_mwh_se": _error(sums["supply"]),
            "delivery_mwh": sums["delivery"].mean(axis=0),
            "cut_off_mwh": sums["cut_off"].mean(axis=0),
            "eue_mwh": eue,
            "eue_mwh_se": _error(total),
            "neue_ppm": 1e6 * eue / np.where(demand > 0, demand, np.inf),
            "hours_off_mean": 24.0 * eue / np.where(ordinary > 0, ordinary, np.inf),
        }
    )


def _error(batches: FloatArray) -> FloatArray:
    """Standard error of the mean of the batches (B, M)."""
    return np.asarray(batches.std(axis=0, ddof=1) / np.sqrt(len(batches)))
