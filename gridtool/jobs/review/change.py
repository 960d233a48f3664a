"""A change from one run to another, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from gridtool.units import format_quantity

__all__ = ["Change", "Topic", "join_names", "signed", "when"]

Topic = Literal[
    "result", "damage", "repairs", "demand", "weather", "model", "settings", "inputs", "program"
]
"""What changed: ``result`` is the effect, the others are what it can come from."""
MOST_NAMES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One sentence, without full stop.

    ``weight`` orders causes: how much it explains, in MWh of unserved energy where that is known,
    else 0.
    """

    topic: Topic
    words: str
    weight: float = 0.0


def when(moment: datetime, *, zone: tzinfo) -> str:
    """A moment for people: 14 Jan 08:00."""
    local = moment.astimezone(zone)
    return f"{local.day} {local:%b %H:%M}"


def signed(value: float, *, decimals: int = 0) -> str:
    """A number with its sign."""
    return f"{'+' if value > 0 else ''}{format_quantity(value, decimals=decimals)}"


def join_names(names: Sequence[str]) -> str:
    """``A, B and 3 more``."""
    shown = list(names[:MOST_NAMES])
    left = len(names) - len(shown)
    if left:
        return f"{', '.join(shown)} and {left} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]
