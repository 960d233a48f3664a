"""The stages of a plan: who is served between one finished repair and the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.case import CompiledCase
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.model import Dispatch
from gridtool.network.model import CityNetwork
from gridtool.restoration.model import PlanConfig

__all__ = [
    "BACK_SHARE",
    "CITY_ID",
    "Owners",
    "Stage",
    "dispatch_shares",
    "list_owners",
    "make_curve",
    "make_etr",
    "sum_stage",
    "view_stage",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

BACK_SHARE = 0.01
"""A substation or district counts as back when less than this share of its demand is unserved."""

CITY_ID = "*"
"""Id of the row for the whole city, as in forecasts."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The network from ``begins`` until the next repair is finished.

    Attributes
    ----------
    demand_mw, unserved_mw, customers_out : (S,)
        By substation, in the order of the network's table. A feeder's customers are out in the
        share in which its busbar section's load of its tier is unserved.
    """

    begins: datetime
    demand_mw: FloatArray
    unserved_mw: FloatArray
    customers_out: FloatArray

    @property
    def served_mw(self) -> float:
        """Served load of the whole network, MW."""
        return float(self.demand_mw.sum() - self.unserved_mw.sum())


def dispatch_shares(
    dispatcher: Dispatcher, capacity_share: Mapping[str, float], config: PlanConfig
) -> Dispatch:
    """The certified dispatch at the plan's reference demand."""
    demand_mw = None
    if config.demand_factor != 1.0:
        demand_mw = dispatcher.case.demand_mw * config.demand_factor
    return dispatcher.solve(
        capacity_share, demand_mw=demand_mw, import_limit_mw=config.import_limit_mw
    )


def view_stage(dispatch: Dispatch, *, begins: datetime) -> Stage:
    """A dispatch summed up by substation."""
    return sum_stage(dispatch.case, dispatch.demand_mw, dispatch.unserved_mw, begins=begins)


def sum_stage(
    case: CompiledCase, demand_mw: FloatArray, unserved_mw: FloatArray, *, begins: datetime
) -> Stage:
    """Demand and unserved load by busbar section and tier (B, 2) summed up by substation."""
    count = len(case.substation_ids)
    share = np.divide(unserved_mw, demand_mw, out=np.zeros_like(unserved_mw), where=demand_mw > 0)
    out = share[case.feeder_busbar, case.feeder_tier] * case.feeder_customers.astype(np.float64)
    return Stage(
        begins=begins,
        demand_mw=_sum_by(case.busbar_substation, demand_mw.sum(axis=1), count=count),
        unserved_mw=_sum_by(case.busbar_substation, unserved_mw.sum(axis=1), count=count),
        customers_out=_sum_by(case.feeder_substation, out, count=count),
    )


def _sum_by(owner: npt.NDArray[np.int64], values: FloatArray, *, count: int) -> FloatArray:
    return np.bincount(owner, weights=values, minlength=count).astype(np.float64)


def make_curve(stages: list[Stage]) -> pd.DataFrame:
    """The restoration curve: time, served_mw, unserved_mw, customers_out; one row per stage."""
    return pd.DataFrame(
        {
            "time": pd.DatetimeIndex([stage.begins for stage in stages], tz="UTC"),
            "served_mw": np.array([stage.served_mw for stage in stages]),
            "unserved_mw": np.array([float(stage.unserved_mw.sum()) for stage in stages]),
            "customers_out": np.array(
                [round(float(stage.customers_out.sum())) for stage in stages], dtype=np.int64
            ),
        }
    )


@dataclass(frozen=True, kw_only=True)
class Owners:
    """Substations, districts and the city: whatever has a date of restoration, O of them.

    Attributes
    ----------
    level, ids, names
        By owner; levels are substation, district and city, in this order.
    district : (S,) int
        Position of each substation's district.
    """

    level: tuple[str, ...]
    ids: tuple[str, ...]
    names: tuple[str, ...]
    district: npt.NDArray[np.int64]

    def sum_up(self, values: FloatArray) -> FloatArray:
        """``values`` by substation (S,) summed up by owner (O,)."""
        count = self.level.count("district")
        city = [values.sum()] * self.level.count("city")
        return np.concatenate([values, _sum_by(self.district, values, count=count), city])

    def are_out(self, stage: Stage) -> BoolArray:
        """Which owners (O,) have more than :data:`BACK_SHARE` of their demand unserved."""
        demand, unserved = self.sum_up(stage.demand_mw), self.sum_up(stage.unserved_mw)
        found: BoolArray = unserved > np.maximum(BACK_SHARE * demand, 1e-6)
        return found


def list_owners(network: CityNetwork, *, city: bool = False) -> Owners:
    """The substations and districts of ``network``, and the ``city`` if asked for."""
    substations = [str(key) for key in network.substations.index]
    districts = [str(key) for key in network.districts.index]
    row = {district: position for position, district in enumerate(districts)}
    names = [*network.substations["name"].astype(str), *network.districts["name"].astype(str)]
    return Owners(
        level=("substation",) * len(substations)
        + ("district",) * len(districts)
        + ("city",) * city,
        ids=(*substations, *districts, *(CITY_ID,) * city),
        names=(*names, *(network.manifest.name,) * city),
        district=np.array(
            [row[network.district_of_substation[s]] for s in substations], dtype=np.int64
        ),
    )


def make_etr(network: CityNetwork, stages: list[Stage]) -> pd.DataFrame:
    """When each substation and district is back for good; those that are never out are left out.

    Columns: level, id, name, unserved_mw, customers_out (both now), etr (UTC, NaT: not within
    the plan). Substations first, then districts, each by time and id.
    """
    owners = list_owners(network)
    out = np.array([owners.are_out(stage) for stage in stages])
    unserved = owners.sum_up(stages[0].unserved_mw)
    customers = owners.sum_up(stages[0].customers_out)
    rows = []
    for owner in np.flatnonzero(out.any(axis=0)).tolist():
        back = int(np.flatnonzero(out[:, owner])[-1]) + 1
        rows.append(
            (
                owners.level[owner],
                owners.ids[owner],
                owners.names[owner],
                float(unserved[owner]),
                round(float(customers[owner])),
                stages[back].begins if back < len(stages) else None,
            )
        )
    latest = stages[-1].begins + timedelta(days=1)
    rows.sort(key=lambda row: (owners.level.index(row[0]), row[5] or latest, row[1]))
    frame = pd.DataFrame(
        rows, columns=["level", "id", "name", "unserved_mw", "customers_out", "etr"]
    )
    return frame.assign(
        unserved_mw=frame["unserved_mw"].astype(np.float64),
        customers_out=frame["customers_out"].astype(np.int64),
        etr=pd.to_datetime(frame["etr"], utc=True),
    )
