"""A restoration plan as tables and a sentence."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gridtool.report.curve import chart_restoration
from gridtool.report.mobile import table_placements
from gridtool.report.restore_checks import sum_ac_difference, table_ac
from gridtool.report.restore_etr import table_etr, table_milestones
from gridtool.report.restore_words import count_repairs
from gridtool.report.tables import Chart, NamedTable
from gridtool.restoration.model import CompletionSamples, RepairStage, RestorationPlan
from gridtool.restoration.search.rules import RULES
from gridtool.units import format_quantity

__all__ = [
    "chart_plan",
    "headline_restoration",
    "table_comparison",
    "table_curve",
    "table_jobs",
    "tables_restoration",
]


def tables_restoration(
    plan: RestorationPlan,
    completions: CompletionSamples | None = None,
    *,
    compare: bool = False,
    quantiles: pd.DataFrame | None = None,
    milestones: pd.DataFrame | None = None,
) -> tuple[NamedTable, ...]:
    """The jobs, the curve, the ETR and what else the plan has: mobile units, the AC check, and
    the comparison with rules in use if wanted.

    Parameters
    ----------
    quantiles, milestones
        Frames of :mod:`gridtool.restoration.outcome.etr`.
    """
    tables = [table_jobs(plan, completions), table_curve(plan), table_etr(plan, quantiles)]
    if milestones is not None:
        tables.append(table_milestones(plan, milestones))
    if plan.placements:
        tables.append(table_placements(plan))
    if plan.ac is not None:
        tables.append(table_ac(plan.ac))
    if compare:
        tables.append(table_comparison(plan))
    return tuple(tables)


def headline_restoration(plan: RestorationPlan) -> dict[str, float]:
    """The numbers of a plan that ``--fail-on`` can name; what was not computed is NaN."""
    nan = float("nan")
    days = (plan.curve["time"].iloc[-1] - pd.Timestamp(plan.state.as_of)) / pd.Timedelta(1, "D")
    return {
        "ens_mwh": plan.ens_mwh,
        "weighted_mwh": plan.weighted_mwh,
        "lower_bound_mwh": plan.bound.weighted_mwh if plan.bound else nan,
        "gap_pct": plan.bound.gap_pct if plan.bound else nan,
        "ac_difference_mwh": nan if plan.ac is None else sum_ac_difference(plan.ac),
        "repairs": float(len(plan.jobs)),
        "repair_days": float(days),
    }


def table_jobs(plan: RestorationPlan, completions: CompletionSamples | None = None) -> NamedTable:
    """Every job by its start: who does it, when, and what it gives back.

    ``finish_p90`` is the time by which the job is finished in 90 % of the executions in
    ``completions``.
    """
    late = _finish_p90(plan, completions)
    rows = [
        {
            "order": plan.order.index(entry.job.id) + 1,
            "job": entry.job.id,
            "asset": entry.job.asset,
            "stage": entry.job.stage.value,
            "capacity_after_pct": 100 * entry.job.capacity_after,
            "kind": entry.job.kind,
            "substation": entry.job.substation,
            "district": entry.job.district,
            "crew": entry.crew,
            "start": entry.start,
            "finish": entry.finish,
            "finish_p90": late.get(entry.job.id, pd.NaT),
            "work_h": entry.job.duration.mean_h,
            "travel_h": entry.travel_h,
            "served_gain_mw": entry.served_gain_mw + 0.0,
            "skills": " ".join(entry.job.skills),
            "spares": " ".join(entry.job.spares),
            "after": " ".join(entry.job.after),
            "duration_basis": entry.job.duration.basis,
            "started": entry.job.started is not None,
        }
        for entry in sorted(plan.jobs, key=lambda entry: (entry.start, entry.crew))
    ]
    frame = pd.DataFrame(rows, columns=list(_JOB_COLUMNS))
    shown = ["order", "asset", "crew", "start", "finish", "served_gain_mw"]
    if late:
        shown.insert(5, "finish_p90")
    if any(entry.job.stage is not RepairStage.PERMANENT for entry in plan.jobs):
        shown.insert(2, "stage")
    for column in ("start", "finish", "finish_p90"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return NamedTable(
        name="restoration_plan",
        title=f"Restoration plan: {count_repairs(plan)}",
        frame=frame,
        headings={"finish_p90": "90 % by", "served_gain_mw": "gain [MW]"},
        decimals={"work_h": 1, "travel_h": 1, "served_gain_mw": 1, "capacity_after_pct": 0},
        terminal_columns=tuple(shown),
        note="Times are those of the expected work; the order is the crews' priority. The gain is "
        "what is served more once the repair is finished, after those before it."
        if rows
        else "Nothing to repair.",
    )


_JOB_COLUMNS = (
    "order",
    "job",
    "asset",
    "stage",
    "capacity_after_pct",
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
    "after",
    "duration_basis",
    "started",
)


def _finish_p90(
    plan: RestorationPlan, completions: CompletionSamples | None
) -> dict[str, pd.Timestamp]:
    """By job, when it is finished in 90 % of the executions; without those that may never be."""
    ids = (completions.job_ids or completions.asset_ids) if completions else ()
    if completions is None or not ids:
        return {}
    hours = np.quantile(completions.finish_h, 0.9, axis=0, method="higher")
    as_of = pd.Timestamp(plan.state.as_of)
    return {
        job_id: as_of + pd.Timedelta(seconds=round(float(late) * 3600))
        for job_id, late in zip(ids, hours, strict=True)
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
