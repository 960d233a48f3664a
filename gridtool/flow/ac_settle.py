"""The AC state of a dispatch: losses spread over sources, reactive limits, reactors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.flow.ac_model import AcModel, busbar_load, choose_slack_sources
from gridtool.flow.fast_ac import AcSolution, solve_fast
from gridtool.flow.model import Dispatch, Topology

__all__ = [
    "HIGHEST_PU",
    "LOWEST_PU",
    "SUPPLY_TOLERANCE_MW",
    "AcPoint",
    "island_of_source",
    "settle",
    "sum_by",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SUPPLY_TOLERANCE_MW = 0.05
LOWEST_PU, HIGHEST_PU = 0.9, 1.1
_SETTLE_ROUNDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class AcPoint:
    """A dispatch under AC: generation (G,) with losses spread, the state, and what lacks.

    ``model`` is the model as solved: units at a reactive limit have given up their voltage.
    ``losses_mw`` (islands,) is what each island's sources give beyond its load, ``deficit_mw``
    what they cannot give of it.
    """

    model: AcModel
    source_mw: FloatArray
    slack: tuple[int, ...]
    solution: AcSolution
    losses_mw: FloatArray
    deficit_mw: FloatArray


def settle(
    model: AcModel,
    dispatch: Dispatch,
    topology: Topology,
    *,
    import_limit_mw: float | None = None,
) -> AcPoint:
    """The AC state of ``dispatch``, losses spread over sources in proportion to headroom."""
    case = model.case
    rated = topology.source_max_mw
    headroom = np.maximum(rated - dispatch.generation_mw, 0.0)
    if import_limit_mw is not None:
        left = max(import_limit_mw - dispatch.generation_mw[case.source_infeed].sum(), 0.0)
        total = headroom[case.source_infeed].sum()
        if total > left:
            headroom = np.where(case.source_infeed, headroom * left / total, headroom)
    slack = choose_slack_sources(model, topology, headroom_mw=headroom)
    load = busbar_load(model, dispatch.served_mw)
    island = island_of_source(model, topology)
    islands = int(topology.island_of_node.max(initial=-1)) + 1
    room = sum_by(island, headroom, islands)
    given = sum_by(island, dispatch.generation_mw, islands)
    source = dispatch.generation_mw
    losses = np.zeros(islands)
    for _ in range(_SETTLE_ROUNDS):
        solution = solve_fast(model, topology, load_mva=load, source_mw=source, slack=slack)
        if not solution.converged:
            break
        losses = sum_by(island, solution.source_mva.real, islands) - given
        part = np.divide(losses, room, out=np.zeros(islands), where=room > 0.0)
        share = np.append(np.minimum(part, 1.0), 0.0)[island]  # the last one is for the dead
        spread = dispatch.generation_mw + headroom * share
        held = _hold_reactive(model, solution, slack) or _switch_shunts(model, solution)
        if held is None and np.abs(spread - source).max(initial=0.0) < SUPPLY_TOLERANCE_MW / 10:
            break
        source, model = spread, held or model
    else:
        solution = solve_fast(model, topology, load_mva=load, source_mw=source, slack=slack)
    return AcPoint(
        model=model,
        source_mw=source,
        slack=slack,
        solution=solution,
        losses_mw=losses,
        deficit_mw=np.maximum(losses - room, 0.0),
    )


def _hold_reactive(model: AcModel, solution: AcSolution, slack: tuple[int, ...]) -> AcModel | None:
    """The model with units held at the reactive limit they passed, None if none did.

    A slack keeps its voltage: nothing else would hold its island. Its excess is a violation.
    """
    reactive = solution.source_mva.imag
    above, below = reactive > model.source_max_mvar, reactive < model.source_min_mvar
    passed = (above | below) & ~np.isnan(model.source_vm_pu)
    passed[list(slack)] = False
    if not passed.any():
        return None
    limit = np.where(above, model.source_max_mvar, model.source_min_mvar)
    return replace(
        model,
        source_vm_pu=np.where(passed, np.nan, model.source_vm_pu),
        source_base_mvar=np.where(passed, limit, model.source_base_mvar),
    )


def island_of_source(model: AcModel, topology: Topology) -> IntArray:
    """Island of each working source, -1 otherwise, shape (G,)."""
    node = topology.node_of_busbar[model.case.source_busbar]
    working = (node >= 0) & (topology.source_max_mw > 0.0)
    island = np.full(len(node), -1, dtype=np.int64)
    island[working] = topology.island_of_node[node[working]]
    return island


def sum_by(island: IntArray, amount: FloatArray, islands: int) -> FloatArray:
    """Sums of ``amount`` (G,) by island; -1 is dropped."""
    kept = island >= 0
    return np.bincount(island[kept], weights=amount[kept], minlength=islands).astype(np.float64)


def _switch_shunts(model: AcModel, solution: AcSolution) -> AcModel | None:
    """The model without reactors where the voltage is low, and capacitors where it is high.

    That is what an operator does before shedding anybody. None if there are none to switch;
    shunts that draw active power stand for load and stay.
    """
    magnitude = np.abs(solution.v)[model.shunt_busbar]
    reactor, capacitor = model.shunt_y_pu.imag < 0.0, model.shunt_y_pu.imag > 0.0
    wrong = (reactor & (magnitude < LOWEST_PU)) | (capacitor & (magnitude > HIGHEST_PU))
    wrong &= model.shunt_on & (model.shunt_y_pu.real == 0.0)
    return replace(model, shunt_on=model.shunt_on & ~wrong) if wrong.any() else None
