"""The outlook: what repairs that slip, or less import, would make of the same futures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.case import ORDINARY
from gridtool.forecast.metrics.histogram import Histogram
from gridtool.forecast.metrics.model import OVER_H, Layout, SampleSums
from gridtool.forecast.metrics.moments import Moments
from gridtool.forecast.metrics.periods import hours_off_a_day, with_whole
from gridtool.forecast.metrics.shape_frames import WHOLE
from gridtool.forecast.premises import Premise

__all__ = ["AS_PLANNED", "OutlookTally", "list_outlook"]

FloatArray = npt.NDArray[np.float64]

AS_PLANNED = "as planned"
"""Name of the case that the others are compared with."""
SLIPS_H = {"repairs 2 weeks later": 336.0, "repairs 4 weeks later": 672.0}
LESS_IMPORT = "import 100 MW less"
LESS_IMPORT_MW = 100.0
BINS = 4000


def list_outlook(premise: Premise) -> dict[str, Premise]:
    """The cases of the outlook that differ from ``premise``, by name.

    Repairs can slip where there are repairs, and import can be less where there is any.
    """
    config = premise.config
    found = {}
    if premise.plan is not None and premise.plan.jobs:
        for name, later_h in SLIPS_H.items():
            slipped = replace(config, slip_h=config.slip_h + later_h)
            found[name] = replace(premise, config=slipped)
    if len(premise.state.network.infeeds):
        change = config.import_change_mw - LESS_IMPORT_MW
        found[LESS_IMPORT] = replace(premise, config=replace(config, import_change_mw=change))
    return found


@dataclass(frozen=True, kw_only=True)
class _CaseTally:
    """The city in one case, by month and in all (M + 1); days over 8 h by district (M + 1, D)."""

    eue: Moments
    eue_change: Moments
    over: Moments
    over_change: Moments
    off: Histogram


class OutlookTally:
    """Cases of the outlook against the case as planned, on the same samples.

    Parameters
    ----------
    names
        Of the cases that differ.
    """

    def __init__(self, layout: Layout, *, names: tuple[str, ...]) -> None:
        self.layout = layout
        periods = len(layout.grid.months) + 1
        places = periods, len(layout.district_ids)
        self._cases = {
            name: _CaseTally(
                eue=Moments(periods),
                eue_change=Moments(periods),
                over=Moments(*places),
                over_change=Moments(*places),
                off=Histogram(np.full(periods, 24.0), bins=BINS),
            )
            for name in (AS_PLANNED, *names)
        }

    def add(self, planned: SampleSums, cases: Mapping[str, SampleSums]) -> None:
        """Take in the same samples of every case."""
        base = self._measure(planned)
        for name, sums in {AS_PLANNED: planned, **cases}.items():
            eue, over, off = self._measure(sums)
            tally = self._cases[name]
            tally.eue.add(eue)
            tally.eue_change.add(eue - base[0])
            tally.over.add(over)
            tally.over_change.add(over - base[1])
            tally.off.add(off)

    def table(self) -> pd.DataFrame:
        """One row per month (``all`` last) and case.

        month, case, hours_off_p50, hours_off_p90 (hours a day without supply for an ordinary
        customer of the city, over samples), worst_district, worst_name (the district with the most
        days of more than 8 h off in this month and case), over_8h_days, over_8h_days_se (its
        expected days), over_8h_days_diff, over_8h_days_diff_se (of the same district), eue_mwh,
        eue_mwh_se, eue_mwh_diff, eue_mwh_diff_se (against the case as planned, on the same
        samples).
        """
        months = [*self.layout.grid.months, WHOLE]
        frames = []
        for name, tally in self._cases.items():
            worst = tally.over.mean.argmax(axis=1)
            columns: dict[str, object] = {
                "hours_off_p50": tally.off.quantile(0.5),
                "hours_off_p90": tally.off.quantile(0.9),
                "worst_district": [self.layout.district_ids[at] for at in worst],
                "worst_name": [self.layout.district_names[at] for at in worst],
            }
            row = np.arange(len(months))
            for key, moments in (
                ("over_8h_days", tally.over),
                ("over_8h_days_diff", tally.over_change),
            ):
                mean, error = moments.mean[row, worst], moments.standard_error[row, worst]
                columns |= {key: mean, f"{key}_se": error}
            for key, moments in (("eue_mwh", tally.eue), ("eue_mwh_diff", tally.eue_change)):
                columns |= {key: moments.mean, f"{key}_se": moments.standard_error}
            frames.append(pd.DataFrame({"month": months, "case": name} | columns))
        return pd.concat(frames).sort_index(kind="stable").reset_index(drop=True)

    def _measure(self, sums: SampleSums) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Unserved energy and hours off a day of the city (n, M + 1), days over 8 h by district.

        The days, (n, M + 1, D), are in the middle.
        """
        city = with_whole(sums.unserved_mwh[:, :, -1], axis=1)
        over = with_whole(sums.over_d[:, :, :-1, OVER_H.index(8.0)], axis=1)
        ordinary_mw = self.layout.place_peak_mw[-1, ORDINARY]
        demand = with_whole(sums.factor_h, axis=1) * ordinary_mw
        return city.sum(axis=-1), over, hours_off_a_day(city[..., ORDINARY], demand)
