"""What a worker of a sweep does: evaluate a block of scenarios and write their rows as Parquet."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gridtool.jobs.sweeps.parts import encode_rows
from gridtool.whatif.evaluate import start_evaluator
from gridtool.whatif.model import DONE, SweepContext, SweepRow, SweepScenario, failed_row

__all__ = ["Block", "BlockRows", "start_blocks"]

Block = tuple[int, int]
"""Numbers of the first scenario and of the one after the last: all that is sent for a task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRows:
    """The rows of a block: a Parquet file's content, how many failed, and seconds it took."""

    content: bytes
    failed: int
    seconds: float


def start_blocks(context: SweepContext) -> Callable[[Block], BlockRows]:
    """The function that evaluates blocks in this process; what is compiled for it is kept."""
    evaluate = start_evaluator(context)

    def compute(block: Block) -> BlockRows:
        began = time.perf_counter()
        rows = [_row_of(evaluate, context.scenarios[number]) for number in range(*block)]
        content = encode_rows(rows)
        return BlockRows(
            content=content,
            failed=sum(row.status != DONE for row in rows),
            seconds=time.perf_counter() - began,
        )

    return compute


def _row_of(evaluate: Callable[[SweepScenario], SweepRow], one: SweepScenario) -> SweepRow:
    """A scenario's row; one that cannot be evaluated is no reason to lose the others."""
    try:
        return evaluate(one)
    except Exception as problem:  # noqa: BLE001 - a row with a status, whatever went wrong
        return failed_row(one, reason=f"{type(problem).__name__}: {problem}")
