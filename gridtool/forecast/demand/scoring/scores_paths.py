"""All scores of one forecast over one grid: by hour, by month's energy and peak, and as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.scoring.scores import (
    NINE_LEVELS,
    NINETY_NINE_LEVELS,
    crps,
    hold_interval,
    pinball,
    place_quantiles,
    rank_truth,
)
from gridtool.forecast.demand.scoring.scores_pit import PIT_BINS, count_places
from gridtool.timegrid import TimeGrid

__all__ = ["Candidate", "PathScores", "mean_pinball_pct", "score_energy", "score_paths"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
LEAST_MONTH_H = 168
"""A month of which fewer hours are known has no energy and no peak to be scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What a method expects.

    Attributes
    ----------
    name
        Of the method.
    values : (n, h)
        Paths, MW; or quantiles at evenly spaced levels from 0 to 1; or one row, a point forecast.
    joint
        The rows are paths, which say how hours hang together; else only each hour's quantiles,
        which say nothing of the spread of energy and peaks.
    point : (h,) or None
        The course by whose own energy and peaks the method is judged; None: the medians of its
        rows'.
    """

    name: str
    values: FloatArray
    joint: bool = True
    point: FloatArray | None = None

    def take(self, hours: BoolArray) -> Candidate:
        """Of the same method, some of the hours."""
        point = None if self.point is None else self.point[hours]
        return replace(self, values=self.values[:, hours], point=point)

    @property
    def courses(self) -> FloatArray:
        """What energy and peaks are expected by, (1 or n, h)."""
        return self.values if self.point is None else self.point[None]

    @property
    def spread(self) -> bool:
        """Whether it has intervals of energy and peaks."""
        return self.joint and len(self.values) > 1


@dataclass(frozen=True, kw_only=True)
class PathScores:
    """Scores of one method at one origin.

    Attributes
    ----------
    whole
        By name of the score, over the whole grid.
    months
        By local month: its number, how many months ahead, and its scores.
    pit : (bins,)
        Hours by bin of the truth's place; zeros for a point forecast.
    places : (n + 1, bins) or None
        See :func:`gridtool.forecast.demand.scoring.scores_pit.count_places`; None if not joint.
    """

    whole: dict[str, float]
    months: tuple[dict[str, float | int | str], ...]
    pit: IntArray
    places: IntArray | None


def score_paths(
    truth: FloatArray, candidate: Candidate, *, grid: TimeGrid, scale_mw: float = float("nan")
) -> PathScores:
    """Score a forecast against ``truth`` (h,); hours unknown in the truth do not count.

    Parameters
    ----------
    scale_mw
        Of MASE, see :func:`gridtool.forecast.demand.scoring.scores.naive_scale`.
    """
    known = np.isfinite(truth)
    truth, candidate = truth[known], candidate.take(known)
    month = grid.month_index[known]
    ordered = np.sort(candidate.values, axis=0)
    hourly = _score_hours(truth, ordered)
    months = tuple(
        {
            "month": grid.months[m],
            "months_ahead": int(m) + 1,
            "month_of_year": int(grid.months[m][-2:]),
            "hours": int((month == m).sum()),
            **_score_month_hours(truth, hourly, at=month == m),
            **_score_month(truth[month == m], candidate.take(month == m)),
        }
        for m in np.unique(month)
    )
    whole = _score_whole(truth, hourly, candidate=candidate, scale_mw=scale_mw)
    for name, own in _MONTH_MEANS.items():
        whole[name] = _mean([float(row[own]) for row in months])
    bins = np.minimum((rank_truth(truth, ordered) * PIT_BINS).astype(np.int64), PIT_BINS - 1)
    return PathScores(
        whole=whole,
        months=months,
        pit=np.bincount(bins, minlength=PIT_BINS) * int(len(ordered) > 1),
        places=count_places(truth, candidate.values) if candidate.spread else None,
    )


def mean_pinball_pct(truth: FloatArray, values: FloatArray) -> float:
    """Pinball loss over the levels 0.1 to 0.9 in percent of mean demand; see score_paths."""
    known = np.isfinite(truth)
    quantiles = place_quantiles(np.sort(values[:, known], axis=0), NINE_LEVELS)
    loss = pinball(truth[known], quantiles, levels=NINE_LEVELS)
    return float(100 * loss.mean() / truth[known].mean())


def score_energy(truth_mwh: float, energy_mwh: FloatArray) -> dict[str, float]:
    """Scores of a period's energy: truth against samples (n,)."""
    ordered, truth = np.sort(energy_mwh)[:, None], np.array([truth_mwh])
    bias = float(100 * (np.median(ordered) / truth_mwh - 1))
    return {
        "energy_error_pct": abs(bias),
        "energy_bias_pct": bias,
        "energy_crps_pct": float(100 * crps(truth, ordered)[0] / truth_mwh),
        "energy_held_80": float(hold_interval(truth, ordered, share=0.8)[0]),
    }


_MONTH_MEANS = {
    "energy_coverage_80": "energy_held_80",
    "energy_error_pct": "energy_error_pct",
    "energy_crps_pct": "energy_crps_pct",
    "month_peak_error_pct": "peak_error_pct",
    "month_peak_coverage_80": "peak_held_80",
}
"""Scores of the whole that are means over its months."""


def _score_hours(truth: FloatArray, ordered: FloatArray) -> dict[str, FloatArray]:
    """Scores by hour, each (h,)."""
    middle = place_quantiles(ordered, np.array([0.5]))[0]
    found = {
        "pinball": pinball(truth, place_quantiles(ordered, NINE_LEVELS), levels=NINE_LEVELS),
        "pinball99": pinball(
            truth, place_quantiles(ordered, NINETY_NINE_LEVELS), levels=NINETY_NINE_LEVELS
        ),
        "crps": crps(truth, ordered),
        "error": middle - truth,
    }
    for percent in (50, 80, 90):
        held = hold_interval(truth, ordered, share=percent / 100)
        found[f"coverage_{percent}"] = held if len(ordered) > 1 else np.full(len(truth), np.nan)
    return found


def _score_month_hours(
    truth: FloatArray, hourly: dict[str, FloatArray], *, at: BoolArray
) -> dict[str, float]:
    return {
        "pinball_pct": float(100 * hourly["pinball"][at].mean() / truth[at].mean()),
        "mape_pct": float(100 * np.mean(np.abs(hourly["error"][at]) / truth[at])),
        "coverage_80": float(hourly["coverage_80"][at].mean()),
    }


def _score_month(truth: FloatArray, candidate: Candidate) -> dict[str, float]:
    """Energy and peak of one month, NaN where too little of it is known."""
    if len(truth) < LEAST_MONTH_H:
        names = (*_MONTH_MEANS.values(), "energy_bias_pct", "peak_bias_pct")
        return dict.fromkeys(names, float("nan"))
    total, peak = float(truth.sum()), truth.max()
    expected = float(np.median(candidate.courses.max(axis=1)))
    row = score_energy(total, candidate.courses.sum(axis=1)) | {
        "peak_error_pct": float(100 * abs(expected / peak - 1)),
        "peak_bias_pct": float(100 * (expected / peak - 1)),
    }
    if not candidate.spread:
        nothing = ("energy_crps_pct", "energy_held_80", "peak_held_80")
        return row | dict.fromkeys(nothing, float("nan"))
    energy = score_energy(total, candidate.values.sum(axis=1))
    row |= {name: energy[name] for name in ("energy_crps_pct", "energy_held_80")}
    peaks = np.sort(candidate.values.max(axis=1))[:, None]
    row["peak_held_80"] = float(hold_interval(peak[None], peaks, share=0.8)[0])
    return row


def _score_whole(
    truth: FloatArray, hourly: dict[str, FloatArray], *, candidate: Candidate, scale_mw: float
) -> dict[str, float]:
    mean, error = truth.mean(), np.abs(hourly["error"])
    peak = float(np.median(candidate.courses.max(axis=1)))
    return {
        "pinball_pct": float(100 * hourly["pinball"].mean() / mean),
        "pinball99_pct": float(100 * hourly["pinball99"].mean() / mean),
        "crps_pct": float(100 * hourly["crps"].mean() / mean),
        "mape_pct": float(100 * np.mean(error / truth)),
        "mase": float(error.mean() / scale_mw),
        "bias_pct": float(100 * (candidate.courses.mean() / mean - 1)),
        **{name: float(hourly[name].mean()) for name in _COVERAGES},
        "peak_error_pct": float(100 * abs(peak / truth.max() - 1)),
    }


_COVERAGES = ("coverage_50", "coverage_80", "coverage_90")


def _mean(values: list[float]) -> float:
    """Mean of the known values, NaN if there are none."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
