"""Sources of a pandapower net: external grids, generators, static generators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.network.model import CityNetwork
from gridtool.network.pandapower_tables import fill_table, repeated

__all__ = ["OperatingPoint", "fill_sources"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """What is drawn and generated, where it differs from the base case.

    Attributes
    ----------
    feeder_mw, feeder_mvar : (F,)
        Load of each feeder in table order; replaces the reference peak.
    source_mw : (G,)
        Generation of infeeds, then units, in table order; the slack's value is its first guess.
    coupler_closed : (C,) bool
        Coupler positions, automatic transfer included.
    slack : ids of the sources that balance their island, one for each energised island.
        Infeeds that are not among them become voltage-controlled generators.
    source_vm_pu : (G,), optional
        Voltage set points that replace the tables' (NaN: no voltage control).
    source_mvar : (G,), optional
        Reactive output of sources without voltage control that replaces the tables'.
    """

    feeder_mw: FloatArray
    feeder_mvar: FloatArray
    source_mw: FloatArray
    coupler_closed: BoolArray
    slack: tuple[str, ...]
    source_vm_pu: FloatArray | None = None
    source_mvar: FloatArray | None = None


def fill_sources(
    net: Any,
    network: CityNetwork,
    *,
    busbars: Mapping[str, int],
    share: Mapping[str, float],
    service: Mapping[str, BoolArray],
    slack: frozenset[str],
    point: OperatingPoint | None,
) -> dict[str, tuple[str, int]]:
    """Fill ``ext_grid``, ``gen`` and ``sgen``; table and index of each source.

    Parameters
    ----------
    busbars
        Index of each busbar in ``net.bus``.
    share
        Share of rating left by asset id, 1 where not listed.
    service
        Whether each row of the infeeds and units tables is in service.
    """
    rows = _source_rows(network, share=share, service=service, point=point)
    is_slack = rows.index.isin(slack)
    infeed = rows["kind"].eq("infeed").to_numpy()
    in_service = rows["in_service"].to_numpy()
    as_grid = infeed & (is_slack | ~in_service) if point is not None else infeed
    as_gen = ~as_grid & (is_slack | rows["vm_pu"].notna().to_numpy())
    found: dict[str, tuple[str, int]] = {}
    for table, chosen in (
        ("ext_grid", as_grid),
        ("gen", as_gen),
        ("sgen", ~as_grid & ~as_gen),
    ):
        part = rows[chosen]
        at = np.array([busbars[b] for b in part["busbar"]], dtype=np.int64)
        fill_table(net, table, bus=at, **_source_columns(part, table=table, slack=slack))
        found |= {str(key): (table, i) for i, key in enumerate(part.index)}
    return found


def _source_columns(part: pd.DataFrame, *, table: str, slack: frozenset[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "name": part.index.to_numpy(),
        "in_service": part["in_service"].to_numpy(),
        "controllable": np.ones(len(part), dtype=bool),
        "min_p_mw": np.zeros(len(part)),
        "max_p_mw": part["max_mw"].to_numpy(),
    }
    if table != "sgen":
        columns["vm_pu"] = part["vm_pu"].fillna(1.0).to_numpy()
    if table == "ext_grid":
        columns["va_degree"] = part["va_degree"].to_numpy()
        columns["slack_weight"] = np.ones(len(part))
        return columns
    columns |= {
        "p_mw": part["p_mw"].to_numpy(),
        "scaling": np.ones(len(part)),
        "min_q_mvar": part["min_mvar"].to_numpy(),
        "max_q_mvar": part["max_mvar"].to_numpy(),
    }
    if table == "gen":
        columns["slack"] = part.index.isin(slack)
        columns["slack_weight"] = columns["slack"].astype(np.float64)
    else:
        columns["q_mvar"] = part["q_mvar"].to_numpy()
        columns["current_source"] = np.ones(len(part), dtype=bool)
    return columns


def _source_rows(
    network: CityNetwork,
    *,
    share: Mapping[str, float],
    service: Mapping[str, BoolArray],
    point: OperatingPoint | None,
) -> pd.DataFrame:
    """Infeeds, then units, with what they deliver."""
    parts = []
    for table, kind in (("infeeds", "infeed"), ("units", "unit")):
        frame = network.tables[table]
        left = np.array([share.get(a, 1.0) for a in frame.index], dtype=np.float64)
        maximum = frame["max_mw"].to_numpy() * left
        base = frame["p_mw"].to_numpy() if "p_mw" in frame else np.zeros(len(frame))
        part: dict[str, Any] = {
            "busbar": frame["busbar"].to_numpy(),
            "kind": repeated(kind, len(frame)),
            "vm_pu": frame["vm_pu"].to_numpy(),
            "max_mw": maximum,
            "p_mw": np.where(left < 1.0, np.minimum(base, maximum), base),
            "in_service": service[table],
        }
        for column, absent in _UNIT_ONLY.items():
            part[column] = frame[column].to_numpy() if column in frame else absent
        parts.append(pd.DataFrame(part, index=frame.index))
    rows = pd.concat([part for part in parts if len(part)] or parts[:1])
    if point is None:
        return rows
    rows = rows.assign(p_mw=point.source_mw)
    for column, values in (
        ("vm_pu", point.source_vm_pu),
        ("q_mvar", point.source_mvar),
    ):
        if values is not None:
            rows = rows.assign(**{column: values})
    return rows


_UNIT_ONLY: Mapping[str, float] = {
    "va_degree": 0.0,
    "q_mvar": 0.0,
    "min_mvar": np.nan,
    "max_mvar": np.nan,
}
