"""How often lines and transformers of the synthetic city fail, and for how long.

Source
------
IEEE RTS-79 (IEEE Trans. PAS-98, 1979), permanent outages. Its overhead lines of 138 and 230 kV
stand for 110 and 330 kV here. Their rates are straight lines over the length: a part for the
terminals, a part for each mile. The two cables (3 and 16 miles; 0.24 and 0.33 outages a year of
16 and 35 hours on average) are a terminal part of the overhead lines' repair time and a part by
length that takes four days. Common-mode outages of circuits on one tower and transient outages,
which automatic reclosing ends, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from gridtool.network.synthetic.parameters import CABLES_110, OVERHEAD_330, LineType

__all__ = ["TRANSFORMER_TIMES", "OutageRates", "failure_times", "line_rates"]

HOURS_PER_YEAR = 8760.0
_KM_PER_MILE = 1.609344


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRates:
    """Outages a year at the terminals and by mile of route, and the mean repair of each."""

    terminal_per_year: float
    terminal_repair_h: float
    per_mile_year: float
    route_repair_h: float


OVERHEAD_138 = OutageRates(
    terminal_per_year=0.22, terminal_repair_h=10.0, per_mile_year=0.0052, route_repair_h=10.0
)
OVERHEAD_230 = OutageRates(
    terminal_per_year=0.29, terminal_repair_h=11.0, per_mile_year=0.0034, route_repair_h=11.0
)
CABLE_138 = OutageRates(
    terminal_per_year=0.226, terminal_repair_h=9.0, per_mile_year=0.0062, route_repair_h=96.0
)
TRANSFORMER_TIMES = {"mttf_h": HOURS_PER_YEAR / 0.02, "mttr_h": 768.0}
"""Columns of every transformer: one outage in fifty years, 32 days until it is replaced."""


def line_rates(line_type: LineType) -> OutageRates:
    """Rates of the RTS-79 line that stands for a conductor of the city."""
    if line_type in CABLES_110:
        return CABLE_138
    return OVERHEAD_230 if line_type == OVERHEAD_330 else OVERHEAD_138


def failure_times(rates: OutageRates, length_km: float) -> dict[str, float]:
    """Columns ``mttf_h`` (whole hours) and ``mttr_h`` of a line of this length."""
    route = rates.per_mile_year * length_km / _KM_PER_MILE
    per_year = rates.terminal_per_year + route
    down_h = rates.terminal_per_year * rates.terminal_repair_h + route * rates.route_repair_h
    return {
        "mttf_h": float(round(HOURS_PER_YEAR / per_year)),
        "mttr_h": round(down_h / per_year, 1),
    }
