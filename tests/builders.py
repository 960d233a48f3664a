"""Networks for tests, built from a few words."""

from __future__ import annotations

from gridtool.formats.frames import make_frame
from gridtool.network.model import CityNetwork, NetworkManifest
from gridtool.network.schema import TABLES


def build_network(tables, **manifest):
    """A network from ``{table: [row, ...]}``; absent tables are empty."""
    settings = {"id": "test", "name": "Test", "version": "1", "timezone": "Europe/Kyiv"} | manifest
    return CityNetwork(
        manifest=NetworkManifest(**settings),
        tables={schema.name: make_frame(schema, tables.get(schema.name, ())) for schema in TABLES},
    )


def grid(*, stations, lines, infeeds=(), units=(), pf_margin=1.0, kv=110.0):
    """Single-busbar substations joined by lines: enough for most dispatch tests.

    ``stations`` is ``{id: (ordinary_mw, protected_mw)}``, ``lines`` ``(id, from, to, limit_mw)``
    with equal reactances, ``infeeds`` and ``units`` ``(id, station, max_mw)``.
    """
    feeders = [
        {"id": f"{s}/F{k}", "busbar": f"{s}/B", "peak_mw": mw, "critical": bool(k)}
        for s, demand in stations.items()
        for k, mw in enumerate(demand)
        if mw
    ]
    return build_network(
        {
            "districts": [{"id": "D1", "name": "One"}],
            "substations": [
                {"id": s, "name": s, "district": "D1", "kind": "distribution", "x_km": i, "y_km": 0}
                for i, s in enumerate(stations)
            ],
            "busbars": [{"id": f"{s}/B", "substation": s, "vn_kv": kv} for s in stations],
            "lines": [
                {
                    "id": line,
                    "from_busbar": f"{a}/B",
                    "to_busbar": f"{b}/B",
                    "length_km": 10,
                    "r_ohm_per_km": 0.0,
                    "x_ohm_per_km": 0.4,
                    "c_nf_per_km": 0.0,
                    "max_i_ka": limit / kv / 3**0.5,
                }
                for line, a, b, limit in lines
            ],
            "infeeds": [{"id": i, "busbar": f"{s}/B", "max_mw": mw} for i, s, mw in infeeds],
            "units": [
                {"id": u, "busbar": f"{s}/B", "max_mw": mw, "p_mw": mw, "vm_pu": 1.0}
                for u, s, mw in units
            ],
            "feeders": feeders,
            "customers": [
                {
                    "feeder": f["id"],
                    "customer_class": "hospital" if f["critical"] else "household",
                    "customers": int(f["peak_mw"] * 500),
                    "demand_share": 1.0,
                }
                for f in feeders
            ],
        },
        pf_margin=pf_margin,
    )
