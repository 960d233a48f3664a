"""The difference of two runs in words and tables."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gridtool.jobs.review.change import Change
from gridtool.jobs.review.diff import RunDiff
from gridtool.report.result import Result
from gridtool.report.tables import NamedTable

__all__ = ["report_diff"]


_HEADINGS = {
    "eue_mwh_before": "EUE before [MWh]",
    "eue_mwh_after": "after",
    "change_mwh": "change",
    "change_mwh_se": "±",
    "hours_off_p90_before": "off P90 before [h/day]",
    "hours_off_p90_after": "after",
}


def report_diff(diff: RunDiff) -> Result:
    """What changed, what it can come from, and the figures of both runs."""
    changes = [*diff.results, *diff.causes]
    rows = [{"topic": change.topic, "change": change.words} for change in changes]
    figures = diff.figures[diff.figures["change"].abs() > 0]
    return Result(
        command="job diff",
        tables=(
            NamedTable(
                name="changes",
                title=f"From {diff.before.run.id} to {diff.after.run.id}",
                frame=pd.DataFrame(rows, columns=["topic", "change"]),
            ),
            NamedTable(
                name="months",
                title="The city by month, over the days that both forecast",
                frame=diff.months,
                headings=_HEADINGS,
                decimals={"hours_off_p90_before": 1, "hours_off_p90_after": 1}
                | dict.fromkeys(
                    ("eue_mwh_before", "eue_mwh_after", "change_mwh", "change_mwh_se"), 0
                ),
                terminal_rows=None if len(diff.months) else 0,
            ),
            NamedTable(
                name="figures",
                title="Figures that changed",
                frame=figures.reset_index(drop=True),
                terminal_rows=None if len(figures) else 0,
            ),
        ),
        verdict=_write_verdict(diff),
        as_of=diff.after.run.as_of,
        zone=diff.after.zone if hasattr(diff.after.zone, "key") else None,
        facts={"before": diff.before.run.id, "after": diff.after.run.id},
    )


def _write_verdict(diff: RunDiff) -> str:
    said = _sentences(diff.results)
    if diff.causes:
        causes = "; ".join(change.words for change in diff.causes)
        return f"{said} What changed since: {causes}.".strip()
    if diff.results and all("no change" in change.words for change in diff.results):
        return f"{said} Nothing else changed."
    return f"{said} Nothing that it was made from changed.".strip()


def _sentences(changes: Sequence[Change]) -> str:
    return " ".join(f"{change.words[0].upper()}{change.words[1:]}." for change in changes)
