"""What is in service under damage, and which source holds each island."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gridtool.network.model import CityNetwork

__all__ = ["choose_slack", "effective_service"]

BoolArray = npt.NDArray[np.bool_]

_BRANCH_ENDS: Mapping[str, tuple[str, str]] = {
    "lines": ("from_busbar", "to_busbar"),
    "transformers": ("hv_busbar", "lv_busbar"),
    "impedances": ("from_busbar", "to_busbar"),
}
_ONE_END = ("shunts", "infeeds", "units", "storages", "feeders")


def effective_service(
    network: CityNetwork, capacity_share: Mapping[str, float]
) -> dict[str, BoolArray]:
    """Whether each row is in service: of its own, by its share, and by the sections it stands on.

    A coupler counts as in service when it could be closed. Returns one array for each of
    busbars, couplers, lines, transformers, impedances, shunts, infeeds, units,
    storages and feeders.
    """
    out = {asset for asset, left in capacity_share.items() if left <= 0.0}

    def own(table: str) -> BoolArray:
        frame = network.tables[table]
        working = np.array([key not in out for key in frame.index], dtype=bool)
        return (
            working & frame["in_service"].to_numpy(dtype=bool) if "in_service" in frame else working
        )

    found = {"busbars": own("busbars")}
    live = dict(zip(network.busbars.index, found["busbars"], strict=True))
    ends = {"couplers": ("busbar_a", "busbar_b"), **_BRANCH_ENDS}
    ends |= dict.fromkeys(_ONE_END, ("busbar", "busbar"))
    for table, columns in ends.items():
        service = own(table)
        for column in columns:
            service &= np.array([live[b] for b in network.tables[table][column]], dtype=bool)
        found[table] = service
    return found


def choose_slack(
    network: CityNetwork, service: Mapping[str, BoolArray], coupler_closed: BoolArray
) -> frozenset[str]:
    """The sources that balance their island: every infeed in service, else the largest unit.

    An island without an infeed is held by its largest grid-forming unit in service; ties go to
    the first in the table. Islands with neither are dead.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    position = {str(b): i for i, b in enumerate(network.busbars.index)}
    starts: list[int] = []
    stops: list[int] = []
    joined = {"couplers": (("busbar_a", "busbar_b"), coupler_closed)}
    joined |= {table: (ends, service[table]) for table, ends in _BRANCH_ENDS.items()}
    for table, (ends, used) in joined.items():
        frame = network.tables[table][used]
        starts += [position[b] for b in frame[ends[0]]]
        stops += [position[b] for b in frame[ends[1]]]
    size = len(position)
    joins = (np.array(starts, dtype=np.int64), np.array(stops, dtype=np.int64))
    graph = coo_matrix((np.ones(len(starts)), joins), shape=(size, size))
    _, island = connected_components(graph, directed=False)
    infeeds = network.infeeds[service["infeeds"]]
    held = {int(island[position[b]]) for b in infeeds["busbar"]}
    units = network.units[service["units"] & network.units["grid_forming"].to_numpy(dtype=bool)]
    chosen = {str(key) for key in infeeds.index}
    for unit, busbar in units.sort_values("max_mw", ascending=False, kind="stable")[
        "busbar"
    ].items():
        if int(island[position[busbar]]) not in held:
            held.add(int(island[position[busbar]]))
            chosen.add(str(unit))
    return frozenset(chosen)
