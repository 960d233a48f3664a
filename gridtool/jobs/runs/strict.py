"""Warnings as errors: --strict."""

from __future__ import annotations

from collections.abc import Iterable

from gridtool.errors import InputError, Issue

__all__ = ["refuse_warned"]


def refuse_warned(warnings: Iterable[str]) -> None:
    """Raise if there are warnings.

    Raises
    ------
    InputError
        With every warning.
    """
    issues = [Issue(message=words) for words in warnings]
    if issues:
        raise InputError(issues, subject="input (--strict)")
