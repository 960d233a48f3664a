"""Compiled: the hours of many stages, answered where the closed form is proven to be optimal.

Between neighbouring kinks (:mod:`gridtool.flow.stage_share_kernel`) served load is affine in the
demand factor. Flows are linear in injections, so where some generation keeps the limits at two
factors, the mean of both does so in between: two proofs serve all hours of a piece. With no
demand there is one for free, unless phase shifters alone drive too much.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.dcflow_kernel import branch_flows
from gridtool.flow.served_kernel import CaseArrays, fit_generation
from gridtool.flow.stage_grid_kernel import Caps, CellPlaces, Grid, Load, Sources, prepare_grid
from gridtool.flow.stage_share_kernel import find_kinks, same_piece, share_load

__all__ = ["StageArrays", "dispatch_stages"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

StageArrays = tuple[IntArray, IntArray, IntArray, IntArray, FloatArray, FloatArray]
"""Row, first hour, end, state of the parts, source ratings (k, G) and import limit, MW."""
Supply = tuple[FloatArray, FloatArray, FloatArray, FloatArray, float]
"""Rating of each source (K,), now; of units, of infeeds, and the most of both that each island
can have (I,); import limit, MW."""
Limits = tuple[float, bool]
"""How far a flow may be above its limit (MW), and whether phase shifters alone keep the limits."""

_INWARD = 1e-6
"""Part of a piece left out at its ends where leaves may turn from cap to common share there."""


@numba.njit(cache=True)
def _supply_of(sources: Sources, islands: int, source_mw: FloatArray, import_mw: float) -> Supply:
    position, most, island, infeed, _ = sources
    rating = np.empty(most.shape[0])
    units, infeeds = np.zeros(islands), np.zeros(islands)
    for k in range(most.shape[0]):
        rating[k] = min(most[k], source_mw[position[k]])
        if infeed[k]:
            infeeds[island[k]] += rating[k]
        else:
            units[island[k]] += rating[k]
    return rating, units, infeeds, units + np.minimum(infeeds, import_mw), import_mw


@numba.njit(cache=True)
def _fits(factor: float, supply: Supply, grid: Grid, tolerance: float) -> bool:
    """Whether a simple split of generation serves what the closed form does, within limits."""
    load, caps, sources, core, core_island = grid
    share, shed = share_load(factor, supply[3], load, caps)
    need = np.zeros(share.shape[0])
    taken = np.zeros(core_island.shape[0])
    for node in range(core_island.shape[0]):
        for tier in range(2):
            taken[node] += load[2][node, tier] * (factor * (1.0 - share[core_island[node], tier]))
    for i in range(share.shape[0]):
        for tier in range(2):
            need[i] += load[0][i, tier] * (factor * (1.0 - share[i, tier]))
    for a in range(shed.shape[0]):
        given = (caps[3][a, 0] + caps[3][a, 1]) * factor - shed[a, 0] - shed[a, 1]
        taken[caps[1][a]] += given
        need[caps[0][a]] += given
    kinds = (supply[0], sources[2], sources[3])
    way = fit_generation(
        core,
        (kinds, sources[4], np.zeros((0, kinds[0].shape[0]))),
        (np.minimum(need, supply[3]), taken),
        np.array([supply[4], tolerance]),
    )
    return way >= 0


@numba.njit(cache=True)
def _rests(grid: Grid, tolerance: float) -> bool:
    """Whether phase shifters keep the limits where nothing is taken and nothing given."""
    factor, flows, limit, reference = grid[3]
    if not np.any(flows[3] != 0.0):
        return True
    still = branch_flows(factor, flows, np.zeros(reference.shape[0]), reference)
    return bool(np.all(np.abs(still) <= limit + tolerance))


@numba.njit(cache=True)
def _cut(start: float, span: tuple[float, float], kinks: FloatArray) -> FloatArray:
    """Ends of the pieces from ``start`` to the end of ``span``, ascending."""
    points = np.empty(kinks.shape[0] + 2)
    points[0] = start
    count = 1
    for kink in kinks:
        if span[0] < kink < span[1]:
            points[count] = kink
            count += 1
    points[count] = span[1]
    points = points[: count + 1]
    points.sort()
    return points


@numba.njit(cache=True)
def _prove(
    span: tuple[float, float], supply: Supply, grid: Grid, limits: Limits
) -> tuple[FloatArray, float]:
    """Ranges of factors (r, 2) proven to have the closed form, within those of ``span``, and up
    to where nothing is shed but what cannot be delivered."""
    load, caps, _, _, _ = grid
    kinks = find_kinks(supply[3], load, caps)
    free = kinks.min() if kinks.shape[0] else np.inf
    known = limits[1] and free > span[0]
    points = _cut(0.0 if known else span[0], span, kinks)
    proven = np.empty((points.shape[0], 2))
    count = 0
    fits = known or _fits(points[0], supply, grid, limits[0])
    for p in range(points.shape[0] - 1):
        low, high = points[p], points[p + 1]
        before, fits = fits, _fits(high, supply, grid, limits[0])
        if not (before and fits):
            continue
        if caps[2].shape[0] and high > free:
            inward = _INWARD * (high - low)
            low, high = low + inward, high - inward
            if not (
                same_piece((low, high), supply[3], load, caps)
                and _fits(low, supply, grid, limits[0])
                and _fits(high, supply, grid, limits[0])
            ):
                continue
        if count and proven[count - 1, 1] == low:
            proven[count - 1, 1] = high
        else:
            proven[count, 0], proven[count, 1] = low, high
            count += 1
    return proven[:count], free


@numba.njit(cache=True)
def _missing_supply(factor: float, supply: Supply, energised: FloatArray) -> float:
    """Load that no network could serve, as in
    :func:`gridtool.flow.parametric_kernel.supply_shortage`."""
    _, units, infeeds, _, import_mw = supply
    missing, imported = 0.0, 0.0
    for i in range(energised.shape[0]):
        need = max(factor * energised[i] - units[i], 0.0)
        imported += min(need, infeeds[i])
        missing += max(need - infeeds[i], 0.0)
    return missing + max(imported - import_mw, 0.0)


@numba.njit(cache=True)
def _count(part: float, mw: FloatArray, out: tuple[FloatArray, FloatArray]) -> None:
    """Add a part of ``mw`` by place to an hour: districts, then classes."""
    district, by_class = out
    cut = district.shape[0]
    for z in range(cut):
        district[z] += part * mw[z]
    for z in range(by_class.shape[0]):
        by_class[z] += part * mw[cut + z]


@numba.njit(cache=True)
def _count_shed(
    factor: float,
    supply: FloatArray,
    load: Load,
    caps: Caps,
    out: tuple[FloatArray, FloatArray],
) -> None:
    """Add what is shed in closed form to an hour."""
    share, shed = share_load(factor, supply, load, caps)
    for i in range(share.shape[0]):
        for tier in range(2):
            if share[i, tier] > 0.0:
                _count(share[i, tier] * factor, load[1][i, tier], out)
    for a in range(shed.shape[0]):
        for tier in range(2):
            if shed[a, tier] > 0.0:
                _count(shed[a, tier] / caps[3][a, tier], caps[4][a, tier], out)


@numba.njit(cache=True)
def _is_within(value: float, ranges: FloatArray) -> bool:
    for r in range(ranges.shape[0]):  # noqa: SIM110 - plain loops are what is compiled best
        if ranges[r, 0] <= value <= ranges[r, 1]:
            return True
    return False


@numba.njit(cache=True)
def _answer_hours(
    hours: tuple[int, int],
    factor: FloatArray,
    proof: tuple[FloatArray, float, Supply, float],
    grid: Grid,
    out: tuple[FloatArray, FloatArray, FloatArray, FloatArray, BoolArray],
) -> None:
    """Answer the hours of one stage; mark those that have no closed form.

    ``factor`` and ``out`` are those of the stage's row; ``proof`` the ranges, the factor up to
    which nothing is shed, the supply and the tolerance.
    """
    ranges, free, supply, tolerance = proof
    load, caps, _, _, _ = grid
    district, by_class, short, undelivered, left = out
    loses = bool(np.any(load[4] != 0.0))
    alone = supply[2].shape[0] == 1
    for h in range(hours[0], hours[1]):
        f = factor[h]
        if not alone or f > free:
            short[h] = _missing_supply(f, supply, load[3])
        undelivered[h] = f * load[5][0]
        if not (_is_within(f, ranges) or _fits(f, supply, grid, tolerance)):
            left[h] = True
            continue
        if loses:
            _count(f, load[4], (district[h], by_class[h]))
        if f > free:
            _count_shed(f, supply[3], load, caps, (district[h], by_class[h]))


@numba.njit(cache=True)
def dispatch_stages(
    case: CaseArrays,
    part_shares: FloatArray,
    cells: CellPlaces,
    stages: tuple[StageArrays, IntArray],
    factor: FloatArray,
    out: tuple[FloatArray, FloatArray, FloatArray, FloatArray, BoolArray],
    tolerance: float,
) -> None:
    """Answer every hour of the stages that has a proven closed form, and mark the others.

    Parameters
    ----------
    part_shares : (s, part_count)
    stages
        The stages' arrays, and their order by state of the parts.
    factor : (n, H)
        Demand in parts of the reference peak.
    out
        By district and tier (n, H, 2 D), by class (n, H, C), short of supply and not delivered
        (n, H), MW, all zero; hours left open (n, H), all false.
    tolerance
        A flow this far above its limit counts as within it, MW.
    """
    (row, first, end, parts, source_mw, import_mw), order = stages
    top = factor.max() if factor.size else 0.0
    at = 0
    while at < order.shape[0]:
        state = parts[order[at]]
        grid = prepare_grid(case, part_shares[state], cells, top)
        limits = (tolerance, _rests(grid, tolerance))
        while at < order.shape[0] and parts[order[at]] == state:
            k = order[at]
            at += 1
            if first[k] >= end[k]:
                continue
            n = row[k]
            asked = factor[n, first[k] : end[k]]
            supply = _supply_of(grid[2], grid[0][0].shape[0], source_mw[k], import_mw[k])
            ranges, free = _prove((asked.min(), asked.max()), supply, grid, limits)
            _answer_hours(
                (first[k], end[k]),
                factor[n],
                (ranges, free, supply, tolerance),
                grid,
                (out[0][n], out[1][n], out[2][n], out[3][n], out[4][n]),
            )
