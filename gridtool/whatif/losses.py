"""Scenarios that differ in what is lost: told as a range of outcomes, never ranked.

Plans have to hold for a range of damage. Which of many losses would do the most harm is not looked
for: these scenarios get no rank, and of their outcomes the spread is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.whatif.model import DONE, LEVELS, Level, LossRange, SweepRow

__all__ = ["SPREAD_QUANTITIES", "LossSpread"]

FloatArray = npt.NDArray[np.float64]

SPREAD_QUANTITIES: Mapping[Level, tuple[str, ...]] = MappingProxyType(
    {
        "assess": ("unserved_mw", "protected_unserved_mw", "customers_out"),
        "plan": ("ens_mwh", "last_repair_h", "etr_p90_h"),
        "forecast": ("eue_mwh", "hours_off", "hours_off_p90"),
    }
)
"""Columns of rows whose spread is told, added by each level."""
_BY_SAMPLE: Mapping[str, str] = MappingProxyType(
    {"eue_mwh": "eue_by_sample", "hours_off": "hours_off_by_sample"}
)
"""Means over futures, and the values of the futures."""
_QUANTILES: Mapping[str, float] = MappingProxyType({"p10": 0.1, "p50": 0.5, "p90": 0.9})


class LossSpread:
    """Takes in the rows of a sweep, in any order, and sums up those of its ranges.

    Of each row the quantities told are kept, and of its futures their sum over the range.
    """

    def __init__(self, ranges: Sequence[LossRange], *, level: Level) -> None:
        reached = LEVELS[: LEVELS.index(level) + 1]
        names = [name for one in reached for name in SPREAD_QUANTITIES[one]]
        self._spreads = [_Spread(one, names) for one in ranges]

    def add(self, rows: Iterable[SweepRow]) -> None:
        """Take in the next rows; those of no range and those that failed are left out."""
        for row in rows:
            for spread in self._spreads:
                if row.status == DONE and row.number in spread.stated.numbers:
                    spread.add(row)

    def table(self) -> pd.DataFrame:
        """One row per range and quantity.

        Columns: ``name`` of the range, ``quantity``, ``scenarios`` done, ``mean``, ``mean_se``,
        ``p10``, ``p50``, ``p90``, all in the unit that the quantity's name ends in. ``mean_se`` is
        the standard error of the mean of draws: of the draws, and where futures are simulated of
        these too (crossed: every draw meets the same futures). NaN where values were listed, not
        drawn, or where there are fewer than two. A quantile is the least outcome that so many
        scenarios do not exceed, infinite if they are never back.
        """
        found = [entry for spread in self._spreads for entry in spread.describe()]
        return pd.DataFrame(
            found, columns=["name", "quantity", "scenarios", "mean", "mean_se", *_QUANTILES]
        )


class _Spread:
    """The outcomes of one range."""

    def __init__(self, stated: LossRange, names: Sequence[str]) -> None:
        self.stated = stated
        self._values: dict[str, list[float]] = {name: [] for name in names}
        self._sums: dict[str, FloatArray] = {}

    def add(self, row: SweepRow) -> None:
        for name, values in self._values.items():
            values.append(float(getattr(row, name)))
            futures = np.array(getattr(row, _BY_SAMPLE[name]) if name in _BY_SAMPLE else ())
            if len(futures):
                self._sums[name] = self._sums.get(name, 0.0) + futures

    def describe(self) -> Iterable[dict[str, object]]:
        for name, listed in self._values.items():
            values = np.array(listed)
            if not len(values) or np.isnan(values).any():
                continue
            cuts = np.quantile(values, list(_QUANTILES.values()), method="inverted_cdf")
            yield {
                "name": self.stated.name,
                "quantity": name,
                "scenarios": len(values),
                "mean": float(values.mean()),
                "mean_se": self._error(name, values),
                **{key: float(cut) for key, cut in zip(_QUANTILES, cuts, strict=True)},
            }

    def _error(self, name: str, values: FloatArray) -> float:
        """Of a mean over draws and futures, which are crossed.

        The variance of a mean of n rows and m columns is estimated by that between the rows' means
        over n and that between the columns' means over m; what neither explains is in both, so
        that it is counted twice: the error is never understated.
        """
        if not self.stated.is_drawn or len(values) < 2 or not np.isfinite(values).all():
            return float("nan")
        variance = values.var(ddof=1) / len(values)
        if name in self._sums and len(self._sums[name]) > 1:
            futures = self._sums[name] / len(values)
            variance += futures.var(ddof=1) / len(futures)
        return float(np.sqrt(variance))
