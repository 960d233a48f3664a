"""States of independent components, listed with their probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import comb

from gridtool.errors import AnalysisError
from gridtool.forecast.adequacy.composite_model import CompositeSystem, Season
from gridtool.forecast.adequacy.convolve import capacity_table

__all__ = ["StateList", "list_capacities", "list_topologies"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST_LISTED = 1_000_000
_MOST_AT_ONCE = 20 * MOST_LISTED


@dataclass(frozen=True, slots=True, kw_only=True)
class StateList:
    """States by falling probability.

    Attributes
    ----------
    state : (n, ...)
        Rating by source (n, G), or number of branches out by kind (n, kinds).
    probability : (n,)
    """

    state: FloatArray
    probability: FloatArray


def list_capacities(system: CompositeSystem, season: Season, *, least: float = 0.0) -> StateList:
    """Every distinct rating by source that units up and out leave, of at least this probability.

    Raises
    ------
    AnalysisError
        If there are more than ``MOST_LISTED``.
    """
    levels, chances = [], []
    for source in range(len(system.steady_mw)):
        units = np.flatnonzero((system.unit_source == source) & season.available)
        table = capacity_table(
            system.unit_mw[units],
            count=np.ones(len(units), dtype=np.int64),
            outage_rate=system.unit_outage_rate[units],
        )
        levels.append(system.steady_mw[source] + table.capacity_mw)
        chances.append(table.chance)
    return _combine(levels, chances, least=least, what="states of the units")


def list_topologies(system: CompositeSystem, *, least: float = 0.0) -> StateList:
    """Every number of branches out by kind, of at least this probability.

    Raises
    ------
    AnalysisError
        If there are more than ``MOST_LISTED``.
    """
    levels, chances = [], []
    for kind in range(int(system.like.max(initial=-1)) + 1):
        members = np.flatnonzero(system.like == kind)
        rate = float(system.branch_outage_rate[members[0]])
        out = np.arange(len(members) + 1)
        levels.append(out.astype(np.float64))
        chances.append(comb(len(members), out) * rate**out * (1.0 - rate) ** out[::-1])
    return _combine(levels, chances, least=least, what="states of the branches")


def _combine(
    levels: Sequence[FloatArray], chances: Sequence[FloatArray], *, least: float, what: str
) -> StateList:
    """All combinations of one level by axis whose probability is at least ``least``."""
    state, probability = np.zeros((1, 0)), np.ones(1)
    best = np.array([chance.max() for chance in chances])
    for axis, (level, chance) in enumerate(zip(levels, chances, strict=True)):
        if len(probability) * len(chance) > _MOST_AT_ONCE:
            raise AnalysisError(_too_many(what))
        joined = np.outer(probability, chance)
        reach = joined * best[axis + 1 :].prod()
        row, place = np.nonzero((reach >= least) & (joined > 0.0))
        if len(row) > MOST_LISTED:
            raise AnalysisError(_too_many(what))
        state = np.concatenate([state[row], level[place, None]], axis=1)
        probability = joined[row, place]
    order = np.argsort(-probability, kind="stable")
    return StateList(state=state[order], probability=probability[order])


def _too_many(what: str) -> str:
    return f"more than {MOST_LISTED:,} {what} to enumerate; draw them with --method sample"
