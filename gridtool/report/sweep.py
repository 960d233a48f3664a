"""The comparison of a sweep's scenarios as tables and in words."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from gridtool.report.tables import NamedTable
from gridtool.units import Estimate, decimals_for, format_quantity
from gridtool.whatif.model import DONE, FAILED, MEASURE, Level
from gridtool.whatif.table import JUDGED

__all__ = ["describe_sweep", "headline_sweep", "tables_sweep"]

TERMINAL_ROWS = 25
_HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "name": "scenario",
        "unserved_mw": "out now [MW]",
        "unserved_mw_diff": "difference [MW]",
        "protected_unserved_mw": "of it critical [MW]",
        "customers_out": "customers out now",
        "customers_out_diff": "difference [customers]",
        "ens_mwh": "ENS [MWh]",
        "ens_mwh_diff": "difference [MWh]",
        "last_repair_h": "last repair [h]",
        "etr_p50_h": "ETR P50 [h]",
        "etr_p90_h": "ETR P90 [h]",
        "eue_mwh": "EUE [MWh]",
        "eue_mwh_diff": "difference [MWh]",
        "eue_mwh_diff_se": "±",
        "hours_off": "off [h/d]",
        "hours_off_p50": "off P50 [h/d]",
        "hours_off_p90": "off P90 [h/d]",
        "p_best": "best",
    }
)
_SHOWN: Mapping[Level, tuple[str, ...]] = MappingProxyType(
    {
        "assess": ("unserved_mw", "unserved_mw_diff", "customers_out", "customers_out_diff"),
        "plan": ("unserved_mw", "ens_mwh", "ens_mwh_diff", "etr_p50_h", "etr_p90_h"),
        "forecast": (
            "ens_mwh",
            "etr_p90_h",
            "eue_mwh",
            "eue_mwh_diff",
            "eue_mwh_diff_se",
            "hours_off_p50",
            "hours_off_p90",
        ),
    }
)
_MAY_BE_NEVER = ("last_repair_h", "etr_p50_h", "etr_p90_h")
_DECIMALS: Mapping[str, int] = MappingProxyType(
    {
        "rank": 0,
        "customers_out": 0,
        "customers_out_diff": 0,
        "unserved_mw_diff": 1,
        "ens_mwh_diff": 0,
        "eue_mwh_diff": 0,
        "eue_mwh_diff_se": 0,
    }
)
_UNITS: Mapping[Level, str] = MappingProxyType({"assess": "MW", "plan": "MWh", "forecast": "MWh"})
_WORDS: Mapping[Level, str] = MappingProxyType(
    {
        "assess": "unserved now",
        "plan": "not served while it is counted",
        "forecast": "expected to be unserved in the months ahead",
    }
)
_NOTES: Mapping[Level, str] = MappingProxyType(
    {
        "assess": "Load out now at the reference demand, by DC dispatch. Ranked by it.",
        "plan": "ENS: all that each scenario's plan leaves unserved at the reference demand, over "
        "the same hours in all. ETR: hours until the city is back in 50 and 90 % of the plan's "
        "executions; of a repair search that may be a percent from the best plan. Ranked by ENS.",
        "forecast": "All scenarios are simulated on the same futures: ± is the standard error of "
        "the difference in pairs, and best the probability that a scenario's EUE is the least of "
        "all, as far as the futures tell. Each scenario's repairs are planned anew; that a plan "
        "may be a percent from the best is not in ±. Ranked by EUE.",
    }
)


def tables_sweep(
    table: pd.DataFrame, spread: pd.DataFrame, *, level: Level
) -> tuple[NamedTable, ...]:
    """The comparison; how losses spread, and each by number for files; those that failed.

    Parameters
    ----------
    table
        Of :meth:`gridtool.whatif.table.Comparison.table`.
    spread
        Of :meth:`gridtool.whatif.losses.LossSpread.table`.
    """
    done = table[table["status"] == DONE].drop(columns="status")
    ranked = done["rank"].notna()
    tables = [_table_scenarios(done[ranked], level=level)]
    if len(spread):
        tables += _tables_spread(spread)
    if not ranked.all():
        tables.append(_table_losses(done[~ranked]))
    failed = table[table["status"] != DONE]
    if len(failed):
        tables.append(_table_failed(failed))
    return tuple(tables)


def _table_scenarios(ranked: pd.DataFrame, *, level: Level) -> NamedTable:
    frame, blanks = _without_infinite(ranked.reset_index(drop=True))
    sampled = ("p_best",) if level == "forecast" else ()
    return NamedTable(
        name="comparison",
        title="Scenarios against the case as it is",
        frame=frame,
        headings=_HEADINGS,
        decimals=_DECIMALS,
        terminal_columns=("rank", "name", *_SHOWN[level], *sampled),
        terminal_rows=TERMINAL_ROWS,
        note=_NOTES[level],
        blanks=blanks,
    )


def _tables_spread(spread: pd.DataFrame) -> tuple[NamedTable, NamedTable]:
    """Rounded to what the standard errors allow, for a terminal; and in full, for files."""
    shown = NamedTable(
        name="losses",
        title="Losses as a range",
        frame=pd.DataFrame([_round_spread(row) for row in spread.to_dict("records")]),
        headings={
            "name": "scenarios of",
            "what": "",
            "scenarios": "number",
            "p10": "P10",
            "p50": "P50",
            "p90": "P90",
        },
        note="Scenarios that differ in what is lost are not ranked: a plan has to hold for their "
        "range. P10 is what 10 % of them do not exceed. ± is the standard error of a mean of "
        "draws; in a forecast it also has that of the futures.",
    )
    full, _ = _without_infinite(spread)
    return shown, NamedTable(
        name="losses_spread", title="Losses as a range, in full", frame=full, terminal_rows=0
    )


def _round_spread(row: Mapping[Hashable, Any]) -> dict[str, object]:
    error = float(row["mean_se"])
    decimals = decimals_for(error) if np.isfinite(error) else 1

    def show(value: float) -> str:
        return "never" if np.isinf(value) else format_quantity(value, decimals=decimals)

    mean = str(Estimate(row["mean"], error)) if np.isfinite(error) else show(row["mean"])
    return {
        "name": row["name"],
        "what": _HEADINGS[row["quantity"]],
        "scenarios": row["scenarios"],
        "mean": mean,
        **{name: show(row[name]) for name in ("p10", "p50", "p90")},
    }


def _table_losses(losses: pd.DataFrame) -> NamedTable:
    frame, _ = _without_infinite(losses.drop(columns=[*JUDGED]).reset_index(drop=True))
    return NamedTable(
        name="losses_by_number",
        title="Losses in order of their number",
        frame=frame,
        headings=_HEADINGS,
        terminal_rows=0,
    )


def _table_failed(failed: pd.DataFrame) -> NamedTable:
    return NamedTable(
        name="failed",
        title="Scenarios without an outcome",
        frame=pd.DataFrame(
            {
                "number": failed["number"].to_numpy(),
                "name": failed["name"].to_numpy(),
                "reason": failed["status"].str.removeprefix(FAILED).to_numpy(),
            }
        ),
        headings={"name": "scenario"},
        terminal_columns=("name", "reason"),
        terminal_rows=TERMINAL_ROWS,
    )


def _without_infinite(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Dates that never come as empty cells, which a terminal words."""
    blanks = {}
    for name in [name for name in _MAY_BE_NEVER if name in frame]:
        never = np.isinf(frame[name].to_numpy(dtype=np.float64))
        blanks[name] = ["never" if one else "-" for one in never]
    return frame.replace([np.inf, -np.inf], np.nan), blanks


def headline_sweep(table: pd.DataFrame, *, level: Level) -> dict[str, float]:
    """The numbers that ``--fail-on`` can name.

    ``scenarios`` and ``failed`` count without the base; ``least_diff`` and ``most_diff`` are the
    largest gain and loss against the base by the level's measure of scenarios that are ranked, NaN
    where there is none or the base failed.
    """
    others = table[table["number"] != 0]
    done = others[others["status"] == DONE]
    change = done[f"{MEASURE[level]}_diff"][done["rank"].notna()].astype(np.float64)
    return {
        "scenarios": float(len(others)),
        "failed": float(len(others) - len(done)),
        "least_diff": float(change.min()) if len(change) else float("nan"),
        "most_diff": float(change.max()) if len(change) else float("nan"),
    }


def describe_sweep(table: pd.DataFrame, spread: pd.DataFrame, *, level: Level) -> str:
    """What the sweep shows, in a few sentences: gains, how losses spread, and what is missing."""
    base, others = table.iloc[0], table[table["number"] != 0]
    done = others[others["status"] == DONE]
    failed = len(others) - len(done)
    parts = [f"{len(done)} of {len(others)} scenarios have an outcome"] if failed else []
    if base["status"] != DONE:
        parts.append(f"the case as it is has none: {str(base['status']).removeprefix(FAILED)}")
    elif len(done):
        measure = MEASURE[level]
        whole = format_quantity(float(base[measure]), decimals=0)
        parts.append(f"as it is, {whole} {_UNITS[level]} are {_WORDS[level]}")
        ranked = done[done["rank"].notna()]
        parts += _describe_ends(ranked, level=level) if len(ranked) else []
    parts += _describe_losses(spread, level=level)
    return _sentence(parts)


def _describe_losses(spread: pd.DataFrame, *, level: Level) -> list[str]:
    """How the level's measure is spread over the scenarios of each range."""
    parts = []
    for _, row in spread[spread["quantity"] == MEASURE[level]].iterrows():
        mean = str(Estimate(row["mean"], row["mean_se"]))
        if np.isnan(row["mean_se"]):
            mean = format_quantity(row["mean"], decimals=0)
        cuts = [format_quantity(row[name], decimals=0) for name in ("p10", "p50", "p90")]
        parts.append(
            f"over the {row['scenarios']:,} scenarios of {_quote(row)} it is {mean} "
            f"{_UNITS[level]} on average (P10 {cuts[0]}, P50 {cuts[1]}, P90 {cuts[2]})"
        )
    return parts


def _describe_ends(done: pd.DataFrame, *, level: Level) -> list[str]:
    """The scenarios that gain and lose most."""
    change = f"{MEASURE[level]}_diff"
    ordered = done.sort_values([change, "number"])
    best, worst = ordered.iloc[0], ordered.iloc[-1]
    parts = []
    if best[change] < 0:
        sure = ""
        if level == "forecast":
            sure = f", the best of all with a probability of {100 * best['p_best']:.0f} %"
        parts.append(f"{_say(best, level=level)} with {_quote(best)}{sure}")
    else:
        parts.append("no scenario makes it less")
    if worst[change] > 0:
        parts.append(f"{_say(worst, level=level)} with {_quote(worst)}")
    return parts


def _quote(row: pd.Series) -> str:
    return f"“{row['name']}”"


def _say(row: pd.Series, *, level: Level) -> str:
    change = f"{MEASURE[level]}_diff"
    value = float(row[change])
    word = "less" if value < 0 else "more"
    if level == "forecast":
        size = str(Estimate(abs(value), float(row[f"{change}_se"])))
    else:
        size = format_quantity(abs(value), decimals=0 if level == "plan" else 1)
    return f"{size} {_UNITS[level]} {word}"


def _sentence(parts: list[str]) -> str:
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "." if text else "There is no scenario."
