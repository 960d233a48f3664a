"""The scores of a demand model as tables."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gridtool.forecast.demand.scoring.backtest_model import MODEL, Backtest
from gridtool.report.backtest_words import describe_backtest
from gridtool.report.tables import NamedTable

__all__ = ["describe_backtest", "tables_backtest"]

TERMINAL_SCORES = (
    "method",
    "pinball_pct",
    "crps_pct",
    "mape_pct",
    "mase",
    "bias_pct",
    "coverage_50",
    "coverage_80",
    "coverage_90",
    "energy_coverage_80",
    "energy_error_pct",
    "peak_error_pct",
    "pit_p_value",
)
TERMINAL_ORIGINS = ("origin", *TERMINAL_SCORES[:-1])
TERMINAL_MONTHS = (
    "method",
    "months_ahead",
    "month_of_year",
    "months",
    "pinball_pct",
    "mape_pct",
    "coverage_80",
    "energy_error_pct",
    "energy_bias_pct",
    "energy_held_80",
    "peak_error_pct",
    "peak_bias_pct",
    "peak_held_80",
)


def tables_backtest(found: Backtest) -> tuple[NamedTable, ...]:
    """Mean scores by method, by months ahead, by month of the year, by origin; the histogram."""
    hourly = "pinball_pct" in found.scores
    loss = "Losses in percent of mean demand; pinball over levels 0.1 to 0.9; "
    tables = [
        _table(
            "scores",
            "Demand model against what costs nothing, mean over origins",
            found.scores,
            TERMINAL_SCORES,
            note=(loss if hourly else "")
            + "coverage: share that lay within the interval of so many percent.",
        ),
        _table(
            "by_lead",
            "The model by months ahead",
            found.by_lead,
            TERMINAL_MONTHS,
            note="held 80: share of the months whose energy or peak the 80 % interval held.",
            rows=_own_rows(found.by_lead),
        ),
        _table(
            "by_month",
            "The model by month of the year",
            found.by_month,
            TERMINAL_MONTHS,
            rows=_own_rows(found.by_month),
        ),
        _table("origins", "Every origin", found.origins, TERMINAL_ORIGINS),
        _table("months", "Every month of every origin", found.months, (), rows=0),
    ]
    if len(found.pit):
        wide = found.pit.pivot_table(index=["from_pct", "to_pct"], columns="method", values="share")
        tables.append(
            _table(
                "pit",
                "Share of the hours by tenth of the forecast in which demand came to lie",
                wide[found.pit["method"].unique()].reset_index().rename_axis(columns=None),
                None,
                note="A right forecast has 0.10 in every tenth; more at both ends: too narrow.",
            )
        )
    return tuple(tables)


def _own_rows(frame: pd.DataFrame) -> int:
    """The model's rows, which come first: the terminal shows no others of long tables."""
    return int((frame["method"] == MODEL).sum())


def _table(
    name: str,
    title: str,
    frame: pd.DataFrame,
    columns: Sequence[str] | None,
    *,
    note: str = "",
    rows: int | None = None,
) -> NamedTable:
    numbers = frame.select_dtypes("float").columns
    whole = {"from_pct", "to_pct"}
    return NamedTable(
        name=name,
        title=title,
        frame=frame,
        decimals={column: 0 if column in whole else 2 for column in numbers},
        terminal_columns=None
        if columns is None
        else tuple(column for column in columns if column in frame),
        terminal_rows=rows,
        note=note,
    )
