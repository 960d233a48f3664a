"""What is connected to what under damage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gridtool.errors import InputError, Issue
from gridtool.flow.case import CompiledCase
from gridtool.flow.model import Topology
from gridtool.flow.tally import tally
from gridtool.flow.topology_kernel import connect

__all__ = ["apply_shares", "share_vector", "topology_of"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def share_vector(case: CompiledCase, capacity_share: Mapping[str, float]) -> FloatArray:
    """Shares by position in :attr:`CompiledCase.part_position`; 1 where nothing is said.

    Raises
    ------
    InputError
        If an id is no part of the case (substations and bays must be carried to their parts
        first, see :func:`gridtool.damage.apply.spread_damage`) or a share is not in 0 to 1.
    """
    shares = np.ones(case.part_count)
    position = case.part_position
    issues = []
    for part, share in capacity_share.items():
        place = position.get(part)
        if place is None or not 0.0 <= share <= 1.0:
            issues.append(_share_issue(part, share, known=place is not None))
        else:
            shares[place] = share
    if issues:
        raise InputError(issues, subject="capacity shares")
    return shares


def _share_issue(part: str, share: float, *, known: bool) -> Issue:
    if known:
        return Issue(
            message="share of rating left out of range",
            value=repr(share),
            ids=(part,),
            accepted="0 to 1",
        )
    return Issue(
        message=f"{part!r} is no electrical part of the network",
        ids=(part,),
        hint="carry damage of substations and bays to their parts first",
    )


def apply_shares(case: CompiledCase, capacity_share: Mapping[str, float]) -> Topology:
    """The topology that is left when parts keep only a share of their rating.

    A busbar section is out at share 0, a branch when its share is 0 or an end section is out, a
    coupler is open at share 0. Closed couplers between sections in service fuse them. A normally
    open coupler with automatic transfer closes when exactly one of its sections, both in
    service, is dead; the transformers feeding the dead section open before. An island is
    energised by a source with a rating left that is an infeed or can form a grid; one on standby
    only holds what is dead after all transfers without it. A feeder's share leaves that part of
    its demand connectable; at a section that is out none is.

    Parameters
    ----------
    capacity_share
        Share of rating left, 0 to 1, by id of the part.

    Raises
    ------
    InputError
        See :func:`share_vector`.
    """
    return topology_of(case, share_vector(case, capacity_share))


def topology_of(case: CompiledCase, shares: FloatArray) -> Topology:
    """:func:`apply_shares` for a vector of shares."""
    busbar, branch, coupler, source, feeder, _ = np.split(shares, case.part_cuts)
    busbar_on = case.busbar_in_service & (busbar > 0.0)
    start, end = case.branch_from, case.branch_to
    branch_on = case.branch_in_service & (branch > 0.0) & busbar_on[start] & busbar_on[end]
    coupler_ok = (coupler > 0.0) & busbar_on[case.coupler_a] & busbar_on[case.coupler_b]
    closed = case.coupler_closed & coupler_ok
    source_max = case.source_max_mw * source * busbar_on[case.source_busbar]
    fused, joined, live = connect(
        len(busbar_on),
        (case.coupler_a, case.coupler_b, closed),
        case.coupler_transfer & coupler_ok,
        (start, end, branch_on),
        case.branch_is_transformer,
        (case.source_busbar, case.source_forming & (source_max > 0.0), case.source_standby),
    )
    node_of_busbar, first = _number(fused, busbar_on)
    island_of_busbar, _ = _number(joined, busbar_on)
    island_of_node = island_of_busbar[first]
    energised = live[joined[first]]
    source_node = node_of_busbar[case.source_busbar]
    lit = np.zeros(len(source_max), np.bool_)
    lit[source_node >= 0] = energised[source_node[source_node >= 0]]
    return _freeze(
        Topology(
            node_of_busbar=node_of_busbar,
            island_of_node=island_of_node,
            energised=energised,
            branch_limit_mw=case.branch_limit_mw * branch * branch_on,
            branch_in_service=branch_on,
            coupler_closed=closed,
            source_max_mw=np.where(lit, source_max, 0.0),
            connectable_mw=_connectable(case, feeder, busbar_on),
        )
    )


def _number(first: IntArray, kept: BoolArray) -> tuple[IntArray, IntArray]:
    """Dense numbers in order of first member, -1 where not kept, and the first members."""
    leads = kept & (first == np.arange(len(first)))
    numbers = np.where(kept, (np.cumsum(leads) - 1)[first], -1)
    return numbers, np.flatnonzero(leads)


def _connectable(case: CompiledCase, feeder: FloatArray, busbar_on: BoolArray) -> FloatArray:
    busbars = len(busbar_on)
    taken = case.feeder_peak_mw * feeder * busbar_on[case.feeder_busbar]
    cell = case.feeder_busbar * 2 + case.feeder_tier
    return tally(cell, taken, 2 * busbars).reshape(busbars, 2)


def _freeze(topology: Topology) -> Topology:
    for name in topology.__dataclass_fields__:
        getattr(topology, name).flags.writeable = False
    return topology
