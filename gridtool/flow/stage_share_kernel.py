"""Compiled: how a shortage is shared at one demand factor, and where the sharing has kinks.

The same least shed as :func:`gridtool.flow.screen_kernel.share_shortage`, from sums over the
load that is shed in proportion and a few capped leaves. Everything is piecewise linear in the
demand factor.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.stage_grid_kernel import Caps, Load

__all__ = ["find_kinks", "same_piece", "share_load"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@numba.njit(cache=True)
def _force(factor: float, caps: Caps) -> FloatArray:
    """What each capped leaf sheds whatever the supply, by tier (A, 2), MW."""
    _, _, cap, demand, _ = caps
    forced = np.zeros(demand.shape)
    for a in range(cap.shape[0]):
        over = max((demand[a, 0] + demand[a, 1]) * factor - cap[a], 0.0)
        forced[a, 0] = min(over, demand[a, 0] * factor)
        forced[a, 1] = over - forced[a, 0]
    return forced


@numba.njit(cache=True)
def _share_tier(
    target: float, plain: float, members: tuple[IntArray, int, FloatArray, FloatArray]
) -> float:
    """Share of their demand shed by all of a tier, more only where forced, to shed ``target``.

    The shed is convex and piecewise linear in the share: Newton from 1 ends after a few exact
    steps. ``plain`` is the demand that nothing forces, ``members`` the capped leaves: their
    island, the island asked for, demand and forced shed (MW).
    """
    where, island, demand, forced = members
    share = 1.0
    for _ in range(where.shape[0] + 2):
        total, slope = share * plain, plain
        for a in range(where.shape[0]):
            if where[a] == island:
                if share * demand[a] > forced[a]:
                    total += share * demand[a]
                    slope += demand[a]
                else:
                    total += forced[a]
        if slope <= 0.0 or total <= target:
            break
        lower = share - (total - target) / slope
        if lower >= share:
            break
        share = max(lower, 0.0)
    return share


@numba.njit(cache=True)
def share_load(
    factor: float, supply: FloatArray, load: Load, caps: Caps
) -> tuple[FloatArray, FloatArray]:
    """Share of uncapped load shed by island and tier (I, 2), and shed of capped leaves (A, 2).

    ``supply`` (I,) is the most that the sources of each island give, MW.
    """
    plain = load[0]
    where, _, _, demand, _ = caps
    forced = _force(factor, caps)
    share = np.zeros(plain.shape)
    for i in range(supply.shape[0]):
        ordinary, protected = plain[i, 0] * factor, plain[i, 1] * factor
        forced_ordinary, forced_protected = 0.0, 0.0
        for a in range(where.shape[0]):
            if where[a] == i:
                ordinary += demand[a, 0] * factor
                protected += demand[a, 1] * factor
                forced_ordinary += forced[a, 0]
                forced_protected += forced[a, 1]
        missing = ordinary + protected - forced_ordinary - forced_protected - supply[i]
        if missing <= 0.0:
            continue
        first = min(missing + forced_ordinary, ordinary)
        second = min(missing + forced_ordinary - first + forced_protected, protected)
        for tier, target in ((0, first), (1, second)):
            members = (where, i, demand[:, tier] * factor, forced[:, tier])
            share[i, tier] = _share_tier(target, plain[i, tier] * factor, members)
    shed = np.empty(demand.shape)
    for a in range(where.shape[0]):
        for tier in range(2):
            shed[a, tier] = max(forced[a, tier], share[where[a], tier] * demand[a, tier] * factor)
    return share, shed


@numba.njit(cache=True)
def _reach(
    supply: float, plain: float, members: tuple[IntArray, int, FloatArray, FloatArray]
) -> float:
    """Demand factor at which load behind caps takes all the supply; infinite if never.

    What is taken is concave and piecewise linear in the factor: Newton from 0 ends after a few
    exact steps. ``members``: island of each capped leaf, the island asked for, demand, cap.
    """
    where, island, demand, cap = members
    factor = 0.0
    for _ in range(where.shape[0] + 2):
        total, slope = plain * factor, plain
        for a in range(where.shape[0]):
            if where[a] == island:
                if demand[a] * factor < cap[a]:
                    total += demand[a] * factor
                    slope += demand[a]
                else:
                    total += cap[a]
        if slope <= 0.0:
            return np.inf
        further = factor + (supply - total) / slope
        if further <= factor:
            break
        factor = further
    return factor


@numba.njit(cache=True)
def find_kinks(supply: FloatArray, load: Load, caps: Caps) -> FloatArray:
    """Demand factors at which an island becomes short, has shed all ordinary load, or at which a
    leaf reaches its cap or has shed all ordinary load for it: (2 I + 2 A,), infinite for never.

    Between them served load is affine in the factor, except that in a short island a leaf may
    turn from its cap to the common share, see :func:`same_piece`.
    """
    plain = load[0]
    where, _, cap, demand, _ = caps
    islands, leaves = supply.shape[0], cap.shape[0]
    kinks = np.full(2 * (islands + leaves), np.inf)
    both = demand[:, 0] + demand[:, 1]
    for i in range(islands):
        kinks[2 * i] = _reach(supply[i], plain[i, 0] + plain[i, 1], (where, i, both, cap))
        kinks[2 * i + 1] = _reach(supply[i], plain[i, 1], (where, i, demand[:, 1], cap))
    for a in range(leaves):
        place = 2 * (islands + a)
        if both[a] > 0.0:
            kinks[place] = cap[a] / both[a]
        if demand[a, 1] > 0.0:
            kinks[place + 1] = cap[a] / demand[a, 1]
    return kinks


@numba.njit(cache=True)
def same_piece(ends: tuple[float, float], supply: FloatArray, load: Load, caps: Caps) -> bool:
    """Whether the same leaves are at their caps at both ``ends``, two factors between
    neighbouring kinks.

    Then served load is affine between them: what makes a sharing the right one are inequalities
    that are affine in the factor while the same leaves are at their caps, so they hold between
    two factors where they hold.
    """
    low, high = ends
    where, _, _, demand, _ = caps
    one, other = share_load(low, supply, load, caps)[0], share_load(high, supply, load, caps)[0]
    forced_one, forced_other = _force(low, caps), _force(high, caps)
    for a in range(where.shape[0]):
        for tier in range(2):
            at_cap = one[where[a], tier] * demand[a, tier] * low <= forced_one[a, tier]
            still = other[where[a], tier] * demand[a, tier] * high <= forced_other[a, tier]
            if at_cap != still:
                return False
    return True
