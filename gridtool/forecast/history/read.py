"""Hourly history of a city's demand and temperature, read from the user's own CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.history.cells import (
    ColumnPlace,
    HistoryCells,
    parse_numbers,
    take_cells,
)
from gridtool.forecast.history.check import check_load, check_temperature
from gridtool.forecast.history.clock import Clock, parse_times
from gridtool.forecast.history.columns import ColumnMatch, find_columns
from gridtool.forecast.history.hours import HourlyValues, average_hours
from gridtool.forecast.history.model import History
from gridtool.formats.delimited import DelimitedFile, read_rows
from gridtool.formats.findings import refuse_on_errors
from gridtool.network.model import CityNetwork

__all__ = ["read_history"]

FloatArray = npt.NDArray[np.float64]
IMPLAUSIBLE_RATIO = 100.0
"""Median demand above this multiple of the network's peak is taken for kW named as MW."""


def read_history(
    path: str | Path,
    *,
    zone: ZoneInfo,
    columns: Mapping[str, str] | None = None,
    clock: Clock = "auto",
    network: CityNetwork | None = None,
) -> History:
    """Read a CSV (also ``.csv.gz``) of times, demand and optionally temperature.

    The times are beginnings of intervals. Steps shorter than an hour are averaged to hours.

    Parameters
    ----------
    zone
        Time zone of the city; local times in the file are in it.
    columns
        Header by role where the names do not tell, e.g. ``{"load_kw": "Total"}``.
    clock
        Whether times without an offset are UTC or local; "auto" infers it and says so.
    network
        The network the history belongs to, to notice kW named as MW.

    Raises
    ------
    HistoryError
        With every finding, if the file cannot be used.
    """
    file = Path(path).name
    table = read_rows(path, error=HistoryError)
    match, issues = find_columns(table.header, named=columns or {}, file=file)
    if match is None:
        raise HistoryError(issues, subject="history")
    if not table.rows:
        raise HistoryError(Issue(message="no rows", file=file), subject="history")
    issues = [
        Issue(message=text, file=file, severity="warning", hint="say so with --column")
        for text in match.assumed
    ]
    issues += table.warnings
    cells = take_cells(table, match)
    load, temp, found = _parse_values(cells, match, table=table, file=file)
    issues += found
    times, found = parse_times(
        cells.times,
        ColumnPlace(file=file, field=match.timestamp, rows=cells.rows),
        filled=np.isfinite(load),
        zone=zone,
        clock=clock if clock != "auto" else match.clock,
    )
    issues += found
    refuse_on_errors(issues, error=HistoryError, subject="history")
    assert times is not None  # its absence is an error among the issues
    hourly, found = average_hours(times.utc, load, temp_c=temp, file=file)
    issues += found
    if hourly is None:
        raise HistoryError(issues, subject="history")
    history = _finish_history(
        hourly, issues, zone=zone, clock=times.clock, file=file, network=network
    )
    return replace(history, origin=str(path), sha256=table.sha256)


def _parse_values(
    cells: HistoryCells, match: ColumnMatch, *, table: DelimitedFile, file: str
) -> tuple[FloatArray, FloatArray | None, list[Issue]]:
    """Demand in MW, temperature in degrees Celsius if there is one, and the findings."""
    commas = table.dialect.delimiter == ","
    place = ColumnPlace(file=file, field=match.load, rows=cells.rows)
    load, issues = parse_numbers(cells.load, place, comma_separates=commas)
    if match.temp is None:
        return load * match.mw_per_unit, None, issues
    place = ColumnPlace(file=file, field=match.temp, rows=cells.rows)
    temp, found = parse_numbers(cells.temp, place, comma_separates=commas)
    temp = (temp - 32.0) / 1.8 if match.fahrenheit else temp
    return load * match.mw_per_unit, temp, issues + found


def _finish_history(
    hourly: HourlyValues,
    issues: list[Issue],
    *,
    zone: ZoneInfo,
    clock: str,
    file: str,
    network: CityNetwork | None,
) -> History:
    """Check the hours; the history, or all findings raised."""
    load, found = check_load(hourly.load_mw, start=hourly.start, file=file)
    issues += found
    temp = hourly.temp_c
    if temp is not None:
        temp, found = check_temperature(temp, start=hourly.start, file=file)
        issues += found
        temp = temp if np.isfinite(temp).any() else None
    issues += _check_scale(load, network=network, file=file)
    refuse_on_errors(issues, error=HistoryError, subject="history")
    return History(
        start=hourly.start,
        load_mw=load,
        temp_c=temp,
        zone=zone,
        clock=clock,
        warnings=tuple(issues),
    )


def _check_scale(load: FloatArray, *, network: CityNetwork | None, file: str) -> list[Issue]:
    known = load[np.isfinite(load)]
    if network is None or not len(known) or network.peak_mw <= 0:
        return []
    median = float(np.median(known))
    if median <= IMPLAUSIBLE_RATIO * network.peak_mw:
        return []
    return [
        Issue(
            message=f"median demand {median:,.0f} MW, the network's peak is "
            f"{network.peak_mw:,.0f} MW: these look like kW",
            file=file,
            hint="name the column load_kw, or point to it with --column load_kw=NAME",
        )
    ]
