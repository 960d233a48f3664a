"""What decides a forecast, and what would change it: shares, outlook, comparison of plans."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridtool.forecast.compare import PairedForecast
from gridtool.forecast.metrics.paired import describe_better
from gridtool.forecast.model import CITY, ShortageForecast
from gridtool.report.tables import NamedTable
from gridtool.units import Estimate

__all__ = [
    "describe_comparison",
    "headline_comparison",
    "table_outlook",
    "table_shares",
    "tables_comparison",
]

_WHOLE = "all"


def table_shares(forecast: ShortageForecast) -> NamedTable | None:
    """Which uncertainty decides, all months together first; None where it was not asked for."""
    if forecast.shares is None:
        return None
    frame = _whole_first(forecast.shares)
    return NamedTable(
        name="shortage_shares",
        title="What decides the unserved energy: share of its variance",
        frame=frame,
        headings={"total": "share", "total_se": "±"},
        decimals={"total": 2, "total_se": 2, "first": 2, "first_se": 2},
        terminal_columns=("uncertainty", "total", "total_se"),
        terminal_rows=int((frame["month"] == _WHOLE).sum()),
        note="What would go if this one were known last, the others being known already. "
        + _say_sum(frame[frame["month"] == _WHOLE]),
    )


def _say_sum(whole: pd.DataFrame) -> str:
    """What the shares of all months add up to, and what that means."""
    total = float(whole["total"].sum())
    error = float(np.sqrt((whole["total_se"] ** 2).sum()))
    if not np.isfinite(total) or not np.isfinite(error):
        return "The futures do not tell what they add up to."
    text = f"They add up to {Estimate(total, error)}: "
    if total > 1 + 2 * error:
        return text + "more than 1, since uncertainties act together."
    if total < 1 - 2 * error:
        return text + "less than 1, which only the noise of few futures can do."
    return text + "within their errors 1, as of uncertainties that act apart."


def table_outlook(forecast: ShortageForecast) -> NamedTable | None:
    """The outlook by month and case, all months together first; None if not asked for."""
    if forecast.outlook is None:
        return None
    frame = _whole_first(forecast.outlook)
    energy = ("eue_mwh", "eue_mwh_diff", "eue_mwh_diff_se")
    days = ("over_8h_days", "over_8h_days_diff", "over_8h_days_diff_se")
    return NamedTable(
        name="shortage_outlook",
        title="If repairs slip or less is imported, on the same futures",
        frame=frame,
        headings={
            "hours_off_p50": "P50 [h/day]",
            "hours_off_p90": "P90 [h/day]",
            "worst_name": "worst district",
            "over_8h_days": "days over 8 h",
            "over_8h_days_diff": "more",
            "over_8h_days_diff_se": "±",
            "eue_mwh": "EUE [MWh]",
            "eue_mwh_diff": "more [MWh]",
            "eue_mwh_diff_se": "± [MWh]",
        },
        decimals=dict.fromkeys(("hours_off_p50", "hours_off_p90"), 1)
        | dict.fromkeys(days, 1)
        | dict.fromkeys(energy, 0),
        terminal_columns=(
            "month",
            "case",
            "hours_off_p50",
            "hours_off_p90",
            "worst_name",
            *days,
            *energy,
        ),
        note="Days over 8 h: expected days with more than 8 h without supply for an ordinary "
        "customer of the district that has most of them in that case. Differences from the case "
        "as planned have the standard errors of pairs.",
    )


def _whole_first(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of all months together, then those of each month."""
    whole = frame["month"] == _WHOLE
    return pd.concat([frame[whole], frame[~whole]], ignore_index=True)


def tables_comparison(paired: PairedForecast, *, names: tuple[str, str]) -> tuple[NamedTable, ...]:
    """The difference of two plans by month and district, a - b; the whole city first."""
    frame = paired.differences
    city = (frame["district"] == CITY) & (frame["month"] == _WHOLE)
    frame = pd.concat([frame[city], frame[~city]], ignore_index=True)
    return (
        NamedTable(
            name="comparison",
            title=f"Difference: {names[0]} less {names[1]}, on the same futures",
            frame=frame,
            headings={
                "a": names[0],
                "b": names[1],
                "difference_se": "±",
                "unpaired_se": "± unpaired",
                "a_better": f"{names[0]} less in [share]",
            },
            decimals=dict.fromkeys(
                ("a", "b", "difference", "difference_se", "unpaired_se", "a_better"), 2
            ),
            terminal_columns=(
                "metric",
                "a",
                "b",
                "difference",
                "difference_se",
                "unpaired_se",
                "a_better",
            ),
            terminal_rows=int(city.sum()),
            note=f"Whole city, all months, {paired.a.samples} futures of each. The standard error "
            "is that of pairs; unpaired is what it would be on futures of their own.",
        ),
    )


def _energy_row(paired: PairedForecast) -> pd.Series:
    frame = paired.differences
    wanted = (frame["metric"] == "eue_mwh") & (frame["district"] == CITY)
    return frame[wanted & (frame["month"] == _WHOLE)].iloc[0]


def describe_comparison(paired: PairedForecast, *, names: tuple[str, str]) -> str:
    """Which plan is better, by how much, and how sure that is."""
    row = _energy_row(paired)
    change = Estimate(abs(float(row["difference"])), float(row["difference_se"]))
    if float(row["difference"]) == 0 and float(row["difference_se"]) == 0:
        return f"{names[0]} and {names[1]} leave the same unserved in every future."
    word = "less" if row["difference"] < 0 else "more"
    share = float(row["a_better"])
    sure = float(row["a_lower"])
    verdict = describe_better(sure, a=names[0], b=names[1])
    return (
        f"{names[0]} leaves {change} MWh {word} unserved than {names[1]}: {verdict} (probability "
        f"{100 * max(sure, 1 - sure):.1f} %); it has less unserved in {100 * share:.0f} % of the "
        "futures."
    )


def headline_comparison(paired: PairedForecast) -> dict[str, float]:
    """Numbers that ``--fail-on`` can name."""
    row = _energy_row(paired)
    return {
        "eue_diff_mwh": float(row["difference"]),
        "eue_diff_mwh_se": float(row["difference_se"]),
        "a_lower": float(row["a_lower"]),
    }
