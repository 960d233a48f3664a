"""Load profiles by topology, kept while they are used; and the shortage without a network."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from gridtool.flow.load_profile import FactorSeries, LoadProfiles
from gridtool.flow.load_profile_kernel import SHORT_MW
from gridtool.flow.topology import apply_shares
from gridtool.forecast.adequacy.composite_model import CompositeSystem
from gridtool.forecast.adequacy.convolve import capacity_table

__all__ = ["ProfileCache", "expect_without_network", "shortage_without_network"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_MOST_BRANCHES = 150_000
"""Of all topologies kept, together: some 100 MB."""


class ProfileCache:
    """The profiles of the topologies met last.

    Attributes
    ----------
    solved
        Linear programs solved so far.
    """

    def __init__(self, system: CompositeSystem) -> None:
        self._system = system
        self._members = [
            system.branch[system.like == kind]
            for kind in range(int(system.like.max(initial=-1)) + 1)
        ]
        self._known: OrderedDict[bytes, LoadProfiles] = OrderedDict()
        self._most = max(_MOST_BRANCHES // max(len(system.case.branch_ids), 1), 1)
        self._forgotten = 0

    @property
    def solved(self) -> int:
        """Linear programs solved so far."""
        return self._forgotten + sum(profiles.solved for profiles in self._known.values())

    def find(self, out: IntArray) -> LoadProfiles:
        """Profiles with ``out`` (kinds,) branches of each kind out of service."""
        key = out.astype(np.int64).tobytes()
        found = self._known.get(key)
        if found is None:
            branches = [members[:count] for members, count in zip(self._members, out, strict=True)]
            at = np.concatenate([*branches, np.empty(0, np.int64)])
            topology = apply_shares(self._system.case, self._system.topology_shares(at))
            found = LoadProfiles(self._system.case, topology, shedding=self._system.shedding)
            self._known[key] = found
            if len(self._known) > self._most:
                self._forgotten += self._known.popitem(last=False)[1].solved
        self._known.move_to_end(key)
        return found


def shortage_without_network(system: CompositeSystem, up: BoolArray) -> FloatArray:
    """Hours, energy (MWh) and days short (n, 3) of states of units (n, U) without a network."""
    short = np.zeros((len(up), 3))
    for season in system.seasons:
        capacity = system.ratings(up, season).sum(axis=1)
        short += _lack(capacity, season.series, peak_mw=system.peak_mw)
    return short


def _lack(capacity_mw: FloatArray, series: FactorSeries, *, peak_mw: float) -> FloatArray:
    """Hours, energy (MWh) and days in which capacities (n,) are short of a series (n, 3)."""
    factor, below, peak = series.arrays
    hours = len(factor)
    enough = (capacity_mw + SHORT_MW) / peak_mw
    first = np.searchsorted(factor, capacity_mw / peak_mw, side="right")
    lacking = peak_mw * (below[-1] - below[first]) - capacity_mw * (hours - first)
    return np.stack(
        [
            hours - np.searchsorted(factor, enough, side="right"),
            np.maximum(lacking, 0.0),
            len(peak) - np.searchsorted(peak, enough, side="right"),
        ],
        axis=1,
    ).astype(np.float64)


def expect_without_network(system: CompositeSystem) -> FloatArray:
    """Expected hours, energy (MWh) and days short without a network (3,), by convolution."""
    expected = np.zeros(3)
    for season in system.seasons:
        table = capacity_table(
            system.unit_mw,
            count=season.available.astype(np.int64),
            outage_rate=system.unit_outage_rate,
        )
        capacity = table.capacity_mw + system.steady_mw.sum()
        expected += table.chance @ _lack(capacity, season.series, peak_mw=system.peak_mw)
    return expected
