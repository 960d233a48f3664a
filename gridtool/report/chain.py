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
from gridtool.report.restore import tables_restoration
from gridtool.report.run import table_shortage
from gridtool.report.tables import NamedTable
from gridtool.restoration.model import CompletionSamples, RestorationPlan

__all__ = ["headline_chain", "tables_chain"]

_NOW_SHOWN = {"out_now", "ac_check"}


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
        jobs, curve, etr, comparison = tables_restoration(plan, completions, compare=True)
        districts = int((etr.frame["level"] == "district").sum())
        etr = replace(etr, terminal_rows=districts or None)
        tables += [jobs, *_file_only([curve]), etr, *_file_only([comparison])]
    if forecast is not None:
        by_district, city, *rest = tables_shortage(forecast)
        tables += [table_shortage(forecast), city, *_file_only([by_district, *rest])]
    return tuple(tables)


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
        headline["ens_mwh"] = plan.ens_mwh
    if forecast is not None:
        headline |= headline_shortage(forecast)
    return headline
