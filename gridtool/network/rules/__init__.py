"""The rules a network is checked by, one function each: network in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.network.rules import voltages

__all__ = ["RULES", "Rule"]

Rule = Callable[[CityNetwork], Iterable[Issue]]

RULES: tuple[Rule, ...] = (
    voltages.check_windings,
    voltages.check_lines,
    voltages.check_couplers,
)
"""Every rule, in the order its findings are listed."""
