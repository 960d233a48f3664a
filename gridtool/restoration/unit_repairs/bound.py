"""No order serves more: bounds by the best repairs of each number, whatever came before."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.restoration.unit_repairs.model import Periods, RepairCase
from gridtool.restoration.unit_repairs.program import make_order_program
from gridtool.restoration.unit_repairs.values import RepairValues

__all__ = ["bound_by_number", "most_served"]

FloatArray = npt.NDArray[np.float64]

_GAP = 1e-4


def most_served(
    repair_case: RepairCase, number: int, *, node_limit: int, time_limit_s: float | None = None
) -> float:
    """No ``number`` repairs serve more than this, p.u.; proven by HiGHS, not necessarily met."""
    program = make_order_program(
        repair_case, Periods(repaired=(number,), elapsed=(1.0,)), finish=False
    )
    try:
        found = program.program.solve(gap=_GAP, node_limit=node_limit, time_limit_s=time_limit_s)
    except AnalysisError:
        return repair_case.case.demand_pu
    return min(found.bound + 1e-7, repair_case.case.demand_pu)


def bound_by_number(
    values: RepairValues,
    numbers: Iterable[int],
    *,
    node_limit: int = 2000,
    time_limit_s: float | None = None,
) -> FloatArray:
    """Bound on the load served after k repairs, k from 0 to all (n + 1,), p.u.

    Only ``numbers`` are solved for; between them the next larger number's bound holds, because
    more repairs may always be left unused.
    """
    repair_case = values.repair_case
    n = len(repair_case.components)
    most = np.full(n + 1, np.inf)
    most[0] = values.served(0)
    most[n] = max(
        values.full, most_served(repair_case, n, node_limit=node_limit, time_limit_s=time_limit_s)
    )
    for number in sorted(set(numbers) - {0, n}, reverse=True):
        above = float(most[number:].min())
        most[number] = min(
            above,
            most_served(repair_case, number, node_limit=node_limit, time_limit_s=time_limit_s),
        )
    # From the back: what is not solved for takes the bound of the next larger number.
    return np.minimum.accumulate(most[::-1])[::-1]
