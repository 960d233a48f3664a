"""The commonest outage that cuts something off: the only branch of a section.

A 10 kV section hangs on one transformer; with it the section dies alone, and automatic transfer
joins it to its neighbour. What :func:`gridtool.flow.topology.apply_shares` would say is known
beforehand, so the change is made directly. Tests compare both ways.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gridtool.flow.ac_nodes import NodeKinds
from gridtool.flow.ac_outage import BaseCase, Outage

__all__ = ["LeafSections"]

IntArray = npt.NDArray[np.int64]


class LeafSections:
    """Nodes that hang on one branch and have nothing but loads, and where transfer takes them."""

    def __init__(self, base: BaseCase, share: Mapping[str, float]) -> None:
        self.base = base
        case, node, count = base.model.case, base.system.node, base.system.count
        used = np.flatnonzero(base.system.position[:, 0] >= 0)
        ends = [node[case.branch_from[used]], node[case.branch_to[used]]]
        degree = np.bincount(np.concatenate(ends), minlength=count)
        plain = degree == 1
        plain[node[(node >= 0) & (base.model.shunt_pu != 0.0)]] = False
        rated = node[case.source_busbar]
        plain[rated[rated >= 0]] = False
        self.leaf_of_branch = np.full(len(case.branch_ids), -1, dtype=np.int64)
        for end in ends:
            at_leaf = plain[end]
            self.leaf_of_branch[used[at_leaf]] = end[at_leaf]
        self.target = self._targets(share)

    def _targets(self, share: Mapping[str, float]) -> IntArray:
        """Node that each node is joined to when it is dead, -1 for none; first coupler wins."""
        case, node = self.base.model.case, self.base.system.node
        target = np.full(self.base.system.count, -1, dtype=np.int64)
        a, b = node[case.coupler_a], node[case.coupler_b]
        ready = case.coupler_transfer & ~self.base.topology.coupler_closed & (a >= 0) & (b >= 0)
        for coupler in np.flatnonzero(ready & (a != b))[::-1].tolist():
            if share.get(case.coupler_ids[coupler], 1.0) > 0.0:
                target[a[coupler]] = b[coupler]
                target[b[coupler]] = a[coupler]
        return target

    def outage(self, branch: int) -> Outage | None:
        """The change by losing ``branch``, None where it is not the only branch of a leaf."""
        leaf = int(self.leaf_of_branch[branch])
        if leaf < 0:
            return None
        base = self.base
        node = np.arange(base.system.count)
        node[leaf] = self.target[leaf]
        power = base.power.copy()
        if node[leaf] >= 0:
            power[node[leaf]] += power[leaf]
        power[leaf] = 0.0
        kinds = base.kinds
        return Outage(
            removed=np.array([branch]),
            node=node,
            kinds=NodeKinds(
                ref=np.append(kinds.ref, np.int32(leaf)),
                pv=kinds.pv,
                pq=kinds.pq[kinds.pq != leaf],
                fixed=kinds.fixed,
            ),
            power=power,
        )
