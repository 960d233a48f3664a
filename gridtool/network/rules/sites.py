"""Districts, substations and bays."""

from __future__ import annotations

from collections.abc import Iterator

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.network.rules.finding import finding, flagged

__all__ = ["check_bays", "check_coordinates", "check_empty", "check_voltage_levels"]

_COORDINATE_KM_MOST = 1000.0
_VN_KV_MOST = 1500.0
_BRANCH_ENDS = {
    "lines": ("from_busbar", "to_busbar"),
    "transformers": ("hv_busbar", "lv_busbar"),
    "impedances": ("from_busbar", "to_busbar"),
}


def check_empty(network: CityNetwork) -> Iterator[Issue]:
    """Districts without substations, substations without busbars."""
    for table, child, field in (
        ("districts", "substations", "district"),
        ("substations", "busbars", "substation"),
    ):
        used = set(network.tables[child][field])
        for position, key in enumerate(network.tables[table].index):
            if key not in used:
                yield finding(
                    table,
                    position,
                    "id",
                    f"nothing in {child}.csv belongs to it",
                    value=str(key),
                    ids=(str(key),),
                    severity="warning",
                )


def check_coordinates(network: CityNetwork) -> Iterator[Issue]:
    """Coordinates that cannot be km of a city's plane."""
    for axis in ("x_km", "y_km"):
        frame = network.substations
        for position, key, row in flagged(frame, frame[axis].abs() > _COORDINATE_KM_MOST):
            yield finding(
                "substations",
                position,
                axis,
                "is far outside a city",
                value=row[axis],
                ids=(key,),
                accepted=f"plane km, up to {_COORDINATE_KM_MOST:g} either way",
                hint="are these metres?",
                severity="warning",
            )


def check_voltage_levels(network: CityNetwork) -> Iterator[Issue]:
    """Busbars above any voltage in use: volts written as kilovolts."""
    frame = network.busbars
    for position, key, row in flagged(frame, frame["vn_kv"] > _VN_KV_MOST):
        yield finding(
            "busbars",
            position,
            "vn_kv",
            f"no network runs at {row['vn_kv']:g} kV",
            value=row["vn_kv"],
            ids=(key,),
            accepted=f"up to {_VN_KV_MOST:g} kV",
            hint="are these volts?",
        )


def check_bays(network: CityNetwork) -> Iterator[Issue]:
    """Bays on a busbar section where their element does not end."""
    ends = {
        str(key): pair
        for table, columns in _BRANCH_ENDS.items()
        for key, *pair in network.tables[table][list(columns)].itertuples(name=None)
    }
    for position, row in enumerate(network.bays.itertuples()):
        element, busbar = str(row.element), str(row.busbar)
        if busbar not in ends[element]:
            yield finding(
                "bays",
                position,
                "busbar",
                f"{element} does not end on this busbar section",
                value=busbar,
                ids=(str(row.Index), element),
                accepted=" or ".join(map(str, ends[element])),
            )
