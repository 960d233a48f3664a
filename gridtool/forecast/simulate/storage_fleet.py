"""The storages of a network as the arrays that simulated futures dispatch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.forecast.adequacy.storage_kernel import Stores
from gridtool.forecast.simulate.storage_levels_kernel import Fleet
from gridtool.network.model import CityNetwork

__all__ = ["read_fleet"]

FloatArray = npt.NDArray[np.float64]


def read_fleet(network: CityNetwork, case: CompiledCase) -> Fleet:
    """The storages of ``network``, which ``case`` has as its last sources.

    Raises
    ------
    ValueError
        If the case was compiled without storages.
    """
    frame = network.storages
    ids = tuple(str(key) for key in frame.index)
    first = len(case.source_ids) - len(ids)
    if case.source_ids[first:] != ids:
        raise ValueError("the case was compiled without storages")

    def column(name: str) -> FloatArray:
        return np.array(frame[name], dtype=np.float64)

    position = np.arange(first, len(case.source_ids))
    stores = Stores(
        area=np.zeros(len(ids), dtype=np.int64),
        charge_mw=column("charge_mw"),
        discharge_mw=column("discharge_mw"),
        energy_mwh=column("energy_mwh"),
        charge_efficiency=column("charge_efficiency"),
        discharge_efficiency=column("discharge_efficiency"),
        loss_per_hour=column("loss_per_hour"),
        initial_mwh=column("energy_mwh") * column("initial_share"),
    )
    return stores, position, case.source_max_mw[position].copy()
