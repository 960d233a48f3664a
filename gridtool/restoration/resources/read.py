"""Reading a resources folder, with all findings of all its files at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from gridtool.errors import Issue, ResourcesError
from gridtool.formats.delimited import read_rows
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.schema import TableSchema
from gridtool.formats.typed import check_columns, find_duplicates, type_rows
from gridtool.network.model import CityNetwork
from gridtool.restoration.model import Crew, Resources, SpareArrival
from gridtool.restoration.resources.read_mobile import read_mobile_unit
from gridtool.restoration.resources.read_places import check_window, find_depot
from gridtool.restoration.resources.read_repairs import read_repairs
from gridtool.restoration.resources.tables import RESOURCE_TABLES

__all__ = ["read_resources"]

TypedRow = tuple[int, dict[str, Any]]
Entity = TypeVar("Entity")


def read_resources(folder: Path | str, network: CityNetwork) -> Resources:
    """Everything in ``folder``; times without an offset are the network's local ones.

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
    rows, issues = _read_tables(folder, network)
    if not any(issue.file == "crews.csv" for issue in issues) and not rows["crews"]:
        issues.append(Issue(message="has no crew", file="crews.csv"))
    crews = _collect(
        rows["crews"], lambda row, values: _make_crew(row, values, network), into=issues
    )
    arrivals = _collect(rows["arrivals"], _make_arrival, into=issues)
    units = _collect(
        rows["mobile_units"],
        lambda row, values: read_mobile_unit(row, values, network),
        into=issues,
    )
    repairs, found = read_repairs(
        rows["repairs"],
        network,
        crews={crew.id: crew for crew in crews},
        all_crews=not any(issue.file == "crews.csv" for issue in issues),
    )
    refuse_on_errors([*issues, *found], error=ResourcesError, subject="resources")
    return Resources(
        crews=crews,
        stock={values["spare"]: int(values["stock"]) for _, values in rows["spares"]},
        arrivals=arrivals,
        mobile_units=units,
        repairs=repairs,
    )


def _read_tables(
    folder: Path, network: CityNetwork
) -> tuple[dict[str, list[TypedRow]], list[Issue]]:
    """By table the rows whose cells could all be read, and the findings on the others."""
    known = {"substations": {str(key) for key in network.substations.index}}
    rows: dict[str, list[TypedRow]] = {}
    issues: list[Issue] = []
    for schema in RESOURCE_TABLES:
        typed, found = _read_rows(folder, schema, zone=network.manifest.zone, known=known)
        rows[schema.name] = [entry for entry in typed if set(entry[1]) == set(schema.names)]
        issues += found
    return rows, issues


def _collect(
    rows: Iterable[TypedRow],
    make: Callable[[int, dict[str, Any]], tuple[Entity, list[Issue]]],
    *,
    into: list[Issue],
) -> tuple[Entity, ...]:
    """What ``make`` makes of each row; its findings are added to ``into``."""
    made = []
    for row, values in rows:
        entity, found = make(row, values)
        into += found
        made.append(entity)
    return tuple(made)


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
    row: int, values: Mapping[str, Any], network: CityNetwork
) -> tuple[Crew, list[Issue]]:
    (x_km, y_km), issues = find_depot(row, values, network, file="crews.csv", word="crew")
    issues += check_window(row, values, file="crews.csv", word="crew")
    return Crew(
        id=values["id"],
        skills=tuple(values["skills"]),
        x_km=x_km,
        y_km=y_km,
        shift_start_h=values["shift_start_h"],
        shift_h=values["shift_h"],
        speed_kmh=values["speed_kmh"],
        available_from=values["available_from"],
        available_to=values["available_to"],
        crew_type=values["crew_type"],
        size=values["size"],
    ), issues


def _make_arrival(row: int, values: Mapping[str, Any]) -> tuple[SpareArrival, list[Issue]]:
    arrival = SpareArrival(
        spare=values["spare"],
        quantity=int(values["quantity"]),
        arrives_at=values["arrives_at"],
        latest_at=values["latest_at"],
    )
    if arrival.latest_at is None or arrival.latest_at >= arrival.arrives_at:
        return arrival, []
    issue = Issue(
        message="is before arrives_at",
        file="arrivals.csv",
        row=row,
        field="latest_at",
        value=f"{arrival.latest_at:%Y-%m-%dT%H:%MZ}",
        accepted=f"{arrival.arrives_at:%Y-%m-%dT%H:%MZ} or later",
        ids=(arrival.spare,),
    )
    return arrival, [issue]
