"""Composite adequacy for people: tables, and a sentence in words."""

from __future__ import annotations

import pandas as pd

from gridtool.forecast.adequacy.composite_model import CompositeResult
from gridtool.forecast.adequacy.model import LoadSeries
from gridtool.network.model import CityNetwork
from gridtool.report.adequacy import PERIOD_DECIMALS, PERIOD_HEADINGS, AdequacyAnswer
from gridtool.report.tables import NamedTable
from gridtool.units import Estimate, decimals_for, format_quantity

__all__ = ["answer_composite"]

_POLICY = {
    "total": "The total is the least that the network allows; no split over busbars is claimed.",
    "proportional": "The total is the least that the network allows and unique. The split is that "
    "of the policy: in proportion to demand over all connected, uncongested load.",
    "priority": "Ordinary load is shed first, protected load last, each in proportion to demand "
    "over all connected, uncongested load; split and total are those of the policy, and the total "
    "can be above the least where a bottleneck holds back protected load.",
}
_EXACT_DECIMALS = {"lolp": 10, "lole_hours": 6, "lole_days": 6, "eue_mwh": 4, "edns_mw": 8}
_PLACE_DECIMALS = {
    "demand_mw": 1,
    "lole_hours": 4,
    "lole_hours_se": 4,
    "eue_mwh": 3,
    "eue_mwh_se": 3,
    "edns_mw": 6,
    "share_pct": 1,
}


def answer_composite(
    network: CityNetwork,
    load: LoadSeries,
    result: CompositeResult,
    *,
    periods: pd.DataFrame | None = None,
) -> AdequacyAnswer:
    """The result as tables, headline and words; ``periods`` are its rows by month or week."""
    sampled = result.method == "sample"
    headline = _headline(network, load, result)
    tables = [_table_total(headline, result), _table_causes(result)]
    if periods is not None:
        tables.append(_table_periods(periods, sampled=sampled))
    for name, frame in (("districts", result.districts), ("busbars", result.busbars)):
        if frame is not None:
            tables.append(_table_places(name, frame, result))
    return AdequacyAnswer(
        tables=tuple(tables),
        verdict=_describe(network, result),
        headline=headline,
        warnings=result.notes,
        simulated=sampled,
    )


def _headline(network: CityNetwork, load: LoadSeries, result: CompositeResult) -> dict[str, float]:
    demand = float(load.load_mw.sum())
    neue = Estimate(
        *(1e6 * part / demand if demand > 0.0 else 0.0 for part in _parts(result.eue_mwh))
    )
    estimates = {
        "lolp": result.lolp,
        "lole_hours": result.lole_hours,
        "lole_days": result.lole_days,
        "eue_mwh": result.eue_mwh,
        "edns_mw": result.edns_mw,
        "neue_ppm": neue,
        "supply_mwh": result.supply_mwh,
        "network_mwh": result.network_mwh,
    }
    headline = {name: estimate.value for name, estimate in estimates.items()}
    if result.method == "sample":
        headline |= {f"{name}_se": estimate.standard_error for name, estimate in estimates.items()}
    generation = {f"generation_{name}": value for name, value in result.generation.items()}
    return (
        headline
        | generation
        | {
            "edlc_hours": result.lole_hours.value,
            "hours": float(result.hours),
            "peak_mw": float(load.total_mw.max()),
            "installed_mw": float(network.units["max_mw"].sum()),
            "states": float(result.states),
            "linear_programs": float(result.programs),
            "left_out": result.left_out,
        }
    )


def _parts(estimate: Estimate) -> tuple[float, float]:
    return estimate.value, estimate.standard_error


def _table_total(headline: dict[str, float], result: CompositeResult) -> NamedTable:
    sampled = result.method == "sample"
    how = "exact" if result.left_out == 0.0 else "a lower bound: some states are left out"
    measures = ("lolp", "lole_hours", "lole_days", "eue_mwh", "edns_mw", "neue_ppm")
    frame = pd.DataFrame([{name: headline[name] for name in measures}])
    decimals = PERIOD_DECIMALS | _EXACT_DECIMALS
    if sampled:
        frame = pd.DataFrame(
            {
                "measure": list(measures),
                "value": [headline[name] for name in measures],
                "standard_error": [headline[f"{name}_se"] for name in measures],
            }
        )
        worst = max(decimals_for(value) for value in frame["standard_error"])
        decimals = {"value": min(worst + 1, 8), "standard_error": min(worst + 1, 8)}
    return NamedTable(
        name="total",
        title=f"Adequacy with the network, {'from sampled states' if sampled else how}",
        frame=frame,
        headings=PERIOD_HEADINGS,
        decimals=decimals,
        note="Load equal to what can be delivered is no shortage; loads are not rounded. LOLE in "
        "days counts days with a short hour.",
    )


def _table_causes(result: CompositeResult) -> NamedTable:
    without = result.generation["eue_mwh"]
    total = result.eue_mwh.value
    rows = [
        ("supply", result.supply_mwh, "lacking even if no branch had a limit"),
        ("network", result.network_mwh, "held back by limits, or cut off from every source"),
    ]
    frame = pd.DataFrame(
        [
            {
                "cause": cause,
                "eue_mwh": estimate.value,
                "eue_mwh_se": estimate.standard_error,
                "share_pct": 100.0 * estimate.value / total if total > 0.0 else 0.0,
                "meaning": meaning,
            }
            for cause, estimate, meaning in rows
        ]
    )
    return NamedTable(
        name="causes",
        title="Why",
        frame=frame if result.method == "sample" else frame.drop(columns="eue_mwh_se"),
        headings=PERIOD_HEADINGS | {"eue_mwh_se": "SE [MWh]"},
        decimals=_PLACE_DECIMALS,
        note=f"All units on one busbar would lack {format_quantity(without, decimals=3)} MWh "
        "(exact, by convolution).",
    )


def _table_periods(frame: pd.DataFrame, *, sampled: bool) -> NamedTable:
    period = str(frame.columns[0])
    return NamedTable(
        name=f"{period}s",
        title=f"By {period}",
        frame=frame if sampled else frame.drop(columns=["lole_hours_se", "eue_mwh_se"]),
        headings=PERIOD_HEADINGS | {"lole_hours_se": "SE [h]", "eue_mwh_se": "SE [MWh]"},
        decimals=PERIOD_DECIMALS | _PLACE_DECIMALS,
        note=f"Each {period} has states of its own; together they agree with the total within "
        "their errors."
        if sampled
        else "",
    )


def _table_places(name: str, frame: pd.DataFrame, result: CompositeResult) -> NamedTable:
    exact = result.method == "enumerate"
    errors = ["lole_hours_se", "eue_mwh_se"]
    return NamedTable(
        name=name,
        title="By district" if name == "districts" else "By busbar",
        frame=frame.drop(columns=errors) if exact else frame,
        headings=PERIOD_HEADINGS
        | {"lole_hours_se": "SE [h]", "eue_mwh_se": "SE [MWh]", "share_pct": "of all [%]"},
        decimals=_PLACE_DECIMALS,
        note=_POLICY[result.shedding] if name == "districts" else "",
        terminal_rows=None if name == "districts" else 30,
    )


def _describe(network: CityNetwork, result: CompositeResult) -> str:
    hours = format_quantity(result.hours, decimals=0)
    exact = result.method == "enumerate"
    how = (
        f"Of {format_quantity(result.states, decimals=0)} states of units and branches, all hours "
        "integrated"
        if exact
        else f"From {format_quantity(result.states, decimals=0)} sampled states of units and "
        "branches, all hours integrated in each"
    )
    sentence = (
        f"{network.manifest.name}, {hours} hours: unserved load is expected for "
        f"{_say(result.lole_hours, exact=exact)} hours on {_say(result.lole_days, exact=exact)} "
        f"days, with {_say(result.eue_mwh, exact=exact)} MWh unserved. {how}."
    )
    if result.eue_mwh.value > 0.0:
        share = 100.0 * result.network_mwh.value / result.eue_mwh.value
        sentence += f" The network causes {share:.0f} % of it."
    if result.left_out > 0.0:
        sentence += (
            f" States left out have a probability of {result.left_out:.2g} together, which bounds "
            "what they could add to the LOLP: "
            f"{format_quantity(result.left_out * result.hours, decimals=3)} hours."
        )
    return f"{sentence} {_POLICY[result.shedding]}"


def _say(estimate: Estimate, *, exact: bool) -> str:
    return f"{estimate.value:.6g}" if exact else str(estimate)
