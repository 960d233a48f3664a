"""Storages of a generating system: what they can take, hold and give."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Storage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """A storage in an area.

    Power is counted at the grid's side: charging with x MW for an hour stores
    ``charge_efficiency`` x MWh, and giving x MWh takes x / ``discharge_efficiency`` from what is
    stored. What is stored at the beginning of an hour loses ``loss_per_hour`` of it first; the
    energy at hour 0 is taken as it is. While it is forced out a storage neither takes nor gives,
    but keeps what it holds.

    Attributes
    ----------
    initial_share
        Of ``energy_mwh`` stored at hour 0.
    p_fail, p_repair
        Chances from one beginning of an hour to the next; it starts stationary.
    """

    id: str
    charge_mw: float
    discharge_mw: float
    energy_mwh: float
    area: str = ""
    charge_efficiency: float = 1.0
    discharge_efficiency: float = 1.0
    loss_per_hour: float = 0.0
    initial_share: float = 0.0
    p_fail: float = 0.0
    p_repair: float = 1.0
