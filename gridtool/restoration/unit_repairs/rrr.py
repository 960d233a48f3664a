"""Recursive restoration refinement, the reference's best heuristic.

Source: Rhodes, Coffrin and Roald, "Recursive Restoration Refinement" (PSCC 2022) and
PowerModelsRestoration.jl, ``run_rrr``: the repairs are split into two periods so that the first
serves the most, then each half is split again. The second period's state is given, so the split
is a program of one period: the best half of the repairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gridtool.errors import AnalysisError
from gridtool.restoration.unit_repairs.model import Periods, RepairCase, bits_of
from gridtool.restoration.unit_repairs.order import put_buses_first
from gridtool.restoration.unit_repairs.program import make_order_program
from gridtool.restoration.unit_repairs.seeds import utilization_order

__all__ = ["refined_order"]

_GAP = 1e-4
"""HiGHS's own relative gap, which the reference's default runs use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """Rank of each component in the utilization order, nodes of each split, and when to end."""

    rank: dict[int, int]
    node_limit: int | None
    stop: Callable[[], bool] | None


def refined_order(
    repair_case: RepairCase,
    *,
    node_limit: int | None = None,
    time_limit_s: float = 3600.0,
    stop: Callable[[], bool] | None = None,
) -> list[int]:
    """The order of recursive restoration refinement.

    ``time_limit_s`` is the reference's: half of it for the first split, half of what a level
    has for each level below; ``node_limit`` ends each split reproducibly. Where no repair lands
    in the first half or none is found, or ``stop`` says so, the utilization order is taken.
    """
    everything = list(range(len(repair_case.components)))
    rank = {bit: k for k, bit in enumerate(utilization_order(repair_case))}
    limits = _Limits(rank=rank, node_limit=node_limit, stop=stop)
    order = _refine(repair_case, everything, 0, limits=limits, time_limit_s=time_limit_s)
    return put_buses_first(repair_case, order)


def _refine(
    repair_case: RepairCase,
    free: list[int],
    done: int,
    *,
    limits: _Limits,
    time_limit_s: float,
) -> list[int]:
    if len(free) <= 1:
        return free
    half_s = time_limit_s / 2.0
    first = _best_half(repair_case, free, done, limits=limits, time_limit_s=half_s)
    if not first:
        return sorted(free, key=lambda bit: limits.rank[bit])
    chosen = set(first)
    rest = [bit for bit in free if bit not in chosen]
    after = done | bits_of(first)
    head = _refine(repair_case, first, done, limits=limits, time_limit_s=half_s)
    tail = _refine(repair_case, rest, after, limits=limits, time_limit_s=half_s)
    return head + tail


def _best_half(
    repair_case: RepairCase,
    free: list[int],
    done: int,
    *,
    limits: _Limits,
    time_limit_s: float,
) -> list[int]:
    if limits.stop is not None and limits.stop():
        return []
    half = round(len(free) / 2)
    program = make_order_program(
        repair_case,
        Periods(repaired=(half,), elapsed=(1.0,)),
        free=free,
        done=done,
        finish=False,
    )
    try:
        solution = program.program.solve(
            gap=_GAP, node_limit=limits.node_limit, time_limit_s=time_limit_s, stop=limits.stop
        )
    except AnalysisError:
        return []
    (found,) = program.sets_of(solution)
    return [bit for bit in free if bit in found]
