"""Why a run failed, on one line."""

from __future__ import annotations

import pytest

from gridtool.errors import HistoryError, Infeasible, InputError, Issue
from gridtool.jobs.runs.explain import explain

ROWS = [Issue(message="is no number", file="mine.csv", row=row) for row in (4, 5, 9)]
FIRST_TWO = "mine.csv, row 4: is no number; mine.csv, row 5: is no number"
WARNING = Issue(message="is odd", severity="warning")


@pytest.mark.parametrize(
    ("error", "most", "words"),
    [
        (HistoryError(ROWS), 3, f"{FIRST_TWO}; mine.csv, row 9: is no number"),
        (HistoryError(ROWS), 2, f"{FIRST_TWO}; and 1 more finding"),
        (HistoryError(ROWS), 1, "mine.csv, row 4: is no number; and 2 more findings"),
        (HistoryError([WARNING, *ROWS[:1]]), 3, "mine.csv, row 4: is no number"),
        (InputError([WARNING]), 3, "is odd"),
        (InputError("two\nlines"), 3, "two lines"),
        (Infeasible("no crew\ncan do it"), 3, "no crew; can do it"),
    ],
)
def test_it_is_one_line_with_the_first_findings(error, most, words):
    assert explain(error, most=most) == words
