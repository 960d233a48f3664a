"""From a network's tables to the arrays of the compiled case.

Branches follow pandapower's models (``build_branch.py`` of the pinned version) with
``trafo_model="pi"``: series impedance referred to the LV side, the tap changing the rated
voltage of its winding, ratio and shift at the HV side.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.case import ORDINARY, PROTECTED, CompiledCase
from gridtool.network.model import CityNetwork

__all__ = ["compile_case"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_BRANCH_TABLES = ("lines", "transformers", "impedances")
_BRANCH_KINDS = ("line", "transformer", "impedance")


def compile_case(network: CityNetwork, *, storages: bool = False) -> CompiledCase:
    """The network as read-only arrays, every element in table order.

    Parameters
    ----------
    storages
        Whether storages are sources, the last ones, each with its power of discharging as
        rating. Off for one moment: what is in them is then not known, and nobody may count on
        it; damage may name them all the same. Dispatching them is
        :class:`gridtool.forecast.simulate.storage.StorageDispatch`.
    """
    arrays: dict[str, Any] = {}
    arrays |= _busbar_arrays(network)
    arrays |= _branch_arrays(network)
    arrays |= _coupler_arrays(network)
    arrays |= _source_arrays(network, storages=storages)
    arrays |= _feeder_arrays(network)
    arrays["demand_mw"] = _busbar_demand(arrays, len(network.busbars))
    for array in arrays.values():
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return CompiledCase(
        base_mva=network.manifest.base_mva,
        pf_margin=network.manifest.pf_margin,
        substation_ids=_ids(network.substations),
        district_ids=_ids(network.districts),
        inert_ids=frozenset(_ids(network.shunts) + (() if storages else _ids(network.storages))),
        **arrays,
    )


def _ids(frame: pd.DataFrame) -> tuple[str, ...]:
    return tuple(str(key) for key in frame.index)


def _floats(frame: pd.DataFrame, column: str) -> FloatArray:
    return np.array(frame[column], dtype=np.float64)


def _flags(frame: pd.DataFrame, column: str) -> npt.NDArray[np.bool_]:
    return np.array(frame[column], dtype=np.bool_)


def _positions(keys: Iterable[str], ids: tuple[str, ...]) -> IntArray:
    position = {key: place for place, key in enumerate(ids)}
    return np.array([position[str(key)] for key in keys], dtype=np.int64)


def _busbar_positions(network: CityNetwork, keys: Iterable[str]) -> IntArray:
    return _positions(keys, _ids(network.busbars))


def _busbar_arrays(network: CityNetwork) -> dict[str, Any]:
    busbars = network.busbars
    substation = _positions(busbars["substation"], _ids(network.substations))
    district = _positions(network.substations["district"], _ids(network.districts))
    return {
        "busbar_ids": _ids(busbars),
        "busbar_vn_kv": _floats(busbars, "vn_kv"),
        "busbar_in_service": _flags(busbars, "in_service"),
        "busbar_substation": substation,
        "busbar_district": district[substation],
    }


def _branch_arrays(network: CityNetwork) -> dict[str, Any]:
    vn_kv = _floats(network.busbars, "vn_kv")
    from_columns = ("from_busbar", "hv_busbar", "from_busbar")
    to_columns = ("to_busbar", "lv_busbar", "to_busbar")
    tables = [network.tables[name] for name in _BRANCH_TABLES]
    ends = [
        [_busbar_positions(network, table[c]) for table, c in zip(tables, columns, strict=True)]
        for columns in (from_columns, to_columns)
    ]
    parts = [
        _line_model(network, vn_kv[ends[0][0]]),
        _transformer_model(network, vn_kv[ends[0][1]], vn_kv[ends[1][1]]),
        _impedance_model(network),
    ]
    joined: dict[str, Any] = {
        name: np.concatenate([part[name] for part in parts]) for name in parts[0]
    }
    kinds = zip(_BRANCH_KINDS, tables, strict=True)
    return joined | {
        "branch_ids": tuple(key for table in tables for key in _ids(table)),
        "branch_kinds": tuple(kind for kind, table in kinds for _ in range(len(table))),
        "branch_from": np.concatenate(ends[0]),
        "branch_to": np.concatenate(ends[1]),
        "branch_in_service": np.concatenate([_flags(table, "in_service") for table in tables]),
        "branch_limit_mw": joined["branch_rating_mva"] * network.manifest.pf_margin,
    }


def _line_model(network: CityNetwork, vn_kv: FloatArray) -> dict[str, FloatArray]:
    lines = network.lines
    length = _floats(lines, "length_km")
    base_ohm = vn_kv**2 / network.manifest.base_mva
    omega = 2.0 * np.pi * network.manifest.frequency_hz
    return {
        "branch_r_pu": _floats(lines, "r_ohm_per_km") * length / base_ohm,
        "branch_x_pu": _floats(lines, "x_ohm_per_km") * length / base_ohm,
        "branch_b_pu": omega * _floats(lines, "c_nf_per_km") * 1e-9 * length * base_ohm,
        "branch_g_pu": np.zeros(len(lines)),
        "branch_ratio": np.ones(len(lines)),
        "branch_shift_rad": np.zeros(len(lines)),
        "branch_rating_mva": _floats(lines, "max_i_ka") * vn_kv * np.sqrt(3.0),
    }


def _transformer_model(
    network: CityNetwork, hv_kv: FloatArray, lv_kv: FloatArray
) -> dict[str, FloatArray]:
    units = network.transformers
    base_mva = network.manifest.base_mva
    rated_mva = _floats(units, "sn_mva")
    rated_lv = _floats(units, "vn_lv_kv")
    tap = 1.0 + _floats(units, "tap_pos") * _floats(units, "tap_step_pct") / 100.0
    on_hv = np.array(units["tap_side"] == "hv", dtype=np.bool_)
    tapped_hv = _floats(units, "vn_hv_kv") * np.where(on_hv, tap, 1.0)
    tapped_lv = rated_lv * np.where(on_hv, 1.0, tap)
    to_base = (tapped_lv / lv_kv) ** 2 * base_mva / rated_mva
    resistance = _floats(units, "vkr_pct") / 100.0 * to_base
    impedance = _floats(units, "vk_pct") / 100.0 * to_base
    iron_mw = _floats(units, "pfe_kw") / 1000.0
    no_load_mva = _floats(units, "i0_pct") / 100.0 * rated_mva
    magnetising = np.sqrt(np.maximum(no_load_mva**2 - iron_mw**2, 0.0))
    to_pu = (lv_kv / tapped_lv) ** 2 / base_mva
    return {
        "branch_r_pu": resistance,
        "branch_x_pu": np.sign(impedance) * np.sqrt(np.maximum(impedance**2 - resistance**2, 0.0)),
        "branch_b_pu": -magnetising * to_pu,
        "branch_g_pu": iron_mw * to_pu,
        "branch_ratio": (tapped_hv / tapped_lv) / (hv_kv / lv_kv),
        "branch_shift_rad": np.deg2rad(_floats(units, "shift_degree")),
        "branch_rating_mva": rated_mva * _floats(units, "overload_pct") / 100.0,
    }


def _impedance_model(network: CityNetwork) -> dict[str, FloatArray]:
    table = network.impedances
    to_base = network.manifest.base_mva / _floats(table, "sn_mva")
    zeros = np.zeros(len(table))
    return {
        "branch_r_pu": _floats(table, "r_pu") * to_base,
        "branch_x_pu": _floats(table, "x_pu") * to_base,
        "branch_b_pu": zeros,
        "branch_g_pu": zeros,
        "branch_ratio": np.ones(len(table)),
        "branch_shift_rad": zeros,
        "branch_rating_mva": _floats(table, "rating_mva"),
    }


def _coupler_arrays(network: CityNetwork) -> dict[str, Any]:
    couplers = network.couplers
    closed = _flags(couplers, "closed")
    return {
        "coupler_ids": _ids(couplers),
        "coupler_a": _busbar_positions(network, couplers["busbar_a"]),
        "coupler_b": _busbar_positions(network, couplers["busbar_b"]),
        "coupler_closed": closed,
        "coupler_transfer": _flags(couplers, "automatic_transfer") & ~closed,
    }


def _source_arrays(network: CityNetwork, *, storages: bool) -> dict[str, Any]:
    tables = [(network.infeeds, "max_mw"), (network.units, "max_mw")]
    if storages:
        tables.append((network.storages, "discharge_mw"))
    n_infeeds, n_units, *n_storages = (len(table) for table, _ in tables)
    rating = [
        np.where(_flags(table, "in_service"), _floats(table, column), 0.0)
        for table, column in tables
    ]
    no_infeeds, no_storages = (np.zeros(count, np.bool_) for count in (n_units, sum(n_storages)))
    ids = tuple(key for table, _ in tables for key in _ids(table))
    return {
        "source_ids": ids,
        "source_busbar": np.concatenate(
            [_busbar_positions(network, table["busbar"]) for table, _ in tables]
        ),
        "source_max_mw": np.concatenate(rating),
        "source_infeed": np.concatenate([np.ones(n_infeeds, np.bool_), no_infeeds, no_storages]),
        "source_forming": np.concatenate(
            [
                np.ones(n_infeeds, dtype=np.bool_),
                _flags(network.units, "grid_forming"),
                no_storages,
            ]
        ),
        "source_standby": np.array([key in network.standby for key in ids], dtype=np.bool_),
    }


def _feeder_arrays(network: CityNetwork) -> dict[str, Any]:
    feeders = network.feeders
    ids = _ids(feeders)
    busbar = _busbar_positions(network, feeders["busbar"])
    busbars = _busbar_arrays(network)
    in_service = _flags(feeders, "in_service")
    customers = np.zeros(len(ids), dtype=np.int64)
    counted = network.customers.groupby("feeder", sort=False)["customers"].sum()
    position = {key: place for place, key in enumerate(ids)}
    for feeder, number in counted.items():
        customers[position[str(feeder)]] = number
    return {
        "feeder_ids": ids,
        "feeder_busbar": busbar,
        "feeder_tier": np.where(_flags(feeders, "critical"), PROTECTED, ORDINARY).astype(np.int64),
        "feeder_substation": busbars["busbar_substation"][busbar],
        "feeder_district": busbars["busbar_district"][busbar],
        "feeder_peak_mw": np.where(in_service, _floats(feeders, "peak_mw"), 0.0),
        "feeder_peak_mvar": np.where(in_service, _floats(feeders, "peak_mvar"), 0.0),
        "feeder_customers": np.where(in_service, customers, 0),
    }


def _busbar_demand(arrays: dict[str, Any], n_busbars: int) -> FloatArray:
    demand = np.zeros((n_busbars, 2))
    np.add.at(demand, (arrays["feeder_busbar"], arrays["feeder_tier"]), arrays["feeder_peak_mw"])
    return demand
