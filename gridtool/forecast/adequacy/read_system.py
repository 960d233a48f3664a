"""A generating system and its load from their files, with the findings of all files at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from gridtool.errors import Issue
from gridtool.forecast.adequacy.model import (
    CommonCause,
    GeneratingSystem,
    Interface,
    LoadSeries,
    UnitGroup,
)
from gridtool.forecast.adequacy.read_columns import COMMON_CAUSES, INTERFACES
from gridtool.forecast.adequacy.read_hours import read_hourly_columns
from gridtool.forecast.adequacy.read_load import collect_load
from gridtool.forecast.adequacy.read_units import (
    collect_units,
    find_refused,
    read_outages,
    type_table,
)
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.spelling import did_you_mean, list_words

__all__ = ["ReadSystem", "SystemFiles", "read_system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFiles:
    """The files that describe a generating system; optional ones are None."""

    units: Path
    load: Path
    interfaces: Path | None = None
    availability: Path | None = None
    common_causes: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All that are given."""
        given = (self.units, self.load, self.interfaces, self.availability, self.common_causes)
        return tuple(path for path in given if path is not None)


@dataclass(frozen=True, kw_only=True)
class ReadSystem:
    """A generating system, its load, and what was found on the way."""

    system: GeneratingSystem
    load: LoadSeries
    warnings: tuple[Issue, ...]


def read_system(
    files: SystemFiles, *, zone: ZoneInfo, start: Literal["stationary", "up"] = "stationary"
) -> ReadSystem:
    """Read and check all files together.

    Raises
    ------
    InputError
        With the findings of all of them.
    """
    load, first, issues = collect_load(files.load, zone=zone)
    groups, found = collect_units(files.units, zone=zone, start=first)
    issues += found
    interfaces: tuple[Interface, ...] = ()
    causes: tuple[CommonCause, ...] = ()
    if load is not None:
        issues += _check_areas(groups, load, files=files)
        if files.availability is not None:
            groups, found = _apply_availability(
                groups, load, path=files.availability, zone=zone, start=first
            )
            issues += found
        if files.interfaces is not None:
            interfaces, found = _read_interfaces(files.interfaces, areas=load.areas)
            issues += found
    if files.common_causes is not None:
        causes, found = _read_common_causes(files.common_causes, groups=groups)
        issues += found
    refuse_on_errors(issues, subject="generating system")
    assert load is not None  # its absence is an error among the issues
    system = GeneratingSystem(
        groups=groups,
        areas=load.areas,
        interfaces=interfaces,
        common_causes=causes,
        start=start,
    )
    return ReadSystem(system=system, load=load, warnings=tuple(issues))


def _check_areas(
    groups: Sequence[UnitGroup], load: LoadSeries, *, files: SystemFiles
) -> list[Issue]:
    """Findings for units in areas that the load does not have."""
    if load.areas == ("",):
        named = sorted({group.area for group in groups if group.area})
        if named and files.interfaces is None:
            return []  # one load for all areas: they are one
    unknown: dict[str, list[str]] = {}
    for group in groups:
        if group.area not in load.areas and (group.area or files.interfaces is not None):
            unknown.setdefault(group.area, []).append(group.id)
    return [
        Issue(
            message="the load has no such area" if area else "no area is named",
            file=files.units.name,
            field="area",
            value=area or None,
            ids=tuple(ids),
            accepted=list_words(load.areas, limit=30),
            hint=did_you_mean(area, load.areas) or f"see the columns of {files.load.name}",
        )
        for area, ids in sorted(unknown.items())
    ]


def _apply_availability(
    groups: tuple[UnitGroup, ...],
    load: LoadSeries,
    *,
    path: Path,
    zone: ZoneInfo,
    start: datetime | None,
) -> tuple[tuple[UnitGroup, ...], list[Issue]]:
    """The groups with the capacity of each hour."""
    columns, issues = read_hourly_columns(path, zone=zone, minimum=0.0, maximum=1.0)
    if columns is None:
        return groups, issues
    if columns.values.shape[1] != load.hours or columns.start != start:
        message = "its hours are not those of the load"
        accepted = f"the {load.hours} hours of the load"
        return groups, [*issues, Issue(message=message, file=columns.file, accepted=accepted)]
    ids = {group.id for group in groups}
    issues += [
        Issue(
            message="there is no such unit",
            file=columns.file,
            row=1,
            field=name,
            hint=did_you_mean(name, ids),
        )
        for name in columns.names
        if name not in ids
    ]
    shares = dict(zip(columns.names, columns.values, strict=True))
    return tuple(
        replace(group, capacity_mw=group.capacity_mw * shares[group.id])
        if group.id in shares
        else group
        for group in groups
    ), issues


def _read_interfaces(
    path: Path, *, areas: tuple[str, ...]
) -> tuple[tuple[Interface, ...], list[Issue]]:
    typed, issues = type_table(path, INTERFACES)
    refused = find_refused(issues)
    links = []
    for row, values in typed:
        failed = refused.get(row, set())
        rates, found = read_outages(
            values if _names_rate(values) else {**values, "for": 0.0},
            file=path.name,
            row=row,
            refused=failed,
        )
        for field in ("from_area", "to_area"):
            if field in values and values[field] not in areas:
                found.append(
                    Issue(
                        message="the load has no such area",
                        file=path.name,
                        row=row,
                        field=field,
                        value=values[field],
                        accepted=list_words(areas, limit=30),
                    )
                )
        if values.get("from_area") is not None and values.get("from_area") == values.get("to_area"):
            message = "begins and ends in the same area"
            found.append(Issue(message=message, file=path.name, row=row, field="to_area"))
        issues += found
        if failed or rates is None or any(issue.severity == "error" for issue in found):
            continue
        backward = values.get("backward_mw")
        links.append(
            Interface(
                id=values["interface"],
                from_area=values["from_area"],
                to_area=values["to_area"],
                forward_mw=np.array([values["forward_mw"]]),
                backward_mw=np.array([values["forward_mw"] if backward is None else backward]),
                outage_rate=rates[0],
                p_fail=rates[1],
                p_repair=rates[2],
            )
        )
    return tuple(links), issues


def _names_rate(values: dict[str, object]) -> bool:
    return any(values.get(name) is not None for name in ("for", "mttf_h", "mttr_h"))


def _read_common_causes(
    path: Path, *, groups: tuple[UnitGroup, ...]
) -> tuple[tuple[CommonCause, ...], list[Issue]]:
    count = {group.id: group.count for group in groups}
    typed, issues = type_table(path, COMMON_CAUSES, known={"generating units": count})
    refused = find_refused(issues)
    chance: dict[str, float] = {}
    lost: dict[str, dict[str, int]] = {}
    for row, values in typed:
        if refused.get(row) or values["unit"] not in count:
            continue
        event, unit, share = values["event"], values["unit"], values["probability"]
        if chance.setdefault(event, share) != share:
            accepted = f"{chance[event]:g}, as in the event's first row"
            message = "an event has one probability"
            issues.append(
                Issue(
                    message=message,
                    file=path.name,
                    row=row,
                    field="probability",
                    value=f"{share:g}",
                    accepted=accepted,
                )
            )
        number = values.get("count")
        if number is not None and number > count[unit]:
            issues.append(
                Issue(
                    message=f"takes more units than the {count[unit]} there are",
                    file=path.name,
                    row=row,
                    field="count",
                    value=str(number),
                )
            )
        lost.setdefault(event, {})[unit] = count[unit] if number is None else int(number)
    causes = tuple(
        CommonCause(id=event, probability=chance[event], lost=units)
        for event, units in lost.items()
    )
    return causes, issues
