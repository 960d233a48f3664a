"""Storages of a pandapower network as ours, where it says what they can store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridtool.network.foreign.draft import Draft

__all__ = ["add_storage"]

Row = Mapping[str, Any]


def add_storage(row: Row, draft: Draft, *, busbars: Mapping[int, str]) -> bool:
    """Add a storage that is idle in the base case and states its energy; whether it was added.

    One that charges or discharges in the base case is left to be constant power, so that the
    power flow stays the same and nothing is counted twice.
    """
    energy_mwh, charge_mw, discharge_mw = _limits(row)
    idle = row["p_mw"] * row["scaling"] == 0.0 == row["q_mvar"] * row["scaling"]
    if not idle or min(energy_mwh, charge_mw, discharge_mw) <= 0.0:
        return False
    storage = draft.ids["storage", row["index"]]
    stored_mwh = (row["soc_percent"] or 0.0) / 100.0 * row["max_e_mwh"] - (row["min_e_mwh"] or 0.0)
    draft.add(
        "storages",
        id=storage,
        name=row["name"],
        busbar=busbars[row["bus"]],
        charge_mw=charge_mw,
        discharge_mw=discharge_mw,
        energy_mwh=energy_mwh,
        initial_share=min(max(stored_mwh / energy_mwh, 0.0), 1.0),
        in_service=row["in_service"],
    )
    draft.findings.assume_for(storage, "storages taken as free of losses")
    if row["soc_percent"] is None:
        draft.findings.assume_for(storage, "storages without soc_percent, taken as empty")
    return True


def _limits(row: Row) -> tuple[float, float, float]:
    """Usable energy (MWh), power of charging and of discharging (MW), 0 where not known."""
    energy_mwh = (row["max_e_mwh"] or 0.0) - (row["min_e_mwh"] or 0.0)
    rating = abs(row["sn_mva"] or 0.0)
    charge_mw = rating if row["max_p_mw"] is None else row["max_p_mw"]
    discharge_mw = rating if row["min_p_mw"] is None else -row["min_p_mw"]
    return energy_mwh, charge_mw, discharge_mw
