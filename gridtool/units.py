"""Numbers for people: estimates with their standard error, rounded to what the error allows.

Units live in names (``_mw _mvar _mva _kv _mwh _h _pct _c``); no unit library is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Estimate", "decimals_for", "format_quantity"]


def decimals_for(standard_error: float) -> int:
    """Decimals that show a value to the first digit its standard error leaves in doubt.

    >>> decimals_for(0.034), decimals_for(12.0)
    (2, 0)
    """
    if not math.isfinite(standard_error) or standard_error <= 0:
        return 2
    return max(0, -math.floor(math.log10(standard_error)))


def format_quantity(value: float | None, *, decimals: int = 1, missing: str = "-") -> str:
    """``value`` with thin grouping and fixed decimals; ``missing`` for None and NaN.

    >>> format_quantity(12345.678), format_quantity(float("nan")), format_quantity(-0.01)
    ('12 345.7', '-', '0.0')
    """
    if value is None or math.isnan(value):
        return missing
    rounded = round(value, decimals) + 0.0
    return f"{rounded:,.{decimals}f}".replace(",", " ")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A simulated mean and its standard error, both in the unit of the name that holds it.

    Printed to the digits that the error allows, at most two of its own.

    >>> str(Estimate(1234.567, 8.9)), str(Estimate(39870.0, 3487.0))
    ('1 235 ± 9', '39 900 ± 3 500')
    """

    value: float
    standard_error: float

    def __str__(self) -> str:
        if not math.isfinite(self.value):
            return "-"
        decimals = decimals_for(self.standard_error)
        value, error = self.value, self.standard_error
        if math.isfinite(error) and error >= 100:
            last = 1 - math.floor(math.log10(error))
            value, error = round(value, last), round(error, last)
        shown = (format_quantity(number, decimals=decimals) for number in (value, error))
        return " ± ".join(shown)
