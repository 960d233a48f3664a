"""Energy not served over a stretch of time that is the same for all plans."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridtool.restoration.model import RestorationPlan

__all__ = ["energy_counted"]


def energy_counted(plan: RestorationPlan, counted_h: float) -> float:
    """Energy not served by the plan's curve in the first ``counted_h`` hours, MWh.

    All that is not served at the plan's reference demand, whether damage or supply is the cause;
    after the last repair the last state goes on.
    """
    times = pd.DatetimeIndex(plan.curve["time"])
    begins = ((times - pd.Timestamp(plan.state.as_of)) / pd.Timedelta(1, "h")).to_numpy()
    edges = np.clip(np.append(begins, np.inf), 0.0, counted_h)
    unserved = plan.curve["unserved_mw"].to_numpy(dtype=np.float64)
    return float(unserved @ np.diff(edges))
