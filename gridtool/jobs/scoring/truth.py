"""What came: a later history of demand, and hours off as stated by month and district."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.history.model import History
from gridtool.forecast.history.read import read_history
from gridtool.forecast.model import CITY
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.schema import Column, TableSchema
from gridtool.formats.text import read_bytes
from gridtool.formats.typed import read_table
from gridtool.jobs.history_options import HistoryOptions
from gridtool.timegrid import TimeGrid

__all__ = ["STATED", "Truth", "read_truth", "settle_truth"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
STATED = TableSchema(
    name="hours off",
    meaning="hours a day without supply for an ordinary customer, as they came",
    key=("month", "district"),
    columns=(
        Column(name="month", kind="text", meaning="local calendar month, as 2027-01"),
        Column(
            name="district",
            kind="text",
            meaning="id of the district, or * for the whole city",
            required=False,
            default=CITY,
        ),
        Column(
            name="hours_off",
            kind="float",
            unit="h a day",
            meaning="mean over the month's days",
            minimum=0.0,
            maximum=24.0,
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What came.

    Attributes
    ----------
    sha256
        Over the contents of all files.
    origin
        Names of the files.
    start
        Of the first hour (aware UTC).
    demand_mw : (hours,)
        What would have been served without shortage, in the MW of the file; NaN where unknown.
    shed_mw : (hours,) or None
        Load shed, NaN where unknown; None where nothing is known of it.
    stated
        Hours off a day by month and district.
    """

    sha256: str
    origin: tuple[str, ...]
    start: datetime | None = None
    demand_mw: FloatArray = field(default_factory=lambda: np.empty(0))
    shed_mw: FloatArray | None = None
    stated: Mapping[tuple[str, str], float] = field(default_factory=dict)
    warnings: tuple[Issue, ...] = ()

    def demand_on(self, grid: TimeGrid) -> FloatArray:
        """Demand in each hour of ``grid``, NaN where unknown, (grid.hours,)."""
        return self._lay(self.demand_mw, grid)

    def shed_on(self, grid: TimeGrid) -> FloatArray:
        """Load shed in each hour of ``grid``, NaN where unknown, (grid.hours,)."""
        shed = self.shed_mw
        return self._lay(np.empty(0) if shed is None else shed, grid)

    def _lay(self, values: FloatArray, grid: TimeGrid) -> FloatArray:
        found = np.full(grid.hours, np.nan)
        if self.start is None:
            return found
        at = (grid.start - self.start) // HOUR
        first, last = max(0, -at), min(grid.hours, len(values) - at)
        if first < last:
            found[first:last] = values[at + first : at + last]
        return found


def read_truth(
    history: Path | None,
    *,
    zone: ZoneInfo,
    options: HistoryOptions | None = None,
    stated: Path | None = None,
    now: datetime | None = None,
) -> Truth:
    """Read a later history by hour, and hours off stated by month and district.

    Parameters
    ----------
    options
        How the history is to be understood, among it its log of outages.
    stated
        A CSV of :data:`STATED`.

    Raises
    ------
    HistoryError
        If neither is given or one cannot be used, with every finding.
    """
    if history is None and stated is None:
        raise HistoryError(
            Issue(
                message="nothing to score by",
                accepted="a history that covers past runs, or hours off by month",
            ),
            subject="history",
        )
    options = options or HistoryOptions()
    paths = [path for path in (history, stated, options.outages) if path is not None]
    rows, warnings = ({}, []) if stated is None else _read_stated(stated)
    digest = hashlib.sha256()
    for path in paths:
        content = read_bytes(path, error=HistoryError)
        digest.update(hashlib.sha256(content).digest())
    names = tuple(path.name for path in paths)
    if history is None:
        return Truth(sha256=digest.hexdigest(), origin=names, stated=rows, warnings=tuple(warnings))
    found = read_history(
        history,
        zone=zone,
        columns=options.columns,
        clock=options.clock,
        outages=options.outages,
        sheet=options.sheet,
        hour_ending=options.hour_ending,
        now=now,
    )
    demand_mw, shed_mw = settle_truth(found)
    return Truth(
        sha256=digest.hexdigest(),
        origin=names,
        start=found.start,
        demand_mw=demand_mw,
        shed_mw=shed_mw,
        stated=rows,
        warnings=(*warnings, *found.warnings),
    )


def settle_truth(history: History) -> tuple[FloatArray, FloatArray | None]:
    """The demand behind what was served, and what was shed.

    Demand is served and shed load together. It is unknown in hours that were short by an unknown
    amount: to leave them out is better than to call what was served the demand.
    """
    demand, shed = history.load_mw, history.shed_mw
    if shed is not None:
        demand = demand + np.where(np.isfinite(shed), shed, 0.0)
    if history.short is not None:
        unknown = history.short if shed is None else history.short & ~np.isfinite(shed)
        demand = np.where(unknown, np.nan, demand)
    return demand, shed


def _read_stated(path: Path) -> tuple[dict[tuple[str, str], float], list[Issue]]:
    frame, warnings = read_table(path, STATED, error=HistoryError)
    issues = [
        Issue(
            message="is not a month",
            file=path.name,
            field="month",
            value=str(month),
            accepted="2027-01",
        )
        for month in frame["month"]
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(month))
    ]
    rows: dict[tuple[str, str], float] = {}
    for month, place, hours in zip(
        frame["month"], frame["district"], frame["hours_off"], strict=True
    ):
        if (str(month), str(place)) in rows:
            message = f"{place} is stated twice for {month}"
            issues.append(Issue(message=message, file=path.name, field="district"))
        rows[str(month), str(place)] = float(hours)
    refuse_on_errors(issues, error=HistoryError, subject=path.name)
    return rows, warnings
