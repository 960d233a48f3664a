"""Why a run failed, on one line: for labels, rows and notifications."""

from __future__ import annotations

from gridtool.errors import InputError

__all__ = ["explain"]


def explain(error: BaseException, *, most: int) -> str:
    """What ``error`` says: of the findings of a refused input at most the first ``most``, and how
    many more there are.
    """
    if not isinstance(error, InputError):
        return "; ".join(str(error).splitlines())
    found = [issue for issue in error.issues if issue.severity == "error"] or [*error.issues]
    said = [" ".join(str(issue).split()) for issue in found[:most]]
    more = len(found) - len(said)
    if more:
        said.append(f"and {more} more finding{'s' if more > 1 else ''}")
    return "; ".join(said)
