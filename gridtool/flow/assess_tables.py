"""The frames of an assessment; columns are declared in :class:`gridtool.flow.model.Assessment`."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.model import AcCheck, Dispatch
from gridtool.network.model import CityNetwork

__all__ = [
    "NEAR_LIMIT",
    "Tally",
    "district_table",
    "electrical_islands",
    "island_table",
    "limit_table",
    "substation_table",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

NEAR_LIMIT = 0.95
"""Elements from this share of their limit on are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Dead busbars (B,), customers and critical customers out by substation (S,), whole."""

    dead: BoolArray
    customers_out: IntArray
    critical_out: IntArray


def substation_table(network: CityNetwork, dispatch: Dispatch, tally: Tally) -> pd.DataFrame:
    """One row per substation, in the network's order."""
    case = dispatch.case
    size = len(case.substation_ids)
    total = np.bincount(case.busbar_substation, minlength=size)
    dead = np.bincount(case.busbar_substation, weights=tally.dead, minlength=size)
    energised = np.where(dead == 0, "yes", np.where(dead == total, "no", "partly"))
    substations = network.substations
    return pd.DataFrame(
        {
            "substation": np.array(case.substation_ids, dtype=object),
            "name": substations["name"].to_numpy(),
            "district": substations["district"].to_numpy(),
            "energised": energised.astype(object),
            **_powers(dispatch, case.busbar_substation, size),
            "customers": np.bincount(
                case.feeder_substation, weights=case.feeder_customers, minlength=size
            ).astype(np.int64),
            "customers_out": tally.customers_out,
            "critical_out": tally.critical_out,
        }
    )


def district_table(network: CityNetwork, dispatch: Dispatch, tally: Tally) -> pd.DataFrame:
    """One row per district, in the network's order; sums of its substations."""
    case = dispatch.case
    size = len(case.district_ids)
    position = {district: i for i, district in enumerate(case.district_ids)}
    owner = np.array([position[d] for d in network.substations["district"]], dtype=np.int64)
    powers = _powers(dispatch, case.busbar_district, size)
    demand, unserved = powers["demand_mw"], powers["unserved_mw"]
    percent = np.divide(100.0 * unserved, demand, out=np.zeros(size), where=demand > 0.0)
    return pd.DataFrame(
        {
            "district": np.array(case.district_ids, dtype=object),
            "name": network.districts["name"].to_numpy(),
            **powers,
            "unserved_pct": percent,
            "customers_out": _sum_whole(owner, tally.customers_out, size),
            "critical_out": _sum_whole(owner, tally.critical_out, size),
        }
    )


def _sum_whole(owner: IntArray, numbers: IntArray, size: int) -> IntArray:
    return np.bincount(owner, weights=numbers, minlength=size).round().astype(np.int64)


def _powers(dispatch: Dispatch, owner: IntArray, size: int) -> dict[str, FloatArray]:
    return {
        f"{name}_mw": np.bincount(
            owner, weights=getattr(dispatch, f"{name}_mw").sum(axis=1), minlength=size
        ).astype(np.float64)
        for name in ("demand", "served", "unserved")
    }


def electrical_islands(dispatch: Dispatch) -> list[list[int]]:
    """Busbars of each connected part of what is in service, by networkx.

    Independent of the compiled topology, whose islands they must equal. Busbars that are out
    belong to none.
    """
    case, topology = dispatch.case, dispatch.topology
    graph = nx.Graph()
    graph.add_nodes_from(np.flatnonzero(topology.node_of_busbar >= 0).tolist())
    closed, on = topology.coupler_closed, topology.branch_in_service
    for ends, used in (
        ((case.coupler_a, case.coupler_b), closed),
        ((case.branch_from, case.branch_to), on),
    ):
        graph.add_edges_from(zip(ends[0][used].tolist(), ends[1][used].tolist(), strict=True))
    return sorted(sorted(part) for part in nx.connected_components(graph))


def island_table(dispatch: Dispatch) -> pd.DataFrame:
    """One row per island, numbered from 1 in the order of their first busbars."""
    case, topology = dispatch.case, dispatch.topology
    rows = []
    for number, part in enumerate(electrical_islands(dispatch), start=1):
        at_source = np.isin(case.source_busbar, part)
        rows.append(
            {
                "island": number,
                "energised": bool(topology.energised[topology.node_of_busbar[part[0]]]),
                "substations": len(np.unique(case.busbar_substation[part])),
                "demand_mw": float(dispatch.demand_mw[part].sum()),
                "served_mw": float(dispatch.served_mw[part].sum()),
                "source_mw": float(topology.source_max_mw[at_source].sum()),
            }
        )
    columns = ["island", "energised", "substations", "demand_mw", "served_mw", "source_mw"]
    return pd.DataFrame(rows, columns=columns)


def limit_table(network: CityNetwork, dispatch: Dispatch, check: AcCheck | None) -> pd.DataFrame:
    """Branches and supplies at or near their limit, the dearest first.

    ``loading_pct`` is in percent of what is allowed: by AC current where there was a check, of
    the DC limit otherwise. ``relief_value`` is the weighted load served more per MW of relief.
    """
    case = dispatch.case
    limit = dispatch.topology.branch_limit_mw
    loading = np.divide(
        np.abs(dispatch.flow_mw), limit, out=np.zeros(len(limit)), where=limit > 0.0
    )
    if check is not None and check.converged:
        loading = check.loading_pct["loading_pct"].to_numpy() / 100.0
    price = {b.id: b.price for b in dispatch.binding if b.kind == "branch"}
    rows = [
        {
            "element": case.branch_ids[branch],
            "kind": case.branch_kinds[branch],
            "substation": network.assets[case.branch_ids[branch]].substation,
            "flow_mw": float(dispatch.flow_mw[branch]),
            "limit_mw": float(limit[branch]),
            "loading_pct": float(100.0 * loading[branch]),
            "relief_value": price.get(case.branch_ids[branch], 0.0),
        }
        for branch in range(len(limit))
        if loading[branch] >= NEAR_LIMIT or case.branch_ids[branch] in price
    ]
    rows += _supply_rows(dispatch)
    columns = ["element", "kind", "substation", "flow_mw", "limit_mw", "loading_pct"]
    found = pd.DataFrame(rows, columns=[*columns, "relief_value"])
    return found.sort_values(
        ["relief_value", "loading_pct", "element"], ascending=[False, False, True]
    ).reset_index(drop=True)


def _supply_rows(dispatch: Dispatch) -> list[dict[str, object]]:
    case, topology = dispatch.case, dispatch.topology
    position = {busbar: i for i, busbar in enumerate(case.busbar_ids)}
    rows: list[dict[str, object]] = []
    for binding in dispatch.binding:
        if binding.kind != "supply":
            continue
        given = float(dispatch.generation_mw[case.source_infeed].sum())
        substation = ""
        if binding.id in position:
            busbar = position[binding.id]
            island = topology.island_of_node[topology.node_of_busbar[busbar]]
            node = topology.node_of_busbar[case.source_busbar]
            inside = (node >= 0) & (topology.island_of_node[node] == island)
            given = float(dispatch.generation_mw[inside].sum())
            substation = case.substation_ids[case.busbar_substation[busbar]]
        rows.append(
            {
                "element": binding.id,
                "kind": "supply",
                "substation": substation,
                "flow_mw": given,
                "limit_mw": binding.limit_mw,
                "loading_pct": 100.0 * given / binding.limit_mw if binding.limit_mw else 100.0,
                "relief_value": binding.price,
            }
        )
    return rows
