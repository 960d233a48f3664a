"""Running sums of a simulation, in memory that does not grow with the number of samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.adequacy.sampled_hours_kernel import StoreSums
from gridtool.forecast.adequacy.sampled_tally_kernel import MEASURES, PER_CELL, Sums
from gridtool.forecast.metrics.histogram import Histogram, bins_within
from gridtool.forecast.metrics.moments import Moments

__all__ = ["PartSums", "SampledTally"]

FloatArray = npt.NDArray[np.float64]
HISTOGRAM_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class PartSums:
    """Sums of consecutive samples, as a worker hands them back."""

    sums: Sums
    store_sums: StoreSums | None


class SampledTally:
    """Means and spreads over the samples so far.

    Attributes
    ----------
    measures : Moments of (5,)
        ``MEASURES`` of a sample.
    spread
        Distributions over samples of the unserved energy and of the short hours.
    cells : Moments of (K, 4)
        ``PER_CELL`` by cell of the calendar.
    lolp, eue_mwh : Moments of (A + 1, H)
        By area and hour, the last row of all areas together.
    durations, depths
        Runs of short hours by length in hours and by depth, summed over samples.
    stored_mwh, surplus_mwh : Moments of (H,)
        Only of systems with storages.
    """

    def __init__(self, *, cells: int, load_mw: FloatArray) -> None:
        areas, hours = load_mw.shape
        self.measures = Moments(len(MEASURES))
        top = np.array([max(float(load_mw.clip(0).sum()), 1e-3), float(hours)])
        self.spread = Histogram(top, bins=bins_within(HISTOGRAM_BYTES, quantities=2))
        self.cells = Moments(cells, len(PER_CELL))
        self.lolp = Moments(areas + 1, hours)
        self.eue_mwh = Moments(areas + 1, hours)
        self.durations: FloatArray | None = None
        self.depths: FloatArray | None = None
        self.stored_mwh = Moments(hours)
        self.surplus_mwh = Moments(hours)

    @property
    def count(self) -> int:
        """Samples so far."""
        return self.measures.count

    def add(self, part: PartSums) -> None:
        """Take in the samples of a part; the order of parts shows in the last digits."""
        sums, n = part.sums, len(part.sums.samples)
        self.measures.add(sums.samples)
        self.spread.add(sums.samples[:, :2])
        self.cells.merge(_moments(n, sums.cells, sums.cell_squares))
        self.lolp.merge(_moments(n, sums.hour_count, sums.hour_count))
        self.eue_mwh.merge(_moments(n, sums.hour_mwh, sums.hour_squares))
        self.durations = sums.durations + (0.0 if self.durations is None else self.durations)
        self.depths = sums.depths + (0.0 if self.depths is None else self.depths)
        if part.store_sums is not None:
            stores = part.store_sums
            self.stored_mwh.merge(_moments(n, stores.stored_mwh, stores.stored_squares))
            self.surplus_mwh.merge(_moments(n, stores.surplus_mwh, stores.surplus_squares))


def _moments(count: int, total: FloatArray, squares: FloatArray) -> Moments:
    """Moments from sums and sums of squares, of few samples whose spread is not small."""
    found = Moments(*total.shape)
    found.count = count
    found.mean = total / count
    found.squares = np.maximum(squares - total * found.mean, 0.0)
    return found
