"""Findings collected over a whole input and raised together."""

from __future__ import annotations

from collections.abc import Iterable

from gridtool.errors import InputError, Issue, raise_on_errors

__all__ = ["cap_findings", "refuse_on_errors"]

_MOST = 200


def cap_findings(issues: Iterable[Issue], *, limit: int = _MOST) -> list[Issue]:
    """Errors first, at most ``limit`` findings, the rest counted in a last one."""
    ordered = sorted(issues, key=lambda issue: issue.severity != "error")
    if len(ordered) <= limit:
        return ordered
    left = len(ordered) - limit
    last = ordered[limit - 1]
    more = Issue(message=f"and {left} more findings", file=last.file, severity=last.severity)
    return [*ordered[:limit], more]


def refuse_on_errors(
    issues: Iterable[Issue], *, error: type[InputError] = InputError, subject: str = "input"
) -> list[Issue]:
    """Raise ``error`` with the findings (capped) if one of them is an error, else return them."""
    found = list(issues)
    if any(issue.severity == "error" for issue in found):
        raise_on_errors(cap_findings(found), error, subject=subject)
    return found
