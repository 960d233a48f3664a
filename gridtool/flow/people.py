"""From unserved megawatts to customers out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.model import Dispatch
from gridtool.network.model import CityNetwork

__all__ = [
    "CRITICAL_CLASSES",
    "critical_customers",
    "customers_out",
    "dead_busbars",
    "round_shares",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

CRITICAL_CLASSES = ("hospital", "water", "heat", "transport")
"""Classes whose customers on a critical feeder count as critical customers."""


def critical_customers(network: CityNetwork) -> IntArray:
    """Critical customers of each feeder in table order, shape (F,).

    Customers of :data:`CRITICAL_CLASSES` on feeders marked critical; all customers of a critical
    feeder that has none of these classes, as in foreign networks.
    """
    position = {str(feeder): i for i, feeder in enumerate(network.feeders.index)}
    every = np.zeros(len(position), dtype=np.int64)
    chosen = np.zeros(len(position), dtype=np.int64)
    customers = network.customers
    for feeder, kind, number in zip(
        customers["feeder"], customers["customer_class"], customers["customers"], strict=True
    ):
        every[position[feeder]] += number
        if kind in CRITICAL_CLASSES:
            chosen[position[feeder]] += number
    marked = network.feeders["critical"].to_numpy(dtype=bool)
    return np.asarray(np.where(marked, np.where(chosen > 0, chosen, every), 0), dtype=np.int64)


def customers_out(
    case: CompiledCase,
    *,
    unserved_mw: FloatArray,
    demand_mw: FloatArray,
    dead: BoolArray,
    customers: IntArray,
) -> FloatArray:
    """Customers out by substation, shape (S,), not rounded.

    The customers of the feeders of one busbar and tier are out in proportion to what of their
    demand is unserved; where there is no demand they are out if the busbar is dead.

    Parameters
    ----------
    unserved_mw, demand_mw : (B, 2)
    dead : (B,) bool
    customers : (F,) int
    """
    share = np.repeat(dead[:, None].astype(np.float64), 2, axis=1)
    np.divide(unserved_mw, demand_mw, out=share, where=demand_mw > 0.0)
    out = customers * np.clip(share, 0.0, 1.0)[case.feeder_busbar, case.feeder_tier]
    return np.bincount(
        case.feeder_substation, weights=out, minlength=len(case.substation_ids)
    ).astype(np.float64)


def round_shares(values: FloatArray) -> IntArray:
    """Whole numbers whose sum is the rounded sum of ``values``: largest remainders go up.

    Ties go to the first, so that the same values round the same way.
    """
    down = np.floor(values + 1e-9)
    missing = round(float(values.sum())) - int(down.sum())
    whole = down.astype(np.int64)
    if missing > 0:
        order = np.argsort(-(values - down), kind="stable")
        whole[order[:missing]] += 1
    return whole


def dead_busbars(dispatch: Dispatch) -> BoolArray:
    """Busbars that are out or on an island that nothing energises, shape (B,)."""
    node = dispatch.topology.node_of_busbar
    dead = np.ones(len(node), dtype=bool)
    placed = node >= 0
    dead[placed] = ~dispatch.topology.energised[node[placed]]
    return dead
