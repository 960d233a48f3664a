"""Cells for people: headings with units, numbers with fixed decimals, local times."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gridtool.units import format_quantity

__all__ = ["cell_text", "default_decimals", "default_heading", "is_numeric"]

_UNITS = {
    "mw": "MW",
    "mvar": "Mvar",
    "mva": "MVA",
    "kv": "kV",
    "mwh": "MWh",
    "gwh": "GWh",
    "h": "h",
    "d": "d",
    "s": "s",
    "km": "km",
    "ka": "kA",
    "kw": "kW",
    "pct": "%",
    "pu": "p.u.",
    "ppm": "ppm",
    "c": "°C",
}
_DECIMALS = {"mwh": 0, "pct": 1, "pu": 3, "h": 1, "mw": 1, "ppm": 0}


def _unit_of(name: str) -> str:
    suffix = name.rpartition("_")[2]
    return suffix if "_" in name and suffix in _UNITS else ""


def default_heading(name: str) -> str:
    """The heading of a column that has none of its own.

    >>> default_heading("unserved_mw"), default_heading("customers_out")
    ('unserved [MW]', 'customers out')
    """
    unit = _unit_of(name)
    words = name[: -len(unit) - 1] if unit else name
    heading = words.replace("_", " ")
    return f"{heading} [{_UNITS[unit]}]" if unit else heading


def default_decimals(name: str, values: pd.Series) -> int:
    """Decimals of a column that declares none: by its unit; whole numbers have none."""
    if pd.api.types.is_integer_dtype(values.dtype):
        return 0
    return _DECIMALS.get(_unit_of(name), 2)


def is_numeric(values: pd.Series) -> bool:
    """Whether a column is set to the right: numbers, but not yes and no."""
    return bool(
        pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)
    )


def cell_text(  # noqa: PLR0911 - one return for each type of cell
    value: Any, *, decimals: int = 2, zone: ZoneInfo | None = None
) -> str:
    """One cell for people; missing values are a dash, times are local to ``zone``."""
    if value is None or value is pd.NaT:
        return "-"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, float, np.integer, np.floating)):
        return _number_text(float(value), decimals)
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return f"{moment.astimezone(zone or UTC):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return " ".join(map(str, value)) or "-"
    return str(value) or "-"


def _number_text(value: float, decimals: int) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return format_quantity(value, decimals=decimals)
