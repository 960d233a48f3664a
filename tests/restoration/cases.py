"""Small jobs, crews, networks and states for the tests of restoration and what-if."""

from __future__ import annotations

from datetime import UTC, datetime

import networkx as nx
import numpy as np
from builders import grid

from gridtool.damage.apply import make_state
from gridtool.damage.model import AssetDamage, DamageState, Estimate3
from gridtool.restoration.model import Crew, Duration, RepairJob, Resources

AS_OF = datetime(2027, 1, 12, 4, tzinfo=UTC)  # 06:00 in Kyiv


def job(job_id, hours, *, skills=("line",), spares=(), x=0.0, y=0.0):
    return RepairJob(
        id=job_id,
        asset=job_id,
        kind="line",
        substation="",
        district="D1",
        x_km=x,
        y_km=y,
        duration=Duration(mean_h=hours, sigma_h=hours / 3, basis="own estimate"),
        skills=skills,
        spares=spares,
    )


def crew(crew_id="C1", *, skills=("line", "substation", "plant", "cable"), **changes):
    settings = {"x_km": 0.0, "y_km": 0.0, "shift_start_h": 0.0, "shift_h": 24.0}
    return Crew(id=crew_id, skills=skills, **(settings | changes))


def resources(*crews, stock=None, arrivals=()):
    return Resources(crews=crews, stock=stock or {}, arrivals=arrivals)


def certain(hours):
    """An estimate without spread: the work takes exactly so long."""
    return Estimate3(low_h=hours, likely_h=hours, high_h=hours)


def damaged(network, shares, *, hours=None, skills=None, spares=None):
    """A state with assets at a share of capacity; ``hours`` of certain work by asset."""
    entries = [
        AssetDamage(
            asset=asset,
            kind=network.assets[asset].kind,
            state=DamageState.MODERATE,
            capacity_share=share,
            occurred_at=AS_OF,
            reported_at=AS_OF,
            estimate=certain((hours or {}).get(asset, 10.0)),
            skills=(skills or {}).get(asset, ()),
            spares=(spares or {}).get(asset, ()),
        )
        for asset, share in shares.items()
    ]
    return make_state(network, entries, as_of=AS_OF)


def star(*loads):
    """A supply station in the middle, one line to each of ``loads`` (MW)."""
    stations = {"S0": (0, 0)} | {f"S{i}": (mw, 0) for i, mw in enumerate(loads, start=1)}
    return grid(
        stations=stations,
        lines=[(f"L{i}", "S0", f"S{i}", 1000) for i in range(1, len(loads) + 1)],
        infeeds=[("IF", "S0", 10_000)],
    )


def flow_served(network):
    """Served load by maximum flow: an evaluator of its own, right where there are no loops."""

    def served(shares, /):
        graph = nx.DiGraph()
        for line, row in network.lines.iterrows():
            limit = row["max_i_ka"] * 110 * 3**0.5 * shares.get(line, 1.0)
            limit = 0 if shares.get(line, 1.0) <= 0 else limit
            graph.add_edge(row["from_busbar"], row["to_busbar"], capacity=limit)
            graph.add_edge(row["to_busbar"], row["from_busbar"], capacity=limit)
        for table in ("infeeds", "units"):
            for source, row in network.tables[table].iterrows():
                graph.add_edge(
                    f"source {source}",
                    row["busbar"],
                    capacity=row["max_mw"] * shares.get(source, 1.0),
                )
                graph.add_edge("source", f"source {source}")
        for feeder, row in network.feeders.iterrows():
            graph.add_edge(row["busbar"], feeder, capacity=row["peak_mw"])
            graph.add_edge(feeder, "demand")
        for busbar, share in shares.items():
            if busbar in graph and busbar in network.busbars.index and share <= 0:
                graph.remove_node(busbar)
        return np.array([float(nx.maximum_flow_value(graph, "source", "demand"))])

    return served


def random_instance(rng, *, jobs, crews):
    """A random tree with damaged lines, and crews with depots and shifts."""
    count = jobs + 1
    stations = {f"S{i}": (float(rng.integers(0, 60)), 0) for i in range(count)}
    lines = [
        (f"L{i}", f"S{rng.integers(0, i)}", f"S{i}", float(rng.integers(40, 300)))
        for i in range(1, count)
    ]
    network = grid(stations=stations, lines=lines, infeeds=[("IF", "S0", 10_000)])
    hours = {f"L{i}": float(rng.uniform(2, 40)) for i in range(1, count)}
    state = damaged(network, dict.fromkeys(hours, 0.0), hours=hours)
    team = [
        crew(
            f"C{k}",
            x_km=float(rng.uniform(0, count)),
            speed_kmh=10.0,
            shift_start_h=float(rng.integers(0, 12)),
            shift_h=float(rng.integers(8, 24)),
        )
        for k in range(crews)
    ]
    return state, resources(*team)


def positions(*names):
    return np.array(names, dtype=np.int64)
