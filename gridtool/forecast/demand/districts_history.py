"""What the districts of a city took, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

__all__ = ["DistrictHistory"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class DistrictHistory:
    """Demand of every district from ``start`` (aware UTC, on the hour) on.

    Attributes
    ----------
    districts
        Ids or names, D of them, as the file has them.
    load_mw : (D, n)
        Hourly means; a longer period's for each of its hours. NaN where unknown.
    step
        Of the file: ``hour``, ``day``, ``week``, ``month`` or ``year``.
    notes
        What was found on the way, in words.
    """

    districts: tuple[str, ...]
    start: datetime
    load_mw: FloatArray
    zone: ZoneInfo
    step: str = "hour"
    origin: str = ""
    notes: tuple[str, ...] = ()

    @property
    def end(self) -> datetime:
        """First instant after the last hour, UTC."""
        return self.start + int(self.load_mw.shape[1]) * HOUR

    def until(self, moment: datetime) -> DistrictHistory:
        """The hours that were over at ``moment`` (aware)."""
        hours = max(int((moment - self.start) // HOUR), 0)
        return replace(self, load_mw=self.load_mw[:, :hours])
