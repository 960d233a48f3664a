"""Maximum load delivery: how much load, generation and shunts a network can keep.

The DC objective of PowerModelsRestoration.jl (Coffrin, Bent, Tasseff, Sundar and Backhaus 2019;
``run_mld``): with ``M`` ten times the largest weighted load, the sum of ``M`` times the share of
every generator, storage and shunt kept, and the weighted load served. Shares are relaxed to 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.flow.milp import ProgramBuilder
from gridtool.flow.mld_case import DcCase
from gridtool.flow.mld_program import Switches, add_network

__all__ = ["LoadDelivery", "maximise_delivery"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class LoadDelivery:
    """What is kept: shares of loads (D,), generators (G,), shunts (S,) and storages, 0 to 1.

    ``served_pu`` is the active load served, on the case's base.
    """

    case: DcCase
    objective: float
    served_pu: float
    load_share: FloatArray
    gen_share: FloatArray
    shunt_share: FloatArray
    storage_share: FloatArray


def maximise_delivery(case: DcCase, *, load_weight: FloatArray | None = None) -> LoadDelivery:
    """The most that ``case`` delivers by the reference's objective.

    Parameters
    ----------
    load_weight : (D,), optional
        Weights of the loads; 1 if not given.

    Raises
    ------
    AnalysisError
        If HiGHS finds no optimum.
    """
    if load_weight is not None:
        case = replace(case, load_weight=np.asarray(load_weight, dtype=np.float64))
    worth = case.load_weight * np.abs(case.load_pu)
    scale = 10.0 * float(worth.max(initial=0.0))
    hours = case.time_elapsed_h
    program = ProgramBuilder()
    gens = {k: program.add_column(0.0, 1.0, gain=scale * hours) for k in range(len(case.gen_ids))}
    storages = {
        k: program.add_column(0.0, 1.0, gain=scale * hours) for k in range(len(case.storages))
    }
    columns = add_network(
        program,
        case,
        switches=Switches(gen=gens, storage=storages, strict_minimum=True),
        load_gain=hours * worth,
        shunt_gain=scale * hours,
    )
    solution = program.solve()
    kept = solution.columns
    shares = kept[columns.load]
    return LoadDelivery(
        case=case,
        objective=solution.objective,
        served_pu=float(np.abs(case.load_pu) @ shares),
        load_share=shares,
        gen_share=kept[list(gens.values())] if gens else np.zeros(0),
        shunt_share=kept[columns.shunt],
        storage_share=kept[list(storages.values())] if storages else np.zeros(0),
    )
