"""The comparison of a sweep's scenarios as tables and in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from gridtool.report.tables import NamedTable
from gridtool.units import Estimate, format_quantity
from gridtool.whatif.model import DONE, FAILED, MEASURE, Level

__all__ = ["describe_sweep", "headline_sweep", "tables_sweep"]

TERMINAL_ROWS = 25
WORST_ROWS = 10
"""Scenarios told once more from the worst on, where the terminal does not show them all."""
_HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "name": "scenario",
        "unserved_mw": "out now [MW]",
        "unserved_mw_diff": "difference [MW]",
        "customers_out": "customers out now",
        "customers_out_diff": "difference",
        "ens_mwh": "ENS [MWh]",
        "ens_mwh_diff": "difference [MWh]",
        "etr_p50_h": "ETR P50 [h]",
        "etr_p90_h": "ETR P90 [h]",
        "eue_mwh": "EUE [MWh]",
        "eue_mwh_diff": "difference [MWh]",
        "eue_mwh_diff_se": "±",
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
_ETR = ("etr_p50_h", "etr_p90_h")
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


def tables_sweep(table: pd.DataFrame, *, level: Level) -> tuple[NamedTable, ...]:
    """The comparison; of many scenarios the worst once more; those that failed, if any did.

    Parameters
    ----------
    table
        Of :meth:`gridtool.whatif.table.Comparison.table`.
    """
    done = table[table["status"] == DONE]
    frame, blanks = _without_infinite(done.drop(columns="status").reset_index(drop=True))
    tables = [
        _table_scenarios(
            frame,
            level=level,
            name="comparison",
            title="Scenarios against the case as it is",
            blanks=blanks,
        )
    ]
    if len(frame) > TERMINAL_ROWS:
        worst, blanks = _without_infinite(done.iloc[: -WORST_ROWS - 1 : -1].drop(columns="status"))
        tables.append(
            _table_scenarios(
                worst.reset_index(drop=True),
                level=level,
                name="worst",
                title="The worst, from the last on",
                blanks=blanks,
            )
        )
    failed = table[table["status"] != DONE]
    if len(failed):
        tables.append(
            NamedTable(
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
        )
    return tuple(tables)


def _table_scenarios(
    frame: pd.DataFrame, *, level: Level, name: str, title: str, blanks: dict[str, list[str]]
) -> NamedTable:
    sampled = ("p_best",) if level == "forecast" else ()
    return NamedTable(
        name=name,
        title=title,
        frame=frame,
        headings=_HEADINGS,
        decimals=_DECIMALS,
        terminal_columns=("rank", "name", *_SHOWN[level], *sampled),
        terminal_rows=TERMINAL_ROWS,
        note=_NOTES[level] if name == "comparison" else "",
        blanks=blanks,
    )


def _without_infinite(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Dates that never come as empty cells, which a terminal words."""
    blanks = {}
    for name in _ETR:
        if name in frame:
            never = np.isinf(frame[name].to_numpy(dtype=np.float64))
            blanks[name] = ["never" if one else "-" for one in never]
    return frame.replace([np.inf, -np.inf], np.nan), blanks


def headline_sweep(table: pd.DataFrame, *, level: Level) -> dict[str, float]:
    """The numbers that ``--fail-on`` can name.

    ``scenarios`` and ``failed`` count without the base; ``least_diff`` and ``most_diff`` are the
    largest gain and loss against the base by the level's measure, NaN where the base failed.
    """
    others = table[table["number"] != 0]
    done = others[others["status"] == DONE]
    change = done[f"{MEASURE[level]}_diff"].astype(np.float64)
    return {
        "scenarios": float(len(others)),
        "failed": float(len(others) - len(done)),
        "least_diff": float(change.min()) if len(done) else float("nan"),
        "most_diff": float(change.max()) if len(done) else float("nan"),
    }


def describe_sweep(table: pd.DataFrame, *, level: Level) -> str:
    """What the sweep shows, in a few sentences: best, worst, and what is missing."""
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
        parts += _describe_ends(done, level=level)
    return _sentence(parts)


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
