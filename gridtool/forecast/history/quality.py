"""What was found in a history, as data: each finding with its place and the rule that found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue

__all__ = ["QualityFinding", "count_hours", "find_runs", "list_findings", "note_runs"]

BoolArray = npt.NDArray[np.bool_]
HOUR = timedelta(hours=1)
SHOWN = 5
"""Places of one kind named in a warning; more are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFinding:
    """Hours in a row of which one rule says that something is wrong with them.

    Attributes
    ----------
    kind
        One or two words: ``gap``, ``spike``, ``flat`` ...
    first
        First instant, UTC.
    hours
        Length.
    rule
        The rule in words, with its numbers.
    masked
        Whether the demand (or temperature, or shed load) of the hours is left out.
    """

    kind: str
    first: datetime
    hours: int
    rule: str
    masked: bool

    @property
    def end(self) -> datetime:
        """First instant after it, UTC."""
        return self.first + self.hours * HOUR


def find_runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Half-open runs ``[first, end)`` of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def note_runs(
    mask: BoolArray, kind: str, *, rule: str, start: datetime, masked: bool
) -> list[QualityFinding]:
    """One finding for each run of true hours of a history that begins at ``start``."""
    return [
        QualityFinding(
            kind=kind, first=start + first * HOUR, hours=end - first, rule=rule, masked=masked
        )
        for first, end in find_runs(mask)
    ]


def list_findings(findings: Sequence[QualityFinding], what: str, *, file: str) -> list[Issue]:
    """A warning that counts findings of one kind and names the longest; none for none."""
    if not findings:
        return []
    total = sum(finding.hours for finding in findings)
    longest = sorted(findings, key=lambda finding: -finding.hours)[:SHOWN]
    shown = "; ".join(f"{f.first:%Y-%m-%d %H}h UTC ({f.hours} h)" for f in longest)
    more = f" and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
    places = "1 place" if len(findings) == 1 else f"{len(findings)} places"
    message = f"{what}: {count_hours(total)} in {places}: {shown}{more}"
    return [Issue(message=message, file=file, severity="warning")]


def count_hours(hours: int) -> str:
    """``1 hour``, ``2 hours``."""
    return "1 hour" if hours == 1 else f"{hours} hours"
