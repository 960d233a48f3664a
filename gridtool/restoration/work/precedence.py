"""Which job waits for which: stages of one asset, parts of one substation, and what is declared.

Inside a substation, an asset that is damaged and out altogether holds up others (one with
capacity left carries what they bring, and holds up nothing):

- the substation's own repair comes before that of every part in it;
- a busbar section before the bays, transformers, couplers and feeders at it;
- a transformer before the feeders of its low-voltage section, but only where no transformer of
  the substation in service can feed that section, through couplers that are closed or transfer
  automatically.

The other asset waits for the first stage that leaves its predecessor with capacity: temporary
if there is one, else permanent. Making safe comes before anything and waits for nothing of this;
work that has started does not either. ``after`` of ``repairs.csv`` comes on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import networkx as nx

from gridtool.damage.model import GridState
from gridtool.errors import Issue, ResourcesError
from gridtool.network.model import CityNetwork
from gridtool.restoration.model import DeclaredRepair, RepairJob, RepairStage

__all__ = ["apply_precedence", "find_cycle", "find_waits", "split_job_id"]

_AT_BUSBAR: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "coupler": ("couplers", ("busbar_a", "busbar_b")),
    "bay": ("bays", ("busbar",)),
    "transformer": ("transformers", ("hv_busbar", "lv_busbar")),
    "feeder": ("feeders", ("busbar",)),
}
"""Parts that wait for their busbar sections: table and the columns that name the sections."""

_STAGE_OF_SUFFIX = {stage.value.replace(" ", "-"): stage for stage in RepairStage}

Reasons = dict[str, str]


def apply_precedence(
    state: GridState, jobs: Sequence[RepairJob], *, repairs: Iterable[DeclaredRepair] = ()
) -> tuple[RepairJob, ...]:
    """``jobs`` with ``after`` filled in, in their order.

    Raises
    ------
    ResourcesError
        Naming every job that has started before what it waits for, or the jobs of a cycle.
    """
    by_stage = {(job.asset, job.stage): job.id for job in jobs}
    declared = {(repair.asset, repair.stage): repair.after for repair in repairs}
    parts = find_waits(state, {job.asset for job in jobs})
    waits: dict[str, Reasons] = {}
    issues: list[Issue] = []
    for job in jobs:
        found = _waits_for_own_stage(job, by_stage)
        for entry in declared.get((job.asset, job.stage), ()):
            before = _find_job(entry, by_stage, state.network)
            if before is not None:
                found.setdefault(before, "repairs.csv")
        if job.started is not None:
            issues += [_started_too_early(job, before) for before in found]
        elif _is_first_work(job, by_stage):
            for asset, reason in parts.get(job.asset, {}).items():
                found.setdefault(_with_capacity(asset, by_stage), reason)
        waits[job.id] = found
    if issues:
        raise ResourcesError(issues, subject="resources")
    cycle = find_cycle({job: tuple(reasons) for job, reasons in waits.items()})
    if cycle:
        raise ResourcesError(_describe_cycle(cycle, waits), subject="resources")
    place = {job.id: position for position, job in enumerate(jobs)}
    return tuple(
        replace(job, after=tuple(sorted(waits[job.id], key=place.__getitem__))) for job in jobs
    )


def find_waits(state: GridState, assets: Iterable[str]) -> dict[str, Reasons]:
    """Which of ``assets`` (damaged, in need of repair) each of them waits for, and why."""
    network = state.network
    wanted = set(assets)
    out = {asset for asset in wanted if state.damage[asset].capacity_share <= 0.0}
    in_order = [network.assets[asset] for asset in network.assets if asset in wanted]
    waits: dict[str, Reasons] = {asset.id: {} for asset in in_order}
    for asset in in_order:
        if asset.kind != "substation" and asset.substation in out:
            waits[asset.id][asset.substation] = "its substation"
        if asset.kind in _AT_BUSBAR:
            table, columns = _AT_BUSBAR[asset.kind]
            for column in columns:
                busbar = str(network.tables[table].at[asset.id, column])
                if busbar in out:
                    waits[asset.id].setdefault(busbar, "its busbar section")
    lost = [asset.id for asset in in_order if asset.kind == "transformer" and asset.id in out]
    for transformer in lost:
        section = str(network.transformers.at[transformer, "lv_busbar"])
        feeders = [feeder for feeder in _feeders_at(network, section) if feeder in wanted]
        if feeders and not _is_fed_otherwise(state, section, without=transformer):
            for feeder in feeders:
                waits[feeder].setdefault(transformer, "the transformer of its section")
    return waits


def _feeders_at(network: CityNetwork, section: str) -> list[str]:
    return [str(key) for key in network.feeders.index[network.feeders["busbar"] == section]]


def _is_fed_otherwise(state: GridState, section: str, *, without: str) -> bool:
    """Whether another transformer of the substation in service reaches ``section``."""
    network = state.network
    out = {part for part, share in state.capacity_share.items() if share <= 0.0}
    substation = network.substation_of_busbar[section]
    couplers, transformers = network.couplers, network.transformers
    joined = nx.Graph()
    joined.add_node(section)
    usable = couplers[couplers["closed"] | couplers["automatic_transfer"]]
    for key, one, other in usable[["busbar_a", "busbar_b"]].itertuples(name=None):
        if out.isdisjoint({str(key), one, other} - {section}):
            joined.add_edge(one, other)
    reached = nx.node_connected_component(joined, section)
    feeding = transformers[transformers["in_service"] & transformers["lv_busbar"].isin(reached)]
    return any(
        str(key) != without
        and str(key) not in out
        and network.substation_of_busbar[str(busbar)] == substation
        for key, busbar in feeding["lv_busbar"].items()
    )


def _waits_for_own_stage(
    job: RepairJob, by_stage: Mapping[tuple[str, RepairStage], str]
) -> Reasons:
    earlier = [
        by_stage[job.asset, stage]
        for stage in RepairStage
        if stage.rank < job.stage.rank and (job.asset, stage) in by_stage
    ]
    return {earlier[-1]: "its earlier stage"} if earlier else {}


def _is_first_work(job: RepairJob, by_stage: Mapping[tuple[str, RepairStage], str]) -> bool:
    """Whether ``job`` is the first stage of its asset that is more than making it safe."""
    if job.stage is RepairStage.PERMANENT:
        return (job.asset, RepairStage.TEMPORARY) not in by_stage
    return job.stage is RepairStage.TEMPORARY


def _with_capacity(asset: str, by_stage: Mapping[tuple[str, RepairStage], str]) -> str:
    """The job that first leaves ``asset`` with capacity."""
    temporary = by_stage.get((asset, RepairStage.TEMPORARY))
    return temporary or by_stage[asset, RepairStage.PERMANENT]


def _find_job(
    entry: str, by_stage: Mapping[tuple[str, RepairStage], str], network: CityNetwork
) -> str | None:
    """The job that an entry of ``after`` means; None where there is nothing to wait for."""
    asset, stage = split_job_id(entry, network.assets)
    if stage is not None:
        return by_stage.get((asset, stage))
    return _with_capacity(asset, by_stage) if (asset, RepairStage.PERMANENT) in by_stage else None


def split_job_id(text: str, assets: Iterable[str]) -> tuple[str, RepairStage | None]:
    """The asset and the stage that ``text`` names; None where it names the asset alone.

    >>> split_job_id("L-1:temporary", {"L-1"})[0]
    'L-1'
    """
    if text in assets:
        return text, None
    asset, _, suffix = text.rpartition(":")
    return (asset, _STAGE_OF_SUFFIX[suffix]) if suffix in _STAGE_OF_SUFFIX else (text, None)


def find_cycle(after: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The first cycle in who waits for whom, each job once; empty if there is none.

    Each job of the cycle waits for the next one, the last for the first.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(after)
    graph.add_edges_from((job, before) for job, found in after.items() for before in found)
    try:
        return tuple(str(edge[0]) for edge in nx.find_cycle(graph))
    except nx.NetworkXNoCycle:
        return ()


def _describe_cycle(cycle: Sequence[str], waits: Mapping[str, Reasons]) -> Issue:
    steps = [
        f"{job} waits for {before} ({waits[job][before]})"
        for job, before in zip(cycle, [*cycle[1:], cycle[0]], strict=True)
    ]
    return Issue(
        message=f"jobs wait for each other: {', '.join(steps)}",
        file="repairs.csv",
        field="after",
        ids=tuple(cycle),
        hint="take one of them out of after",
    )


def _started_too_early(job: RepairJob, before: str) -> Issue:
    return Issue(
        message=f"{job.id} has started, but waits for {before}, which is not finished",
        file="repairs.csv",
        field="started_at",
        ids=(job.id, before),
        hint=f"take the row of {before} out if it is finished",
    )
