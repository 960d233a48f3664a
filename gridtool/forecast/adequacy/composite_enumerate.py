"""Composite adequacy by enumeration: every state of units and branches, without noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.forecast.adequacy.composite_model import CompositeResult, CompositeSystem
from gridtool.forecast.adequacy.composite_places import tabulate_places
from gridtool.forecast.adequacy.composite_profiles import ProfileCache, expect_without_network
from gridtool.forecast.adequacy.composite_states import list_capacities, list_topologies
from gridtool.units import Estimate

__all__ = ["MOST_STATES", "count_topologies", "enumerate_states"]

FloatArray = npt.NDArray[np.float64]

MOST_STATES = 20_000_000
"""Most states that are enumerated: about a minute."""


def count_topologies(system: CompositeSystem) -> int:
    """How many states of the branches :func:`enumerate_states` goes through."""
    sizes = np.bincount(system.like)
    return int(np.prod(sizes + 1.0))


def enumerate_states(
    system: CompositeSystem,
    *,
    least_probability: float = 0.0,
    progress: Callable[[int], None] = lambda _topologies: None,
) -> CompositeResult:
    """The exact adequacy of ``system``.

    States of units are distinct ratings by busbar, states of branches numbers of like branches
    out; the load is integrated over its hours exactly for each pair of them.

    Parameters
    ----------
    least_probability
        States less probable are left out; their probability is stated in the result and bounds
        what is missing: no more than that share of the hours and of the load.
    progress
        Called with the number of topologies done since the last call.

    Raises
    ------
    AnalysisError
        If there are too many states.
    """
    topologies = list_topologies(system, least=least_probability)
    likeliest = float(topologies.probability.max(initial=0.0))
    ratings = list_capacities(
        system, least=least_probability / likeliest if likeliest > 0.0 else 1.0
    )
    counts = _count_kept(ratings.probability, topologies.probability, least=least_probability)
    states = int(counts.sum())
    if states > MOST_STATES:
        raise AnalysisError(
            f"{states:,} states are more than the {MOST_STATES:,} that are enumerated; "
            "draw states with --method sample"
        )
    profiles = ProfileCache(system)
    hours = energy = np.zeros(0)
    days = supply = kept = 0.0
    for row, count in enumerate(counts.tolist()):
        found = profiles.find(topologies.state[row].astype(np.int64)).integrate(
            ratings.state[:count], system.series
        )
        weight = topologies.probability[row] * ratings.probability[:count]
        if not len(hours):
            hours = energy = np.zeros(found.hours.shape[1])
        hours = hours + weight @ found.hours
        energy = energy + weight @ found.energy_mwh
        days += float(weight @ found.days)
        supply += float(weight @ found.supply_mwh)
        kept += float(weight.sum())
        progress(1)
    return _describe(
        system,
        (hours, energy),
        days=days,
        supply=supply,
        left_out=max(1.0 - kept, 0.0) if least_probability > 0.0 else 0.0,
        states=states,
        programs=profiles.solved,
    )


def _count_kept(
    ratings: FloatArray, topologies: FloatArray, *, least: float
) -> npt.NDArray[np.int64]:
    """How many of the ratings (by falling probability) are kept with each topology."""
    if least <= 0.0:
        return np.full(len(topologies), len(ratings), dtype=np.int64)
    return np.searchsorted(-ratings, -least / topologies, side="right").astype(np.int64)


def _describe(
    system: CompositeSystem,
    sums: tuple[FloatArray, FloatArray],
    *,
    days: float,
    supply: float,
    left_out: float,
    states: int,
    programs: int,
) -> CompositeResult:
    hours, energy = sums
    none = np.zeros(len(hours))
    without = expect_without_network(system)
    busbars, districts = tabulate_places(system, hours=(hours, none), energy=(energy, none))
    return CompositeResult(
        method="enumerate",
        shedding=system.shedding,
        hours=system.hours,
        lole_hours=Estimate(float(hours[0]), 0.0),
        lole_days=Estimate(days, 0.0),
        eue_mwh=Estimate(float(energy[0]), 0.0),
        supply_mwh=Estimate(supply, 0.0),
        network_mwh=Estimate(max(float(energy[0]) - supply, 0.0), 0.0),
        states=states,
        programs=programs,
        generation=dict(zip(("lole_hours", "eue_mwh", "lole_days"), without.tolist(), strict=True)),
        busbars=busbars,
        districts=districts,
        left_out=left_out,
        notes=system.notes,
    )
