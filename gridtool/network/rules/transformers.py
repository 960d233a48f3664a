"""Transformers whose nameplates contradict themselves."""

from __future__ import annotations

from collections.abc import Iterator

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.network.rules.finding import finding, flagged

__all__ = ["check_impedance", "check_losses", "check_sides", "check_taps"]

_VK_PCT = (1.0, 40.0)
_TAP_RANGE_PCT = 30.0


def check_impedance(network: CityNetwork) -> Iterator[Issue]:
    """Short-circuit voltages that no transformer has."""
    frame = network.transformers
    for position, key, row in flagged(frame, frame["vk_pct"] <= 0):
        yield finding(
            "transformers",
            position,
            "vk_pct",
            "a transformer without short-circuit voltage is a short circuit",
            value=row["vk_pct"],
            ids=(key,),
            accepted="above 0 %",
        )
    least, most = _VK_PCT
    strange = (frame["vk_pct"] > 0) & ((frame["vk_pct"] < least) | (frame["vk_pct"] > most))
    for position, key, row in flagged(frame, strange):
        yield finding(
            "transformers",
            position,
            "vk_pct",
            f"a short-circuit voltage of {row['vk_pct']:g} % is unusual",
            value=row["vk_pct"],
            ids=(key,),
            accepted=f"{least:g} to {most:g} %",
            hint="is it per unit, or on another base?",
            severity="warning",
        )


def check_losses(network: CityNetwork) -> Iterator[Issue]:
    """Resistive parts above the short-circuit voltage, negative no-load currents."""
    frame = network.transformers
    for position, key, row in flagged(frame, frame["vkr_pct"] > frame["vk_pct"]):
        yield finding(
            "transformers",
            position,
            "vkr_pct",
            f"its resistive part exceeds the short-circuit voltage of {row['vk_pct']:g} %",
            value=row["vkr_pct"],
            ids=(key,),
            accepted=f"0 to {row['vk_pct']:g} %",
        )
    for position, key, row in flagged(frame, frame["i0_pct"] < 0):
        yield finding(
            "transformers",
            position,
            "i0_pct",
            "a negative no-load current",
            value=row["i0_pct"],
            ids=(key,),
            accepted="0 % or more",
        )


def check_sides(network: CityNetwork) -> Iterator[Issue]:
    """Windings swapped, and transformers that reach from one site to another."""
    frame = network.transformers
    for position, key, row in flagged(frame, frame["vn_hv_kv"] < frame["vn_lv_kv"]):
        yield finding(
            "transformers",
            position,
            "vn_hv_kv",
            f"the high-voltage side has {row['vn_hv_kv']:g} kV, the low-voltage side "
            f"{row['vn_lv_kv']:g} kV",
            value=row["vn_hv_kv"],
            ids=(key,),
            hint="the sides are swapped",
        )
    owner = network.substation_of_busbar
    sites = [frame[side].map(owner.get) for side in ("hv_busbar", "lv_busbar")]
    for position, key, row in flagged(frame, sites[0] != sites[1]):
        yield finding(
            "transformers",
            position,
            "lv_busbar",
            f"a transformer between substations {owner[row['hv_busbar']]} and "
            f"{owner[row['lv_busbar']]}",
            value=row["lv_busbar"],
            ids=(key,),
            hint="busbar sections joined by a transformer stand on one site",
            severity="warning",
        )


def check_taps(network: CityNetwork) -> Iterator[Issue]:
    """Tap positions that no tap changer has."""
    frame = network.transformers
    change_pct = (frame["tap_pos"] * frame["tap_step_pct"]).abs()
    for position, key, row in flagged(frame, change_pct > _TAP_RANGE_PCT):
        yield finding(
            "transformers",
            position,
            "tap_pos",
            f"tap position {row['tap_pos']} of {row['tap_step_pct']:g} % changes the voltage by "
            f"{change_pct.iloc[position]:g} %",
            value=row["tap_pos"],
            ids=(key,),
            accepted=f"up to {_TAP_RANGE_PCT:g} % in all, neutral position 0",
        )
    idle = (frame["tap_pos"] != 0) & (frame["tap_step_pct"] == 0)
    for position, key, row in flagged(frame, idle):
        yield finding(
            "transformers",
            position,
            "tap_step_pct",
            f"tap position {row['tap_pos']}, but no voltage per step",
            value=row["tap_step_pct"],
            ids=(key,),
            severity="warning",
        )
