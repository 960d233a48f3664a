"""A restoration plan as tables and a sentence."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gridtool.report.curve import chart_restoration
from gridtool.report.tables import Chart, NamedTable
from gridtool.restoration.model import CompletionSamples, RestorationPlan
from gridtool.restoration.rules import RULES
from gridtool.units import format_quantity

__all__ = [
    "chart_plan",
    "describe_plan",
    "table_comparison",
    "table_curve",
    "table_etr",
    "table_jobs",
    "tables_restoration",
]


def tables_restoration(
    plan: RestorationPlan, completions: CompletionSamples | None = None, *, compare: bool = False
) -> tuple[NamedTable, ...]:
    """The jobs, the curve, the ETR and, if wanted, the comparison with rules in use."""
    tables = (table_jobs(plan, completions), table_curve(plan), table_etr(plan))
    return (*tables, table_comparison(plan)) if compare else tables


def table_jobs(plan: RestorationPlan, completions: CompletionSamples | None = None) -> NamedTable:
    """Every job by its start: who does it, when, and what it gives back.

    ``finish_p90`` is the time by which the job is finished in 90 % of the executions in
    ``completions``.
    """
    late = _finish_p90(plan, completions)
    rows = [
        {
            "order": plan.order.index(entry.job.id) + 1,
            "asset": entry.job.asset,
            "kind": entry.job.kind,
            "substation": entry.job.substation,
            "district": entry.job.district,
            "crew": entry.crew,
            "start": entry.start,
            "finish": entry.finish,
            "finish_p90": late.get(entry.job.asset, pd.NaT),
            "work_h": entry.job.duration.mean_h,
            "travel_h": entry.travel_h,
            "served_gain_mw": entry.served_gain_mw + 0.0,
            "skills": " ".join(entry.job.skills),
            "spares": " ".join(entry.job.spares),
            "duration_basis": entry.job.duration.basis,
        }
        for entry in sorted(plan.jobs, key=lambda entry: (entry.start, entry.crew))
    ]
    frame = pd.DataFrame(rows, columns=list(_JOB_COLUMNS))
    shown = ["order", "asset", "crew", "start", "finish", "work_h", "served_gain_mw"]
    shown += ["spares"] * any(entry.job.spares for entry in plan.jobs)
    if late:
        shown.insert(5, "finish_p90")
    for column in ("start", "finish", "finish_p90"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return NamedTable(
        name="restoration_plan",
        title=f"Restoration plan: {len(rows)} repairs",
        frame=frame,
        headings={"finish_p90": "90 % by", "served_gain_mw": "gain [MW]"},
        decimals={"work_h": 1, "travel_h": 1, "served_gain_mw": 1},
        terminal_columns=tuple(shown),
        note="Times are those of the expected work; the order is the crews' priority. The gain is "
        "what is served more once the repair is finished, after those before it."
        if rows
        else "Nothing to repair.",
    )


_JOB_COLUMNS = (
    "order",
    "asset",
    "kind",
    "substation",
    "district",
    "crew",
    "start",
    "finish",
    "finish_p90",
    "work_h",
    "travel_h",
    "served_gain_mw",
    "skills",
    "spares",
    "duration_basis",
)


def _finish_p90(
    plan: RestorationPlan, completions: CompletionSamples | None
) -> dict[str, pd.Timestamp]:
    if completions is None or not completions.asset_ids:
        return {}
    hours = np.quantile(completions.finish_h, 0.9, axis=0, method="higher")
    as_of = pd.Timestamp(plan.state.as_of)
    return {
        asset: as_of + pd.Timedelta(seconds=round(float(late) * 3600))
        for asset, late in zip(completions.asset_ids, hours, strict=True)
        if np.isfinite(late)
    }


def table_curve(plan: RestorationPlan) -> NamedTable:
    """The restoration curve, one row per step that changes something for customers."""
    steps = plan.curve["unserved_mw"].diff().abs().fillna(np.inf) > 0.005
    steps.iloc[-1] = True
    curve = plan.curve[steps].reset_index(drop=True)
    left = float(curve["unserved_mw"].iloc[-1])
    note = ""
    if left > 0.05:
        note = (
            f"{format_quantity(left)} MW stay unserved after the last repair: the network is "
            "short at this demand even when repaired, and the plan's energy does not count it."
        )
    return NamedTable(
        name="restoration_curve",
        title="Restoration curve, at the reference demand",
        frame=curve,
        decimals={"served_mw": 1, "unserved_mw": 1},
        note=note,
    )


def table_etr(plan: RestorationPlan) -> NamedTable:
    """When each district and substation is back; districts first."""
    etr = plan.etr.sort_values("level", kind="stable").reset_index(drop=True)
    return NamedTable(
        name="restoration_etr",
        title="Estimated time of restoration (ETR), at the reference demand",
        frame=etr,
        headings={"etr": "back for good"},
        decimals={"unserved_mw": 1},
        terminal_rows=25,
        note="Back: less than 1 % of the demand unserved, and no later step takes it away; '-': "
        "not with these repairs."
        if len(etr)
        else "All substations are served.",
    )


def table_comparison(plan: RestorationPlan) -> NamedTable:
    """The plan against the rules people use, all with the same crews and spares."""
    return NamedTable(
        name="rule_comparison",
        title="The plan and rules in use, with the same crews and spares",
        frame=plan.comparison.assign(
            sorted_by=[RULES.get(str(rule), "search") for rule in plan.comparison["rule"]]
        ),
        headings={"ens_mwh": "not served [MWh]", "excess_pct": "more than the plan [%]"},
        decimals={"ens_mwh": 0, "excess_pct": 1},
        terminal_columns=("rule", "ens_mwh", "excess_pct", "complete_at"),
    )


def chart_plan(plan: RestorationPlan, *, zone: ZoneInfo) -> Chart:
    """The restoration curve in characters."""
    return chart_restoration(plan.curve, zone=zone, after="restoration_curve")


def describe_plan(plan: RestorationPlan, *, zone: ZoneInfo) -> str:
    """The plan in a few sentences."""
    if not plan.jobs and plan.state.damage:
        return "No damaged asset is below full capacity: there is nothing to repair."
    if not plan.jobs:
        return "Nothing is damaged: there is nothing to repair."
    crews = len({entry.crew for entry in plan.jobs})
    last = max(entry.finish for entry in plan.jobs)
    text = (
        f"{_count(len(plan.jobs), 'repair')} by {_count(crews, 'crew')}, the last finished on "
        f"{last.astimezone(zone):%Y-%m-%d %H:%M}."
    )
    lost = float(plan.curve["served_mw"].iloc[-1] - plan.curve["served_mw"].iloc[0])
    if lost <= 0.05:
        return text + " The damage leaves no load unserved at the reference demand."
    half, most = (_time_regained(plan, share) for share in (0.5, 0.9))
    text += (
        f" {format_quantity(lost, decimals=0)} MW are lost to the damage: half of them back by "
        f"{half.tz_convert(zone):%Y-%m-%d %H:%M}, 90 % by {most.tz_convert(zone):%Y-%m-%d %H:%M}; "
        f"{format_quantity(plan.ens_mwh, decimals=0)} MWh are not served "
        "until the last repair, at the reference demand."
    )
    rules = plan.comparison.iloc[1:]
    if len(rules) and plan.ens_mwh > 0:
        best = rules.iloc[int(rules["ens_mwh"].argmin())]
        excess = float(best["excess_pct"])
        if excess >= 0.05:
            text += f" The best of {len(rules)} rules in use ({best['rule']}) leaves {excess:.1f} %"
            text += " more."
        else:
            text += f" The rule {best['rule']!r} does as well here."
    return text


def _time_regained(plan: RestorationPlan, share: float) -> pd.Timestamp:
    """First step from which at least ``share`` of the load lost to the damage is back."""
    served = plan.curve["served_mw"].to_numpy(dtype=np.float64)
    wanted = served[0] + share * (served[-1] - served[0]) - 1e-6
    below = np.flatnonzero(served < wanted)
    return pd.Timestamp(plan.curve["time"].iloc[int(below[-1]) + 1])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
