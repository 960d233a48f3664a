"""Supply months ahead: units that fail and come back, and what may be imported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.streams import component_number, open_stream
from gridtool.network.model import CityNetwork
from gridtool.timegrid import TimeGrid

__all__ = [
    "ImportAllocation",
    "UnitOutages",
    "draw_import_limits",
    "draw_units_up",
    "invert_triangular",
    "read_import_allocation",
    "read_unit_outages",
    "season_mask",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
_IMPORT = component_number("import allocation")


@dataclass(frozen=True, kw_only=True)
class UnitOutages:
    """Forced outages of units: two-state Markov processes in continuous time.

    Attributes
    ----------
    ids : tuple of g names
    mttf_h, mttr_h : (g,)
        Mean times to failure and to repair; infinite and zero for a unit that never fails.
    streams : (g,) int
        Component number of each unit's random numbers.
    """

    ids: tuple[str, ...]
    mttf_h: FloatArray
    mttr_h: FloatArray
    streams: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class ImportAllocation:
    """Triangular distribution of what all infeeds may import together, by slot month.

    Attributes
    ----------
    low_mw, likely_mw, high_mw : (m,)
        By month of the grid; infinite where the network sets no limit.
    """

    low_mw: FloatArray
    likely_mw: FloatArray
    high_mw: FloatArray


def read_unit_outages(network: CityNetwork) -> tuple[UnitOutages, tuple[str, ...]]:
    """Outage data of the network's units in table order, and what had to be assumed, in words.

    A unit without ``mttf_h`` never fails; one with ``mttf_h`` and an outage rate but no
    ``mttr_h`` takes the repair time that gives this rate.
    """
    units = network.units
    mttf = units["mttf_h"].to_numpy(dtype=np.float64).copy()
    mttr = units["mttr_h"].to_numpy(dtype=np.float64).copy()
    rate = units["for"].to_numpy(dtype=np.float64)
    derived = np.isfinite(mttf) & ~np.isfinite(mttr) & (rate < 1)
    mttr[derived] = mttf[derived] * rate[derived] / (1 - rate[derived])
    never = ~np.isfinite(mttf)
    ids = tuple(str(unit) for unit in units.index)
    unused = [unit for unit, without in zip(ids, never & (rate > 0), strict=True) if without]
    notes: tuple[str, ...] = ()
    if unused:
        notes = (
            f"outage rate without mttf_h, taken as never failing: {', '.join(unused[:8])}"
            + (f" and {len(unused) - 8} more" if len(unused) > 8 else ""),
        )
    outages = UnitOutages(
        ids=ids,
        mttf_h=np.where(never, np.inf, mttf),
        mttr_h=np.where(never, 0.0, mttr),
        streams=tuple(component_number(f"unit: {unit}") for unit in ids),
    )
    return outages, notes


def draw_units_up(
    outages: UnitOutages, *, hours: int, returns_h: FloatArray, seed: int, first: int
) -> BoolArray:
    """Whether each unit is up at the beginning of each hour.

    An undamaged unit is up at hour 0. A damaged one is down until its return, is up then, and
    follows its process from there on. Times up and down are exponential, so that the chance to
    be up t hours after is m/(l+m) + l/(l+m) exp(-(l+m) t), with l = 1/MTTF and m = 1/MTTR.

    Parameters
    ----------
    returns_h : (n, g)
        Hours after the first slot at which each unit is back; 0 or less: not damaged; infinite:
        not within the horizon.

    Returns
    -------
    (n, hours, g) bool
        Sample i depends on (seed, first + i) and its returns only.
    """
    n, g = returns_h.shape
    up = np.ones((n, g, hours), dtype=np.bool_)
    for row in range(n):
        for unit in range(g):
            start = max(0.0, float(returns_h[row, unit]))
            if start >= hours:
                up[row, unit] = False
                continue
            up[row, unit, : int(np.ceil(start))] = False
            if np.isfinite(outages.mttf_h[unit]):
                stream = open_stream(seed, first + row, component=outages.streams[unit])
                _mark_outages(
                    up[row, unit],
                    stream,
                    start=start,
                    mttf_h=float(outages.mttf_h[unit]),
                    mttr_h=float(outages.mttr_h[unit]),
                )
    return up.transpose(0, 2, 1)


def _mark_outages(
    up: BoolArray, stream: np.random.Generator, *, start: float, mttf_h: float, mttr_h: float
) -> None:
    """Clear the hours of ``up`` that begin within an outage, from ``start`` on."""
    hours = len(up)
    clock = start
    while clock < hours:
        # A block of durations at a time: one draw serves most units for months.
        lasting = stream.standard_exponential((16, 2)) * (mttf_h, mttr_h)
        edges = clock + np.cumsum(lasting.ravel())
        for fail, back in edges.reshape(-1, 2):
            if fail >= hours:
                return
            up[int(np.ceil(fail)) : int(np.ceil(min(back, hours)))] = False
        clock = float(edges[-1])


def season_mask(network: CityNetwork, *, grid: TimeGrid) -> BoolArray:
    """Whether each unit is available by its months (heating season), shape (hours, g)."""
    month = np.array([int(name[5:]) for name in grid.months])[grid.month_index]
    allowed = np.ones((grid.hours, len(network.units)), dtype=np.bool_)
    for unit, months in enumerate(network.units["months"]):
        if months:
            allowed[:, unit] = np.isin(month, [int(name) for name in months])
    return allowed


def read_import_allocation(network: CityNetwork, *, grid: TimeGrid) -> ImportAllocation:
    """The allocation of each month of the grid; no limit for a month without a row."""
    table = network.import_allocation
    values = table[["low_mw", "likely_mw", "high_mw"]].to_numpy(dtype=np.float64)
    limits = dict(zip((int(month) for month in table.index), values, strict=True))
    unlimited = np.full(3, np.inf)
    rows = np.array([limits.get(int(name[5:]), unlimited) for name in grid.months])
    return ImportAllocation(low_mw=rows[:, 0], likely_mw=rows[:, 1], high_mw=rows[:, 2])


def draw_import_limits(
    allocation: ImportAllocation, *, n: int, seed: int, first: int
) -> FloatArray:
    """One limit per sample and month, shared by all infeeds, shape (n, m).

    Months are drawn independently: the allocation is set anew by the system operator.
    """
    low, likely, high = allocation.low_mw, allocation.likely_mw, allocation.high_mw
    share = np.stack(
        [open_stream(seed, first + row, component=_IMPORT).random(len(low)) for row in range(n)]
    )
    return invert_triangular(share, low=low, likely=likely, high=high)


def invert_triangular(
    share: FloatArray, *, low: FloatArray, likely: FloatArray, high: FloatArray
) -> FloatArray:
    """Quantiles of triangular distributions; the value itself where low = high or infinite."""
    with np.errstate(invalid="ignore"):
        width = high - low
        rise, fall = likely - low, high - likely
        below = low + np.sqrt(np.maximum(share * width * rise, 0.0))
        above = high - np.sqrt(np.maximum((1 - share) * width * fall, 0.0))
        drawn = np.where(share * width < rise, below, above)
    return np.where(np.isfinite(high), drawn, np.inf)
