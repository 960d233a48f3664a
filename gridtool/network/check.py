"""All findings about a network at once, in electrical words."""

from __future__ import annotations

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.network.rules import RULES

__all__ = ["check_network"]


def check_network(network: CityNetwork) -> list[Issue]:
    """Findings of every rule: errors first, then warnings, each in rule and table order.

    An error makes results meaningless (a winding on a busbar of another voltage, no source at
    all); a warning is unusual and may be meant.
    """
    found = [issue for rule in RULES for issue in rule(network)]
    return sorted(found, key=lambda issue: issue.severity != "error")
