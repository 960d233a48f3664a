"""The shortage forecast and the demand model as tables and one sentence."""

from __future__ import annotations

import pandas as pd

from gridtool.forecast.backtest import Backtest
from gridtool.forecast.model import CITY, ShortageForecast
from gridtool.report.tables import NamedTable
from gridtool.units import Estimate, decimals_for, format_quantity

__all__ = [
    "describe_backtest",
    "describe_shortage",
    "headline_shortage",
    "table_by_district",
    "table_city",
    "tables_backtest",
    "tables_shortage",
]

_CAUSES = {
    "supply_mwh": "too little supply",
    "network_mwh": "limits of the network and parts cut off",
    "delivery_mwh": "damaged feeders and busbars",
}


def tables_shortage(forecast: ShortageForecast) -> tuple[NamedTable, ...]:
    """By month and district; the city by month; causes; the city day by day (files only)."""
    return (
        table_by_district(forecast),
        table_city(forecast),
        NamedTable(
            name="shortage_causes",
            title="Why energy is not served, by month",
            frame=forecast.causes,
            note="Supply: units and imports; network: limits, and parts cut off; delivery: "
            "feeders and busbar sections that are out.",
        ),
        NamedTable(
            name="shortage_daily",
            title="Hours off a day, city, day by day",
            frame=forecast.daily,
            terminal_rows=0,
        ),
    )


def table_by_district(forecast: ShortageForecast) -> NamedTable:
    """Hours a day without supply and unserved energy, month by month and district."""
    monthly = forecast.monthly
    error = monthly.loc[monthly["district"] != CITY, "eue_mwh_se"]
    typical = float(error[error > 0].median()) if (error > 0).any() else 1.0
    decimals = decimals_for(typical)
    return NamedTable(
        name="shortage",
        title="Hours a day without supply for an ordinary customer, by month and district",
        frame=monthly,
        headings={
            "hours_off_p10": "P10 [h/day]",
            "hours_off_p50": "P50 [h/day]",
            "hours_off_p90": "P90 [h/day]",
            "day_over_8h": "days over 8 h [share]",
            "eue_mwh": "EUE [MWh]",
            "eue_mwh_se": "± [MWh]",
        },
        decimals={"eue_mwh": decimals, "eue_mwh_se": decimals, "day_over_8h": 3}
        | dict.fromkeys(("hours_off_p10", "hours_off_p50", "hours_off_p90"), 1),
        terminal_columns=(
            "month",
            "name",
            "hours_off_p10",
            "hours_off_p50",
            "hours_off_p90",
            "day_over_8h",
            "eue_mwh",
            "eue_mwh_se",
        ),
        note=f"P10, P50 and P90 of the month's mean over {forecast.samples} simulated futures; "
        "EUE is the expected unserved energy and its standard error.",
    )


def table_city(forecast: ShortageForecast) -> NamedTable:
    """The city month by month, each estimate rounded to what its standard error allows."""
    rows = [
        {
            "month": row["month"],
            "lole_hours": str(Estimate(row["lole_h"], row["lole_h_se"])),
            "lole_days": str(Estimate(row["lole_d"], row["lole_d_se"])),
            "unserved_energy_mwh": str(Estimate(row["eue_mwh"], row["eue_mwh_se"])),
            "neue_ppm": row["neue_ppm"],
            "hours_off": str(Estimate(row["hours_off_mean"], row["hours_off_se"])),
            "hours_off_p90": row["hours_off_p90"],
        }
        for row in _city_rows(forecast).to_dict("records")
    ]
    return NamedTable(
        name="shortage_city",
        title="Whole city by month, with standard errors",
        frame=pd.DataFrame(rows),
        headings={
            "lole_hours": "hours with a shortage",
            "lole_days": "days with a shortage",
            "unserved_energy_mwh": "EUE [MWh]",
            "neue_ppm": "NEUE [ppm]",
            "hours_off": "hours off a day",
            "hours_off_p90": "P90 [h/day]",
        },
        decimals={"neue_ppm": 0, "hours_off_p90": 1},
    )


def describe_shortage(forecast: ShortageForecast) -> str:
    """The forecast in one or two sentences."""
    city = _city_rows(forecast)
    total = float(city["eue_mwh"].sum())
    if not (city["lole_h"] > 0).any():
        return (
            f"No shortage in {forecast.samples} simulated futures from "
            f"{city['month'].iloc[0]} to {city['month'].iloc[-1]}."
        )
    worst = city.iloc[int(city["hours_off_p50"].fillna(0.0).argmax())]
    causes = forecast.causes[list(_CAUSES)].sum()
    cause = str(causes.idxmax())
    districts = forecast.monthly[forecast.monthly["district"] != CITY]
    hardest = districts.iloc[int(districts["hours_off_p50"].fillna(0.0).argmax())]
    return (
        f"The worst month is {worst['month']}: an ordinary customer is off "
        f"{worst['hours_off_p50']:.1f} h a day (P10 {worst['hours_off_p10']:.1f}, "
        f"P90 {worst['hours_off_p90']:.1f}), in {hardest['name']} "
        f"{hardest['hours_off_p50']:.1f} h ({hardest['month']}). Expected unserved energy "
        f"{format_quantity(total, decimals=0)} MWh in {len(city)} months, "
        f"{100 * causes[cause] / total:.0f} % of it from {_CAUSES[cause]}."
    )


def headline_shortage(forecast: ShortageForecast) -> dict[str, float]:
    """Numbers that ``--fail-on`` can name."""
    city = _city_rows(forecast)
    return {
        "eue_mwh": float(city["eue_mwh"].sum()),
        "lole_h": float(city["lole_h"].sum()),
        "hours_off_p50": float(forecast.monthly["hours_off_p50"].max()),
        "hours_off_p90": float(forecast.monthly["hours_off_p90"].max()),
    }


def _city_rows(forecast: ShortageForecast) -> pd.DataFrame:
    return forecast.monthly[forecast.monthly["district"] == CITY].reset_index(drop=True)


def tables_backtest(found: Backtest) -> tuple[NamedTable, ...]:
    """Mean scores by method, then every origin."""
    decimals = dict.fromkeys(("coverage_80", "energy_coverage_80"), 2) | dict.fromkeys(
        ("pinball_pct", "mape_pct"), 2
    )
    return (
        NamedTable(
            name="scores",
            title="Demand model against seasonal naive, mean over origins",
            frame=found.scores,
            decimals=decimals,
            note="Pinball over levels 0.1 to 0.9 in percent of mean demand; coverage of 80 % "
            "intervals by hours and by the energy of months.",
        ),
        NamedTable(name="origins", title="Every origin", frame=found.origins, decimals=decimals),
    )


def describe_backtest(found: Backtest) -> str:
    """What the scores mean for a planner."""
    scores = found.scores.set_index("method")
    model, naive = scores.loc["model"], scores.loc["seasonal naive"]
    better = 100 * (1 - model["pinball_pct"] / naive["pinball_pct"])
    coverage = model["coverage_80"]
    if coverage < 0.7:
        trust = "its intervals are too narrow: take them wider"
    elif coverage > 0.9:
        trust = "its intervals are too wide"
    else:
        trust = "its intervals can be taken as they are"
    word = "better" if better >= 0 else "worse"
    return (
        f"Months ahead the model's pinball loss is {model['pinball_pct']:.2f} % of mean demand, "
        f"{abs(better):.0f} % {word} than seasonal naive; 80 % intervals hold "
        f"{100 * coverage:.0f} % of the hours and {100 * model['energy_coverage_80']:.0f} % of "
        f"the months' energy, so {trust}. The peak was missed by {model['peak_error_pct']:.1f} % "
        "on average."
    )
