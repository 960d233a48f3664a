"""Forced outages months ahead: which parts fail and come back, and when each may be used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.case import CompiledCase
from gridtool.forecast.streams import component_number
from gridtool.network.model import CityNetwork
from gridtool.timegrid import TimeGrid

__all__ = ["ForcedOutages", "read_forced_outages", "season_by_month"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]
BoolArray = npt.NDArray[np.bool_]

_TABLES = {
    "unit": "units",
    "line": "lines",
    "transformer": "transformers",
    "impedance": "impedances",
    "storage": "storages",
}
_NAMED = 8
"""Assets that a note names before it only counts."""


@dataclass(frozen=True, kw_only=True)
class ForcedOutages:
    """c parts that fail and come back: two-state chains seen at the beginnings of hours.

    A part with failure rate l = 1/MTTF and repair rate m = 1/MTTR fails from one hour to the next
    with l/(l+m) (1 - exp(-(l+m))) and is back with m/(l+m) (1 - exp(-(l+m))): the process in
    continuous time looked at every hour, exactly. Parts that never fail are not listed.

    Attributes
    ----------
    part : (c,) int
        Position in :attr:`gridtool.flow.case.CompiledCase.part_position`.
    p_fail, p_repair : (c,)
        Per hour.
    stream : (c,) uint64
        Component number of each part's random numbers.
    """

    part: IntArray
    p_fail: FloatArray
    p_repair: FloatArray
    stream: WordArray


def read_forced_outages(
    network: CityNetwork, case: CompiledCase
) -> tuple[ForcedOutages, tuple[str, ...]]:
    """Outages of units, branches and storages in service, and what was assumed.

    A part without ``mttf_h`` never fails. A unit with ``mttf_h`` and an outage rate but no
    ``mttr_h`` takes the repair time that gives this rate; without either, as with a repair time
    of 0, a part is back before it is missed. Storages count where the case has them as sources.

    Returns
    -------
    outages, notes
        The notes in words, for the report.
    """
    part, mean_up, mean_down, names = [], [], [], []
    notes: list[str] = []
    for kind, table in _TABLES.items():
        frame = network.tables[table]
        if kind == "storage":
            frame = frame[frame.index.isin(case.source_ids)]
        up_h, down_h = _mean_times(frame)
        notes += _list_assumed(frame, up_h, down_h, kind=kind)
        fails = np.isfinite(up_h) & (down_h > 0) & frame["in_service"].to_numpy(dtype=np.bool_)
        for row in np.flatnonzero(fails).tolist():
            asset = str(frame.index[row])
            part.append(case.part_position[asset])
            mean_up.append(float(up_h[row]))
            mean_down.append(float(down_h[row]))
            names.append(f"{kind}: {asset}")
    fail_rate, repair_rate = 1.0 / np.array(mean_up), 1.0 / np.array(mean_down)
    both = fail_rate + repair_rate
    changed = -np.expm1(-both) / both
    outages = ForcedOutages(
        part=np.array(part, dtype=np.int64),
        p_fail=fail_rate * changed,
        p_repair=repair_rate * changed,
        stream=np.array([component_number(name) for name in names], dtype=np.uint64),
    )
    return outages, tuple(notes)


def _mean_times(frame: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Mean hours up (infinite: never fails) and down of each row."""
    up_h = frame["mttf_h"].to_numpy(dtype=np.float64).copy()
    down_h = frame["mttr_h"].to_numpy(dtype=np.float64).copy()
    if "for" in frame:
        rate = frame["for"].to_numpy(dtype=np.float64)
        derived = np.isfinite(up_h) & ~np.isfinite(down_h) & (rate < 1)
        down_h[derived] = up_h[derived] * rate[derived] / (1 - rate[derived])
    return np.where(np.isfinite(up_h), up_h, np.inf), np.nan_to_num(down_h)


def _list_assumed(
    frame: pd.DataFrame, up_h: FloatArray, down_h: FloatArray, *, kind: str
) -> list[str]:
    notes = []
    if "for" in frame:
        rate = frame["for"].to_numpy(dtype=np.float64)
        notes += _name_assets(
            frame,
            ~np.isfinite(up_h) & (rate > 0),
            f"{kind}s with an outage rate without mttf_h, taken as never failing",
        )
    else:
        rate = np.zeros(len(frame))
    notes += _name_assets(
        frame,
        np.isfinite(up_h) & (down_h <= 0) & frame["mttr_h"].isna().to_numpy() & (rate == 0),
        f"{kind}s with mttf_h without mttr_h, taken as never failing",
    )
    return notes


def _name_assets(frame: pd.DataFrame, chosen: BoolArray, words: str) -> list[str]:
    """``words`` and the assets chosen, the first few by name; nothing where there are none."""
    found = [str(asset) for asset in frame.index[chosen]]
    if not found:
        return []
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return [f"{words}: {', '.join(found[:_NAMED])}{more}"]


def season_by_month(network: CityNetwork, case: CompiledCase, *, grid: TimeGrid) -> BoolArray:
    """Whether each source is available by its months (heating season), shape (months, G)."""
    position = {source: at for at, source in enumerate(case.source_ids)}
    allowed = np.ones((len(grid.months), len(case.source_ids)), dtype=np.bool_)
    calendar = [int(name[5:]) for name in grid.months]
    for unit, months in network.units["months"].items():
        if months:
            chosen = {int(month) for month in months}
            allowed[:, position[str(unit)]] = [month in chosen for month in calendar]
    return allowed
