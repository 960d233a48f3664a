"""What a simulation of a generating system found: metrics with their standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.adequacy.model import LoadSeries
from gridtool.forecast.adequacy.sampled_calendar import (
    HOURS_OF_DAY,
    Cells,
    hours_of_day,
    lay_out_cells,
)
from gridtool.forecast.adequacy.sampled_tally import SampledTally
from gridtool.forecast.adequacy.sampled_tally_kernel import DEPTHS, LONGEST_H, MEASURES, PER_CELL
from gridtool.forecast.metrics.histogram import TAIL
from gridtool.units import Estimate

__all__ = ["SampledResult"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99)


@dataclass(frozen=True, kw_only=True)
class SampledResult:
    """Metrics of the simulated hours.

    Attributes
    ----------
    areas
        That are told apart; one, unnamed, without interfaces.
    load_mw : (A, H)
    with_storage
        Whether stored energy and surplus were followed.
    """

    load: LoadSeries
    areas: tuple[str, ...]
    load_mw: FloatArray
    tally: SampledTally
    seed: int
    with_storage: bool

    @property
    def samples(self) -> int:
        """Number of samples."""
        return self.tally.count

    def estimate(self, measure: str) -> Estimate:
        """Mean over samples and its standard error.

        ``measure`` is one of eue_mwh, lole_hours, short_days (days with any short hour),
        lole_days (days whose hour of the highest load is short), events (runs of short hours),
        lolp, edns_mw, neue_ppm.
        """
        scale = {
            "lolp": ("lole_hours", 1.0 / self.load.hours),
            "edns_mw": ("eue_mwh", 1.0 / self.load.hours),
            "neue_ppm": ("eue_mwh", self._ppm(float(self.load.load_mw.sum()))),
        }
        name, factor = scale.get(measure, (measure, 1.0))
        at = MEASURES.index(name)
        moments = self.tally.measures
        return Estimate(
            float(moments.mean[at]) * factor, float(moments.standard_error[at]) * factor
        )

    @property
    def cvar_eue_mwh(self) -> Estimate:
        """Mean unserved energy of the worst 5 % of the samples (``TAIL``)."""
        mean, error = self.tally.spread.tail_mean()
        return Estimate(float(mean[0]), float(error[0]))

    def tabulate(self, period: Literal["month", "week", "hour"]) -> pd.DataFrame:
        """One row per month, week or hour of the day, with standard errors (``..._se``).

        Columns: the period's name, hours, lolp, lole_hours, short_days, lole_days, eue_mwh,
        edns_mw, neue_ppm.
        """
        calendar = self.load.calendar
        names: list[str]
        if period == "month":
            first, names, part = 0, list(calendar.months), calendar.month
        elif period == "week":
            first, names, part = self._layout.week, list(calendar.weeks), calendar.week
        else:
            first = self._layout.hour_of_day
            names = [str(hour) for hour in range(HOURS_OF_DAY)]
            part = hours_of_day(self.load)
        hours = np.bincount(part, minlength=len(names))
        energy = np.asarray(
            np.bincount(part, weights=self.load.total_mw, minlength=len(names)), dtype=np.float64
        )
        frame = pd.DataFrame({period: names, "hours": hours})
        return frame.join(self._cells(first, hours=hours, energy=energy))

    def tabulate_areas(self) -> pd.DataFrame:
        """One row per area; empty where areas are not told apart. Columns as of periods."""
        areas = len(self.areas)
        if areas == 1:
            return pd.DataFrame({"area": []})
        hours = np.full(areas, self.load.hours)
        cells = self._cells(self._layout.area, hours=hours, energy=self.load_mw.sum(axis=1))
        return pd.DataFrame({"area": list(self.areas), "hours": hours}).join(cells)

    def tabulate_area_months(self) -> pd.DataFrame:
        """One row per area and month; empty where areas are not told apart."""
        areas, names = len(self.areas), self.load.calendar.months
        if areas == 1:
            return pd.DataFrame({"area": [], "month": []})
        month = self.load.calendar.month
        hours = np.tile(np.bincount(month, minlength=len(names)), areas)
        energy: FloatArray = np.concatenate(
            [np.bincount(month, weights=row, minlength=len(names)) for row in self.load_mw]
        )
        cells = self._cells(self._layout.area_month, hours=hours, energy=energy)
        keys = {"area": np.repeat(self.areas, len(names)), "month": list(names) * areas}
        return pd.DataFrame({**keys, "hours": hours}).join(cells)

    def tabulate_spread(self) -> pd.DataFrame:
        """Quantiles over samples with 95 % intervals by order statistics, and the CVaR.

        Columns: measure, statistic, value, low, high, se. Quantiles have an interval, the CVaR
        (mean of the worst 5 % of samples) a standard error.
        """
        rows = []
        tail = self.tally.spread.tail_mean()
        for at, measure in enumerate(MEASURES[:2]):
            for share in QUANTILES:
                low, high = self.tally.spread.interval(share)
                value = float(self.tally.spread.quantile(share)[at])
                ends = {"low": float(low[at]), "high": float(high[at]), "se": np.nan}
                rows.append({"measure": measure, "statistic": f"P{100 * share:.0f}"} | ends)
                rows[-1]["value"] = value
            rows.append(
                {"measure": measure, "statistic": f"CVaR{100 * TAIL:.0f}"}
                | {"low": np.nan, "high": np.nan, "se": float(tail[1][at])}
                | {"value": float(tail[0][at])}
            )
        return pd.DataFrame(rows)[["measure", "statistic", "value", "low", "high", "se"]]

    def tabulate_events(self) -> pd.DataFrame:
        """Runs of short hours: share of them by length, and at least as long.

        Columns: duration_h (the last also stands for longer ones), per_sample, share,
        share_at_least.
        """
        runs = np.zeros(LONGEST_H + 1) if self.tally.durations is None else self.tally.durations
        last = int(np.flatnonzero(runs)[-1]) if runs.any() else 1
        return self._distribution("duration_h", np.arange(1, last + 1), runs[1 : last + 1])

    def tabulate_depths(self) -> pd.DataFrame:
        """Runs of short hours by their highest shortage, in per cent of the peak load.

        Columns: depth_pct (lower end of a class of 1 %), per_sample, share, share_at_least.
        """
        runs = np.zeros(DEPTHS) if self.tally.depths is None else self.tally.depths
        last = int(np.flatnonzero(runs)[-1]) if runs.any() else 0
        return self._distribution("depth_pct", np.arange(last + 1), runs[: last + 1])

    def _distribution(self, name: str, values: IntArray, runs: FloatArray) -> pd.DataFrame:
        total = max(float(runs.sum()), 1.0)
        return pd.DataFrame(
            {
                name: values,
                "per_sample": runs / self.samples,
                "share": runs / total,
                "share_at_least": np.cumsum(runs[::-1])[::-1] / total,
            }
        )

    @property
    def _layout(self) -> Cells:
        return lay_out_cells(self.load, areas=len(self.areas))

    def _cells(self, first: int, *, hours: IntArray, energy: FloatArray) -> pd.DataFrame:
        part = slice(first, first + len(hours))
        count = np.maximum(hours, 1)
        columns: dict[str, FloatArray] = {}
        for at, measure in enumerate(PER_CELL):
            columns[measure] = self.tally.cells.mean[part, at]
            columns[f"{measure}_se"] = self.tally.cells.standard_error[part, at]
        per_ppm = np.array([self._ppm(float(demand)) for demand in energy])
        for end in ("", "_se"):
            columns[f"lolp{end}"] = columns[f"lole_hours{end}"] / count
            columns[f"edns_mw{end}"] = columns[f"eue_mwh{end}"] / count
            columns[f"neue_ppm{end}"] = columns[f"eue_mwh{end}"] * per_ppm
        return pd.DataFrame(columns)

    @staticmethod
    def _ppm(demand_mwh: float) -> float:
        return 1e6 / demand_mwh if demand_mwh > 0 else 0.0
