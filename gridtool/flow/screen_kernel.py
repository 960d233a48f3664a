"""Compiled loops of the closed form: sharing a shortage, sharing generation."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["GENERATION_RULES", "share_generation", "share_shortage"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

GENERATION_RULES = 3
"""Ways to split a need over the sources of an island, in :func:`share_generation`."""


@numba.njit(cache=True)
def _fill_tier(
    shed: FloatArray, demand: FloatArray, forced: FloatArray, members: IntArray, target: float
) -> None:
    """Shed ``max(forced, u * demand)`` at each member, ``u`` such that it adds up to ``target``.

    The sum is convex and piecewise linear in u: Newton from u = 1 ends after a few exact steps.
    """
    u = 1.0
    for _ in range(members.shape[0] + 1):
        total = 0.0
        slope = 0.0
        for n in members:
            if u * demand[n] > forced[n]:
                total += u * demand[n]
                slope += demand[n]
            else:
                total += forced[n]
        if slope <= 0.0 or total <= target:
            break
        lower = u - (total - target) / slope
        if lower >= u:
            break
        u = max(lower, 0.0)
    for n in members:
        shed[n] = min(max(forced[n], u * demand[n]), demand[n])


@numba.njit(cache=True)
def share_shortage(
    demand: FloatArray, cap: FloatArray, island: IntArray, supply: FloatArray
) -> FloatArray:
    """Least shed that the supply of each island and the caps of the terminals allow (T, 2).

    Ordinary load is shed first; within a tier every terminal sheds the same share, more only
    where its cap forces it.

    Parameters
    ----------
    demand : (T, 2)
    cap : (T,)
    island : (T,) int
    supply : (I,)
    """
    count = demand.shape[0]
    shed = np.zeros((count, 2))
    forced = np.zeros((count, 2))
    tally = np.zeros((supply.shape[0], 4))  # demand and forced shed by tier
    for terminal in range(count):
        over = max(demand[terminal, 0] + demand[terminal, 1] - cap[terminal], 0.0)
        forced[terminal, 0] = min(over, demand[terminal, 0])
        forced[terminal, 1] = over - forced[terminal, 0]
        for tier in range(2):
            tally[island[terminal], tier] += demand[terminal, tier]
            tally[island[terminal], 2 + tier] += forced[terminal, tier]
    for i in range(supply.shape[0]):
        missing = tally[i, 0] + tally[i, 1] - tally[i, 2] - tally[i, 3] - supply[i]
        members = np.flatnonzero(island == i)
        if missing <= 0.0:
            for n in members:
                shed[n, 0] = forced[n, 0]
                shed[n, 1] = forced[n, 1]
            continue
        ordinary = min(missing + tally[i, 2], tally[i, 0])
        protected = missing + tally[i, 2] - ordinary + tally[i, 3]
        for tier, target in ((0, ordinary), (1, min(protected, tally[i, 1]))):
            _fill_tier(shed[:, tier], demand[:, tier], forced[:, tier], members, target)
    return shed


@numba.njit(cache=True)
def share_generation(
    rule: int, need: FloatArray, sources: tuple[FloatArray, IntArray, BoolArray], limit: float
) -> FloatArray:
    """Generation that meets the need of each island (K,).

    Units and infeeds each share in proportion to their rating. Rule 0 takes units first, rule 1
    both in proportion, rule 2 infeeds first. ``sources`` is (rating, island, infeed); all infeeds
    of an island together take at most ``limit``.
    """
    rating, island, infeed = sources
    capacity = np.zeros((need.shape[0], 2))
    for k in range(rating.shape[0]):
        capacity[island[k], 1 if infeed[k] else 0] += rating[k]
    used = np.zeros((need.shape[0], 2))
    for i in range(need.shape[0]):
        units, infeeds = capacity[i, 0], min(capacity[i, 1], limit)
        least = max(need[i] - units, 0.0)
        most = min(need[i], infeeds)
        wanted = least
        if rule == 1 and units + infeeds > 0.0:
            wanted = need[i] * infeeds / (units + infeeds)
        elif rule == 2:
            wanted = most
        used[i, 1] = min(max(wanted, least), infeeds)
        used[i, 0] = min(max(need[i] - used[i, 1], 0.0), units)
    output = np.zeros(rating.shape[0])
    for k in range(rating.shape[0]):
        kind = 1 if infeed[k] else 0
        if capacity[island[k], kind] > 0.0:
            output[k] = rating[k] * used[island[k], kind] / capacity[island[k], kind]
    return output
