"""One outage by pandapower: our topology, its equations."""

from __future__ import annotations

import numpy as np

from gridtool.errors import PowerFlowDiverged
from gridtool.flow.ac import solve_reference
from gridtool.flow.ac_model import build_ac_model, choose_slack_sources
from gridtool.flow.topology import apply_shares


def reference_state(network, element, *, capacity_share=None):
    """The state after the outage of ``element`` under damage, None where there is none."""
    share = dict(capacity_share or {}) | {element: 0.0}
    model = build_ac_model(network, capacity_share=share)
    base = apply_shares(model.case, capacity_share or {})
    topology = apply_shares(model.case, share)
    try:
        return solve_reference(
            network,
            model,
            topology,
            served_mw=base.connectable_mw,
            source_mw=np.minimum(model.source_base_mw, topology.source_max_mw),
            slack=choose_slack_sources(model, topology),
        )
    except PowerFlowDiverged:
        return None
