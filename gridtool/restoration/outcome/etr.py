"""When load is back: dates that hold with a stated probability, from simulated executions."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.restoration.model import RestorationPlan
from gridtool.restoration.outcome.etr_replay import Replay

__all__ = [
    "EXECUTIONS",
    "executions_needed",
    "quantile_hours",
    "tabulate_etr",
    "tabulate_milestones",
]

FloatArray = npt.NDArray[np.float64]


def executions_needed(*, probability: float, within: float) -> int:
    """Executions for which a quantile's coverage has a standard error of at most ``within``.

    Of n executions the order statistic at ``probability`` covers that share of new executions
    with a standard error of ``sqrt(probability * (1 - probability) / n)``.
    """
    return math.ceil(probability * (1.0 - probability) / within**2)


EXECUTIONS = executions_needed(probability=0.5, within=0.01)
"""2,500 executions: the P50 covers half of new ones within 1 %, the P90 90 % within 0.6 %
(standard errors)."""

_LEVELS = ("asset", "substation", "district", "city")
_ETR_COLUMNS = (
    "level",
    "id",
    "name",
    "unserved_mw",
    "customers_out",
    "etr_p50",
    "etr_p90",
    "by_deadline",
    "executions",
)


def tabulate_etr(plan: RestorationPlan, replay: Replay) -> pd.DataFrame:
    """Dates by which assets are repaired, and substations, districts and the city are back.

    An asset is repaired when its last stage is finished; the others are back for good by the
    rule of :data:`gridtool.restoration.outcome.stages.BACK_SHARE`, at the plan's reference demand.

    Returns
    -------
    Frame with level (asset, substation, district, city; in this order, then by date), id (city:
    "*"), name (of an asset: its kind), unserved_mw and customers_out now (NaN for assets),
    etr_p50 and etr_p90 (UTC; NaT: more than 50 or 10 % of the executions never get there), and
    by_deadline, the share of executions that are there by the plan's deadline (NaN without one),
    executions, how many of them the row is taken from (for assets all that were drawn; see
    :func:`executions_needed`).
    Substations, districts and the city have a row if they are out now, or in more than 10 % of
    the executions at any time; an execution in which one is never out has it back at the as-of
    time.
    """
    rows = _asset_rows(plan, replay) + _owner_rows(plan, replay)
    rows.sort(key=lambda row: (_LEVELS.index(row[0]), row[5], row[6], row[1]))
    frame = pd.DataFrame(rows, columns=list(_ETR_COLUMNS))
    return frame.assign(
        **{
            column: frame[column].astype(np.float64)
            for column in ("unserved_mw", "customers_out", "by_deadline")
        },
        executions=frame["executions"].astype(np.int64),
        **{column: _moments(plan, frame[column]) for column in ("etr_p50", "etr_p90")},
    )


def tabulate_milestones(plan: RestorationPlan, replay: Replay) -> pd.DataFrame:
    """When 90 % and 100 % of the customers that the damage put out are back for good.

    Customers that stay out when everything is repaired (a city short of supply) were not put out
    by the damage and are not waited for.

    Returns
    -------
    Frame with one row per milestone: share_pct, customers (how many have to be back), p50 and
    p90 (UTC, NaT: never in so many executions), by_deadline (share of executions, NaN without a
    deadline), expected_customer_hours (mean over the executions of the hours that customers are
    out for the damage; infinite if some of them never come back in one), and executions (how
    many were used).
    """
    lost = float(replay.now.customers_out.sum() - replay.at_end.customers_out.sum())
    quantiles = quantile_hours(replay.share_back_h)
    return pd.DataFrame(
        {
            "share_pct": 100.0 * replay.share,
            "customers": np.round(np.maximum(lost, 0.0) * replay.share).astype(np.int64),
            "p50": _moments(plan, pd.Series(quantiles[0])),
            "p90": _moments(plan, pd.Series(quantiles[1])),
            "by_deadline": _by_deadline(plan, replay.share_back_h),
            "expected_customer_hours": np.full(
                len(replay.share), replay.customer_hours.mean() if replay.n else np.nan
            ),
            "executions": np.full(len(replay.share), replay.n, dtype=np.int64),
        }
    )


def quantile_hours(hours: FloatArray) -> tuple[FloatArray, FloatArray]:
    """P50 and P90 of each column of ``hours`` (n, k) as order statistics: both dates are dates
    of an execution, and at least so many executions are there by then. NaN without executions."""
    n = len(hours)
    if n == 0:
        nothing = np.full(hours.shape[1], np.nan)
        return nothing, nothing
    ordered = np.sort(hours, axis=0)
    return ordered[math.ceil(0.5 * (n - 1))], ordered[math.ceil(0.9 * (n - 1))]


_Row = tuple[str, str, str, float, float, float, float, float, int]


def _asset_rows(plan: RestorationPlan, replay: Replay) -> list[_Row]:
    asset_of = {entry.job.id: entry.job.asset for entry in plan.jobs}
    columns: dict[str, list[int]] = {}
    for column, job_id in enumerate(replay.job_ids):
        columns.setdefault(asset_of[job_id], []).append(column)
    if not columns:
        return []
    hours = np.stack([replay.finish_h[:, held].max(axis=1) for held in columns.values()], axis=1)
    median, late = quantile_hours(hours)
    by_deadline = _by_deadline(plan, hours)
    kinds = plan.state.network.assets
    return [
        (
            "asset",
            asset,
            kinds[asset].kind,
            np.nan,
            np.nan,
            float(median[k]),
            float(late[k]),
            float(by_deadline[k]),
            len(hours),
        )
        for k, asset in enumerate(columns)
    ]


def _owner_rows(plan: RestorationPlan, replay: Replay) -> list[_Row]:
    owners = replay.owners
    median, late = quantile_hours(replay.back_h)
    by_deadline = _by_deadline(plan, replay.back_h)
    unserved = owners.sum_up(replay.now.unserved_mw)
    customers = np.round(owners.sum_up(replay.now.customers_out))
    return [
        (
            owners.level[k],
            owners.ids[k],
            owners.names[k],
            float(unserved[k]),
            float(customers[k]),
            float(median[k]),
            float(late[k]),
            float(by_deadline[k]),
            replay.n,
        )
        for k in np.flatnonzero(owners.are_out(replay.now) | (late > 0.0)).tolist()
    ]


def _by_deadline(plan: RestorationPlan, hours: FloatArray) -> FloatArray:
    """Share of the executions (n, k) that are there by the deadline."""
    deadline = plan.config.deadline
    if deadline is None or not len(hours):
        return np.full(hours.shape[1], np.nan)
    share: FloatArray = (hours <= (deadline - plan.state.as_of) / timedelta(hours=1)).mean(axis=0)
    return share


def _moments(plan: RestorationPlan, hours: pd.Series) -> pd.Series:
    """``hours`` after the as-of time as dates to the second; NaT where infinite or unknown."""

    def moment(value: float) -> datetime | None:
        if not math.isfinite(value):
            return None
        return plan.state.as_of + timedelta(seconds=round(value * 3600))

    return pd.to_datetime(pd.Series([moment(float(v)) for v in hours], dtype=object), utc=True)
