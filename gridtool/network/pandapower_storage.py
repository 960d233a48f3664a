"""Storages of a pandapower net, idle: who exports the net finds their power and energy there."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gridtool.network.model import CityNetwork
from gridtool.network.pandapower_tables import fill_table, repeated

__all__ = ["fill_storages"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def fill_storages(
    net: Any, network: CityNetwork, *, at: IntArray, left: FloatArray, in_service: BoolArray
) -> None:
    """Fill ``storage``; a net without storages stays as it is.

    Power is 0: a power flow of one moment neither charges nor discharges. Limits follow
    pandapower's sign, which counts charging as positive. Efficiencies, losses and failures have
    no place there.

    Parameters
    ----------
    at : (S,) int
        Bus of each storage.
    left : (S,)
        Share of rating left.
    """
    frame = network.storages
    if not len(frame):
        return
    charge_mw = frame["charge_mw"].to_numpy() * left
    discharge_mw = frame["discharge_mw"].to_numpy() * left
    idle = np.zeros(len(frame))
    fill_table(
        net,
        "storage",
        name=frame.index.to_numpy(),
        bus=at,
        p_mw=idle,
        q_mvar=idle,
        sn_mva=frame[["charge_mw", "discharge_mw"]].max(axis=1).to_numpy(),
        soc_percent=100.0 * frame["initial_share"].to_numpy(),
        min_e_mwh=idle,
        max_e_mwh=frame["energy_mwh"].to_numpy(),
        scaling=np.ones(len(frame)),
        in_service=in_service,
        type=repeated("storage", len(frame)),
        min_p_mw=-discharge_mw,
        max_p_mw=charge_mw,
        controllable=np.zeros(len(frame), dtype=bool),
    )
