"""No order serves more: bounds by the best repairs of each number, whatever came before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from gridtool.restoration.unit_repairs.bound_program import NumberProgram, Reach
from gridtool.restoration.unit_repairs.order import OrderCosts
from gridtool.restoration.unit_repairs.values import RepairValues

__all__ = ["WORK", "NumberBounds", "bound_by_number", "tighten_along"]

FloatArray = npt.NDArray[np.float64]

THREADS, BATCH = 2, 8
"""Programs solved at a time, and between two looks at which numbers lose most; the answer
depends on the second only."""

WORK = 430e6
"""Work of a certificate: simplex iterations times columns and rows."""

_SHARES = (0.015, 0.004, 0.0005)
_NODES = 1000


def bound_by_number(
    values: RepairValues, numbers: Iterable[int], *, node_limit: int = 2000
) -> FloatArray:
    """Bound on the load served after k repairs, k from 0 to all (n + 1,), p.u.

    Only ``numbers`` are solved for; between them the next larger number's bound holds, because
    more repairs may always be left unused.
    """
    program = NumberProgram(values.repair_case)
    n = program.count
    most = np.full(n + 1, np.inf)
    most[0] = values.served(0)
    for number in sorted({*numbers, n} - {0}):
        most[number] = program.solve(number, node_limit=node_limit, heuristics=True).most
    most[n] = max(values.full, most[n])
    # From the back: what is not solved for takes the bound of the next larger number.
    return np.minimum.accumulate(most[::-1])[::-1]


class NumberBounds:
    """Bounds by number of repairs, the numbers that lose most solved for first.

    Attributes
    ----------
    most : (n + 1,)
        What no set of at most k repairs exceeds, p.u.
    reached : (n + 1,)
        What the best set of at most k repairs met so far serves, p.u.
    work
        Simplex iterations times columns and rows so far; a core does about six million a second.
    """

    def __init__(self, costs: OrderCosts, chain: Iterable[int]) -> None:
        """``chain`` are known sets to begin the programs with."""
        self._values = costs.values
        self._hours = np.array(costs.hours)
        self._program = NumberProgram(costs.values.repair_case)
        self._sets = [0] * len(self._hours)
        self._solved = np.zeros(len(self._hours), dtype=np.bool_)
        self.reached = np.full(len(self._hours), self._values.served(0))
        self.most = np.full(len(self._hours), costs.most)
        self.most[0] = self.reached[0]
        self.work = 0.0
        for mask in chain:
            self._meet(mask)

    def tighten(
        self,
        *,
        gap_pu: float,
        node_limit: int,
        work_limit: float,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        """Solve for the numbers that promise most, until none is worth it or the work is done.

        Parameters
        ----------
        gap_pu
            Close enough to the best set met, p.u.
        work_limit
            ``work`` at which no more programs are begun.
        stop
            Asked before every few programs whether to leave it at that.
        """
        self._solved[:] = False

        def solved(number: int) -> Reach:
            return self._program.solve(
                number, known=self._sets[number], gap_pu=gap_pu, node_limit=node_limit
            )

        with ThreadPoolExecutor(THREADS) as pool:
            while self.work < work_limit and not (stop and stop()):
                numbers = self._promising(gap_pu)
                if not numbers:
                    break
                for number, reach in zip(numbers, pool.map(solved, numbers), strict=True):
                    self._solved[number] = True
                    self.most[: number + 1] = np.minimum(self.most[: number + 1], reach.most)
                    self.work += reach.iterations * self._program.size
                    if reach.mask is not None:
                        self._meet(reach.mask)

    def _promising(self, gap_pu: float) -> list[int]:
        """The next numbers to solve for, each as if those before had come out as hoped."""
        most, numbers = self.most.copy(), list[int]()
        below = np.tri(len(most), dtype=np.bool_)
        for _ in range(BATCH):
            hoped = self.reached + gap_pu
            fall = np.where(below, np.maximum(most[None, :] - hoped[:, None], 0.0), 0.0)
            gain = np.where(self._solved | (self._hours <= 0.0), 0.0, fall @ self._hours)
            gain[numbers] = 0.0
            number = int(gain.argmax())
            if gain[number] <= gap_pu * self._hours.max():
                break
            numbers.append(number)
            most[: number + 1] = np.minimum(most[: number + 1], hoped[number])
        return numbers

    def _meet(self, mask: int) -> None:
        """Keep a set for all the numbers it is the best for."""
        values = self._values
        mask = values.bound.live(values.in_service(mask))
        served = values.served(mask)
        for k in range(mask.bit_count(), len(self._sets)):
            if served > self.reached[k] + 1e-9:
                self.reached[k], self._sets[k] = served, mask


def tighten_along(
    bounds: NumberBounds,
    costs: OrderCosts,
    order: Sequence[int],
    *,
    work_limit: float = WORK,
    stop: Callable[[], bool] | None = None,
) -> None:
    """Tighten in passes, each closer: shares of what ``order`` costs, spread over the time that
    it costs anything."""
    spent = costs.prefix_costs(order)
    hours = sum(h for h, cost in zip(costs.hours, spent, strict=True) if cost > 0.0)
    for share in _SHARES if hours else ():
        bounds.tighten(
            gap_pu=share * sum(spent) / hours,
            node_limit=_NODES,
            work_limit=work_limit,
            stop=stop,
        )
