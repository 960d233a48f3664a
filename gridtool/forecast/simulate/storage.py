"""Dispatch of simulated futures with storages, hour by hour within the limits of the network.

The rule, for each hour, given what is stored:

1. The least load is unserved that sources and what can be discharged allow: protected load last,
   the rest in proportion, exactly as without storages.
2. As little is discharged as that takes. Where storages can stand in for each other the one that
   could go on longest at full power goes first, down to the time-to-go of the next, and so on
   together (Evans, Tindemans and Angeli, IEEE Trans. Power Syst. 34 (2019) 3647-3656).
3. What sources have left over is charged, as far as the network lets it pass: the shortest
   time-to-go first, up to that of the next. No load is unserved for it, and no storage charges
   another.

What is stored loses ``loss_per_hour`` of it from one hour to the next. A storage that is out
keeps what it has. Foresight there is none: nothing is charged or held back for a shortage to come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.model import HourlyShortage, Stages
from gridtool.flow.parametric_kernel import supply_shortage
from gridtool.flow.parametric_places import busbar_places, cell_places
from gridtool.flow.program import TIER_PRICE
from gridtool.flow.reduction import ReducedGrid, sum_by_terminal
from gridtool.flow.screen import FLOW_TOLERANCE_MW
from gridtool.flow.served import ClosedForm
from gridtool.flow.stage_dispatch import StageDispatch
from gridtool.flow.tally import tally
from gridtool.forecast.simulate.storage_bound import BoundGrids
from gridtool.forecast.simulate.storage_kernel import run_future
from gridtool.forecast.simulate.storage_levels_kernel import (
    LEAST_MW,
    Fleet,
    levels_to_charge,
    levels_to_discharge,
    powered_stores,
    store_energy,
)
from gridtool.forecast.simulate.storage_program import StorageHour

__all__ = ["StorageDispatch", "StoredShortage"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_SHORT_MW = 1e-6
"""Less is no shortage that a storage is asked for."""
_WANTED_SHARE = 0.01
"""Load served more by a storage alone, over its power, from which on it is not charged."""


@dataclass(frozen=True, kw_only=True)
class StoredShortage:
    """Unserved load with storages, and what is stored.

    Attributes
    ----------
    shortage
        As :meth:`StageDispatch.shortage` gives it; where storages can help, ``supply_mw`` counts
        what they can give.
    stored_mwh : (H, S)
        Mean over the futures, at the end of each hour.
    """

    shortage: HourlyShortage
    stored_mwh: FloatArray


class StorageDispatch:
    """Unserved load of every hour of many futures with storages.

    Each future begins with the initial energy of its storages. All hours are dispatched by
    :class:`StageDispatch` with the storages left out, and with their full power: where that
    serves no more, no storage is discharged, whatever is in it. The other hours, and those in
    which there is something to charge, are followed one by one.

    Parameters
    ----------
    case
        Compiled with storages.
    class_share : (B, 2, C)
        See :func:`gridtool.flow.class_shares.class_shares`.
    fleet
        See :func:`gridtool.forecast.simulate.storage_fleet.read_fleet`.

    Attributes
    ----------
    by_program
        Number of hours so far whose storages were dispatched by a linear program.
    """

    def __init__(self, case: CompiledCase, class_share: FloatArray, *, fleet: Fleet) -> None:
        self._case = case
        self._fleet = fleet
        self._base = StageDispatch(case, class_share)
        self._arrays = ClosedForm(case).arrays
        self._weight = busbar_places(case, class_share)
        self._cells = cell_places(case, self._weight)
        self._grids = BoundGrids(case, fleet[1])
        self.by_program = 0

    def shortage(self, stages: Stages, factor: FloatArray) -> StoredShortage:
        """Unserved load of n futures of H hours, and what is stored.

        Parameters
        ----------
        stages
            ``source_mw`` of a storage is the power of discharging that outages and damage leave
            of it; that of charging is left in the same proportion.
        factor : (n, H)
            Demand in parts of the reference peak.

        Raises
        ------
        AnalysisError
            If a solver fails on an hour.
        ValueError
            If a demand factor is not within 0 to 10.
        """
        n, hours = factor.shape
        found = self._base.shortage(self._with_storages(stages, ()), factor)
        useful, wanted = self._find_useful(stages, factor, found)
        mean = np.zeros((hours, len(self._fleet[1])))
        cuts = np.searchsorted(stages.row, np.arange(n + 1))
        for row in range(n):
            future = _Future(
                stages=slice(int(cuts[row]), int(cuts[row + 1])),
                factor=np.ascontiguousarray(factor[row], dtype=np.float64),
                useful=useful[row],
                wanted=wanted[row],
                district_mw=found.district_mw[row].reshape(hours, -1),
                class_mw=found.class_mw[row],
                supply_mw=found.supply_mw[row],
                stored_mwh=np.zeros_like(mean),
            )
            self._follow(stages, future)
            mean += future.stored_mwh
        return StoredShortage(shortage=found, stored_mwh=mean / max(n, 1))

    def _with_storages(self, stages: Stages, kept: Sequence[int]) -> Stages:
        """The stages with no storages but those at ``kept``, which give all they can."""
        source_mw = stages.source_mw.copy()
        left_out = np.delete(self._fleet[1], kept)
        source_mw[:, left_out] = 0.0
        return replace(stages, source_mw=source_mw)

    def _find_useful(
        self, stages: Stages, factor: FloatArray, found: HourlyShortage
    ) -> tuple[BoolArray, BoolArray]:
        """Whether all storages together could serve more load (n, H), and which of them would do
        so on their own (n, H, S)."""
        storages = len(self._fleet[1])
        wanted = np.zeros((*factor.shape, storages), dtype=np.bool_)
        short = _price(found)
        if not (found.district_mw.sum(axis=(2, 3)) - found.delivery_mw > _SHORT_MW).any():
            return np.zeros(factor.shape, dtype=np.bool_), wanted
        together = self._base.shortage(self._with_storages(stages, range(storages)), factor)
        useful = short - _price(together) > _SHORT_MW
        for s in range(storages) if useful.any() else ():
            alone = self._base.shortage(self._with_storages(stages, (s,)), factor)
            wanted[:, :, s] = short - _price(alone) > _WANTED_SHARE * self._fleet[2][s]
        return useful, wanted

    def _follow(self, stages: Stages, future: _Future) -> None:
        """Follow one future; hours without a closed form are solved one by one."""
        self._grids.forget()
        part = future.stages
        arrays = (
            stages.first[part],
            stages.end[part],
            stages.parts[part],
            stages.source_mw[part],
            stages.import_mw[part],
        )
        stored = self._fleet[0].initial_mwh.copy()
        hour = 0
        while hour < len(future.factor):
            hour, stage = run_future(
                (self._arrays, self._cells, stages.part_shares),
                arrays,
                self._fleet,
                (future.factor, future.useful, future.wanted),
                (hour, stored),
                (future.district_mw, future.class_mw, future.supply_mw, future.stored_mwh),
                FLOW_TOLERANCE_MW,
            )
            if stage >= 0:
                self._answer_hour(stages, future, (hour, part.start + stage), stored)
                future.stored_mwh[hour] = stored
                hour += 1

    def _answer_hour(
        self, stages: Stages, future: _Future, at: tuple[int, int], stored: FloatArray
    ) -> None:
        """Answer the hour and stage ``at``, whose limits bind, and change what is stored."""
        hour, stage = at
        grid = self._grids.find(stages.part_shares[stages.parts[stage]])
        stores, dead = powered_stores(self._fleet, stages.source_mw[stage])
        off = dead | (grid.island < 0)
        give = levels_to_discharge(stores, stored, off)
        if future.useful[hour] and give.most.sum() > LEAST_MW:
            served = self._serve_hour(stages, future, at, give.most)
        else:
            off |= future.wanted[hour]
            give.most[:] = 0.0
            if levels_to_charge(stores, stored, off).most.sum() <= LEAST_MW:
                return
            served = grid.served_mw(stages, stage, hour, future.factor)
        self.by_program += 1
        charged, given = grid.program.split(
            StorageHour(
                served_mw=served,
                rating_mw=grid.rating_mw(stages.source_mw[stage]),
                import_limit_mw=float(stages.import_mw[stage]),
                island=grid.island,
                node=grid.node,
                discharge=give,
                charge=levels_to_charge(stores, stored, off),
            )
        )
        store_energy(stores, stored, charged, given)

    def _serve_hour(
        self, stages: Stages, future: _Future, at: tuple[int, int], give_mw: FloatArray
    ) -> FloatArray:
        """Write the least unserved load of an hour in which storages can give ``give_mw`` (S,);
        the load served by terminal (T,), MW."""
        hour, stage = at
        factor, limit = float(future.factor[hour]), float(stages.import_mw[stage])
        grid = self._grids.find(stages.part_shares[stages.parts[stage]])
        source_mw = np.minimum(stages.source_mw[stage], grid.topology.source_max_mw)
        source_mw[self._fleet[1]] = give_mw
        unserved = grid.unserved_mw(np.array([factor]), source_mw, limit)[0]
        places = np.einsum("bt,btz->z", unserved, self._weight)
        cut = future.district_mw.shape[1]
        future.district_mw[hour], future.class_mw[hour] = places[:cut], places[cut:]
        future.supply_mw[hour] = _short_of_supply(
            grid.reduced,
            source_mw[grid.reduced.source],
            grid.topology.connectable_mw * factor,
            limit,
        )
        return grid.taken_mw(factor, unserved)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Future:
    """One row: its stages, inputs by hour, and the answers, which are written into."""

    stages: slice
    factor: FloatArray
    useful: BoolArray
    wanted: BoolArray
    district_mw: FloatArray
    class_mw: FloatArray
    supply_mw: FloatArray
    stored_mwh: FloatArray


def _price(found: HourlyShortage) -> FloatArray:
    """What is unserved at the prices of the dispatch (n, H)."""
    return np.asarray(found.district_mw.sum(axis=2) @ np.array(TIER_PRICE))


def _short_of_supply(
    reduced: ReducedGrid, rating: FloatArray, wanted: FloatArray, limit: float
) -> float:
    """Load that no network could serve, MW, of an hour whose feeders want ``wanted`` (B, 2)."""
    by_terminal = sum_by_terminal(reduced, wanted).sum(axis=1)
    demand = tally(reduced.terminal_island, by_terminal, reduced.islands)
    theta = np.concatenate([[1.0, 1.0, limit], rating])[None, :]
    kinds = (reduced.source_island, reduced.source_infeed)
    return float(supply_shortage(theta, demand, kinds)[0])
