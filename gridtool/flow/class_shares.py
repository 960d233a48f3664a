"""Whose demand a busbar section carries: shares of it by class of customers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.tally import tally
from gridtool.network.declared.demand import CUSTOMER_CLASSES
from gridtool.network.model import CityNetwork

__all__ = ["OTHER_CLASS", "class_shares"]

FloatArray = npt.NDArray[np.float64]

OTHER_CLASS = "other"
"""Class of the demand of feeders whose customers are not known."""


def class_shares(network: CityNetwork, case: CompiledCase) -> tuple[FloatArray, tuple[str, ...]]:
    """Share of the demand of each busbar section and tier by class (B, 2, C), and the classes.

    A section's feeders count by their peak demand, a feeder's classes by ``demand_share``. Demand
    of feeders without customers belongs to :data:`OTHER_CLASS`, a last class that is there only
    where it has demand. The shares of a section and tier with demand add up to 1, those of one
    without demand are 0.
    """
    by_feeder = _feeder_shares(network, case)
    cell = 2 * case.feeder_busbar + case.feeder_tier
    cells = 2 * len(case.busbar_ids)
    demand = tally(cell, case.feeder_peak_mw, cells)
    shares = np.zeros((cells, by_feeder.shape[1]))
    for column in range(by_feeder.shape[1]):
        taken = tally(cell, case.feeder_peak_mw * by_feeder[:, column], cells)
        np.divide(taken, demand, out=shares[:, column], where=demand > 0.0)
    names: tuple[str, ...] = (*CUSTOMER_CLASSES, OTHER_CLASS)
    if not shares[:, -1].any():
        shares, names = shares[:, :-1], names[:-1]
    by_tier: FloatArray = np.ascontiguousarray(shares.reshape(-1, 2, len(names)))
    by_tier.flags.writeable = False
    return by_tier, names


def _feeder_shares(network: CityNetwork, case: CompiledCase) -> FloatArray:
    """Share of each feeder's demand by class, the last for feeders without customers."""
    customers = network.customers
    position = {feeder: row for row, feeder in enumerate(case.feeder_ids)}
    class_at = {name: column for column, name in enumerate(CUSTOMER_CLASSES)}
    shares = np.zeros((len(position), len(CUSTOMER_CLASSES) + 1))
    for feeder, name, share in zip(
        customers["feeder"], customers["customer_class"], customers["demand_share"], strict=True
    ):
        shares[position[str(feeder)], class_at[str(name)]] += float(share)
    total = shares.sum(axis=1)
    known = total > 0.0
    shares[known] /= total[known, None]
    shares[~known, -1] = 1.0
    return shares
