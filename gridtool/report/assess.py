"""Tables and verdict of an assessment."""

from __future__ import annotations

import pandas as pd

from gridtool.damage.model import GridState
from gridtool.flow.model import AcCheck, Assessment
from gridtool.report.run import table_districts_now
from gridtool.report.tables import NamedTable
from gridtool.report.verdict import write_verdict
from gridtool.units import format_quantity

__all__ = ["describe_assessment", "headline_numbers", "tables_assessment"]

_SMALLEST_MW = 0.05
_SHOWN_NOTES = 6


def tables_assessment(assessment: Assessment, *, top: int = 10) -> tuple[NamedTable, ...]:
    """Districts, substations not fully served, limits, next outages, islands, AC check.

    Parameters
    ----------
    top
        Most rows of next outages.
    """
    substations = assessment.substations
    lacking = substations[
        (substations["unserved_mw"] > _SMALLEST_MW) | (substations["customers_out"] > 0)
    ].sort_values("unserved_mw", ascending=False, kind="stable")
    cost = assessment.contingencies
    costly = cost[cost["extra_unserved_mw"] > _SMALLEST_MW] if len(cost) else cost
    tables = [
        table_districts_now(assessment),
        NamedTable(
            name="substations_not_served",
            title="Substations not fully served",
            frame=lacking.reset_index(drop=True),
            headings={"critical_out": "critical customers out"},
            decimals=dict.fromkeys(("demand_mw", "served_mw", "unserved_mw"), 1),
            terminal_columns=(
                "substation",
                "name",
                "energised",
                "demand_mw",
                "unserved_mw",
                "customers_out",
                "critical_out",
            ),
        ),
        NamedTable(
            name="limits",
            title="Elements at their limit",
            frame=assessment.limits,
            headings={"relief_value": "load served per MW of relief"},
            decimals={"flow_mw": 1, "limit_mw": 1, "loading_pct": 0, "relief_value": 2},
            note="From 95 % of what is allowed; relief counts protected load with its weight.",
        ),
        NamedTable(
            name="next_outages",
            title="What one more outage would cost",
            frame=costly.head(top).reset_index(drop=True),
            headings={
                "extra_unserved_mw": "more unserved (MW)",
                "extra_customers_out": "more customers out",
            },
            decimals={"extra_unserved_mw": 1},
            note=_say_outages(len(cost), len(costly), top=top),
        ),
        NamedTable(
            name="islands",
            title="Islands",
            frame=assessment.islands,
            decimals=dict.fromkeys(("demand_mw", "served_mw", "source_mw"), 1),
        ),
    ]
    if assessment.ac is not None:
        tables.append(_table_ac(assessment.ac))
    return tuple(tables)


def _say_outages(tried: int, costly: int, *, top: int) -> str:
    if not tried:
        return ""
    shown = f", the worst {top} are shown" if costly > top else ""
    return (
        f"By DC dispatch: {tried} single outages of branches, sources, busbar sections and "
        f"substations tried, {costly} cost load{shown}."
    )


def _table_ac(check: AcCheck) -> NamedTable:
    """The AC check in one row."""
    row = {
        "converged": check.converged,
        "losses_mw": check.losses_mw,
        "min_voltage_pu": check.min_voltage_pu,
        "max_loading_pct": check.max_loading_pct,
        "shed_added_mw": check.shed_added_mw,
        "violations": len(check.violations),
        "residual_mva": check.residual_mva,
    }
    return NamedTable(
        name="ac_check",
        title="AC power flow of this state (pandapower)",
        frame=pd.DataFrame([row]),
        headings={"shed_added_mw": "shed beyond DC (MW)"},
        decimals={
            "losses_mw": 1,
            "min_voltage_pu": 3,
            "max_loading_pct": 1,
            "shed_added_mw": 1,
            "residual_mva": 7,
        },
        note="; ".join([*check.actions, *check.violations][:_SHOWN_NOTES]),
    )


def describe_assessment(state: GridState, assessment: Assessment) -> str:
    """The verdict: what is out, whether AC agrees, and the worst next outage."""
    parts = [write_verdict(state.network, assessment, damaged=len(state.damage))]
    if assessment.ac is not None:
        parts.append(_say_ac(assessment.ac))
    cost = assessment.contingencies
    if len(cost) and cost["extra_unserved_mw"].iloc[0] > _SMALLEST_MW:
        worst = cost.iloc[0]
        more = format_quantity(float(worst["extra_unserved_mw"]), decimals=0)
        parts.append(f"The worst next outage, of {worst['element']}, would cost {more} MW more.")
    return " ".join(parts)


def _say_ac(check: AcCheck) -> str:
    if not check.converged:
        return "No AC power flow was found for this state: take the served load as an upper bound."
    if not check.violations:
        text = "An AC power flow confirms it within ratings and voltage limits"
    else:
        count = len(check.violations)
        noun = "limit is" if count == 1 else "limits are"
        text = f"In the AC power flow {count} {noun} still violated"
    if check.shed_added_mw > _SMALLEST_MW:
        added = format_quantity(check.shed_added_mw, decimals=1)
        text += f", after {added} MW shed beyond the DC dispatch"
    return text + "."


def headline_numbers(assessment: Assessment) -> dict[str, float]:
    """Numbers that ``--fail-on`` can name."""
    cost = assessment.contingencies
    check = assessment.ac
    return {
        "demand_mw": assessment.demand_mw,
        "served_mw": assessment.served_mw,
        "unserved_mw": assessment.unserved_mw,
        "customers_out": float(assessment.customers_out),
        "critical_out": float(assessment.critical_out),
        "worst_next_mw": float(cost["extra_unserved_mw"].max()) if len(cost) else float("nan"),
        "ac_violations": float(len(check.violations)) if check else float("nan"),
    }
