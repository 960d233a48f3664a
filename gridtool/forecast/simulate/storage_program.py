"""What storages give and take in an hour whose limits bind: a small linear program.

The load served is given: it is the least shed, which is unique
(:class:`gridtool.flow.parametric.ParametricDispatch`). Left to decide are generation, discharge and
charge. A MW discharged costs 1, a MW charged gains 0.01: as little as possible is discharged,
then as much as possible is charged. Among equals levels of time-to-go decide, as in the closed
form: storages of the same level share a column, cheaper the higher the level (to charge: the
lower), and what limits do not let a level have is given by each storage alone, which costs a
hair more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gridtool.flow.dcflow_kernel import sensitivities
from gridtool.flow.milp import ProgramBuilder
from gridtool.flow.reduction import ReducedGrid
from gridtool.flow.screen import FLOW_TOLERANCE_MW, CoreFlow
from gridtool.flow.tally import tally
from gridtool.forecast.adequacy.storage_kernel import Levels

__all__ = ["StorageHour", "StorageProgram"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_DISCHARGE_GAIN, _CHARGE_GAIN = -1.0, 0.01
_HAIR = 1e-3
"""Part of a gain that levels, and storages on their own, differ by."""

_ROUNDING_MW = 2e-8

Terms = list[tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageHour:
    """An hour with the load served given.

    Attributes
    ----------
    served_mw : (T,)
        Load served by terminal.
    rating_mw : (K,)
        Most each source of the grid gives; 0 for a storage.
    import_limit_mw
        Limit of all infeeds together; infinite for none.
    island, node : (S,) int
        Island and core node of each storage, -1 where dead.
    discharge, charge
        What the storages can give and take.
    """

    served_mw: FloatArray
    rating_mw: FloatArray
    import_limit_mw: float
    island: IntArray
    node: IntArray
    discharge: Levels
    charge: Levels


class StorageProgram:
    """The program of one grid. Limits that were once in the way are in it from the start.

    Parameters
    ----------
    reduced
        What is left of the network.
    """

    def __init__(self, reduced: ReducedGrid) -> None:
        self._reduced = reduced
        self._core = CoreFlow(reduced)
        # What phase shifters drive on their own cannot be kept below a lower limit, and what is
        # served keeps the limits but for rounding.
        still = np.abs(self._core.flows_of(np.zeros(len(reduced.core_island))))
        self._limit = np.maximum(reduced.limit_mw, still) + _ROUNDING_MW
        self._kept = np.zeros(len(still), dtype=np.bool_)
        self._ptdf: dict[int, FloatArray] = {}

    def forget(self) -> None:
        """Know of no limit: what comes then does not depend on what was."""
        self._kept[:] = False

    def split(self, hour: StorageHour) -> tuple[FloatArray, FloatArray]:
        """Charge and discharge of each storage (S,) within the limits of the network, MW.

        Raises
        ------
        AnalysisError
            If the solver finds no optimum, which would be an error in the program: the dispatch
            that the load served comes from is a solution.
        """
        reduced, live = self._reduced, hour.island >= 0
        while True:
            program, generation, given, charged = self._write(hour)
            columns = program.solve().columns
            charge_mw, given_mw = _amounts(charged, columns), _amounts(given, columns)
            injection = tally(reduced.source_core, columns[generation], len(reduced.core_island))
            injection -= tally(reduced.terminal_core, hour.served_mw, len(injection))
            injection += tally(hour.node[live], (given_mw - charge_mw)[live], len(injection))
            flow = np.abs(self._core.flows_of(injection))
            over = (flow > self._limit + FLOW_TOLERANCE_MW) & ~self._kept
            if not over.any():
                return charge_mw, given_mw
            self._kept |= over

    def _write(
        self, hour: StorageHour
    ) -> tuple[ProgramBuilder, list[int], list[Terms], list[Terms]]:
        """The program with the limits known; columns of generation, and what is given and
        charged by storage."""
        reduced, program = self._reduced, ProgramBuilder()
        generation = [program.add_column(0.0, float(most)) for most in hour.rating_mw]
        given = _add_levels(program, hour.discharge, gain=_DISCHARGE_GAIN)
        charged = _add_levels(program, hour.charge, gain=_CHARGE_GAIN)
        storages = [
            _signed(up, 1.0) + _signed(down, -1.0) for up, down in zip(given, charged, strict=True)
        ]
        _add_balance(program, reduced, hour, generation, storages)
        still = self._core.flows(hour.served_mw, np.zeros(len(generation)))
        for branch in np.flatnonzero(self._kept).tolist():
            row, most = self._flow_per_mw(branch), self._limit[branch]
            terms = [
                (generation[k], float(row[node])) for k, node in enumerate(reduced.source_core)
            ]
            for s in np.flatnonzero(hour.island >= 0):
                terms += _signed(storages[s], float(row[hour.node[s]]))
            program.add_row(float(-most - still[branch]), float(most - still[branch]), terms)
        return program, generation, given, charged

    def _flow_per_mw(self, branch: int) -> FloatArray:
        """Flow on a branch per MW injected at each core node (C,)."""
        found = self._ptdf.get(branch)
        if found is None:
            reduced, at = self._reduced, slice(branch, branch + 1)
            ends = reduced.core_from[at], reduced.core_to[at]
            weight = reduced.susceptance_mw[at]
            found = sensitivities(reduced.factor, ends, weight, self._core.reference)[0]
            self._ptdf[branch] = found
        return found


def _signed(terms: Terms, sign: float) -> Terms:
    return [(column, sign * value) for column, value in terms]


def _amounts(storages: Iterable[Terms], columns: FloatArray) -> FloatArray:
    found = [sum(value * columns[column] for column, value in terms) for terms in storages]
    return np.maximum(np.array(found, dtype=np.float64), 0.0)


def _add_levels(program: ProgramBuilder, levels: Levels, *, gain: float) -> list[Terms]:
    """Columns of what storages give or take together at a level and each alone, by storage."""
    count = len(levels.most)
    terms: list[Terms] = [[] for _ in range(count)]
    able = np.flatnonzero(levels.most > 0.0)
    ends = levels.begin + levels.most / levels.slope
    corners = np.unique(np.concatenate([levels.begin[able], ends[able]]))
    steps = max(2 * len(corners), 1)
    hair = abs(gain) * _HAIR
    for step, (low, high) in enumerate(pairwise(corners.tolist())):
        middle = (low + high) / 2
        members = [s for s in able if levels.begin[s] < middle < ends[s]]
        slope = float(sum(levels.slope[s] for s in members))
        price = gain - hair * step / steps
        column = program.add_column(0.0, high - low, gain=price * slope)
        for s in members:
            terms[s].append((column, float(levels.slope[s])))
    order = np.argsort(levels.begin[able], kind="stable")
    for rank, s in enumerate(able[order].tolist()):
        price = gain - hair * (1.0 + rank / count)
        terms[s].append((program.add_column(0.0, float(levels.most[s]), gain=price), 1.0))
        program.add_row(-np.inf, float(levels.most[s]), terms[s])
    return terms


def _add_balance(
    program: ProgramBuilder,
    reduced: ReducedGrid,
    hour: StorageHour,
    generation: list[int],
    storages: list[Terms],
) -> None:
    """What is generated and discharged is served and charged, by island; the import limit."""
    for island in range(reduced.islands):
        need = float(hour.served_mw[reduced.terminal_island == island].sum())
        terms = [(generation[k], 1.0) for k in np.flatnonzero(reduced.source_island == island)]
        for s in np.flatnonzero(hour.island == island):
            terms += storages[s]
        program.add_row(need, need, terms)
    if np.isfinite(hour.import_limit_mw):
        terms = [(generation[k], 1.0) for k in np.flatnonzero(reduced.source_infeed)]
        program.add_row(-np.inf, hour.import_limit_mw, terms)
