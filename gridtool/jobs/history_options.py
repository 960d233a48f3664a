"""How a demand history is to be understood, as a job file or a command line says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # commands that only print help import this module
    from gridtool.errors import Issue
    from gridtool.forecast.demand.model import DemandEvent, SpecialDays
    from gridtool.forecast.history.model import History, PeriodHistory

__all__ = ["GivenHistory", "HistoryOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryOptions:
    """How the user says a history is to be understood.

    ``columns`` maps roles to headers where the names do not tell (``{"load_kw": "Total"}``);
    ``hour_ending`` says whether times are the ends of their intervals (None: as the column's name
    says), ``sheet`` which one of a workbook. ``outages`` is a log of hours that were short;
    ``country`` (``UA``, ``US-NY``) says whose public holidays are kept, ``special_days`` lists
    dates on which people live otherwise, and wins; ``events`` states outages, moves of the level
    and rebounds; ``model_kind`` asks for a model by name instead of the one that the history can
    carry; ``district_history`` says what each district took.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    clock: Literal["auto", "utc", "local", "standard"] = "auto"
    hour_ending: bool | None = None
    sheet: str | None = None
    outages: Path | None = None
    country: str | None = None
    special_days: Path | None = None
    events: Path | None = None
    model_kind: str = "auto"
    district_history: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file read beside the history."""
        beside = (self.outages, self.special_days, self.events, self.district_history)
        return tuple(path for path in beside if path is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenHistory:
    """A history and what the user says of its days, of what happened, and of its model.

    ``warnings`` are those of all that was read, the history's among them.
    """

    history: History | PeriodHistory
    special_days: SpecialDays
    events: tuple[DemandEvent, ...] = ()
    model_kind: str = "auto"
    warnings: tuple[Issue | str, ...] = ()
