"""The rules a network is checked by, one function each: network in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.network.rules import (
    connection,
    demand,
    failures,
    lines,
    sites,
    sources,
    storages,
    transformers,
    voltages,
)

__all__ = ["RULES", "Rule"]

Rule = Callable[[CityNetwork], Iterable[Issue]]

RULES: tuple[Rule, ...] = (
    sites.check_voltage_levels,
    voltages.check_windings,
    voltages.check_lines,
    voltages.check_couplers,
    lines.check_ends,
    lines.check_impedance,
    lines.check_capacitance,
    lines.check_ratings,
    lines.check_lengths,
    lines.check_distances,
    transformers.check_impedance,
    transformers.check_losses,
    transformers.check_sides,
    transformers.check_taps,
    sources.check_infeeds,
    sources.check_set_points,
    sources.check_units,
    failures.check_failures,
    failures.check_outage_rates,
    sources.check_months,
    sources.check_allocation,
    sources.check_calendar,
    storages.check_losses,
    storages.check_times,
    connection.check_isolated,
    connection.check_islands,
    connection.check_outlets,
    demand.check_feeder_loads,
    demand.check_total,
    demand.check_shares,
    demand.check_customers,
    demand.check_groups,
    demand.check_balance,
    sites.check_empty,
    sites.check_coordinates,
    sites.check_bays,
)
"""Every rule, in the order its findings are listed."""
