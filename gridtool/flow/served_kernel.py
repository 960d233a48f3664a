"""Compiled: the load a damaged state serves, in closed form, from its shares in one go.

The same steps as :mod:`gridtool.flow.topology`, :mod:`gridtool.flow.reduction` and
:mod:`gridtool.flow.screen`, without the tables that only a published dispatch needs.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.dcflow_kernel import Factor, branch_flows, factorise
from gridtool.flow.screen_kernel import GENERATION_RULES, share_generation, share_shortage
from gridtool.flow.topology_kernel import connect

__all__ = ["CaseArrays", "fit_generation", "reduce_shares", "serve_busbars", "serve_closed"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

Busbars = tuple[BoolArray, IntArray]
"""In service, and the busbars in elimination order."""
Branches = tuple[IntArray, IntArray, BoolArray, BoolArray, FloatArray, FloatArray, FloatArray]
"""From, to, in service, transformer, limit (MW), susceptance (MW), phase shift (rad)."""
Couplers = tuple[IntArray, IntArray, BoolArray, BoolArray]
"""Both sections, closed, automatic transfer."""
Sources = tuple[IntArray, FloatArray, BoolArray, BoolArray, BoolArray]
"""Busbar, rating (MW), infeed, grid forming, on standby."""
Feeders = tuple[IntArray, IntArray, FloatArray]
"""Busbar, tier, peak (MW)."""
CaseArrays = tuple[Busbars, Branches, Couplers, Sources, Feeders]

Kinds = tuple[FloatArray, IntArray, BoolArray]
"""Rating, island and whether an infeed, of the sources with a rating left."""
Core = tuple[Factor, tuple[IntArray, IntArray, FloatArray, FloatArray], FloatArray, BoolArray]
"""Factor, branches (from, to, susceptance, offset), limits and reference nodes of the core."""
Terminals = tuple[IntArray, IntArray, int]
"""Terminal of each busbar (-1: out or dead), island of each terminal, number of islands."""


@numba.njit(cache=True)
def _label(case: CaseArrays, shares: FloatArray) -> tuple[Terminals, FloatArray, BoolArray]:
    """Terminals, source ratings left (0 where dead), branches on."""
    (in_service, _), branches, couplers, sources, _ = case
    start, end, branch_in, transformer, _, _, _ = branches
    one, other, coupler_closed, coupler_transfer = couplers
    source_busbar, source_max, _, forming, standby = sources
    n, at = in_service.shape[0], in_service.shape[0]
    busbar_on = in_service & (shares[:n] > 0.0)
    branch_on = branch_in & (shares[at : at + start.shape[0]] > 0.0)
    branch_on &= busbar_on[start] & busbar_on[end]
    at += start.shape[0]
    able = (shares[at : at + one.shape[0]] > 0.0) & busbar_on[one] & busbar_on[other]
    at += one.shape[0]
    rating = source_max * shares[at : at + source_max.shape[0]] * busbar_on[source_busbar]
    fused, joined, live = connect(
        n,
        (one, other, coupler_closed & able),
        coupler_transfer & able,
        (start, end, branch_on),
        transformer,
        (source_busbar, forming & (rating > 0.0), standby),
    )
    terminal = np.full(n, -1, np.int64)
    island_of_root = np.full(n, -1, np.int64)
    island = np.empty(n, np.int64)
    count, islands = 0, 0
    for b in range(n):
        root = joined[b]
        if not busbar_on[b] or not live[root]:
            continue
        if fused[b] == b:
            if island_of_root[root] < 0:
                island_of_root[root] = islands
                islands += 1
            terminal[b] = count
            island[count] = island_of_root[root]
            count += 1
        else:
            terminal[b] = terminal[fused[b]]
    for g in range(rating.shape[0]):
        if terminal[source_busbar[g]] < 0:
            rating[g] = 0.0
    return (terminal, island[:count], islands), rating, branch_on


@numba.njit(cache=True)
def _demand(
    feeders: Feeders,
    shares: FloatArray,
    terminal: IntArray,
    count: int,
    weight: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Demand at the reference peak by terminal and tier (T, 2), plain and weighted."""
    busbar, tier, peak = feeders
    first = shares.shape[0] - 1 - busbar.shape[0]
    plain, weighted = np.zeros((count, 2)), np.zeros((count, 2))
    for f in range(busbar.shape[0]):
        t = terminal[busbar[f]]
        if t >= 0:
            taken = peak[f] * shares[first + f]
            plain[t, tier[f]] += taken
            weighted[t, tier[f]] += taken * weight[busbar[f], tier[f]]
    return plain, weighted


@numba.njit(cache=True)
def _leaves(
    terminals: Terminals, ends: tuple[IntArray, IntArray], on: BoolArray, holds_source: BoolArray
) -> BoolArray:
    """Terminals without a source that hang on one branch."""
    terminal, island, _ = terminals
    degree = np.zeros(island.shape[0], np.int64)
    for k in np.flatnonzero(on):
        degree[terminal[ends[0][k]]] += 1
        degree[terminal[ends[1][k]]] += 1
    leaf: BoolArray = (degree == 1) & ~holds_source
    return leaf


@numba.njit(cache=True)
def _number_core(
    terminals: Terminals, elimination: IntArray, leaf: BoolArray
) -> tuple[IntArray, IntArray]:
    """Core node of each terminal (-1: a leaf) in elimination order, and island of each node."""
    terminal, island, _ = terminals
    count = island.shape[0]
    first = np.full(count, -1, np.int64)
    for b in range(terminal.shape[0] - 1, -1, -1):
        if terminal[b] >= 0:
            first[terminal[b]] = b
    core = np.full(count, -1, np.int64)
    core_island = np.empty(count, np.int64)
    nodes = 0
    for b in elimination:
        t = terminal[b]
        if t >= 0 and first[t] == b and not leaf[t]:
            core[t] = nodes
            core_island[nodes] = island[t]
            nodes += 1
    return core, core_island[:nodes]


@numba.njit(cache=True)
def _references(core_island: IntArray, islands: int) -> BoolArray:
    """The last core node of each island, whose angle is zero."""
    last = np.full(islands, -1, np.int64)
    for node in range(core_island.shape[0]):
        last[core_island[node]] = node
    reference = np.zeros(core_island.shape[0], np.bool_)
    for i in range(islands):
        if last[i] >= 0:
            reference[last[i]] = True
    return reference


@numba.njit(cache=True)
def _core(
    case: CaseArrays,
    limit: FloatArray,
    terminals: Terminals,
    branch_on: BoolArray,
    holds_source: BoolArray,
) -> tuple[IntArray, FloatArray, Core]:
    """Core node and cap (infinite: none) of each terminal, and the core network."""
    (_, elimination), branches, _, _, _ = case
    start, end, _, _, _, susceptance, shift = branches
    terminal, island, islands = terminals
    on = branch_on & (terminal[start] >= 0) & (terminal[start] != terminal[end])
    leaf = _leaves(terminals, (start, end), on, holds_source)
    core, core_island = _number_core(terminals, elimination, leaf)
    cap = np.full(island.shape[0], np.inf)
    stem = on & (leaf[terminal[start]] | leaf[terminal[end]])
    for k in np.flatnonzero(stem):
        outer, inner = terminal[start[k]], terminal[end[k]]
        if not leaf[outer]:
            outer, inner = inner, outer
        cap[outer] = limit[k]
        core[outer] = core[inner]
    kept = np.flatnonzero(on & ~stem)
    ends = (core[terminal[start[kept]]], core[terminal[end[kept]]])
    weight = susceptance[kept]
    factor = factorise(core_island.shape[0], ends[0], ends[1], weight, core_island)
    flows = (ends[0], ends[1], weight, -weight * shift[kept])
    return core, cap, (factor, flows, limit[kept], _references(core_island, islands))


@numba.njit(cache=True)
def _supply(kinds: Kinds, islands: int, import_limit: float) -> FloatArray:
    """Most that the sources of each island can give, each with the import for itself, MW."""
    rating, island, infeed = kinds
    units, infeeds = np.zeros(islands), np.zeros(islands)
    for k in range(rating.shape[0]):
        if infeed[k]:
            infeeds[island[k]] += rating[k]
        else:
            units[island[k]] += rating[k]
    return units + np.minimum(infeeds, import_limit)


@numba.njit(cache=True)
def _adapt(pattern: FloatArray, need: FloatArray, kinds: Kinds) -> FloatArray:
    """Generation near ``pattern`` (K,) that meets the need of each island (K,).

    What is too much is taken off in proportion, what lacks is given in proportion to what each
    source has left.
    """
    rating, island, _ = kinds
    output = np.minimum(pattern, rating)
    given, room = np.zeros(need.shape[0]), np.zeros(need.shape[0])
    for k in range(rating.shape[0]):
        given[island[k]] += output[k]
        room[island[k]] += rating[k] - output[k]
    for k in range(rating.shape[0]):
        i = island[k]
        if given[i] > need[i]:
            output[k] *= need[i] / given[i]
        elif room[i] > 0.0:
            output[k] += (rating[k] - output[k]) * min((need[i] - given[i]) / room[i], 1.0)
    return output


@numba.njit(cache=True)
def fit_generation(
    core: Core,
    sources: tuple[Kinds, IntArray, FloatArray],
    state: tuple[FloatArray, FloatArray],
    most: FloatArray,
) -> int:
    """Which way of sharing the generation keeps the limits of the core network, -1 if none does.

    The rules of :func:`share_generation` come first, then the patterns. ``sources`` are the
    sources' kinds, core nodes and patterns (P, K); ``state`` the need of each island and the load
    taken at each core node, ``most`` the import limit and the tolerance (MW).
    """
    factor, flows, limit, reference = core
    kinds, at, patterns = sources
    need, taken = state
    for way in range(GENERATION_RULES + patterns.shape[0]):
        if way < GENERATION_RULES:
            generation = share_generation(way, need, kinds, most[0])
        else:
            generation = _adapt(patterns[way - GENERATION_RULES], need, kinds)
        injection = -taken
        imported = 0.0
        for k in range(at.shape[0]):
            injection[at[k]] += generation[k]
            imported += generation[k] * kinds[2][k]
        if imported <= most[0] + most[1]:
            flow = branch_flows(factor, flows, injection, reference)
            if np.all(np.abs(flow) <= limit + most[1]):
                return way
    return -1


@numba.njit(cache=True)
def reduce_shares(
    case: CaseArrays, shares: FloatArray, import_limit: float
) -> tuple[Terminals, tuple[IntArray, FloatArray, Core], Kinds, IntArray, FloatArray]:
    """Terminals; their core nodes, caps and core; kinds and positions of the sources; supply."""
    (in_service, _), branches, _, sources, _ = case
    terminals, rating, branch_on = _label(case, shares)
    terminal, island, islands = terminals
    used = np.flatnonzero(rating > 0.0)
    at = terminal[sources[0][used]]
    holds_source = np.zeros(island.shape[0], np.bool_)
    holds_source[at] = True
    begin = in_service.shape[0]
    limit = branches[4] * shares[begin : begin + branches[0].shape[0]]
    core = _core(case, limit, terminals, branch_on, holds_source)
    kinds = (rating[used], island[at], sources[2][used])
    return terminals, core, kinds, used, _supply(kinds, islands, import_limit)


@numba.njit(cache=True)
def _take(
    wanted: FloatArray,
    shed: FloatArray,
    place: tuple[IntArray, IntArray, int],
    supply: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Need of each island and load taken at each core node; ``place``: island and core node of
    each terminal, number of core nodes."""
    island, core_of, nodes = place
    need, taken = np.zeros(supply.shape[0]), np.zeros(nodes)
    for t in range(island.shape[0]):
        for tier in range(2):
            given = wanted[t, tier] - shed[t, tier]
            need[island[t]] += given
            taken[core_of[t]] += given
    return np.minimum(need, supply), taken


@numba.njit(cache=True)
def serve_closed(
    case: CaseArrays,
    shares: FloatArray,
    factors: FloatArray,
    weight: FloatArray,
    most: FloatArray,
) -> tuple[FloatArray, BoolArray]:
    """Load served at each demand factor (L,), and whether the closed form is the optimum there.

    Parameters
    ----------
    shares : share of rating left by part, see :func:`gridtool.flow.topology.share_vector`.
    factors : (L,) demand over the reference peak.
    weight : (B, 2) what a served MW counts by busbar section and tier.
    most : (2,) import limit of all infeeds together (infinite: none), and by how much a flow may
        be above its limit, MW.
    """
    terminals, (core_of, cap, core), kinds, used, supply = reduce_shares(case, shares, most[0])
    terminal, island, _ = terminals
    plain, weighted = _demand(case[4], shares, terminal, island.shape[0], weight)
    at = core_of[terminal[case[3][0][used]]]
    sources = (kinds, at, np.zeros((0, used.shape[0])))
    served = np.zeros(factors.shape[0])
    closed = np.zeros(factors.shape[0], np.bool_)
    for level in range(factors.shape[0]):
        wanted = plain * factors[level]
        shed = share_shortage(wanted, cap, island, supply)
        for t in range(island.shape[0]):
            for tier in range(2):
                if plain[t, tier] > 0.0:
                    given = wanted[t, tier] - shed[t, tier]
                    served[level] += given * weighted[t, tier] / plain[t, tier]
        state = _take(wanted, shed, (island, core_of, core[3].shape[0]), supply)
        closed[level] = fit_generation(core, sources, state, most) >= 0
    return served, closed


@numba.njit(cache=True)
def serve_busbars(
    case: CaseArrays,
    shares: FloatArray,
    factor: float,
    patterns: FloatArray,
    most: FloatArray,
) -> tuple[FloatArray, int]:
    """Load served by busbar section and tier (B, 2), and how the generation was shared.

    -1: in no way tried, the closed form is no dispatch; else a rule of :func:`share_generation`
    or, from their number on, one of the ``patterns`` (P, G), MW.
    """
    terminals, (core_of, cap, core), kinds, used, supply = reduce_shares(case, shares, most[0])
    terminal, island, _ = terminals
    busbar, tier, peak = case[4]
    served = np.zeros((terminal.shape[0], 2))
    plain, _ = _demand(case[4], shares, terminal, island.shape[0], np.ones(served.shape))
    wanted = plain * factor
    shed = share_shortage(wanted, cap, island, supply)
    first = shares.shape[0] - 1 - busbar.shape[0]
    for f in range(busbar.shape[0]):
        t = terminal[busbar[f]]
        if t >= 0 and wanted[t, tier[f]] > 0.0:
            part = 1.0 - shed[t, tier[f]] / wanted[t, tier[f]]
            served[busbar[f], tier[f]] += part * peak[f] * shares[first + f] * factor
    state = _take(wanted, shed, (island, core_of, core[3].shape[0]), supply)
    at = core_of[terminal[case[3][0][used]]]
    return served, fit_generation(core, (kinds, at, patterns[:, used]), state, most)
