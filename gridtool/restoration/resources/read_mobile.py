"""One typed row of ``mobile_units.csv`` to a mobile unit, with every finding about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gridtool.errors import Issue
from gridtool.formats.spelling import list_words
from gridtool.network.model import CityNetwork
from gridtool.restoration.mobile.sites import fitting_sites
from gridtool.restoration.model import MobileUnit
from gridtool.restoration.resources.read_places import check_window, find_depot

__all__ = ["read_mobile_unit"]

_FILE = "mobile_units.csv"


def read_mobile_unit(
    row: int, values: Mapping[str, Any], network: CityNetwork
) -> tuple[MobileUnit, list[Issue]]:
    """The unit of a row whose cells are all typed, and findings; with any, it is not to be used."""
    (x_km, y_km), issues = find_depot(row, values, network, file=_FILE, word="unit")
    unit = MobileUnit(
        id=values["id"],
        kind=values["kind"],
        capacity_mva=values["capacity_mva"],
        kv=values["kv"],
        hv_kv=values["hv_kv"],
        x_km=x_km,
        y_km=y_km,
        setup_h=values["setup_h"],
        teardown_h=values["teardown_h"],
        speed_kmh=values["speed_kmh"],
        fuel_mwh_per_day=values["fuel_mwh_per_day"],
        sites=tuple(values["sites"] or ()),
        available_from=values["available_from"],
        available_to=values["available_to"],
    )
    issues += check_window(row, values, file=_FILE, word="unit")
    if unit.id in network.assets:
        issues.append(_issue(unit, row, "id", "is the id of an asset of the network", unit.id))
    kind_issues = _check_kind(unit, row)
    issues += kind_issues or _check_sites(unit, row, network)
    return unit, issues


def _check_kind(unit: MobileUnit, row: int) -> list[Issue]:
    """What a substation has and a generator has not, and the other way round."""
    if unit.kind == "generator":
        if unit.hv_kv is None:
            return []
        message = "a generator has no high voltage"
        return [_issue(unit, row, "hv_kv", message, f"{unit.hv_kv:g}", accepted="empty")]
    issues = []
    if unit.hv_kv is None or unit.hv_kv <= unit.kv:
        shown = None if unit.hv_kv is None else f"{unit.hv_kv:g}"
        message = "a mobile substation takes its power from a higher voltage"
        accepted = f"a voltage above kv {unit.kv:g}"
        issues.append(_issue(unit, row, "hv_kv", message, shown, accepted=accepted))
    if unit.fuel_mwh_per_day is not None:
        message = "a mobile substation burns no fuel"
        shown = f"{unit.fuel_mwh_per_day:g}"
        issues.append(_issue(unit, row, "fuel_mwh_per_day", message, shown, accepted="empty"))
    return issues


def _check_sites(unit: MobileUnit, row: int, network: CityNetwork) -> list[Issue]:
    """Findings where no substation, or not each of ``sites``, has the unit's voltages."""
    voltages = f"{unit.kv:g} kV"
    if unit.hv_kv is not None:
        voltages = f"{unit.hv_kv:g} kV and {voltages}"
    fitting = fitting_sites(network, replace(unit, sites=()))
    if not fitting:
        levels = sorted(set(network.busbars["vn_kv"]))
        return [
            _issue(
                unit,
                row,
                "kv",
                f"no substation of the network has {voltages}",
                f"{unit.kv:g}",
                accepted=f"voltages of one substation, of {list_words(f'{kv:g}' for kv in levels)}",
            )
        ]
    return [
        _issue(
            unit,
            row,
            "sites",
            f"has no section of {voltages}",
            site,
            accepted=list_words(fitting),
        )
        for site in unit.sites
        if site not in fitting and site in network.substations.index
    ]


def _issue(
    unit: MobileUnit,
    row: int,
    field: str,
    message: str,
    value: str | None,
    *,
    accepted: str | None = None,
) -> Issue:
    return Issue(
        message=message,
        file=_FILE,
        row=row,
        field=field,
        value=value,
        accepted=accepted,
        ids=(unit.id,),
    )
