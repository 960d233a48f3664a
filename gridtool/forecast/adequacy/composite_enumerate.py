"""Composite adequacy by enumeration: every state of units and branches, without noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.flow.load_profile import ProfileSums
from gridtool.forecast.adequacy.composite_model import CompositeResult, CompositeSystem, Season
from gridtool.forecast.adequacy.composite_places import tabulate_places
from gridtool.forecast.adequacy.composite_profiles import ProfileCache, expect_without_network
from gridtool.forecast.adequacy.composite_states import StateList, list_capacities, list_topologies
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
    profiles: ProfileCache | None = None,
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
    profiles
        Learned over other hours of the same system.
    progress
        Called with the number of topologies done since the last call.

    Raises
    ------
    AnalysisError
        If there are too many states.
    """
    topologies = list_topologies(system, least=least_probability)
    states = _list_states(system, topologies, least=least_probability)
    profiles = profiles or ProfileCache(system)
    sums = _Sums()
    for row, chance in enumerate(topologies.probability.tolist()):
        profile = profiles.find(topologies.state[row].astype(np.int64))
        for season, ratings, counts in states:
            kept = slice(0, int(counts[row]))
            found = profile.integrate(ratings.state[kept], season.series)
            share = len(season.series.factor) / system.hours
            sums.add(chance * ratings.probability[kept], found, share=share)
        progress(1)
    return _describe(
        system,
        sums,
        left_out=max(1.0 - sums.kept, 0.0) if least_probability > 0.0 else 0.0,
        programs=profiles.solved,
    )


class _Sums:
    """Sums over states, each with its probability."""

    def __init__(self) -> None:
        self.hours: FloatArray = np.zeros(1)
        self.energy: FloatArray = np.zeros(1)
        self.days = self.supply = self.kept = 0.0
        self.states = 0

    def add(self, weight: FloatArray, found: ProfileSums, *, share: float) -> None:
        """Add states of probability ``weight`` (n,) in a season that has ``share`` of the hours."""
        self.hours = self.hours + weight @ found.hours
        self.energy = self.energy + weight @ found.energy_mwh
        self.days += float(weight @ found.days)
        self.supply += float(weight @ found.supply_mwh)
        self.kept += share * float(weight.sum())
        self.states += len(weight)


def _list_states(
    system: CompositeSystem, topologies: StateList, *, least: float
) -> list[tuple[Season, StateList, npt.NDArray[np.int64]]]:
    """Ratings of each season, and how many of them (by falling probability) go with a topology.

    Raises
    ------
    AnalysisError
        If there are too many states.
    """
    likeliest = float(topologies.probability.max(initial=0.0))
    found = []
    for season in system.seasons:
        ratings = list_capacities(system, season, least=least / likeliest if likeliest else 1.0)
        counts = _count_kept(ratings.probability, topologies.probability, least=least)
        found.append((season, ratings, counts))
    states = sum(int(counts.sum()) for _, _, counts in found)
    if states > MOST_STATES:
        raise AnalysisError(
            f"{states:,} states are more than the {MOST_STATES:,} that are enumerated; "
            "draw states with --method sample"
        )
    return found


def _count_kept(
    ratings: FloatArray, topologies: FloatArray, *, least: float
) -> npt.NDArray[np.int64]:
    """How many of the ratings (by falling probability) are kept with each topology."""
    if least <= 0.0:
        return np.full(len(topologies), len(ratings), dtype=np.int64)
    return np.searchsorted(-ratings, -least / topologies, side="right").astype(np.int64)


def _describe(
    system: CompositeSystem,
    sums: _Sums,
    *,
    left_out: float,
    programs: int,
) -> CompositeResult:
    hours, energy = sums.hours, sums.energy
    none = np.zeros(len(hours))
    without = expect_without_network(system)
    busbars, districts = tabulate_places(system, hours=(hours, none), energy=(energy, none))
    return CompositeResult(
        method="enumerate",
        shedding=system.shedding,
        hours=system.hours,
        lole_hours=Estimate(float(hours[0]), 0.0),
        lole_days=Estimate(sums.days, 0.0),
        eue_mwh=Estimate(float(energy[0]), 0.0),
        supply_mwh=Estimate(sums.supply, 0.0),
        network_mwh=Estimate(max(float(energy[0]) - sums.supply, 0.0), 0.0),
        states=sums.states,
        programs=programs,
        generation=dict(zip(("lole_hours", "eue_mwh", "lole_days"), without.tolist(), strict=True)),
        busbars=busbars,
        districts=districts,
        left_out=left_out,
        notes=system.notes,
    )
