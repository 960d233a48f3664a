"""A fresh pandapower net from a city network, with the maps back to our ids.

pandapower is the reference solver and the format people edit and export; it is never the inner
loop. Tables are built whole, column by column: its ``create_*`` functions cost milliseconds a
call. Bays are not modelled as switches: a bay that is out opens its element (see
:func:`gridtool.damage.apply.spread_damage`).
"""

from __future__ import annotations

import contextlib
import copy
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.network.model import CityNetwork
from gridtool.network.pandapower_sources import OperatingPoint, fill_sources
from gridtool.network.pandapower_storage import fill_storages
from gridtool.network.pandapower_tables import fill_table, repeated
from gridtool.network.slack import choose_slack, effective_service

__all__ = ["OperatingPoint", "PandapowerNet", "build_net", "quiet_pandapower"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class PandapowerNet:
    """A pandapower net and where our ids are in it.

    ``busbars``, ``lines``, ``transformers``, ``impedances``, ``shunts``, ``couplers`` (switches),
    ``feeders`` (loads) and ``storages`` map an id to the index of its table; ``sources`` to table
    and index (``ext_grid``, ``gen`` or ``sgen``).
    """

    net: Any
    busbars: Mapping[str, int]
    lines: Mapping[str, int]
    transformers: Mapping[str, int]
    impedances: Mapping[str, int]
    shunts: Mapping[str, int]
    couplers: Mapping[str, int]
    feeders: Mapping[str, int]
    storages: Mapping[str, int]
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
    generators, infeeds external grids with ``max_p_mw``, storages idle ones. An island without an
    infeed takes its largest grid-forming unit in service as slack. Ratings stand in ``max_i_ka``
    and ``sn_mva``, what is allowed of them in ``max_loading_percent``.

    Parameters
    ----------
    capacity_share
        Share of rating left by asset id; 0 takes the asset out. Shares act on the electrical
        parts (``GridState.capacity_share``).
    point
        Loads, generation, coupler positions and slack; the intact base case if None.
    """
    with quiet_pandapower():
        net = copy.deepcopy(_empty_net())
        net["name"] = network.manifest.id
        net["f_hz"] = network.manifest.frequency_hz
        net["sn_mva"] = network.manifest.base_mva
        share = _share_by_asset(capacity_share or {})
        builder = _Builder(network, net, share=share, point=point)
        return builder.build()


@cache
def _empty_net() -> Any:
    """A net without rows, to be copied: making one takes ten times as long as copying it."""
    import pandapower

    return pandapower.create_empty_network(add_stdtypes=False)


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
        self.add_storages()
        return PandapowerNet(
            net=self.net,
            busbars=self.position,
            lines=_positions(self.network.lines),
            transformers=_positions(self.network.transformers),
            impedances=_positions(self.network.impedances),
            shunts=_positions(self.network.shunts),
            couplers=_positions(self.network.couplers),
            feeders=_positions(self.network.feeders),
            storages=_positions(self.network.storages),
            sources=fill_sources(
                self.net,
                self.network,
                busbars=self.position,
                share=self.share,
                service=self.service,
                slack=self.slack,
                point=self.point,
            ),
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
        fill_table(
            self.net,
            "bus",
            name=frame.index.to_numpy(),
            vn_kv=frame["vn_kv"].to_numpy(),
            type=repeated("b", len(frame)),
            zone=np.array([district[s] for s in substation], dtype=object),
            substation=substation,
            in_service=self.service["busbars"],
        )

    def add_couplers(self) -> None:
        frame = self.network.couplers
        fill_table(
            self.net,
            "switch",
            name=frame.index.to_numpy(),
            bus=self.at(frame["busbar_a"]),
            element=self.at(frame["busbar_b"]),
            et=repeated("b", len(frame)),
            type=repeated("CB", len(frame)),
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
        fill_table(
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
        fill_table(
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
        fill_table(
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
        fill_table(
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
        fill_table(
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

    def add_storages(self) -> None:
        frame = self.network.storages
        fill_storages(
            self.net,
            self.network,
            at=self.at(frame["busbar"]),
            left=self.left(frame),
            in_service=self.service["storages"],
        )


def _positions(frame: pd.DataFrame) -> dict[str, int]:
    return {str(key): i for i, key in enumerate(frame.index)}
