"""What a prune removes, or would."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gridtool.jobs.review.listing import state_words
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.prune import Pruned
from gridtool.report.result import Result
from gridtool.report.tables import NamedTable

__all__ = ["report_prune"]


def report_prune(chosen: Sequence[RunRecord], pruned: Pruned | None) -> Result:
    """The runs chosen, and what became of them; ``pruned`` is None where nothing was done."""
    rows = [
        {"number": run.number, "run": run.id, "job": run.job, "as_of": run.as_of,
         "started_at": run.started_at, "state": state_words(run)}
        for run in chosen
    ]  # fmt: skip
    columns = ["number", "run", "job", "as_of", "started_at", "state"]
    table = NamedTable(
        name="pruned",
        title="Runs removed" if pruned is not None else "Runs that would be removed",
        frame=pd.DataFrame(rows, columns=columns),
        headings={"as_of": "as of [UTC]", "started_at": "started [UTC]"},
        terminal_rows=None if rows else 0,
    )
    return Result(command="job prune", tables=(table,), verdict=_write_verdict(chosen, pruned))


def _write_verdict(chosen: Sequence[RunRecord], pruned: Pruned | None) -> str:
    count = f"{len(chosen)} run{'' if len(chosen) == 1 else 's'}"
    if not chosen:
        return "Nothing to remove: every run is kept."
    if pruned is None:
        return f"{count} would be removed; nothing was done."
    inputs = f"{pruned.objects} input{'' if pruned.objects == 1 else 's'}"
    return f"{count} removed, and {inputs} that no other run read."
