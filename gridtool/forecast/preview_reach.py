"""What sources reach in each stage: the main island, islands aside, and what nothing reaches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.model import Stages, Topology
from gridtool.flow.topology import topology_of
from gridtool.forecast.preview_kernel import Kinds

__all__ = ["ReachedStages", "reach_stages"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_Sides = tuple[tuple[float, tuple[int, ...]], ...]
_JOINED = "islands with failing units or infeeds of their own are taken as one with the largest"


@dataclass(frozen=True, kw_only=True)
class ReachedStages:
    """k stages by what sources reach in them; q kinds.

    Attributes
    ----------
    kind : (k,) int
    kinds
    lost_mw, cut_off_mw : (q,)
        Demand at factor 1 that feeders cannot take, and that no source can reach.
    left_mw : (k, G)
        What damage leaves of each source where the main island has it, else 0.
    notes
        What is approximate, in words.
    """

    kind: IntArray
    kinds: Kinds
    lost_mw: FloatArray
    cut_off_mw: FloatArray
    left_mw: FloatArray
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """A state of the parts: demand of the main island, of each side island, lost and cut off."""

    main: float
    lost: float
    cut_off: float
    sides: _Sides
    lit: BoolArray
    joined: bool


def reach_stages(case: CompiledCase, stages: Stages, *, sure: BoolArray) -> ReachedStages:
    """Demand and sources of each stage.

    Parameters
    ----------
    sure : (G,) bool
        Units that never fail and are always available.
    """
    states = [_look_at(case, topology_of(case, shares), sure=sure) for shares in stages.part_shares]
    lit = np.array([state.lit for state in states])
    left = stages.source_mw * lit[stages.parts]
    infeed = left[:, case.source_infeed].sum(axis=1)
    certain = left[:, sure].sum(axis=1)
    known: dict[tuple[float, ...], int] = {}
    kind = np.empty(len(stages.parts), dtype=np.int64)
    columns: list[tuple[float, ...]] = []
    aside: list[tuple[tuple[float, float], ...]] = []
    for stage, part in enumerate(stages.parts.tolist()):
        state = states[part]
        reached = float(infeed[stage]), float(certain[stage])
        column = (state.main, *reached, state.lost, state.cut_off)
        sides = tuple(
            (demand, float(stages.source_mw[stage, list(members)].sum()))
            for demand, members in state.sides
        )
        key = (*column, *(number for side in sides for number in side))
        if key not in known:
            known[key] = len(columns)
            columns.append(column)
            aside.append(sides)
        kind[stage] = known[key]
    main, most, safe, lost, cut = (np.array(values) for values in zip(*columns, strict=True))
    flat = np.array([side for sides in aside for side in sides]).reshape(-1, 2)
    return ReachedStages(
        kind=kind,
        kinds=Kinds(
            demand=main,
            infeed=most,
            sure=safe,
            side_first=np.cumsum([0, *map(len, aside)], dtype=np.int64),
            side_demand=np.ascontiguousarray(flat[:, 0]),
            side_supply=np.ascontiguousarray(flat[:, 1]),
        ),
        lost_mw=lost,
        cut_off_mw=cut,
        left_mw=left,
        notes=(_JOINED,) if any(state.joined for state in states) else (),
    )


def _look_at(case: CompiledCase, state: Topology, *, sure: BoolArray) -> _State:
    node = state.node_of_busbar
    on = np.flatnonzero(node >= 0)
    island = state.island_of_node[node[on]]
    taken = state.connectable_mw.sum(axis=1)
    alive = state.energised[node[on]]
    demand = np.bincount(
        island[alive], weights=taken[on[alive]], minlength=island.max(initial=0) + 1
    )
    lit = state.source_max_mw > 0
    home = np.where(lit, state.island_of_node[node[case.source_busbar]], -1)
    # The largest island is the main one; those with infeeds or failing units are joined to it.
    main = int(demand.argmax())
    apart = [at for at in np.unique(home[lit]).tolist() if at != main and sure[home == at].all()]
    others = set(np.unique(home[lit]).tolist()) - {main} - set(apart)
    sides = tuple(
        (round(float(demand[at]), 9), tuple(np.flatnonzero(home == at).tolist())) for at in apart
    )
    reached = float(demand.sum())
    return _State(
        main=round(reached - sum(demand_mw for demand_mw, _ in sides), 9),
        lost=round(float(case.demand_mw.sum() - taken.sum()), 9),
        cut_off=round(float(taken.sum()) - reached, 9),
        sides=sides,
        lit=lit & ~np.isin(home, apart),
        joined=bool(others),
    )
