"""The most load a network can serve as a mixed-integer program over which jobs are finished.

One copy: binaries of jobs and candidates, and for each demand level the DC (or transport) flow
of the network they leave. For any set of finished jobs its optimum is no less than what the
dispatch serves; without automatic transfers, islands held by units that cannot form a grid, and
prices between tiers, it is the same. A copy can be added several times to one HiGHS model
(periods, a current state and a next one), each time with binaries of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.milp import Block, BlockBuilder
from gridtool.restoration.bound.contracted import Contracted, Edge, contract
from gridtool.restoration.bound.fleets import Fleet, Room, add_fleet, are_many
from gridtool.restoration.bound.guards import Guard, make_guards
from gridtool.restoration.value.effects import RepairEffects

__all__ = ["NetworkProgram", "make_network_program"]

FloatArray = npt.NDArray[np.float64]
Terms = Iterator[tuple[int, float]]

_ENOUGH_MW = 1e9
"""Stands for no limit where a limit is multiplied by a share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkProgram:
    """A copy of the network program.

    Attributes
    ----------
    block
        Columns and rows. Columns 0 to ``bits`` - 1 are the binaries of jobs, then candidates.
    served : (L, N)
        Served MW (weighted) of each level as a linear function of the columns.
    rooms
        Columns that mobile units are limited by in time.
    """

    bits: int
    block: Block
    served: FloatArray
    rooms: tuple[Room, ...] = ()

    def price(self, level_weight: FloatArray) -> FloatArray:
        """Coefficients (N,) of the served load, levels weighted (L,): what is maximised."""
        found: FloatArray = np.asarray(level_weight, dtype=np.float64) @ self.served
        return found

    def ceiling(self, price: FloatArray) -> float:
        """What no solution can exceed at ``price`` (N,)."""
        paid = price > 0.0
        return float(price[paid] @ self.block.upper[paid])


def make_network_program(
    case: CompiledCase,
    effects: RepairEffects,
    *,
    levels: Sequence[float] = (1.0,),
    import_limit_mw: float | None = None,
    weights: FloatArray | None = None,
    loops: bool = True,
    fleets: Sequence[Fleet] = (),
) -> NetworkProgram:
    """The program of ``case`` under the damage and repairs of ``effects``.

    Parameters
    ----------
    levels
        Demand factors; the binaries are common to all.
    import_limit_mw
        Limit of all infeeds together.
    weights : (B, 2), optional
        What a MW counts by busbar section and tier; 1 if not given.
    loops
        Ask for Kirchhoff's law of loops (DC); without it flows need only balance at nodes
        (transport), which serves no less and is solved faster.
    fleets
        Mobile units, relaxed: see :mod:`gridtool.restoration.bound.fleets`.
    """
    guards = make_guards(case, effects)
    if weights is None:
        weights = np.ones_like(case.demand_mw)
    network = contract(case, guards, loops=loops, weights=weights)
    builder = BlockBuilder()
    for _ in range(guards.bits):
        builder.column(0.0, 1.0, integer=True)
    for bit in guards.stage_bits:
        stage = builder.column(0.0, 1.0)
        builder.row(-np.inf, 0.0, terms=[(stage, 1.0), (bit, -1.0)])
    for group in guards.stage_groups:
        builder.row(-np.inf, 1.0, terms=[(column, 1.0) for column in group])
    served, rooms = [], []
    for factor in levels:
        terms, added = _add_level(
            builder, network, factor, import_limit_mw=import_limit_mw, fleets=fleets
        )
        served.append(terms)
        rooms += added
    block = builder.finish()
    matrix = np.zeros((len(served), block.columns))
    for row, terms in enumerate(served):
        for column, weight in terms:
            matrix[row, column] = weight
    return NetworkProgram(bits=guards.bits, block=block, served=matrix, rooms=tuple(rooms))


def _add_level(
    builder: BlockBuilder,
    network: Contracted,
    factor: float,
    *,
    import_limit_mw: float | None,
    fleets: Sequence[Fleet],
) -> tuple[list[tuple[int, float]], list[Room]]:
    """Columns and rows of one demand level; the terms of its served load, and mobile units'."""
    balance: list[list[tuple[int, float]]] = [[] for _ in range(network.nodes)]
    served = []
    for demand in network.demands:
        column = builder.column(0.0, factor * demand.mw)
        balance[demand.node].append((column, -1.0))
        served.append((column, demand.weight))
        for guard in demand.guards:
            _limit(builder, column, factor * demand.mw, guard)
    imports = []
    for node, rating, infeed, guards in network.sources:
        column = builder.column(0.0, rating)
        balance[node].append((column, 1.0))
        imports += [(column, 1.0)] * infeed
        for guard in guards:
            _limit(builder, column, rating, guard)
    if import_limit_mw is not None:
        builder.row(-np.inf, import_limit_mw, terms=imports)
    if are_many(fleets):
        rooms = _add_anywhere(builder, served, fleets, upper=builder.upper)
    else:
        rooms = [room for f in fleets for room in add_fleet(builder, network, f, balance=balance)]
    # Units give and take anywhere: in a part that hangs on one node there may be that much more.
    more = 2.0 * sum(fleet.mw for fleet in fleets)
    _add_edges(builder, network, lambda edge: factor * edge.need_mw + more, balance=balance)
    for terms in balance:
        builder.row(0.0, 0.0, terms=terms)
    return served, rooms


def _add_anywhere(
    builder: BlockBuilder,
    served: list[tuple[int, float]],
    fleets: Sequence[Fleet],
    *,
    upper: Sequence[float],
) -> list[Room]:
    """One column for what all units add to the load served: no more than they give, since
    without the paths through them flows still balance, and no more than there is load."""
    most = max((weight for _, weight in served), default=0.0)
    load = sum(weight * upper[column] for column, weight in served)
    column = builder.column(0.0, most * sum(fleet.mw for fleet in fleets))
    builder.row(-np.inf, load, terms=[*served, (column, 1.0)])
    served.append((column, 1.0))
    presences = [one for fleet in fleets for one in fleet.presences]
    return [Room(column=column, presences=tuple(replace(p, mw=most * p.mw) for p in presences))]


def _add_edges(
    builder: BlockBuilder,
    network: Contracted,
    need_of: Callable[[Edge], float],
    *,
    balance: list[list[tuple[int, float]]],
) -> None:
    """Flows of one level with their limits and the law of loops; ``balance`` gets their terms.

    ``need_of`` is the most MW an edge can have to carry.
    """
    angles: list[int] = []
    if any(edge.susceptance_mw for edge in network.edges):
        angles = [builder.column(-np.inf, np.inf) for _ in range(network.nodes)]
    spans = _Spans(network, need_of)
    for edge in network.edges:
        need = need_of(edge)
        limit = min(edge.limit_mw, need)
        column = builder.column(-limit, limit)
        balance[edge.start].append((column, -1.0))
        balance[edge.end].append((column, 1.0))
        for guard in edge.guards:
            for sign in (1.0, -1.0):
                _limit(builder, column, edge.limit_mw, guard, need=need, sign=sign)
        if edge.susceptance_mw:
            _add_loop_law(builder, edge, column, angles=angles, span=spans.of(edge))


def _limit(
    builder: BlockBuilder,
    column: int,
    limit: float,
    guard: Guard,
    *,
    need: float = np.inf,
    sign: float = 1.0,
) -> None:
    """``sign * column <= min(limit * guard, need)``, exact at every stage of the guard."""
    limit = min(limit, _ENOUGH_MW)  # an infinite limit times a share of 0
    least = min(limit * guard.base, need)
    steps = [min(limit * (guard.base + gain), need) - least for gain in guard.gains]
    if least >= min(limit, need):
        return
    terms = [(c, -step) for c, step in zip(guard.columns, steps, strict=True)]
    builder.row(-np.inf, least, terms=[(column, sign), *terms])


def _add_loop_law(
    builder: BlockBuilder, edge: Edge, column: int, *, angles: list[int], span: float
) -> None:
    """Flow follows the angle difference while all switches of the edge are on.

    With a switch off the angle difference, at most ``span``, is free (big M).
    """
    ends = [(angles[edge.start], 1.0), (angles[edge.end], -1.0)]
    if np.isfinite(edge.susceptance_mw):
        scale, terms = edge.susceptance_mw, [(column, -1.0)]
        terms += [(angle, scale * sign) for angle, sign in ends]
    else:
        scale, terms = 1.0, ends
    slack = abs(scale) * span + abs(edge.offset_mw)
    switches = [guard.switch for guard in edge.guards if guard.is_switch]
    for sign in (1.0, -1.0):
        free = [(c, slack * gain) for guard in switches for c, gain in _gains(guard)]
        builder.row(
            -np.inf,
            slack * len(switches) - sign * edge.offset_mw,
            terms=[*((c, sign * v) for c, v in terms), *free],
        )


def _gains(guard: Guard) -> Terms:
    return zip(guard.columns, guard.gains, strict=True)


class _Spans:
    """Most that the angles at both ends of a switched-off edge can differ, rad.

    Along a path of edges that are never out, the sum of what each allows; without one, the sum
    of the largest that a tree can have.
    """

    def __init__(self, network: Contracted, need_of: Callable[[Edge], float]) -> None:
        self._always = nx.Graph()
        self._always.add_nodes_from(range(network.nodes))
        largest: dict[frozenset[int], float] = {}
        for edge in network.edges:
            if not edge.susceptance_mw:
                continue
            span = 0.0
            if np.isfinite(edge.susceptance_mw):
                limit = min(edge.limit_mw, need_of(edge))
                span = (limit + abs(edge.offset_mw)) / abs(edge.susceptance_mw)
            ends = frozenset((edge.start, edge.end))
            largest[ends] = max(span, largest.get(ends, 0.0))
            if not any(guard.is_switch for guard in edge.guards):
                known = self._always.get_edge_data(edge.start, edge.end, {"span": np.inf})
                self._always.add_edge(edge.start, edge.end, span=min(span, known["span"]))
        self._any = float(sum(sorted(largest.values(), reverse=True)[: network.nodes - 1]))

    def of(self, edge: Edge) -> float:
        """Span between the ends of ``edge``."""
        try:
            found = nx.dijkstra_path_length(self._always, edge.start, edge.end, weight="span")
        except nx.NetworkXNoPath:
            return self._any
        return float(min(found, self._any))
