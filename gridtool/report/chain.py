"""The result of the whole chain as tables and headline numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gridtool.damage.model import GridState
from gridtool.flow.model import Assessment
from gridtool.forecast.model import ShortageForecast
from gridtool.report.assess import headline_numbers, tables_assessment
from gridtool.report.damage import damage_table
from gridtool.report.forecast import headline_shortage, tables_shortage
from gridtool.report.restore import headline_restoration, tables_restoration
from gridtool.report.run import table_shortage
from gridtool.report.tables import NamedTable
from gridtool.restoration.model import CompletionSamples, RestorationPlan
from gridtool.restoration.outcome.etr import tabulate_etr, tabulate_milestones
from gridtool.restoration.outcome.etr_replay import replay_executions

__all__ = ["headline_chain", "tables_chain"]

_NOW_SHOWN = {"out_now", "ac_check"}
_SHORTAGE_SHOWN = {"shortage_city": None, "shortage_shares": None, "shortage_outlook": "all"}
"""Shown of the forecast; of the outlook the rows of all months only."""
_PLAN_SHOWN = {"restoration_plan", "restoration_etr", "customers_back", "mobile_units"}

EXECUTIONS = 120
"""Executions of the plan that are followed on the network, for the dates of return: two seconds for
the shipped city. ``gridtool restore`` follows more."""


def tables_chain(
    state: GridState,
    assessment: Assessment,
    *,
    plan: RestorationPlan | None = None,
    completions: CompletionSamples | None = None,
    forecast: ShortageForecast | None = None,
) -> tuple[NamedTable, ...]:
    """Every table of the chain: those a duty officer reads first, the rest for files only."""
    tables = [
        table if table.name in _NOW_SHOWN else replace(table, terminal_rows=0)
        for table in tables_assessment(assessment)
    ]
    if state.damage:
        tables.append(damage_table(state))
    if plan is not None and plan.jobs:
        tables += _plan_tables(plan, completions)
    if forecast is not None:
        tables += [table_shortage(forecast)]
        tables += [_show_shortage(table) for table in tables_shortage(forecast)]
    return tuple(tables)


def _plan_tables(plan: RestorationPlan, completions: CompletionSamples | None) -> list[NamedTable]:
    """Jobs, mobile units and the districts' return are shown, the rest is for files."""
    quantiles, milestones = None, None
    if completions is not None:
        replay = replay_executions(plan, completions, n=EXECUTIONS)
        quantiles, milestones = tabulate_etr(plan, replay), tabulate_milestones(plan, replay)
    tables = []
    for table in tables_restoration(
        plan, completions, compare=True, quantiles=quantiles, milestones=milestones
    ):
        if table.name == "restoration_etr":
            shown = table.frame["level"].head(table.terminal_rows or 0)
            districts = int((shown == "district").sum()) or table.terminal_rows
            table = replace(table, terminal_rows=districts)  # noqa: PLW2901
        tables += [table] if table.name in _PLAN_SHOWN else _file_only([table])
    return tables


def _show_shortage(table: NamedTable) -> NamedTable:
    if table.name not in _SHORTAGE_SHOWN:
        return replace(table, terminal_rows=0)
    month = _SHORTAGE_SHOWN[table.name]
    if month is None:
        return table
    return replace(table, terminal_rows=int((table.frame["month"] == month).sum()))


def _file_only(tables: Iterable[NamedTable]) -> list[NamedTable]:
    """For files and JSON, left out on the terminal (unless all rows are wanted)."""
    return [replace(table, terminal_rows=0) for table in tables]


def headline_chain(
    assessment: Assessment,
    *,
    plan: RestorationPlan | None = None,
    forecast: ShortageForecast | None = None,
) -> dict[str, float]:
    """The numbers that ``--fail-on`` can name."""
    headline = headline_numbers(assessment)
    if plan is not None:
        headline |= headline_restoration(plan)
    if forecast is not None:
        headline |= headline_shortage(forecast)
    return headline
