"""The independent check of mobile units: one place at a time, with the time it all takes."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import hypot, isfinite

import numpy as np

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.restoration.check.clock import CLOCK_H, NEAR
from gridtool.restoration.check.crews import ROAD_DETOUR
from gridtool.restoration.model import MobileUnit, PlacedUnit, RestorationPlan

__all__ = ["check_placements"]

_VOLTAGE = 0.1
"""Share by which the rated voltage of a section may differ from a unit's."""


def check_placements(plan: RestorationPlan) -> list[Issue]:
    """Units that exist, stand where they may and fit, one place at a time; travel, set-up and
    tear-down take their time, within each unit's availability."""
    units = {unit.id: unit for unit in plan.resources.mobile_units}
    issues = [
        f"there is no mobile unit {placed.unit}"
        for placed in plan.placements
        if placed.unit not in units
    ]
    ordered = sorted(plan.placements, key=lambda placed: (placed.start, placed.unit))
    if ordered != list(plan.placements):
        issues.append("the mobile units are not listed by time")
    for unit in units.values():
        issues += _check_tour(plan, unit, [p for p in ordered if p.unit == unit.id])
    return [Issue(message=message) for message in issues]


def _check_tour(plan: RestorationPlan, unit: MobileUnit, stays: list[PlacedUnit]) -> list[str]:
    places = _places(plan.state.network)
    x_km, y_km = unit.x_km, unit.y_km
    last = max((entry.finish for entry in plan.jobs), default=plan.state.as_of)
    free: datetime | None = max(plan.state.as_of, unit.available_from or plan.state.as_of)
    issues = []
    for placed in stays:
        name = f"{unit.id} at {placed.site}"
        misfit = _misfit(plan.state.network, unit, placed)
        if misfit:
            return [f"{name}: {misfit}"]
        if free is None:
            return [f"{name}: {unit.id} stays elsewhere"]
        to_x, to_y = places[placed.site]
        way_h = ROAD_DETOUR * hypot(to_x - x_km, to_y - y_km) / unit.speed_kmh
        way_h = way_h if isfinite(way_h) else 0.0
        problems = _check_stay(unit, placed, way_h=way_h, free=free, last=last)
        issues += [f"{name}: {problem}" for problem in problems]
        x_km, y_km = to_x, to_y
        free = placed.offline
        if free is not None:
            free += timedelta(hours=unit.teardown_h)
    return issues


def _check_stay(
    unit: MobileUnit, placed: PlacedUnit, *, way_h: float, free: datetime, last: datetime
) -> list[str]:
    problems = []
    if not abs(placed.travel_h - way_h) <= CLOCK_H:
        problems.append(f"the way takes {way_h:.2f} h, not {placed.travel_h:.2f} h")
    if placed.start < free + timedelta(hours=way_h) - NEAR:
        problems.append(f"it cannot be there at {placed.start:%F %H:%M}")
    if abs(placed.online - placed.start - timedelta(hours=unit.setup_h)) > NEAR:
        problems.append(f"it takes {unit.setup_h:.2f} h to set up")
    if placed.offline is not None and placed.offline <= placed.online:
        problems.append("it ends before it begins")
    gone = unit.available_to
    ends = placed.offline or max(placed.online, last)
    if gone is not None and ends + timedelta(hours=unit.teardown_h) > gone + NEAR:
        problems.append(f"it cannot be taken down before {gone:%F %H:%M}")
    return problems


def _places(network: CityNetwork) -> dict[str, tuple[float, float]]:
    stations = network.substations
    x_km, y_km = (stations[axis].to_numpy(np.float64).tolist() for axis in ("x_km", "y_km"))
    return dict(zip(map(str, stations.index), zip(x_km, y_km, strict=True), strict=True))


def _misfit(network: CityNetwork, unit: MobileUnit, placed: PlacedUnit) -> str:
    """Why the unit cannot stand at the site and feed the part's section; empty if it can."""
    prefix, _, section = placed.part.partition("@")
    if placed.site not in network.substations.index:
        return "there is no such substation"
    if unit.sites and placed.site not in unit.sites:
        return "it may not stand there"
    if prefix != unit.id or network.substation_of_busbar.get(section) != placed.site:
        return f"{placed.part} is not a place of the unit there"
    kv = dict(zip(network.busbars.index, network.busbars["vn_kv"].to_numpy(), strict=True))
    if not _fits(float(kv[section]), unit.kv):
        return f"{section} is not of {unit.kv:g} kV"
    here = [key for key, owner in network.substation_of_busbar.items() if owner == placed.site]
    needed_kv = unit.hv_kv or 0.0
    if unit.kind == "substation" and not any(_fits(float(kv[key]), needed_kv) for key in here):
        return f"there is no section of {needed_kv:g} kV to take power from"
    return ""


def _fits(section_kv: float, unit_kv: float) -> bool:
    return unit_kv > 0.0 and abs(section_kv / unit_kv - 1.0) <= _VOLTAGE + 1e-9
