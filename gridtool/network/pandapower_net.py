"""A fresh pandapower net from a city network, with the maps back to our ids.

pandapower is the reference solver and the format people edit and export; it is never the inner
loop. Tables are built whole, column by column: its ``create_*`` functions cost milliseconds a
call. Bays are not modelled as switches: a bay that is out opens its element (see
:func:`gridtool.damage.apply.spread_damage`).
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.network.model import CityNetwork
from gridtool.network.slack import choose_slack, effective_service

__all__ = ["OperatingPoint", "PandapowerNet", "build_net", "quiet_pandapower"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """What is drawn and generated, where it differs from the base case.

    Attributes
    ----------
    feeder_mw, feeder_mvar : (F,)
        Load of each feeder in table order; replaces the reference peak.
    source_mw : (G,)
        Generation of infeeds, then units, in table order; the slack's value is its first guess.
    coupler_closed : (C,) bool
        Coupler positions, automatic transfer included.
    slack : ids of the sources that balance their island, one for each energised island.
        Infeeds that are not among them become voltage-controlled generators.
    source_vm_pu : (G,), optional
        Voltage set points that replace the tables' (NaN: no voltage control).
    source_mvar : (G,), optional
        Reactive output of sources without voltage control that replaces the tables'.
    """

    feeder_mw: FloatArray
    feeder_mvar: FloatArray
    source_mw: FloatArray
    coupler_closed: BoolArray
    slack: tuple[str, ...]
    source_vm_pu: FloatArray | None = None
    source_mvar: FloatArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PandapowerNet:
    """A pandapower net and where our ids are in it.

    ``busbars``, ``lines``, ``transformers``, ``impedances``, ``shunts``, ``couplers`` (switches)
    and ``feeders`` (loads) map an id to the index of its table; ``sources`` to table and index
    (``ext_grid``, ``gen`` or ``sgen``).
    """

    net: Any
    busbars: Mapping[str, int]
    lines: Mapping[str, int]
    transformers: Mapping[str, int]
    impedances: Mapping[str, int]
    shunts: Mapping[str, int]
    couplers: Mapping[str, int]
    feeders: Mapping[str, int]
    sources: Mapping[str, tuple[str, int]]


@contextlib.contextmanager
def quiet_pandapower() -> Any:
    """Keep pandapower's warnings and prints out of ours; what it has to say is in its results."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield


def build_net(
    network: CityNetwork,
    *,
    capacity_share: Mapping[str, float] | None = None,
    point: OperatingPoint | None = None,
) -> PandapowerNet:
    """A pandapower net of ``network``, damaged by ``capacity_share`` and loaded as ``point`` says.

    Couplers become bus-bus switches, feeders loads, units generators (with ``vm_pu``) or static
    generators, infeeds external grids with ``max_p_mw``. An island without an infeed takes its
    largest grid-forming unit in service as slack. Ratings stand in ``max_i_ka`` and ``sn_mva``,
    what is allowed of them in ``max_loading_percent``.

    Parameters
    ----------
    capacity_share
        Share of rating left by asset id; 0 takes the asset out. Shares act on the electrical
        parts (``GridState.capacity_share``).
    point
        Loads, generation, coupler positions and slack; the intact base case if None.
    """
    with quiet_pandapower():
        import pandapower

        net = pandapower.create_empty_network(
            name=network.manifest.id,
            f_hz=network.manifest.frequency_hz,
            sn_mva=network.manifest.base_mva,
            add_stdtypes=False,
        )
        share = _share_by_asset(capacity_share or {})
        builder = _Builder(network, net, share=share, point=point)
        return builder.build()


def _share_by_asset(capacity_share: Mapping[str, float]) -> Mapping[str, float]:
    return {asset: min(max(float(left), 0.0), 1.0) for asset, left in capacity_share.items()}


class _Builder:
    """Fills the tables of one net; each method one table."""

    def __init__(
        self,
        network: CityNetwork,
        net: Any,
        *,
        share: Mapping[str, float],
        point: OperatingPoint | None,
    ) -> None:
        self.network = network
        self.net = net
        self.share = share
        self.point = point
        self.position = {str(b): i for i, b in enumerate(network.busbars.index)}
        self.service = effective_service(network, share)
        self.slack = (
            frozenset(point.slack)
            if point is not None
            else choose_slack(network, self.service, self.closed())
        )

    def build(self) -> PandapowerNet:
        self.add_busbars()
        self.add_couplers()
        self.add_branches()
        self.add_feeders()
        return PandapowerNet(
            net=self.net,
            busbars=self.position,
            lines=_positions(self.network.lines),
            transformers=_positions(self.network.transformers),
            impedances=_positions(self.network.impedances),
            shunts=_positions(self.network.shunts),
            couplers=_positions(self.network.couplers),
            feeders=_positions(self.network.feeders),
            sources=self.add_sources(),
        )

    def at(self, busbars: pd.Series) -> npt.NDArray[np.int64]:
        """Positions of busbars given by id."""
        return np.array([self.position[b] for b in busbars], dtype=np.int64)

    def left(self, frame: pd.DataFrame) -> FloatArray:
        """Share of rating left of each row."""
        return np.array([self.share.get(a, 1.0) for a in frame.index], dtype=np.float64)

    def closed(self) -> BoolArray:
        """Coupler positions, open where the coupler or one of its sections is out."""
        normal = self.network.couplers["closed"].to_numpy(dtype=bool)
        chosen = normal if self.point is None else np.asarray(self.point.coupler_closed, dtype=bool)
        return chosen & self.service["couplers"]

    def add_busbars(self) -> None:
        frame = self.network.busbars
        substation = frame["substation"].to_numpy()
        district = self.network.district_of_substation
        _fill(
            self.net,
            "bus",
            name=frame.index.to_numpy(),
            vn_kv=frame["vn_kv"].to_numpy(),
            type=_repeated("b", len(frame)),
            zone=np.array([district[s] for s in substation], dtype=object),
            substation=substation,
            in_service=self.service["busbars"],
        )

    def add_couplers(self) -> None:
        frame = self.network.couplers
        _fill(
            self.net,
            "switch",
            name=frame.index.to_numpy(),
            bus=self.at(frame["busbar_a"]),
            element=self.at(frame["busbar_b"]),
            et=_repeated("b", len(frame)),
            type=_repeated("CB", len(frame)),
            closed=self.closed(),
            z_ohm=np.zeros(len(frame)),
        )

    def add_branches(self) -> None:
        self._add_lines()
        self._add_transformers()
        self._add_impedances()
        self._add_shunts()

    def _add_lines(self) -> None:
        frame = self.network.lines
        copied = ("length_km", "r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km", "max_i_ka")
        _fill(
            self.net,
            "line",
            name=frame.index.to_numpy(),
            from_bus=self.at(frame["from_busbar"]),
            to_bus=self.at(frame["to_busbar"]),
            g_us_per_km=np.zeros(len(frame)),
            df=np.ones(len(frame)),
            parallel=np.ones(len(frame)),
            max_loading_percent=100.0 * self.left(frame),
            in_service=self.service["lines"],
            **{column: frame[column].to_numpy() for column in copied},
        )

    def _add_transformers(self) -> None:
        frame = self.network.transformers
        copied = (
            *("sn_mva", "vn_hv_kv", "vn_lv_kv", "pfe_kw", "i0_pct", "vk_pct", "vkr_pct"),
            *("shift_degree", "tap_side", "tap_step_pct"),
        )
        has_tap = (frame["tap_step_pct"] != 0).to_numpy()
        _fill(
            self.net,
            "trafo",
            name=frame.index.to_numpy(),
            hv_bus=self.at(frame["hv_busbar"]),
            lv_bus=self.at(frame["lv_busbar"]),
            tap_pos=frame["tap_pos"].to_numpy(dtype=np.float64),
            tap_neutral=np.zeros(len(frame)),
            tap_step_degree=np.zeros(len(frame)),
            tap_changer_type=np.array(["Ratio" if tap else None for tap in has_tap], dtype=object),
            parallel=np.ones(len(frame)),
            df=np.ones(len(frame)),
            max_loading_percent=frame["overload_pct"].to_numpy() * self.left(frame),
            in_service=self.service["transformers"],
            **{column.replace("_pct", "_percent"): frame[column].to_numpy() for column in copied},
        )

    def _add_impedances(self) -> None:
        frame = self.network.impedances
        columns = {
            f"{part}{ends}_pu": frame[f"{part}_pu"].to_numpy()
            for part in "rx"
            for ends in ("ft", "tf")
        }
        columns |= {f"{part}{end}_pu": np.zeros(len(frame)) for part in "gb" for end in "ft"}
        _fill(
            self.net,
            "impedance",
            name=frame.index.to_numpy(),
            from_bus=self.at(frame["from_busbar"]),
            to_bus=self.at(frame["to_busbar"]),
            sn_mva=frame["sn_mva"].to_numpy(),
            max_loading_percent=(100.0 * frame["rating_mva"] / frame["sn_mva"]).to_numpy()
            * self.left(frame),
            in_service=self.service["impedances"],
            **columns,
        )

    def _add_shunts(self) -> None:
        frame = self.network.shunts
        _fill(
            self.net,
            "shunt",
            name=frame.index.to_numpy(),
            bus=self.at(frame["busbar"]),
            p_mw=frame["p_mw"].to_numpy(),
            q_mvar=frame["q_mvar"].to_numpy(),
            vn_kv=self.network.busbars["vn_kv"].to_numpy()[self.at(frame["busbar"])],
            step=np.ones(len(frame)),
            max_step=np.ones(len(frame)),
            in_service=self.service["shunts"],
        )

    def add_feeders(self) -> None:
        frame = self.network.feeders
        left = self.left(frame)
        given = self.point
        _fill(
            self.net,
            "load",
            name=frame.index.to_numpy(),
            bus=self.at(frame["busbar"]),
            p_mw=frame["peak_mw"].to_numpy() * left if given is None else given.feeder_mw,
            q_mvar=frame["peak_mvar"].to_numpy() * left if given is None else given.feeder_mvar,
            scaling=np.ones(len(frame)),
            controllable=np.zeros(len(frame), dtype=bool),
            in_service=self.service["feeders"],
            **{
                f"const_{kind}_{part}_percent": np.zeros(len(frame))
                for kind in "zi"
                for part in "pq"
            },
        )

    def add_sources(self) -> dict[str, tuple[str, int]]:
        """External grids, generators and static generators, and where each source went."""
        rows = self._source_rows()
        given = self.point is not None
        is_slack = rows.index.isin(self.slack)
        infeed = rows["kind"].eq("infeed").to_numpy()
        in_service = rows["in_service"].to_numpy()
        as_grid = infeed & (is_slack | ~in_service) if given else infeed
        as_gen = ~as_grid & (is_slack | rows["vm_pu"].notna().to_numpy())
        found: dict[str, tuple[str, int]] = {}
        for table, chosen in (
            ("ext_grid", as_grid),
            ("gen", as_gen),
            ("sgen", ~as_grid & ~as_gen),
        ):
            part = rows[chosen]
            _fill(self.net, table, **self._source_columns(part, table=table))
            found |= {str(key): (table, i) for i, key in enumerate(part.index)}
        return found

    def _source_columns(self, part: pd.DataFrame, *, table: str) -> dict[str, Any]:
        columns: dict[str, Any] = {
            "name": part.index.to_numpy(),
            "bus": self.at(part["busbar"]),
            "in_service": part["in_service"].to_numpy(),
            "controllable": np.ones(len(part), dtype=bool),
            "min_p_mw": np.zeros(len(part)),
            "max_p_mw": part["max_mw"].to_numpy(),
        }
        if table != "sgen":
            columns["vm_pu"] = part["vm_pu"].fillna(1.0).to_numpy()
        if table == "ext_grid":
            columns["va_degree"] = part["va_degree"].to_numpy()
            columns["slack_weight"] = np.ones(len(part))
            return columns
        columns |= {
            "p_mw": part["p_mw"].to_numpy(),
            "scaling": np.ones(len(part)),
            "min_q_mvar": part["min_mvar"].to_numpy(),
            "max_q_mvar": part["max_mvar"].to_numpy(),
        }
        if table == "gen":
            columns["slack"] = part.index.isin(self.slack)
            columns["slack_weight"] = columns["slack"].astype(np.float64)
        else:
            columns["q_mvar"] = part["q_mvar"].to_numpy()
            columns["current_source"] = np.ones(len(part), dtype=bool)
        return columns

    def _source_rows(self) -> pd.DataFrame:
        """Infeeds, then units, with what they deliver."""
        parts = []
        for table, kind in (("infeeds", "infeed"), ("units", "unit")):
            frame = self.network.tables[table]
            left = self.left(frame)
            maximum = frame["max_mw"].to_numpy() * left
            base = frame["p_mw"].to_numpy() if "p_mw" in frame else np.zeros(len(frame))
            part: dict[str, Any] = {
                "busbar": frame["busbar"].to_numpy(),
                "kind": _repeated(kind, len(frame)),
                "vm_pu": frame["vm_pu"].to_numpy(),
                "max_mw": maximum,
                "p_mw": np.where(left < 1.0, np.minimum(base, maximum), base),
                "in_service": self.service[table],
            }
            for column, absent in _UNIT_ONLY.items():
                part[column] = frame[column].to_numpy() if column in frame else absent
            parts.append(pd.DataFrame(part, index=frame.index))
        rows = pd.concat([part for part in parts if len(part)] or parts[:1])
        if self.point is None:
            return rows
        rows = rows.assign(p_mw=self.point.source_mw)
        for column, values in (
            ("vm_pu", self.point.source_vm_pu),
            ("q_mvar", self.point.source_mvar),
        ):
            if values is not None:
                rows = rows.assign(**{column: values})
        return rows


_UNIT_ONLY: Mapping[str, float] = {
    "va_degree": 0.0,
    "q_mvar": 0.0,
    "min_mvar": np.nan,
    "max_mvar": np.nan,
}


def _positions(frame: pd.DataFrame) -> dict[str, int]:
    return {str(key): i for i, key in enumerate(frame.index)}


def _repeated(word: str, times: int) -> npt.NDArray[np.object_]:
    return np.full(times, word, dtype=object)


def _fill(net: Any, table: str, **columns: Any) -> None:
    """Set ``net[table]`` to ``columns``, with pandapower's own columns and dtypes for the rest."""
    template = net[table]
    size = len(columns["name"])
    filled: dict[str, Any] = {}
    for column, dtype in template.dtypes.items():
        values = columns.pop(str(column), None)
        filled[str(column)] = _typed(values, dtype=dtype, size=size)
    net[table] = pd.DataFrame(filled | columns, index=pd.RangeIndex(size).astype(np.int64))


def _typed(values: Sequence[Any] | None, *, dtype: Any, size: int) -> Any:
    if values is not None:
        return np.asarray(values).astype(dtype)
    if isinstance(dtype, pd.Int64Dtype):
        return pd.array([pd.NA] * size, dtype=dtype)
    empty: Any = {"O": None, "f": np.nan, "b": False}.get(dtype.kind, 0)
    return np.full(size, empty, dtype=dtype)
