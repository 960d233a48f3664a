"""The preview of a shortage forecast: expected shortage of supply and delivery in a second.

Units that fail are a distribution, not draws: the capacity of each hour is convolved exactly from
their chances to be up, on the way out of today's state. Damage, its repairs and, where it is
stated, further damage are the mixture over futures drawn as the simulation draws them, so that
what comes back together, or when crews are free, stays together. Demand is the distribution of
the model's paths at each hour, import its triangular distribution, both by equally likely nodes:
one drawn at random from each of equal parts, anew for each hour, so that no shortage is lost to
averaging. Limits of the network are left out; load of places that no source can reach is counted
apart.
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
from gridtool.forecast.preview_supply import SupplyCourse, follow_supply
from gridtool.forecast.simulate.futures import FutureInputs, prepare_futures
from gridtool.forecast.simulate.import_limits import invert_triangular
from gridtool.forecast.streams import component_number, open_stream
from gridtool.restoration.model import RestorationPlan
from gridtool.timegrid import TimeGrid

__all__ = [
    "BATCHES",
    "ShortagePreview",
    "count_futures",
    "count_paths",
    "expect_supply",
    "pick_demands",
    "pick_imports",
    "preview_shortage",
]

FloatArray = npt.NDArray[np.float64]

FUTURES = 320
"""Executions of the repairs that are mixed."""
FUTURES_WITH_DAMAGE = 160
"""As many where further damage makes them more different from each other."""
PATHS = 960
"""Paths of demand."""
PATH_HOURS = 10_000_000
"""Most hours of all paths together, which they keep in memory."""
DEMAND_NODES = 8
"""Of each batch and hour."""
BATCHES = 32
"""Parts of the futures and paths that give the error of the whole."""
IMPORT_NODES = 4
"""Of each batch and hour."""
_NODES = component_number("preview nodes")
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
    paths: int | None = None,
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
        Paths of demand whose distribution at each hour is taken, at least 32; None: as many as a
        second and the memory allow.

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
    futures = futures or count_futures(plan, config)
    paths = paths or count_paths(grid)
    factor = demand_model.simulate(paths, grid=grid, seed=seed) / state.network.peak_mw
    supply, short = expect_supply(inputs, factor, first=0, n=futures)
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


def count_futures(plan: RestorationPlan | None, config: ForecastConfig) -> int:
    """Futures that a second allows; one where they are all alike."""
    if config.further_damage is not None:
        return FUTURES_WITH_DAMAGE
    return 1 if plan is None else FUTURES


def count_paths(grid: TimeGrid) -> int:
    """Paths of demand that a second and the memory allow."""
    return BATCHES * max(1, min(PATHS, PATH_HOURS // grid.hours) // BATCHES)


def expect_supply(
    inputs: FutureInputs, factor: FloatArray, *, first: int, n: int
) -> tuple[SupplyCourse, FloatArray]:
    """The supply of futures ``first`` to ``first + n - 1``, and what is short by batch and hour.

    Parameters
    ----------
    factor : (paths, H)
        Demand factors of paths of their own, at least ``BATCHES``.

    Returns
    -------
    supply, short : (BATCHES, 2, H)
        Chance of a supply shortage and expected shortage, MW.
    """
    supply = follow_supply(inputs, first=first, n=n)
    stream = open_stream(inputs.seed, first, component=_NODES)
    draws = pick_demands(factor, stream), pick_imports(inputs, stream)
    short = expect_over_futures(supply.course, supply.steady, supply.weak, supply.kinds, draws)
    return supply, short


def pick_demands(factor: FloatArray, stream: np.random.Generator) -> FloatArray:
    """One path from each of equal parts of the ordered paths of a batch, by hour (B, H, K)."""
    hours = factor.shape[1]
    nodes = min(DEMAND_NODES, len(factor) // BATCHES)
    picked = np.empty((BATCHES, hours, nodes))
    for batch in range(BATCHES):
        ordered = np.sort(factor[batch::BATCHES], axis=0)
        share = (np.arange(nodes)[:, None] + stream.random((nodes, hours))) / nodes
        rank = np.minimum((share * len(ordered)).astype(np.int64), len(ordered) - 1)
        picked[batch] = np.take_along_axis(ordered, rank, axis=0).T
    return picked


def pick_imports(inputs: FutureInputs, stream: np.random.Generator) -> FloatArray:
    """One import limit from each of equal parts of its month's distribution, MW (B, H, J)."""
    allocation = inputs.allocation
    month = np.repeat(np.arange(len(allocation.low_mw)), np.diff(inputs.month_first))
    drawn = stream.random((BATCHES, IMPORT_NODES, len(month)))
    share = (np.arange(IMPORT_NODES)[:, None] + drawn) / IMPORT_NODES
    limit = invert_triangular(
        share,
        low=allocation.low_mw[month],
        likely=allocation.likely_mw[month],
        high=allocation.high_mw[month],
    )
    limit = np.maximum(limit + inputs.import_change_mw, 0.0)
    return np.ascontiguousarray(limit.transpose(0, 2, 1))


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
