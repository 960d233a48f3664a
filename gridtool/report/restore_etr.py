"""When load is back: by the plan's expected times, and in simulated executions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from gridtool.report.tables import NamedTable
from gridtool.restoration.model import RestorationPlan
from gridtool.restoration.outcome.stages import BACK_SHARE
from gridtool.units import format_quantity

__all__ = ["table_etr", "table_milestones"]

_LEVELS = ("district", "city", "substation", "asset")
_SHOWN = 25
_NOT_OUT = "not out"


def table_etr(plan: RestorationPlan, quantiles: pd.DataFrame | None = None) -> NamedTable:
    """When each district, substation and asset is back; districts first.

    ``etr`` is by the plan's expected times: empty where it is never back with these repairs, and
    where it is never out as planned (``out_as_planned`` says which). With ``quantiles`` (see
    :func:`gridtool.restoration.outcome.etr.tabulate_etr`) also the dates that hold in 50 and 90 %
    of the executions. Assets are for files only, and so is what is not out: not as planned, nor in
    half of the executions.
    """
    etr = plan.etr.assign(out_as_planned=True) if quantiles is None else _join(plan, quantiles)
    not_out = _find_not_out(plan, etr)
    asset = etr["level"] == "asset"
    rank = etr["level"].map(_LEVELS.index) + len(_LEVELS) * (not_out + 2 * asset)
    etr = etr.iloc[rank.argsort(kind="stable")].reset_index(drop=True)
    shown = ["id", "name", "unserved_mw", "customers_out", "etr"]
    shown += ["etr_p50", "etr_p90"] * (quantiles is not None)
    if plan.config.deadline is not None and quantiles is not None:
        shown[4] = "by_deadline_pct"
    rows = int((~asset & ~not_out).sum())
    return NamedTable(
        name="restoration_etr",
        title="Estimated time of restoration (ETR), at the reference demand",
        frame=etr,
        headings={
            "etr": "back as planned",
            "etr_p50": "50 % by",
            "etr_p90": "90 % by",
            "by_deadline_pct": "by deadline [%]",
        },
        decimals={"unserved_mw": 1, "customers_out": 0, "by_deadline_pct": 0},
        terminal_columns=tuple(shown),
        terminal_rows=min(_SHOWN, rows) if rows or not_out.any() else None,
        note=_note_etr(etr, planned="etr" in shown) if len(etr) else "All substations are served.",
        blanks={"etr": ["-" if out else _NOT_OUT for out in etr["out_as_planned"]]},
    )


def _find_not_out(plan: RestorationPlan, etr: pd.DataFrame) -> pd.Series:
    """By row, whether it is out neither as planned nor in half of the executions."""
    if "etr_p50" not in etr:
        return pd.Series(data=False, index=etr.index)
    return ~etr["out_as_planned"] & (etr["etr_p50"] <= pd.Timestamp(plan.state.as_of))


def _note_etr(etr: pd.DataFrame, *, planned: bool) -> str:
    note = (
        "Back: less than 1 % of the demand unserved, and no later step takes it away; '-': "
        "not with these repairs"
    )
    if planned and not etr["out_as_planned"].all():
        note += f"; {_NOT_OUT!r}: only in executions that are not as planned"
    if "executions" not in etr:
        return f"{note}."
    note += ". 50 % and 90 %: dates that hold in so many simulated executions"
    counts = etr.loc[etr["level"] != "asset", "executions"]
    return f"{note}, of {format_quantity(int(counts.max()), decimals=0)}." if len(counts) else note


def _join(plan: RestorationPlan, quantiles: pd.DataFrame) -> pd.DataFrame:
    """``quantiles`` with the planned dates; that of an asset is its last job's."""
    owners = zip(plan.etr["level"], plan.etr["id"], plan.etr["etr"], strict=True)
    planned: dict[tuple[str, str], Any] = {(level, key): etr for level, key, etr in owners}
    for entry in plan.jobs:
        key = ("asset", entry.job.asset)
        finish = pd.Timestamp(entry.finish)
        planned[key] = max(planned.get(key, finish), finish)
    back = _city_back(plan)
    if back is None or back > plan.curve["time"].iloc[0]:
        planned["city", "*"] = back or pd.NaT
    keys = list(zip(quantiles["level"], quantiles["id"], strict=True))
    etr = pd.Series([planned.get(key, pd.NaT) for key in keys], dtype=object)
    return pd.DataFrame(
        {
            **{name: quantiles[name] for name in quantiles.columns[:5]},
            "etr": pd.to_datetime(etr, utc=True),
            "etr_p50": quantiles["etr_p50"],
            "etr_p90": quantiles["etr_p90"],
            "by_deadline_pct": 100 * quantiles["by_deadline"],
            "out_as_planned": np.array([key in planned for key in keys], dtype=np.bool_),
            "executions": quantiles["executions"],
        }
    )


def _city_back(plan: RestorationPlan) -> pd.Timestamp | None:
    """When the whole city is back for good by the plan's curve; None if never."""
    curve = plan.curve
    limit_mw = np.maximum(BACK_SHARE * (curve["served_mw"] + curve["unserved_mw"]), 1e-6)
    out = np.flatnonzero((curve["unserved_mw"] > limit_mw).to_numpy())
    back = int(out[-1]) + 1 if out.size else 0
    return pd.Timestamp(curve["time"].iloc[back]) if back < len(curve) else None


def table_milestones(plan: RestorationPlan, milestones: pd.DataFrame) -> NamedTable:
    """When 90 and 100 % of the customers that the damage put out are back."""
    frame = milestones.assign(by_deadline_pct=100 * milestones["by_deadline"])
    shown = ["share_pct", "customers", "p50", "p90"]
    shown += ["by_deadline_pct"] * (plan.config.deadline is not None)
    hours = float(frame["expected_customer_hours"].iloc[0]) if len(frame) else math.nan
    executions = int(frame["executions"].iloc[0]) if len(frame) else 0
    note = f"From {format_quantity(executions, decimals=0)} simulated executions."
    if math.isfinite(hours):
        note += (
            f" Expected in all: {format_quantity(hours, decimals=0)} customer-hours without "
            "supply, at the reference demand."
        )
    return NamedTable(
        name="customers_back",
        title="When customers that the damage put out are back",
        frame=frame.drop(columns="by_deadline"),
        headings={
            "share_pct": "share [%]",
            "p50": "50 % by",
            "p90": "90 % by",
            "by_deadline_pct": "by deadline [%]",
        },
        decimals={"share_pct": 0, "by_deadline_pct": 0},
        terminal_columns=tuple(shown),
        note=note,
    )
