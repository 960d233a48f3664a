"""What a command or a run found, ready to be printed, written or published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gridtool.errors import Issue

if TYPE_CHECKING:  # pandas and rich cost start-up time: commands that only print help do without
    from gridtool.report.tables import Chart, NamedTable

__all__ = ["Result", "label_fallback"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a command or a run found.

    The first of ``tables`` is the main one (``--format csv`` prints it). ``charts`` are shown on
    a terminal only. ``inputs`` are the files and folders read. ``headline`` holds the numbers
    that ``--fail-on`` can name besides the numeric columns of the tables. ``facts`` are further
    plain values of the JSON, beside the tables. ``zone`` is the time
    zone that times are shown in on a terminal; files carry UTC. ``next_command`` is suggested on
    stderr. ``fallback`` says why the answer is weaker than the files promised, empty where it is
    not: it labels the verdict and the JSON, and the command ends with the code of fallbacks.
    """

    command: str
    tables: tuple[NamedTable, ...] = ()
    verdict: str = ""
    charts: tuple[Chart | str, ...] = ()
    as_of: datetime | None = None
    seed: int | None = None
    inputs: tuple[Path | str, ...] = ()
    warnings: tuple[Issue | str, ...] = ()
    headline: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    zone: ZoneInfo | None = None
    next_command: str = ""
    fallback: str = ""


def label_fallback(result: Result) -> Result:
    """``result`` with its fallback, if there is one, in the verdict and among the facts."""
    if not result.fallback:
        return result
    words = result.fallback.rstrip(".")
    return replace(
        result,
        verdict=f"{result.verdict} Fallback: {words}.".strip(),
        facts={**result.facts, "fallback": words},
    )
