"""Reading a resources folder, with all findings of all its files at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from gridtool.errors import Issue, ResourcesError
from gridtool.formats.delimited import read_rows
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.schema import TableSchema
from gridtool.formats.typed import check_columns, find_duplicates, type_rows
from gridtool.network.model import CityNetwork
from gridtool.restoration.model import Crew, Resources, SpareArrival
from gridtool.restoration.tables import CREWS, RESOURCE_TABLES

__all__ = ["read_resources"]

TypedRow = tuple[int, dict[str, Any]]


def read_resources(folder: Path | str, network: CityNetwork) -> Resources:
    """Crews, stock and arrivals of ``folder``; times without an offset are the network's local.

    Raises
    ------
    ResourcesError
        With every finding of every file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ResourcesError(
            Issue(
                message="there is no such folder of resources",
                file=str(folder),
                hint="it holds crews.csv, and spares.csv and arrivals.csv where spares are needed",
            ),
            subject="resources",
        )
    zone = network.manifest.zone
    known = {"substations": {str(key) for key in network.substations.index}}
    rows: dict[str, list[TypedRow]] = {}
    issues: list[Issue] = []
    for schema in RESOURCE_TABLES:
        rows[schema.name], found = _read_rows(folder, schema, zone=zone, known=known)
        issues += found
    if not any(issue.file == "crews.csv" for issue in issues) and not rows["crews"]:
        issues.append(Issue(message="has no crew", file="crews.csv"))
    crews = [_make_crew(row, values, network, issues) for row, values in rows["crews"]]
    refuse_on_errors(issues, error=ResourcesError, subject="resources")
    return Resources(
        crews=tuple(crew for crew in crews if crew is not None),
        stock=MappingProxyType(
            {values["spare"]: int(values["stock"]) for _, values in rows["spares"]}
        ),
        arrivals=tuple(
            SpareArrival(
                spare=values["spare"],
                quantity=int(values["quantity"]),
                arrives_at=values["arrives_at"],
            )
            for _, values in rows["arrivals"]
        ),
    )


def _read_rows(
    folder: Path,
    schema: TableSchema,
    *,
    zone: ZoneInfo,
    known: Mapping[str, Collection[str]],
) -> tuple[list[TypedRow], list[Issue]]:
    """Rows of one table by line number, and findings; an absent optional table has no rows."""
    name = f"{schema.name}.csv"
    path = folder / name
    if not path.exists():
        if schema.optional:
            return [], []
        return [], [Issue(message="the file is missing", file=name, hint=f"looked in {folder}")]
    try:
        file = read_rows(path, name=name, columns=schema.names, error=ResourcesError)
        renamed, issues = check_columns(file.header, schema, file=name)
        refuse_on_errors(issues, error=ResourcesError)
    except ResourcesError as error:
        return [], list(error.issues)
    text = [(row, {renamed[key]: cell for key, cell in cells.items()}) for row, cells in file.rows]
    typed, found = type_rows(
        schema,
        text,
        file=name,
        zone=zone,
        comma_separates=file.dialect.delimiter == ",",
        known=known,
    )
    return typed, [*issues, *found, *find_duplicates(schema, typed, file=name)]


def _make_crew(
    row: int, values: Mapping[str, Any], network: CityNetwork, issues: list[Issue]
) -> Crew | None:
    """The crew of one row; None, with a finding in ``issues``, where the row makes none."""
    if set(values) != set(CREWS.names):
        return None  # its cells have findings already
    place = _find_depot(row, values, network, issues)
    begins, ends = values["available_from"], values["available_to"]
    if begins is not None and ends is not None and begins >= ends:
        issues.append(
            Issue(
                message="the crew leaves before it is there",
                file="crews.csv",
                row=row,
                field="available_to",
                value=str(ends),
                accepted="a time after available_from",
                ids=(values["id"],),
            )
        )
        return None
    if place is None:
        return None
    return Crew(
        id=values["id"],
        skills=tuple(values["skills"]),
        x_km=place[0],
        y_km=place[1],
        shift_start_h=values["shift_start_h"],
        shift_h=values["shift_h"],
        speed_kmh=values["speed_kmh"],
        available_from=begins,
        available_to=ends,
    )


def _find_depot(
    row: int, values: Mapping[str, Any], network: CityNetwork, issues: list[Issue]
) -> tuple[float, float] | None:
    substation, x_km, y_km = values["substation"], values["x_km"], values["y_km"]
    if substation is not None:
        if substation not in network.substations.index:
            return None
        place = network.substations.loc[substation]
        return float(place["x_km"]), float(place["y_km"])
    if x_km is None or y_km is None:
        issues.append(
            Issue(
                message="the crew has no depot",
                file="crews.csv",
                row=row,
                field="substation",
                accepted="a substation, or both x_km and y_km",
                ids=(values["id"],),
            )
        )
        return None
    return float(x_km), float(y_km)
