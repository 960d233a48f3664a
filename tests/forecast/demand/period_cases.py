"""Histories without hours, made for tests."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from gridtool.forecast.demand.periods.ahead import add_steps
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
NEW_YORK = ZoneInfo("America/New_York")


def midnight(year, month=1, day=1, *, zone=KYIV):
    """Local midnight, UTC."""
    return datetime(year, month, day, tzinfo=zone).astimezone(UTC)


def edges_of(start, number, *, step, zone=KYIV):
    moments = [add_steps(start, k, step=step, zone=zone) for k in range(number + 1)]
    return np.array([moment.replace(tzinfo=None) for moment in moments], dtype="datetime64[s]")


def periods(start, mean_mw, *, step, zone=KYIV, **given):
    """A history whose periods have the mean demand ``mean_mw`` (n,)."""
    mean_mw = np.asarray(mean_mw, dtype=float)
    edges = edges_of(start, len(mean_mw), step=step, zone=zone)
    hours = np.diff(edges).astype(float) / 3600.0
    given.setdefault("temp_c", None)
    return PeriodHistory(step=step, edges=edges, energy_mwh=mean_mw * hours, zone=zone, **given)


def hourly(start=None, end=None):
    start, end = start or midnight(2023), end or midnight(2026)
    load, temp = make_history(start=start, end=end, special_days=())
    return History(start=start, load_mw=load, temp_c=temp, zone=KYIV)


def ahead(start, *, days=None, until=None, zone=KYIV):
    """Hours from ``start``."""
    end = until or start + timedelta(days=days)
    return TimeGrid(start, int((end - start) / timedelta(hours=1)), zone)


def month_sums(paths, grid):
    """Energy by local month, (n, M)."""
    return np.stack(
        [paths[:, grid.month_index == m].sum(axis=1) for m in range(len(grid.months))], axis=1
    )
