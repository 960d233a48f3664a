"""TOML with limits: size, depth, finite numbers, no invisible characters."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path
from typing import Any

from gridtool.errors import InputError, Issue
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.text import find_invisible, read_text

__all__ = ["load", "load_text"]

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def load(
    path: Path | str,
    *,
    limit_mb: float = 1,
    name: str | None = None,
    error: type[InputError] = InputError,
) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises
    ------
    InputError
        As ``error``, with the line where the file is not TOML.
    """
    name = name or Path(path).name
    decoded = read_text(path, limit_mb=limit_mb, name=name, error=error)
    return load_text(decoded.text, file=name, error=error)


def load_text(
    text: str, *, file: str, max_depth: int = 12, error: type[InputError] = InputError
) -> dict[str, Any]:
    """The tables of TOML text; see :func:`load`."""
    try:
        tables = tomllib.loads(text.replace("\r\n", "\n").replace("\r", "\n"))
    except RecursionError:
        issue = Issue(message=f"is nested deeper than {max_depth}", file=file)
        raise error(issue, subject=file) from None
    except ValueError as problem:
        raise error(_toml_issue(problem, file), subject=file) from None
    refuse_on_errors(_check_values(tables, file, max_depth), error=error, subject=file)
    return tables


def _toml_issue(problem: ValueError, file: str) -> Issue:
    text = str(problem)
    place = _PLACE.search(text)
    row = int(place[1]) if place and place[1] else None
    reason = _PLACE.sub("", text) if place else "a number or date is out of range"
    if place and row is None:
        reason += "; the file seems cut off"
    return Issue(message=f"is not TOML: {reason}", file=file, row=row)


def _check_values(tables: dict[str, Any], file: str, max_depth: int) -> list[Issue]:
    issues: list[Issue] = []
    open_values: list[tuple[str, Any, int]] = [("", tables, 0)]
    while open_values:
        place, value, depth = open_values.pop()
        if depth > max_depth:
            issues.append(
                Issue(message=f"is nested deeper than {max_depth}", file=file, field=place[:80])
            )
        elif isinstance(value, dict):
            for key, child in value.items():
                issues += find_invisible(key, name=file)
                open_values.append((f"{place}.{key}".lstrip("."), child, depth + 1))
        elif isinstance(value, list):
            open_values += [
                (f"{place}[{position}]", child, depth + 1)
                for position, child in enumerate(value, start=1)
            ]
        elif isinstance(value, str):
            issues += [
                Issue(message=found.message, file=file, field=place, hint=found.hint)
                for found in find_invisible(value, name=file)
            ]
        elif isinstance(value, float) and not math.isfinite(value):
            issues.append(Issue(message="is not a finite number", file=file, field=place))
    return issues
