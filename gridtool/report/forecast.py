"""The shortage forecast as tables and one sentence."""

from __future__ import annotations

import pandas as pd

from gridtool.forecast.model import CITY, ShortageForecast
from gridtool.report.forecast_cases import table_outlook, table_shares
from gridtool.report.strip import draw_strip
from gridtool.report.tables import Chart, NamedTable
from gridtool.units import Estimate, decimals_for, format_quantity

__all__ = [
    "CAUSE_WORDS",
    "chart_hours",
    "chart_weeks",
    "city_energy",
    "describe_shortage",
    "headline_shortage",
    "say_further_damage",
    "table_by_district",
    "table_city",
    "tables_shortage",
]

CAUSE_WORDS = {
    "supply_mwh": "too little supply",
    "network_mwh": "limits of the network and parts cut off",
    "delivery_mwh": "damaged feeders and busbars",
}
_WHOLE = "all"


def tables_shortage(forecast: ShortageForecast) -> tuple[NamedTable, ...]:
    """By month and district, the city by month, what decides, the outlook, classes and causes;
    the rest for files."""
    cases = (table_shares(forecast), table_outlook(forecast))
    return (
        table_by_district(forecast),
        table_city(forecast),
        *(table for table in cases if table is not None),
        _table_classes(forecast),
        NamedTable(
            name="shortage_causes",
            title="Why energy is not served, by month",
            frame=forecast.causes,
            terminal_columns=("month", *CAUSE_WORDS),
            note="Supply: units and imports; network: limits, and parts cut off; delivery: "
            "feeders and busbar sections that are out.",
        ),
        *_tables_for_files(forecast),
    )


def _tables_for_files(forecast: ShortageForecast) -> tuple[NamedTable, ...]:
    frames = (
        ("shortage_controlled", "EUE of the city with a control variate", forecast.controlled),
        ("shortage_horizon", "All months together, by district", forecast.horizon),
        ("shortage_by_hour", "Shortage of the city by hour of the day", forecast.by_hour),
        ("shortage_weekly", "Shortage of the city, week by week", forecast.weekly),
        ("shortage_daily", "Hours off a day, city, day by day", forecast.daily),
        ("shortage_durations", "How long shortages last, by district", forecast.durations),
        ("shortage_depths", "How deep shortages are, by district", forecast.depths),
    )
    return tuple(
        NamedTable(name=name, title=title, frame=frame, terminal_rows=0)
        for name, title, frame in frames
        if frame is not None
    )


def table_by_district(forecast: ShortageForecast) -> NamedTable:
    """Hours a day without supply and unserved energy, month by month and district."""
    monthly = forecast.monthly
    error = monthly.loc[monthly["district"] != CITY, "eue_mwh_se"]
    typical = float(error[error > 0].median()) if (error > 0).any() else 1.0
    decimals = decimals_for(typical)
    hours = ("hours_off_p10", "hours_off_p50", "hours_off_p90")
    interval = ("hours_off_p50_low", "hours_off_p50_high")
    return NamedTable(
        name="shortage",
        title="Hours a day without supply for an ordinary customer, by month and district",
        frame=monthly,
        headings={
            "hours_off_p10": "P10 [h/day]",
            "hours_off_p50": "P50 [h/day]",
            "hours_off_p50_low": "from",
            "hours_off_p50_high": "to",
            "hours_off_p90": "P90 [h/day]",
            "day_over_8h": "days over 8 h [share]",
            "eue_mwh": "EUE [MWh]",
            "eue_mwh_se": "± [MWh]",
        },
        decimals={"eue_mwh": decimals, "eue_mwh_se": decimals, "day_over_8h": 3}
        | dict.fromkeys(hours, 1)
        | dict.fromkeys(interval, 2),
        terminal_columns=(
            "month",
            "name",
            *hours[:2],
            *interval,
            hours[2],
            "day_over_8h",
            "eue_mwh",
            "eue_mwh_se",
        ),
        note=f"P10, P50 and P90 of the month's mean over {forecast.samples} simulated futures, "
        "of P50 the interval that holds it with 95 %; EUE is the expected unserved energy and its "
        "standard error.",
    )


def table_city(forecast: ShortageForecast) -> NamedTable:
    """The city month by month and in all, rounded to what the standard errors allow."""
    whole = forecast.horizon[forecast.horizon["district"] == CITY].assign(month=_WHOLE)
    rows = [
        {
            "month": row["month"],
            "lole_hours": str(Estimate(row["lole_h"], row["lole_h_se"])),
            "lole_days": str(Estimate(row["lole_d"], row["lole_d_se"])),
            "lolev": str(Estimate(row["lolev"], row["lolev_se"])),
            "unserved_energy_mwh": str(Estimate(row["eue_mwh"], row["eue_mwh_se"])),
            "cvar_mwh": str(Estimate(row["eue_cvar95_mwh"], row["eue_cvar95_mwh_se"])),
            "edns_mw": str(Estimate(row["edns_mw"], row["edns_mw_se"])),
            "neue_ppm": str(Estimate(row["neue_ppm"], row["neue_ppm_se"])),
            "hours_off": str(Estimate(row["hours_off_mean"], row["hours_off_se"])),
            "hours_off_p90": row["hours_off_p90"],
        }
        for row in pd.concat([_city_rows(forecast), whole]).to_dict("records")
    ]
    edns = "" if forecast.controlled is not None else "EDNS: unserved power over all hours; "
    note = (
        "LOLE: expected hours, and days, with a shortage; CVaR: mean of the worst 5 % of the "
        f"futures; {edns}NEUE: unserved energy over demand."
    )
    shown = [*rows[0]]
    if forecast.controlled is not None:
        shown.remove("edns_mw")  # the table would be too wide; files have it
        shown.insert(shown.index("unserved_energy_mwh") + 1, "controlled_mwh")
        for row in rows:
            row["controlled_mwh"] = str(city_energy(forecast, month=str(row["month"])))
        note += (
            " EUE is the mean of the futures, which its districts and causes add up to; best EUE "
            "is the same expectation told more exactly with the help of exact convolution (a "
            "control variate), and the one that the text above has."
        )
    return NamedTable(
        name="shortage_city",
        title="Whole city by month, with standard errors",
        frame=pd.DataFrame(rows),
        headings={
            "lole_hours": "LOLE [h]",
            "lole_days": "LOLE [d]",
            "lolev": "shortages",
            "unserved_energy_mwh": "EUE [MWh]",
            "cvar_mwh": "CVaR 95 % [MWh]",
            "edns_mw": "EDNS [MW]",
            "neue_ppm": "NEUE [ppm]",
            "hours_off": "off [h/day]",
            "hours_off_p90": "P90 [h/day]",
            "controlled_mwh": "best EUE [MWh]",
        },
        decimals={"hours_off_p90": 1},
        terminal_columns=tuple(shown),
        note=note,
    )


def city_energy(forecast: ShortageForecast, *, month: str = _WHOLE) -> Estimate:
    """Expected unserved energy of the city, MWh: with the control variate where there is one."""
    if forecast.controlled is not None:
        found = forecast.controlled
        row = found[found["month"] == month].iloc[0]
    elif month == _WHOLE:
        row = forecast.horizon[forecast.horizon["district"] == CITY].iloc[0]
    else:
        city = _city_rows(forecast)
        row = city[city["month"] == month].iloc[0]
    return Estimate(float(row["eue_mwh"]), float(row["eue_mwh_se"]))


def _table_classes(forecast: ShortageForecast) -> NamedTable:
    """Unserved energy by class of customers, the whole horizon first."""
    frame = forecast.by_class
    whole = frame["month"] == _WHOLE
    return NamedTable(
        name="shortage_classes",
        title="Expected unserved energy by class of customers",
        frame=pd.concat([frame[whole], frame[~whole]], ignore_index=True),
        headings={"eue_mwh_se": "± [MWh]", "neue_ppm_se": "± [ppm]"},
        decimals=dict.fromkeys(
            ("demand_mwh", "eue_mwh", "eue_mwh_se", "neue_ppm", "neue_ppm_se"), 0
        ),
        terminal_columns=("class", "demand_mwh", "eue_mwh", "eue_mwh_se", "neue_ppm"),
        terminal_rows=int(whole.sum()),
        note="All months together; protected feeders are shed last.",
    )


def chart_hours(forecast: ShortageForecast) -> Chart:
    """One line: how likely a shortage is at each hour of the day."""
    hours = forecast.by_hour[forecast.by_hour["month"] == _WHOLE]
    lolp = hours["lolp"].to_numpy()
    if not (lolp > 0).any():
        return Chart(title="Hours of the day with a shortage", text="  none")
    worst = int(hours["hour"].iloc[int(hours["lolp"].fillna(0.0).argmax())])
    text = f"  0h {draw_strip(lolp.tolist())} 24h   most at {worst}:00, "
    text += f"{100 * float(hours['lolp'].max()):.1f} % of the days"
    return Chart(title="Share of days with a shortage, by hour of the day", text=text)


def chart_weeks(forecast: ShortageForecast) -> Chart:
    """One line: hours off a day, week by week."""
    weekly = forecast.weekly
    off = weekly["hours_off_mean"]
    text = f"  {weekly['week'].iloc[0]} {draw_strip(off.tolist())} {weekly['week'].iloc[-1]}"
    if (off > 0).any():
        worst = weekly.iloc[int(off.fillna(0.0).argmax())]
        spread = Estimate(worst["hours_off_mean"], worst["hours_off_se"])
        text += f"   most in {worst['week']}, {spread} h a day"
    return Chart(title="Hours a day without supply, whole city, week by week", text=text)


def describe_shortage(forecast: ShortageForecast) -> str:
    """The forecast in a few sentences."""
    city = _city_rows(forecast)
    if not (city["lole_h"] > 0).any():
        return (
            f"No shortage in {forecast.samples} simulated futures from "
            f"{city['month'].iloc[0]} to {city['month'].iloc[-1]}{say_further_damage(forecast)}."
        )
    total = city_energy(forecast)
    worst = city.iloc[int(city["hours_off_p50"].fillna(0.0).argmax())]
    causes = forecast.causes[list(CAUSE_WORDS)].sum()
    cause = str(causes.idxmax())
    districts = forecast.monthly[forecast.monthly["district"] != CITY]
    hardest = districts.iloc[int(districts["hours_off_p50"].fillna(0.0).argmax())]
    return (
        f"The worst month is {worst['month']}: an ordinary customer is off "
        f"{worst['hours_off_p50']:.1f} h a day (P10 {worst['hours_off_p10']:.1f}, "
        f"P90 {worst['hours_off_p90']:.1f}), in {hardest['name']} "
        f"{hardest['hours_off_p50']:.1f} h ({hardest['month']}). Expected unserved energy "
        f"{total} MWh in {len(city)} months{say_further_damage(forecast)}, "
        f"{100 * causes[cause] / causes.sum():.0f} % of it from {CAUSE_WORDS[cause]}."
    )


def say_further_damage(forecast: ShortageForecast) -> str:
    """That further damage is a stated scenario, where it is one; else nothing."""
    damage = forecast.config.further_damage
    if damage is None:
        return ""
    rate = format_quantity(damage.rate_per_month, decimals=1).removesuffix(".0")
    return f" under the stated scenario of further damage ({rate} events a month)"


def headline_shortage(forecast: ShortageForecast) -> dict[str, float]:
    """Numbers that ``--fail-on`` can name."""
    city = forecast.horizon[forecast.horizon["district"] == CITY].iloc[0]
    energy = city_energy(forecast)
    return {
        "eue_mwh": energy.value,
        "eue_mwh_se": energy.standard_error,
        "lole_h": float(city["lole_h"]),
        "hours_off_p50": float(forecast.monthly["hours_off_p50"].max()),
        "hours_off_p90": float(forecast.monthly["hours_off_p90"].max()),
    }


def _city_rows(forecast: ShortageForecast) -> pd.DataFrame:
    return forecast.monthly[forecast.monthly["district"] == CITY].reset_index(drop=True)
