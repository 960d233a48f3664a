"""What a new plan changes of the earlier one, as a table and in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pandas as pd

from gridtool.report.tables import NamedTable
from gridtool.restoration.advice.replan import Replanned
from gridtool.restoration.advice.replan_changes import ChangeKind, PlanChange
from gridtool.units import format_quantity

__all__ = ["describe_replan", "table_changes"]

_COLUMNS = ("job", "change", "start_before", "crew_before", "start", "crew", "why")
_WORDS = {
    ChangeKind.NEW: "new",
    ChangeKind.MOVED: "moved",
    ChangeKind.OTHER_CREW: "to another crew",
    ChangeKind.LATER: "later",
    ChangeKind.EARLIER: "earlier",
    ChangeKind.UNDER_WAY: "under way",
    ChangeKind.DONE: "done",
    ChangeKind.AS_PLANNED: "as planned",
}


def table_changes(changes: Sequence[PlanChange]) -> NamedTable:
    """Every job of the two plans; on a terminal those that change."""
    ordered = sorted(changes, key=lambda change: not change.kind.is_change)
    frame = pd.DataFrame(
        [
            {
                "job": change.job,
                "change": change.kind.value,
                "start_before": change.start_before,
                "crew_before": change.crew_before,
                "start": change.start,
                "crew": change.crew,
                "why": change.why,
            }
            for change in ordered
        ],
        columns=list(_COLUMNS),
    )
    for column in ("start_before", "start"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    changed = sum(change.kind.is_change for change in changes)
    return NamedTable(
        name="plan_changes",
        title=f"Changes to the previous plan: {changed} of {len(changes)} jobs",
        frame=frame,
        headings={"start_before": "start before", "crew_before": "crew before"},
        terminal_columns=("job", "change", "start_before", "start", "crew", "why"),
        terminal_rows=changed,
        note="Later and earlier: the start moves by more than an hour, the order stays."
        if changed
        else "Nothing changes.",
    )


def describe_replan(result: Replanned, changes: Sequence[PlanChange], *, zone: ZoneInfo) -> str:
    """How the new plan differs from the earlier one, in a few sentences."""
    count = Counter(change.kind for change in changes)
    parts = [f"{count[kind]} {words}" for kind, words in _WORDS.items() if count[kind]]
    made = result.previous.as_of.astimezone(zone)
    text = f"Against the plan of {made:%Y-%m-%d %H:%M}: {', '.join(parts) or 'no jobs'}."
    kept = result.kept
    saved = kept.kept_mwh - kept.mwh
    if kept.moves:
        text += (
            f" The moves save {format_quantity(saved, decimals=0)} MWh, each at least "
            f"{result.threshold_pct:g} % of the energy on average."
        )
    left = kept.mwh - kept.free_mwh
    if kept.free_moves and left > 0.5:
        text += (
            f" A plan free of the earlier one would move {kept.free_moves} more and save another "
            f"{format_quantity(left, decimals=0)} MWh: too little for what has to be told anew."
        )
    return text
