"""The network as the rest of gridtool sees it: frozen tables with string ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from gridtool.network.schema import ASSET_TABLES

__all__ = ["Asset", "CityNetwork", "NetworkManifest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkManifest:
    """What ``network.toml`` says of a package.

    ``pf_margin`` is the share of a branch's MVA rating that the DC dispatch may use as MW
    (power-flow margin, calibrated against AC). ``cosphi`` documents the power factor of the
    reference peak. ``seed`` is the generator's seed of a synthetic network.
    """

    id: str
    name: str
    version: str
    timezone: str
    frequency_hz: float = 50.0
    base_mva: float = 100.0
    voltage_levels_kv: tuple[float, ...] = ()
    reference: str = ""
    provenance: str = ""
    synthetic: bool = False
    seed: int | None = None
    pf_margin: float = 0.95

    @property
    def zone(self) -> ZoneInfo:
        """Time zone of the network's local days."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset: what it is and where it stands.

    ``substation`` is empty for a line between two substations; ``district`` is then the one of
    its first end.
    """

    id: str
    kind: str
    substation: str
    district: str


_END_COLUMNS: dict[str, tuple[str, ...]] = {
    "substations": (),
    "busbars": (),
    "couplers": ("busbar_a", "busbar_b"),
    "lines": ("from_busbar", "to_busbar"),
    "transformers": ("hv_busbar", "lv_busbar"),
    "impedances": ("from_busbar", "to_busbar"),
}


def _names(network: CityNetwork) -> list[str]:
    return [field.name for field in fields(network)]


def _text_by_id(column: pd.Series) -> Mapping[str, str]:
    return MappingProxyType({str(key): str(value) for key, value in column.items()})


@dataclass(frozen=True, kw_only=True)
class CityNetwork:
    """A city's network: the tables of :mod:`gridtool.network.schema`, indexed by id.

    Every frame has the columns and dtypes of its schema (float64, int64, bool, object for text;
    missing text is None, missing numbers NaN). Tables with a single key column are indexed by
    it, ``customers`` has a plain index. Frames are never changed after construction: whoever
    needs another network builds one. ``assumptions`` lists what was inferred for a foreign
    network, in words. ``standby`` are units that hold an island only where nothing else does, as
    the generators of mobile units: no file of a network has any.
    """

    manifest: NetworkManifest
    tables: Mapping[str, pd.DataFrame]
    assumptions: tuple[str, ...] = ()
    standby: frozenset[str] = frozenset()
    damaged: tuple[str, ...] = ()
    origin: str = ""
    sha256: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))

    def __getstate__(self) -> dict[str, Any]:
        # Only the fields travel to another process; what is derived is derived again there.
        return {name: getattr(self, name) for name in _names(self)} | {"tables": dict(self.tables)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    @property
    def districts(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.DISTRICTS`."""
        return self.tables["districts"]

    @property
    def substations(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.SUBSTATIONS`."""
        return self.tables["substations"]

    @property
    def busbars(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.BUSBARS`."""
        return self.tables["busbars"]

    @property
    def couplers(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.COUPLERS`."""
        return self.tables["couplers"]

    @property
    def bays(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.BAYS`."""
        return self.tables["bays"]

    @property
    def lines(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.LINES`."""
        return self.tables["lines"]

    @property
    def transformers(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.TRANSFORMERS`."""
        return self.tables["transformers"]

    @property
    def impedances(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.IMPEDANCES`."""
        return self.tables["impedances"]

    @property
    def shunts(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.SHUNTS`."""
        return self.tables["shunts"]

    @property
    def infeeds(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.INFEEDS`."""
        return self.tables["infeeds"]

    @property
    def units(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.UNITS`."""
        return self.tables["units"]

    @property
    def storages(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.STORAGES`."""
        return self.tables["storages"]

    @property
    def feeders(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.FEEDERS`."""
        return self.tables["feeders"]

    @property
    def customers(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.CUSTOMERS`."""
        return self.tables["customers"]

    @property
    def import_allocation(self) -> pd.DataFrame:
        """See :data:`gridtool.network.schema.IMPORT_ALLOCATION`."""
        return self.tables["import_allocation"]

    @cached_property
    def peak_mw(self) -> float:
        """Demand of all feeders in service at the reference peak, MW."""
        feeders = self.feeders
        return float(feeders.loc[feeders["in_service"], "peak_mw"].sum())

    @cached_property
    def substation_of_busbar(self) -> Mapping[str, str]:
        """Substation id by busbar id."""
        return _text_by_id(self.busbars["substation"])

    @cached_property
    def district_of_substation(self) -> Mapping[str, str]:
        """District id by substation id."""
        return _text_by_id(self.substations["district"])

    @cached_property
    def place_of_substation(self) -> Mapping[str, tuple[float, float]]:
        """Plane coordinates (x, y) in km by substation id."""
        table = self.substations
        x_km, y_km = (table[axis].astype("float64").tolist() for axis in ("x_km", "y_km"))
        places = zip(x_km, y_km, strict=True)
        return MappingProxyType(dict(zip(map(str, table.index), places, strict=True)))

    @cached_property
    def assets(self) -> Mapping[str, Asset]:
        """Every asset by id, in table order."""
        found: dict[str, Asset] = {}
        for table, kind in ASSET_TABLES.items():
            for asset_id, *ends in self._asset_ends(table):
                owners = [self.substation_of_busbar.get(end, end) for end in ends]
                substation = owners[0] if len(set(owners)) == 1 else ""
                found[asset_id] = Asset(
                    asset_id, kind, substation, self.district_of_substation[owners[0]]
                )
        return MappingProxyType(found)

    def _asset_ends(self, table: str) -> list[tuple[str, ...]]:
        frame = self.tables[table]
        ids = [str(key) for key in frame.index]
        columns = _END_COLUMNS.get(table, ("busbar",))
        ends = [frame[column].tolist() for column in columns] or [ids]
        return list(zip(ids, *ends, strict=True))
