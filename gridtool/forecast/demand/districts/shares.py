"""Shares of a city's demand by district, from what its districts took: fitted, drawn ahead.

Log share = hour of the week and season + a weekly level that returns + what is left. A path draws
a course of the levels, all districts together, and weeks of residual days, the same for all, and
is scaled to add up to 1 in every hour. Times the city's path it gives district paths that add up
to the city: top-down forecasting with forecast proportions that are uncertain (Athanasopoulos,
Ahmed and Hyndman 2009,
"Hierarchical forecasts for Australian domestic tourism", International Journal of Forecasting
25, 146-166), which leaves the city's forecast as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.calendar import LocalCalendar, make_calendar
from gridtool.forecast.demand.districts.course import ShareCourse, fit_course
from gridtool.forecast.demand.districts.history import DistrictHistory
from gridtool.forecast.demand.districts.level import (
    WEEK_H,
    ShareLevel,
    fit_share_level,
    spread_weeks,
    weekly_means,
)
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.paths import find_blocks, lead_hours
from gridtool.forecast.demand.residual_days import (
    BLOCK_DAYS,
    ResidualDays,
    collect_residual_days,
)
from gridtool.forecast.streams import component_number, open_stream
from gridtool.timegrid import TimeGrid

__all__ = ["FittedShares", "SharePaths", "fit_shares", "split_paths"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
LEAST_DAYS = 28
SEASON_DAYS = 690
"""Days that teach a season: in one year nobody can tell a season from people who moved."""
LEAST_SHARE = 1e-4
"""A district with less than this share of the city counts as if it had it: nothing has no log."""
PRIOR_WEEKS = 8
"""Weeks that the correlation of districts without a history of it counts as."""
_SHARES = component_number("demand: shares of districts")


@dataclass(frozen=True, kw_only=True)
class SharePaths:
    """Draws shares of D districts over the H hours of a grid.

    Attributes
    ----------
    explained : (D, H)
        Log share by the calendar.
    harmonics
        Yearly waves in it.
    mixing : (D, D)
        Times independent normal numbers: correlated ones, each of variance 1.
    residuals : (D, d, 24)
        By local day of the history.
    """

    districts: tuple[str, ...]
    calendar: LocalCalendar
    explained: FloatArray
    lead_h: IntArray
    harmonics: int
    levels: tuple[ShareLevel, ...]
    mixing: FloatArray
    blocks: tuple[IntArray, ...]
    residuals: FloatArray

    def draw(self, n: int, *, seed: int, first: int = 0) -> FloatArray:
        """Shares of paths ``first`` to ``first + n - 1``, (n, D, H), adding up to 1 over districts.

        Path i depends on (seed, i) only.
        """
        weeks = int(self.lead_h[-1]) // WEEK_H + 1
        count = len(self.districts)
        usual = 1 + 2 * self.harmonics
        normal = np.empty((n, weeks + 1 + usual, count))
        picks = np.empty((n, len(self.blocks)))
        for row in range(n):
            stream = open_stream(seed, first + row, component=_SHARES)
            normal[row] = stream.standard_normal(normal.shape[1:])
            picks[row] = stream.random(len(self.blocks))
        steps = np.einsum("nwk,dk->ndw", normal, self.mixing)
        logs: FloatArray = self.explained + self._level_paths(steps)
        logs += self._residual_paths(picks)
        return _to_shares(logs)

    def expect(self) -> FloatArray:
        """The most likely shares, (D, H), adding up to 1 over districts."""
        weeks = self.lead_h // WEEK_H
        faded = np.stack([level.expect(int(weeks[-1]) + 1)[weeks] for level in self.levels])
        return _to_shares(self.explained + faded)

    def _level_paths(self, steps: FloatArray) -> FloatArray:
        weeks = steps.shape[-1] - 1 - 2 * self.harmonics
        courses = np.stack(
            [level.follow(steps[:, at], weeks=weeks) for at, level in enumerate(self.levels)],
            axis=1,
        )
        paths: FloatArray = courses[..., self.lead_h // WEEK_H]
        return paths

    def _residual_paths(self, picks: FloatArray) -> FloatArray:
        starts = np.stack(
            [
                block[(picks[:, b] * len(block)).astype(np.int64)]
                for b, block in enumerate(self.blocks)
            ],
            axis=1,
        )
        day = self.calendar.day - self.calendar.day[0]
        rows = starts[:, day // BLOCK_DAYS] + (day % BLOCK_DAYS)
        picked = self.residuals[:, rows, self.calendar.hour]
        return np.moveaxis(picked, 0, 1)


@dataclass(frozen=True, kw_only=True)
class FittedShares:
    """Shares of districts, fitted; see :func:`fit_shares`.

    Attributes
    ----------
    description
        In words.
    notes
        What a reader must know of them.
    """

    districts: tuple[str, ...]
    course: ShareCourse
    levels: tuple[ShareLevel, ...]
    mixing: FloatArray
    residual_days: tuple[ResidualDays, ...]
    end: datetime
    description: str
    notes: tuple[str, ...] = ()

    def prepare(self, grid: TimeGrid) -> SharePaths:
        """What all paths over ``grid`` share, made once."""
        calendar = make_calendar(grid.start, grid.hours, zone=grid.zone)
        return SharePaths(
            districts=self.districts,
            calendar=calendar,
            explained=self.course.predict(calendar),
            lead_h=lead_hours(self.end, grid=grid),
            harmonics=self.course.harmonics,
            levels=self.levels,
            mixing=self.mixing,
            blocks=find_blocks(self.residual_days[0], calendar=calendar),
            residuals=np.stack([days.values for days in self.residual_days]),
        )

    def usual(self, grid: TimeGrid) -> Mapping[str, float]:
        """Mean of the most likely shares over the hours of ``grid``, by district."""
        means = self.prepare(grid).expect().mean(axis=1)
        return dict(zip(self.districts, (means / means.sum()).tolist(), strict=True))


def fit_shares(
    history: DistrictHistory, *, special_days: SpecialDays | None = None
) -> FittedShares:
    """Fit the shares of the districts to the hours in which all of them are known.

    Two years or so teach a season of two waves, less none.

    Raises
    ------
    HistoryError
        If there are fewer than two districts or than 28 days.
    """
    load = history.load_mw
    calendar = make_calendar(history.start, load.shape[1], zone=history.zone)
    whole = np.isfinite(load).all(axis=0) & (np.where(np.isfinite(load), load, 0).sum(axis=0) > 0)
    days = len(np.unique(calendar.day[whole]))
    _check_size(history, days=days)
    shares = np.where(whole, load, np.nan)
    shares = np.maximum(shares / shares.sum(axis=0), LEAST_SHARE)
    logs = np.log(shares)
    course = fit_course(
        logs,
        calendar=calendar,
        harmonics=2 if days >= SEASON_DAYS else 0,
        special_days=special_days or SpecialDays(),
    )
    left = logs - course.predict(calendar)
    weekly = np.stack([weekly_means(own) for own in left])
    levels, smoothed = zip(*(fit_share_level(own) for own in weekly), strict=True)
    residual = left - np.stack([spread_weeks(own, hours=left.shape[1]) for own in smoothed])
    residual_days = tuple(collect_residual_days(own, calendar=calendar) for own in residual)
    if not len(residual_days[0].starts):
        raise HistoryError(
            Issue(
                message="no week is known whole for all districts",
                file=history.origin or None,
                hint="fill the gaps of the districts' history",
            )
        )
    season = "season" if course.harmonics else "no season"
    return FittedShares(
        districts=history.districts,
        course=course,
        levels=levels,
        mixing=_mix_districts(weekly, shares=np.nanmean(shares, axis=1)),
        residual_days=residual_days,
        end=history.end,
        description=(
            f"shares of {len(shares)} districts from {days} days by {history.step}: hour of the "
            f"week, {season}, weekly levels that return, residual days"
        ),
        notes=(*history.notes, *_note_gaps(whole)),
    )


def split_paths(city_mw: FloatArray, *, shares: FloatArray) -> FloatArray:
    """Demand by district, (n, D, H), that adds up to the city's paths (n, H) in every hour.

    Parameters
    ----------
    shares : (n, D, H) or (D, H)
        Adding up to 1 over districts.
    """
    paths: FloatArray = city_mw[:, None, :] * shares
    return paths


def _to_shares(logs: FloatArray) -> FloatArray:
    """Positive numbers that add up to 1 over districts, the last axis but one."""
    shares: FloatArray = np.exp(logs - logs.max(axis=-2, keepdims=True))
    shares /= shares.sum(axis=-2, keepdims=True)
    return shares


def _check_size(history: DistrictHistory, *, days: int) -> None:
    issues = []
    if len(history.districts) < 2:
        issues.append(
            Issue(
                message="a history by district needs two districts or more",
                file=history.origin or None,
                value=", ".join(history.districts),
            )
        )
    if days < LEAST_DAYS:
        issues.append(
            Issue(
                message=f"all districts are known on {days} days",
                file=history.origin or None,
                accepted=f"at least {LEAST_DAYS} days",
            )
        )
    if issues:
        raise HistoryError(issues, subject="history")


def _note_gaps(whole: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    missing = int((~whole).sum())
    if not missing:
        return ()
    return (f"{missing} of {len(whole)} hours are left out: a district is not known in them",)


def _mix_districts(weekly: FloatArray, *, shares: FloatArray) -> FloatArray:
    """Root of the correlation matrix of the districts' weekly levels, (D, D).

    Where one district gains another loses. The correlation of the weeks' changes is drawn
    towards that of log shares whose loads move independently (dy = dx - sum of s dx), which
    counts as :data:`PRIOR_WEEKS` weeks.
    """
    closure = np.eye(len(shares)) - shares / shares.sum()
    target = _correlate(closure @ closure.T)
    changes = np.diff(weekly, axis=1)
    changes = changes[:, np.isfinite(changes).all(axis=0)]
    moves = bool((changes.std(axis=1) > 0).all()) if changes.shape[1] > 2 else False
    weeks = changes.shape[1] if moves else 0
    found = _correlate(np.cov(changes)) if moves else target
    mixed = (weeks * found + PRIOR_WEEKS * target) / (weeks + PRIOR_WEEKS)
    values, vectors = np.linalg.eigh(mixed)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _correlate(covariance: FloatArray) -> FloatArray:
    spread = np.sqrt(np.diag(covariance))
    correlation: FloatArray = covariance / np.outer(spread, spread)
    return correlation
