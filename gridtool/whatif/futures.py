"""The months ahead of a scenario, future by future, so that scenarios are compared in pairs."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gridtool.damage.model import GridState
from gridtool.flow.case import ORDINARY
from gridtool.forecast.metrics.model import Layout, SampleSums
from gridtool.forecast.metrics.periods import hours_off_a_day
from gridtool.forecast.model import DemandModel, ForecastConfig
from gridtool.forecast.premises import Premise, lay_out_chunks, prepare_chunks, simulate_chunks
from gridtool.forecast.simulate.simulator import Draw
from gridtool.restoration.model import RestorationPlan

__all__ = ["Outcome", "simulate_outcome"]

FloatArray = npt.NDArray[np.float64]
ONLY = Draw("scenario")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The city over all months ahead, by future (n,): unserved energy (MWh), hours a day without
    supply for an ordinary customer, hours of shortage."""

    eue_mwh: FloatArray
    hours_off: FloatArray
    short_h: FloatArray

    def columns(self) -> dict[str, Any]:
        """Columns of a :class:`gridtool.whatif.model.SweepRow`."""
        median, late = np.quantile(self.hours_off, (0.5, 0.9))
        return {
            "samples": len(self.eue_mwh),
            "eue_mwh": float(self.eue_mwh.mean()),
            "eue_mwh_se": _standard_error(self.eue_mwh),
            "hours_off": float(self.hours_off.mean()),
            "hours_off_se": _standard_error(self.hours_off),
            "hours_off_p50": float(median),
            "hours_off_p90": float(late),
            "lole_h": float(self.short_h.mean()),
            "eue_by_sample": tuple(self.eue_mwh.tolist()),
            "hours_off_by_sample": tuple(self.hours_off.tolist()),
        }


def _standard_error(values: FloatArray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def simulate_outcome(
    state: GridState,
    plan: RestorationPlan | None,
    demand: DemandModel,
    *,
    config: ForecastConfig,
    seed: int,
) -> Outcome:
    """The first ``config.samples`` futures of ``state`` and its plan, in this process.

    Future i draws the same random numbers in every scenario of a seed: the weather of the same
    year, the same course of demand, the same failures of the same units, the same work on the same
    repairs, the same allocation of imports.

    Raises
    ------
    InputError
        If the configuration or the network cannot be simulated.
    """
    premise = Premise(state=state, plan=plan, config=config)
    inputs, _ = prepare_chunks({ONLY.premise: premise}, demand, seed=seed)
    chunks = lay_out_chunks({ONLY: config.samples}, layout=inputs.layout)
    with closing(simulate_chunks(inputs, chunks, workers=1)) as simulated:
        found = [_measure(sums[ONLY], inputs.layout) for sums in simulated]
    return Outcome(
        eue_mwh=np.concatenate([part.eue_mwh for part in found]),
        hours_off=np.concatenate([part.hours_off for part in found]),
        short_h=np.concatenate([part.short_h for part in found]),
    )


def _measure(sums: SampleSums, layout: Layout) -> Outcome:
    """The city over the whole horizon in each of the futures."""
    unserved = sums.unserved_mwh[:, :, -1].sum(axis=1)
    ordinary_mwh = sums.factor_h.sum(axis=1) * layout.place_peak_mw[-1, ORDINARY]
    return Outcome(
        eue_mwh=unserved.sum(axis=-1),
        hours_off=hours_off_a_day(unserved[:, ORDINARY], ordinary_mwh),
        short_h=sums.short_h[:, :, -1].sum(axis=1),
    )
