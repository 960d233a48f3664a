"""The priced networks by mix of demand levels, with and without the law of loops."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.restoration.bound.fleets import Fleet, Room, are_many
from gridtool.restoration.bound.intervals import Intervals
from gridtool.restoration.bound.network_program import NetworkProgram, make_network_program
from gridtool.restoration.bound.network_side import NetworkSide, PricedState
from gridtool.restoration.bound.reach import Reach
from gridtool.restoration.model import DemandBlocks
from gridtool.restoration.value.states import StateValues

__all__ = ["NetworkModel", "Networks", "merge_levels"]

FloatArray = npt.NDArray[np.float64]

_MOST_LEVELS = 3
"""Levels kept apart where a mix has more."""

_FULL_TOLERANCE = 1e-6
"""Relative; served beyond the repaired network's load and below this is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkModel:
    """What all network programs of a bound have in common; see :func:`energy_bound`."""

    case: CompiledCase
    values: StateValues
    import_limit_mw: float | None
    weights: FloatArray | None
    fleets: tuple[Fleet, ...]
    nodes: int
    loop_nodes: int
    seed: int

    def program(
        self, mix: FloatArray, *, loops: bool, levels: int, mobile: bool = True
    ) -> tuple[NetworkProgram, FloatArray]:
        """The program of a mix (L,) with so many levels at most, and their weights."""
        merged, shares = merge_levels(self.values.blocks, mix, levels)
        program = make_network_program(
            self.case,
            replace(self.values.effects, candidates=()),
            levels=merged.tolist(),
            import_limit_mw=self.import_limit_mw,
            weights=self.weights,
            loops=loops,
            fleets=self.fleets if mobile else (),
        )
        return program, shares


class Networks:
    """Network programs of the intervals, each made when it is first asked for.

    Attributes
    ----------
    mix_of : list of int
        Number of the mix of levels of each interval.
    """

    def __init__(self, model: NetworkModel, reach: Reach, intervals: Intervals) -> None:
        self._model, self._reach, self._intervals = model, reach, intervals
        mixes, mix_of = np.unique(intervals.weight, axis=0, return_inverse=True)
        self._mixes: FloatArray = mixes
        self.mix_of: list[int] = mix_of.reshape(-1).tolist()
        self._sides: dict[tuple[int, bool], NetworkSide] = {}
        self._relaxed: dict[int, tuple[NetworkProgram, FloatArray]] = {}

    def solve(self, k: int, cost: FloatArray, *, loops: bool = False) -> PricedState:
        """The priced network of interval ``k`` at ``cost`` (n,)."""
        begins, moment = self._intervals.edge_h[k : k + 2].tolist()
        span = {"begins_h": begins, "moment_h": moment}
        found = self._side_of(self.mix_of[k], loops=False).solve(cost, **span)
        if loops and not are_many(
            self._model.fleets
        ):  # cut short, it may prove less than the flows that balance only
            exact = self._side_of(self.mix_of[k], loops=True).solve(cost, **span)
            found = min(found, exact, key=lambda state: state.most)
        return found

    def _side_of(self, mix: int, *, loops: bool) -> NetworkSide:
        if (mix, loops) not in self._sides:
            side = self._side(self._mixes[mix], loops=loops, levels=_MOST_LEVELS)
            self._sides[mix, loops] = side
        return self._sides[mix, loops]

    def relaxed(self, k: int) -> tuple[NetworkProgram, FloatArray, float]:
        """Program and price of interval ``k`` at its mean level, flows that balance only, and
        what mobile units can add, which the program leaves out."""
        mix = self.mix_of[k]
        if mix not in self._relaxed:
            program, shares = self._model.program(
                self._mixes[mix], loops=False, levels=1, mobile=False
            )
            self._relaxed[mix] = program, program.price(shares)
        program, price = self._relaxed[mix]
        begins, ends = self._intervals.edge_h[k : k + 2].tolist()
        present = [
            Room(column=-1, presences=fleet.presences).most_mw(begins, ends)
            for fleet in self._model.fleets
        ]
        return program, price, sum(present) * float(price.max(initial=0.0))

    def excess_mw(self) -> float:
        """Most that any state serves beyond the repaired network at any time.

        Nothing, unless a state with damage serves more than the repaired network: where a line
        is better open, or the dispatch puts protected load before what weights say.
        """
        blocks, values = self._model.values.blocks, self._model.values
        nothing = np.zeros(values.effects.jobs)
        most = 0.0
        for mix in np.unique(blocks.weight, axis=0):
            full = float(mix @ values.full_levels_mw)
            beyond = 0.0
            for loops in (False,) if are_many(self._model.fleets) else (False, True):
                side = self._side(mix, loops=loops, levels=len(blocks.level))
                beyond = side.solve(nothing).most - full
                if beyond <= _FULL_TOLERANCE * max(1.0, abs(full)):
                    beyond = 0.0
                    break
            most = max(most, beyond)
        return most

    def _side(self, mix: FloatArray, *, loops: bool, levels: int) -> NetworkSide:
        model = self._model
        program, shares = model.program(mix, loops=loops, levels=levels)
        return NetworkSide(
            program,
            self._reach,
            level_weight=shares,
            nodes=model.loop_nodes if loops else model.nodes,
            seed=model.seed,
        )


def merge_levels(
    blocks: DemandBlocks, weight: FloatArray, most: int
) -> tuple[FloatArray, FloatArray]:
    """Levels and weights of a mix with neighbouring levels merged to ``most`` means.

    What a state serves is concave in the demand, so a mean level serves no less than its levels
    do on average: a bound stays a bound.
    """
    used = np.flatnonzero(weight > 0.0)
    if not len(used):
        return blocks.level[:1], np.zeros(1)
    parts = np.array_split(used, min(most, len(used)))
    shares = np.array([weight[part].sum() for part in parts])
    levels = np.array([weight[part] @ blocks.level[part] for part in parts]) / shares
    return levels, shares
