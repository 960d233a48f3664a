"""The dispatch as one plain LP over angles, solved cold by SciPy: slow, and independent of the
reduction, the sensitivities and the rows-on-demand of the package."""

from __future__ import annotations

import networkx as nx
import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

TIER_PRICE = (1.0, 100.0)
STEP = 1e-4


def reference_dispatch(case, topology, *, rating=None, factor=1.0, import_limit=None, lift=False):
    """Served load by busbar and tier, and the price of the shed, of the full angle LP.

    ``lift`` drops all branch limits.
    """
    zones = []
    for _ in range(6):
        lp = _Angles(case, topology, rating, factor)
        lp.add_flows(lift=lift)
        lp.add_sheds(import_limit, zones)
        if not lp.price:
            return np.zeros_like(case.demand_mw), 0.0
        solution = lp.solve(import_limit)
        fresh = [zone for zone in lp.zones_shed_locally(solution) if zone not in zones]
        if not fresh:
            break
        zones += fresh
    shed = lp.shed_by_node(solution.x)
    served = np.zeros_like(case.demand_mw)
    for b, node in enumerate(topology.node_of_busbar):
        if node >= 0 and topology.energised[node]:
            for tier in (0, 1):
                wanted = lp.demand[node, tier]
                part = 1 - shed[node, tier] / wanted if wanted else 0.0
                served[b, tier] = topology.connectable_mw[b, tier] * factor * part
    return served, solution.fun


class _Angles:
    def __init__(self, case, topology, rating, factor):
        self.case, self.topology = case, topology
        self.nodes = len(topology.energised)
        self.rating = topology.source_max_mw if rating is None else rating
        self.rating = np.minimum(self.rating, topology.source_max_mw)
        self.demand = np.zeros((self.nodes, 2))
        on = topology.node_of_busbar >= 0
        np.add.at(self.demand, topology.node_of_busbar[on], topology.connectable_mw[on] * factor)
        self.demand[~topology.energised] = 0.0
        self.equal, self.cells, self.less = [], [], []
        # One angle of each island is fixed: a free direction may end as "unbounded".
        _, fixed = np.unique(topology.island_of_node, return_index=True)
        angle = np.full(self.nodes, 100.0)
        angle[fixed] = 0.0
        self.lower = list(-angle) + [0.0] * len(self.rating)
        self.upper = list(angle) + list(self.rating)
        self.price = [0.0] * len(self.lower)
        self.right = -self.demand.sum(axis=1)
        self.rows_less, self.right_less = 0, []
        for g, busbar in enumerate(case.source_busbar):
            node = topology.node_of_busbar[busbar]
            if node >= 0:
                self.equal.append((node, self.nodes + g, -1.0))

    def less_row(self, terms, bound):
        self.less += [(self.rows_less, column, value) for column, value in terms]
        self.right_less.append(bound)
        self.rows_less += 1

    def add_flows(self, *, lift):
        case, topology = self.case, self.topology
        node = topology.node_of_busbar
        for k in np.flatnonzero(topology.branch_in_service):
            f, t = node[case.branch_from[k]], node[case.branch_to[k]]
            if f == t or not topology.energised[f]:
                continue
            b = case.base_mva / (case.branch_x_pu[k] * case.branch_ratio[k])
            still = -b * case.branch_shift_rad[k]
            # leaving f: b (theta_f - theta_t) + still
            self.equal += [(f, f, b), (f, t, -b), (t, f, -b), (t, t, b)]
            self.right[f] -= still
            self.right[t] += still
            if not lift:
                limit = topology.branch_limit_mw[k]
                self.less_row([(f, b), (t, -b)], limit - still)
                self.less_row([(f, -b), (t, b)], limit + still)

    def column(self, price, upper):
        self.lower.append(0.0)
        self.upper.append(upper)
        self.price.append(price)
        return len(self.price) - 1

    def add_sheds(self, import_limit, zones=()):
        case, topology = self.case, self.topology
        island = topology.island_of_node
        fed = {
            island[topology.node_of_busbar[b]]
            for g, b in enumerate(case.source_busbar)
            if case.source_infeed[g] and topology.source_max_mw[g] > 0
        }
        groups = [(1.0, {i}) for i in np.unique(island[topology.energised])]
        if import_limit is not None and len(fed) > 1:
            groups.insert(0, (0.0, fed))
        terms = {}
        self.uniform = []
        members_of = [
            (level, tier, [n for n in range(self.nodes) if island[n] in islands])
            for level, islands in groups
            for tier in (0, 1)
        ]
        wanted = self.demand[topology.energised].sum()
        members_of += [
            (2 - sum(self.demand[n, tier] for n in nodes) / wanted, tier, nodes)
            for tier, nodes in zones
        ]
        for level, tier, members in members_of:
            if members:
                total = sum(self.demand[n, tier] for n in members)
                if total <= 0:
                    continue
                u = self.column(TIER_PRICE[tier] * (1 + STEP * level), total)
                self.uniform.append((u, tier, members))
                for n in members:
                    if self.demand[n, tier] > 0:
                        terms.setdefault((n, tier), []).append((u, self.demand[n, tier] / total))
        self.first_zone = len(self.uniform) - len(zones)
        self.add_local_sheds(terms)

    def add_local_sheds(self, terms):
        case, topology = self.case, self.topology
        first = {}
        for b in reversed(range(len(topology.node_of_busbar))):
            first[topology.node_of_busbar[b]] = b
        self.sheds = {}
        depth = self.source_depth()
        deepest = max(depth.values(), default=0)
        for n, tier in zip(*np.nonzero(self.demand > 0), strict=True):
            place = (deepest - depth[n] + (first[n] + 1) / (len(case.busbar_ids) + 1)) / (
                deepest + 1
            )
            rank = place * (1 + place) / 2
            price = TIER_PRICE[tier] * (1 + STEP * (2 + rank))
            s = self.column(price, self.demand[n, tier])
            self.sheds[n, tier] = [(s, 1.0), *terms[n, tier]]
            self.less_row(self.sheds[n, tier], self.demand[n, tier])
            self.equal += [(n, column, -value) for column, value in self.sheds[n, tier]]

    def source_depth(self):
        """Branches between each energised node and the nearest source."""
        topology, case = self.topology, self.case
        node = topology.node_of_busbar
        graph = nx.Graph()
        graph.add_nodes_from(np.flatnonzero(topology.energised).tolist())
        graph.add_edges_from(
            (int(node[case.branch_from[k]]), int(node[case.branch_to[k]]))
            for k in np.flatnonzero(topology.branch_in_service)
            if topology.energised[node[case.branch_from[k]]]
        )
        sources = {
            int(node[b]) for g, b in enumerate(case.source_busbar) if topology.source_max_mw[g] > 0
        }
        return nx.multi_source_dijkstra_path_length(graph, sources) if sources else {}

    def solve(self, import_limit):
        if import_limit is not None:
            self.less_row(
                [(self.nodes + g, 1.0) for g in np.flatnonzero(self.case.source_infeed)],
                import_limit,
            )
        columns = len(self.price)
        # Flows leaving a node, less generation, less shed, equal minus demand. Angles of dead
        # nodes are free and unused.
        solution = linprog(
            self.price,
            A_eq=_matrix(self.equal, self.nodes, columns),
            b_eq=self.right,
            A_ub=_matrix(self.less, self.rows_less, columns) if self.rows_less else None,
            b_ub=self.right_less or None,
            bounds=list(zip(self.lower, self.upper, strict=True)),
            method="highs-ds",
            options={
                "dual_feasibility_tolerance": 1e-10,
                "primal_feasibility_tolerance": 1e-9,
            },
        )
        assert solution.status == 0, (solution.status, solution.message)
        return solution

    def zones_shed_locally(self, solution):
        """Groups of nodes that one of them is shed in part for, all with one nodal price.

        A node without sources that hangs on one branch has the price of the node it hangs on.
        """
        worth = -solution.eqlin.marginals[self.carriers()]
        found = []
        for (n, tier), ((local, _), *_) in self.sheds.items():
            in_part = 1e-9 < solution.x[local] < self.upper[local] - 1e-9
            if in_part and worth[n] >= TIER_PRICE[tier]:
                nodes = [
                    m
                    for m in range(self.nodes)
                    if self.demand[m, tier] > 0 and abs(worth[m] - worth[n]) < 1e-7
                ]
                if len(nodes) > 1 and (tier, nodes) not in found:
                    found.append((tier, nodes))
        # A zone of an earlier round grows by what turns out to be worth as much.
        for u, tier, members in self.uniform[self.first_zone :]:
            if 1e-9 < solution.x[u] < self.upper[u] - 1e-9 and np.ptp(worth[members]) < 1e-7:
                nodes = [
                    m
                    for m in range(self.nodes)
                    if self.demand[m, tier] > 0 and abs(worth[m] - worth[members[0]]) < 1e-7
                ]
                if (tier, nodes) not in found:
                    found.append((tier, nodes))
        return found

    def carriers(self):
        """The node itself, or for a leaf the one it hangs on."""
        topology, case = self.topology, self.case
        node = topology.node_of_busbar
        carrier = np.arange(self.nodes)
        branches = {n: [] for n in carrier.tolist()}
        for k in np.flatnonzero(topology.branch_in_service):
            f, t = int(node[case.branch_from[k]]), int(node[case.branch_to[k]])
            if f != t:
                branches[f].append(t)
                branches[t].append(f)
        sources = {int(node[b]) for b in case.source_busbar[topology.source_max_mw > 0]}
        for n, others in branches.items():
            if len(others) == 1 and n not in sources:
                carrier[n] = others[0]
        return carrier

    def shed_by_node(self, x):
        shed = np.zeros((self.nodes, 2))
        for (n, tier), parts in self.sheds.items():
            shed[n, tier] = sum(x[column] * value for column, value in parts)
        return shed


def _matrix(terms, rows, columns):
    row, column, value = (list(part) for part in zip(*terms, strict=True)) if terms else ([],) * 3
    return coo_matrix((value, (row, column)), shape=(rows, columns)).tocsr()
