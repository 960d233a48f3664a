"""Least unserved load of a state as one plain LP over angles, by SciPy: independent of the
package's reduction, sensitivities, programs and bases."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog


def least_shed(case, topology, *, rating, factor):
    """Unserved load (MW) with every MW of load worth the same."""
    node = topology.node_of_busbar
    nodes, sources = len(topology.energised), len(case.source_ids)
    demand = np.zeros(nodes)
    on = node >= 0
    np.add.at(demand, node[on], factor * topology.connectable_mw[on].sum(axis=1))
    lost = factor * case.demand_mw.sum() - demand.sum()
    demand_lit = np.where(topology.energised, demand, 0.0)
    lost += (demand - demand_lit).sum()
    # columns: generation, shed by node, angle by node
    balance = np.zeros((nodes, sources + 2 * nodes))
    for g, busbar in enumerate(case.source_busbar):
        if node[busbar] >= 0:
            balance[node[busbar], g] = 1.0
    balance[np.arange(nodes), sources + np.arange(nodes)] = 1.0
    flows, limits, offsets = [], [], []
    for k in np.flatnonzero(topology.branch_in_service):
        a, b = node[case.branch_from[k]], node[case.branch_to[k]]
        if a == b or not (topology.energised[a] and topology.energised[b]):
            continue
        row = np.zeros(sources + 2 * nodes)
        weight = case.branch_susceptance_mw[k]
        row[sources + nodes + a], row[sources + nodes + b] = weight, -weight
        offset = -weight * case.branch_shift_rad[k]
        balance[a] -= row
        balance[b] += row
        demand_lit[a] += offset
        demand_lit[b] -= offset
        flows.append(row)
        limits.append(topology.branch_limit_mw[k])
        offsets.append(offset)
    rows, cap, offset = np.array(flows), np.array(limits), np.array(offsets)
    sheddable = np.zeros(nodes)
    np.add.at(sheddable, node[on], factor * topology.connectable_mw[on].sum(axis=1))
    sheddable[~topology.energised] = 0.0
    bounds = [(0.0, limit) for limit in np.minimum(rating, topology.source_max_mw)]
    bounds += [(0.0, amount) for amount in sheddable]
    bounds += [(-50.0, 50.0)] * nodes
    extra = {}
    if flows:
        extra = {
            "A_ub": np.concatenate([rows, -rows]),
            "b_ub": np.concatenate([cap - offset, cap + offset]),
        }
    solution = linprog(
        np.concatenate([np.zeros(sources), np.ones(nodes), np.zeros(nodes)]),
        A_eq=balance,
        b_eq=demand_lit,
        bounds=bounds,
        method="highs",
        **extra,
    )
    assert solution.status == 0, solution.message
    return float(solution.fun) + lost
