"""Where load goes unserved: tables by busbar and district."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.adequacy.composite_model import CompositeSystem

__all__ = ["tabulate_places"]

FloatArray = npt.NDArray[np.float64]
_Sums = tuple[FloatArray, FloatArray]


def tabulate_places(
    system: CompositeSystem, *, hours: _Sums, energy: _Sums
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Tables by busbar (those with demand) and by district; None where no split is claimed.

    Parameters
    ----------
    hours, energy : (1 + Z,), (1 + Z,)
        Means and standard errors: all, then busbars, then districts.
    """
    case = system.case
    busbars = len(case.busbar_ids)
    if len(hours[0]) == 1:
        return None, None
    demand = case.demand_mw.sum(axis=1)
    by_district: FloatArray = np.bincount(
        case.busbar_district, weights=demand, minlength=len(case.district_ids)
    ).astype(np.float64)
    total = float(energy[0][0])
    first = _tabulate(system, (hours, energy), slice(1, 1 + busbars), demand, total=total)
    first.insert(0, "busbar", list(case.busbar_ids))
    first.insert(1, "district", [case.district_ids[d] for d in case.busbar_district.tolist()])
    second = _tabulate(system, (hours, energy), slice(1 + busbars, None), by_district, total=total)
    second.insert(0, "district", list(case.district_ids))
    return first[demand > 0.0].reset_index(drop=True), second


def _tabulate(
    system: CompositeSystem,
    sums: tuple[_Sums, _Sums],
    part: slice,
    demand_mw: FloatArray,
    *,
    total: float,
) -> pd.DataFrame:
    hours, energy = sums
    return pd.DataFrame(
        {
            "demand_mw": demand_mw,
            "lole_hours": hours[0][part],
            "lole_hours_se": hours[1][part],
            "eue_mwh": energy[0][part],
            "eue_mwh_se": energy[1][part],
            "edns_mw": energy[0][part] / system.hours,
            "share_pct": 100.0 * energy[0][part] / total if total > 0.0 else 0.0,
        }
    )
