"""What a backtest of the demand model gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["CALIBRATED", "CLIMATOLOGY", "MODEL", "SEASONAL_NAIVE", "Backtest"]

MODEL = "model"
CALIBRATED = "calibrated model"
SEASONAL_NAIVE = "seasonal naive"
CLIMATOLOGY = "climatology"


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """Scores of the model beside those of methods that cost nothing.

    Losses are in percent of mean demand. A score that a method cannot have is NaN: climatology
    says nothing of how hours hang together, and so has no intervals of energy and peaks.

    Attributes
    ----------
    scores
        By method, means over the origins: ``pinball_pct`` (mean over the levels 0.1 to 0.9),
        ``pinball99_pct`` (over 99 levels), ``crps_pct``, ``mape_pct`` and ``mase`` (of the
        median; MASE in units of the history's change from a week before), ``bias_pct`` (of
        energy), ``coverage_50``, ``coverage_80`` and ``coverage_90`` (share of the hours within
        the interval), ``peak_error_pct`` (of the horizon's highest hour), the means over months
        ``energy_coverage_80``, ``energy_error_pct``, ``energy_crps_pct``,
        ``month_peak_error_pct`` and ``month_peak_coverage_80``, and ``pit_p_value`` (see
        :func:`gridtool.forecast.demand.scoring.scores_pit.judge_evenness`).
        Of a history by longer periods only the scores of energy.
    origins
        The same by origin and method.
    months
        By origin, method and local month: ``months_ahead``, ``month_of_year``, ``hours`` known,
        ``pinball_pct``, ``mape_pct``, ``coverage_80``, error (absolute), bias (signed) and 1 or
        0 for held by the 80 % interval (``_held_80``) of ``energy_`` and ``peak_``.
    pit
        By method and tenth of the forecast (``from_pct``, ``to_pct``): ``share`` of the hours
        whose demand came to lie there. A right forecast has 0.1 everywhere.
    description
        The model in words, as fitted at the last origin.
    notes
        What a reader of the scores must know of them, in words.
    weaker
        Why the model is weaker than the file promised, None where it is not.
    """

    scores: pd.DataFrame
    origins: pd.DataFrame
    months: pd.DataFrame
    pit: pd.DataFrame
    description: str = ""
    notes: tuple[str, ...] = ()
    weaker: str | None = None

    @property
    def by_lead(self) -> pd.DataFrame:
        """Means by method and months ahead."""
        return self._mean_months("months_ahead")

    @property
    def by_month(self) -> pd.DataFrame:
        """Means by method and month of the year."""
        return self._mean_months("month_of_year")

    def _mean_months(self, key: str) -> pd.DataFrame:
        other = {"months_ahead", "month_of_year", "origin", "month", "hours"} - {key}
        kept = self.months.drop(columns=[name for name in other if name in self.months])
        groups = kept.groupby(["method", key], sort=False)
        found = groups.mean().reset_index()
        found.insert(2, "months", groups.size().to_numpy())
        place = {name: row for row, name in enumerate(self.scores["method"])}
        order = np.lexsort([found[key], found["method"].map(place)])
        return found.iloc[order].reset_index(drop=True)
