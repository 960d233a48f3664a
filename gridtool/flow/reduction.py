"""The energised network of one topology, reduced to what a dispatch has to decide.

A *leaf* is a node without sources that hangs on one branch (a 10 kV section behind its
transformer): that branch can only limit what the leaf takes, so its limit becomes the leaf's
*cap* and the leaf's demand moves to the node it hangs on. What remains is the *core*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.dcflow_kernel import factorise
from gridtool.flow.model import Topology
from gridtool.flow.tally import tally

__all__ = ["ReducedGrid", "reduce_topology", "sum_by_terminal"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReducedGrid:
    """C core nodes, M core branches, T terminals (energised nodes), K sources, I islands.

    Attributes
    ----------
    terminal_of_busbar : (B,) int
        Terminal of each busbar, -1 where it is out or dead.
    terminal_busbar : (T,) int
        First busbar of the terminal: its place in the order that breaks ties.
    terminal_core, terminal_island : (T,) int
    terminal_cap_mw : (T,)
        Most a leaf can take; infinite elsewhere.
    terminal_branch : (T,) int
        Branch that a leaf hangs on, -1 elsewhere.
    source : (K,) int
        Positions of the sources with a rating left.
    source_core, source_island : (K,) int
    core_island : (C,) int
    branch : (M,) int
        Positions of the core branches.
    core_from, core_to : (M,) int
    susceptance_mw, limit_mw, offset_mw : (M,)
        Flow per radian, limit, and flow driven by the phase shift at equal angles.
    factor
        Factorised nodal matrix, see :func:`gridtool.flow.dcflow_kernel.factorise`.
    """

    terminal_of_busbar: IntArray
    terminal_busbar: IntArray
    terminal_core: IntArray
    terminal_island: IntArray
    terminal_cap_mw: FloatArray
    terminal_branch: IntArray
    source: IntArray
    source_core: IntArray
    source_island: IntArray
    source_infeed: npt.NDArray[np.bool_]
    core_island: IntArray
    branch: IntArray
    core_from: IntArray
    core_to: IntArray
    susceptance_mw: FloatArray
    limit_mw: FloatArray
    offset_mw: FloatArray
    factor: tuple[IntArray, IntArray, FloatArray, FloatArray]
    islands: int


def reduce_topology(case: CompiledCase, topology: Topology) -> ReducedGrid:
    """The reduced grid of the energised part of ``topology``."""
    terminal_of_node, island = _number_energised(topology)
    # The dead have no terminal: position -1 of the extended array stays -1.
    terminal_of_busbar = np.append(terminal_of_node, -1)[topology.node_of_busbar]
    first_busbar = _first_busbars(terminal_of_busbar, len(island))
    ends = (terminal_of_busbar[case.branch_from], terminal_of_busbar[case.branch_to])
    live = np.flatnonzero(topology.branch_in_service & (ends[0] >= 0) & (ends[0] != ends[1]))
    ends = (ends[0][live], ends[1][live])
    source = np.flatnonzero(topology.source_max_mw > 0.0)
    source_terminal = terminal_of_busbar[case.source_busbar[source]]
    leaf = tally(np.concatenate(ends), np.ones(2 * len(live)), len(island)) == 1.0
    leaf[source_terminal] = False
    core, n_core = _number_core(case, first_busbar, leaf)
    stem = leaf[ends[0]] | leaf[ends[1]]
    cap, hangs_on = _hang_leaves(topology, core, leaf, (ends[0][stem], ends[1][stem], live[stem]))

    kept = live[~stem]
    core_from, core_to = core[ends[0][~stem]], core[ends[1][~stem]]
    susceptance = case.branch_susceptance_mw[kept]
    core_island = np.empty(n_core, dtype=np.int64)
    core_island[core[~leaf]] = island[~leaf]
    return ReducedGrid(
        terminal_of_busbar=terminal_of_busbar,
        terminal_busbar=first_busbar,
        terminal_core=core,
        terminal_island=island,
        terminal_cap_mw=cap,
        terminal_branch=hangs_on,
        source=source,
        source_core=core[source_terminal],
        source_island=island[source_terminal],
        source_infeed=case.source_infeed[source],
        core_island=core_island,
        branch=kept,
        core_from=core_from,
        core_to=core_to,
        susceptance_mw=susceptance,
        limit_mw=topology.branch_limit_mw[kept],
        offset_mw=-susceptance * case.branch_shift_rad[kept],
        factor=factorise(n_core, core_from, core_to, susceptance, core_island),
        islands=int(island.max(initial=-1)) + 1,
    )


def _hang_leaves(
    topology: Topology,
    core: IntArray,
    leaf: npt.NDArray[np.bool_],
    stems: tuple[IntArray, IntArray, IntArray],
) -> tuple[FloatArray, IntArray]:
    """Caps and branches of the leaves; each takes the core node of its ``stems`` in ``core``."""
    start, end, branch = stems
    outer, inner = np.where(leaf[start], start, end), np.where(leaf[start], end, start)
    cap = np.full(len(core), np.inf)
    hangs_on = np.full(len(core), -1, dtype=np.int64)
    cap[outer] = topology.branch_limit_mw[branch]
    hangs_on[outer] = branch
    core[outer] = core[inner]
    return cap, hangs_on


def sum_by_terminal(reduced: ReducedGrid, amount: FloatArray) -> FloatArray:
    """Sums (T, 2) of amounts by busbar (B, 2); the dead and the out are dropped."""
    terminals = len(reduced.terminal_core)
    cell = (reduced.terminal_of_busbar[:, None] + 1) * 2 + np.arange(2)
    total = tally(cell.ravel(), amount.ravel(), 2 * terminals + 2)
    return total.reshape(-1, 2)[1:]


def _number_energised(topology: Topology) -> tuple[IntArray, IntArray]:
    """Terminal of each node (-1 dead), and dense island numbers of the terminals."""
    energised = topology.energised
    numbers = np.cumsum(energised) - 1
    numbers[~energised] = -1
    islands = topology.island_of_node[energised]
    lit = np.zeros(int(islands.max(initial=-1)) + 1, dtype=np.int64)
    lit[islands] = 1
    return numbers, (np.cumsum(lit) - 1)[islands]


def _first_busbars(terminal_of_busbar: IntArray, count: int) -> IntArray:
    first = np.empty(count, dtype=np.int64)
    on = np.flatnonzero(terminal_of_busbar >= 0)[::-1]
    first[terminal_of_busbar[on]] = on  # the last write, the smallest busbar, stays
    return first


def _number_core(
    case: CompiledCase, first_busbar: IntArray, leaf: npt.NDArray[np.bool_]
) -> tuple[IntArray, int]:
    """Core numbers in the case's elimination order, so that factors stay sparse."""
    rank = case.elimination_rank[first_busbar[~leaf]]
    core = np.full(len(first_busbar), -1, dtype=np.int64)
    numbers = np.empty(len(rank), dtype=np.int64)
    numbers[np.argsort(rank, kind="stable")] = np.arange(len(rank))
    core[~leaf] = numbers
    return core, len(rank)
