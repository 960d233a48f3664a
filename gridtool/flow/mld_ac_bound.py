"""What no state of an AC load delivery exceeds."""

from __future__ import annotations

import numpy as np

from gridtool.flow.mld_ac_case import AcCase
from gridtool.flow.mld_ac_program import AcProgram

__all__ = ["delivery_bound", "served_bound"]


def delivery_bound(program: AcProgram) -> float:
    """Everything kept, no voltage beyond its limits, and the load that the supply reaches.

    Holds for a whole case and, tighter, island by island.
    """
    at = program.columns
    kept = [] if program.soft else [at.bus, at.gen, at.shunt]
    other = sum(float(program.gain[columns].sum()) for columns in kept)
    return other + program.case.time_elapsed_h * served_bound(program.case)


def served_bound(case: AcCase) -> float:
    """Most weighted load that all supply can serve without losses, the heaviest weights first.

    Supply is what generators, loads that give and shunts that give can give at most; branches
    only lose power unless a resistance is negative, and then all load counts.
    """
    drawn, weight = case.load_pu.real, case.load_weight
    most = float(weight @ np.abs(drawn))
    if np.any(case.admittance[:, 3].real < 0.0):
        return most
    giving = drawn < 0.0
    shunts = np.maximum(-case.shunt_pu.real, 0.0) @ case.v_high[case.shunt_bus] ** 2
    left = float(np.maximum(case.gen_high[:, 0], 0.0).sum() - drawn[giving].sum() + shunts)
    served = float(weight[giving] @ np.abs(drawn[giving]))
    for k in np.argsort(-weight, kind="stable").tolist():
        if drawn[k] > 0.0:
            part = min(float(drawn[k]), left)
            served += float(weight[k]) * part
            left -= part
    return min(served, most)
