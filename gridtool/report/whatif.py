"""A what-if as tables and a sentence."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from gridtool.report.tables import NamedTable
from gridtool.units import format_quantity
from gridtool.whatif.compare import WhatIf
from gridtool.whatif.scenario import describe_scenario

__all__ = ["describe_whatif", "headline_whatif", "tables_whatif"]

_SMALLEST_MW = 0.05


def tables_whatif(result: WhatIf, *, zone: ZoneInfo) -> tuple[NamedTable, ...]:
    """The difference of the two cases, for the city and by district."""
    note = "At the reference demand."
    if result.until is not None:
        note += (
            f" Energy not served is counted in both cases until the later of the two last "
            f"repairs, {result.until.astimezone(zone):%Y-%m-%d %H:%M}, whatever its cause."
        )
    return (
        NamedTable(
            name="difference",
            title=f"Difference with {describe_scenario(result.scenario)}",
            frame=result.difference,
            headings={"as_is": "as it is", "what_if": "what if", "difference": "difference"},
            decimals={"as_is": 1, "what_if": 1, "difference": 1},
            note=note,
        ),
        NamedTable(
            name="difference_districts",
            title="Difference by district",
            frame=result.districts,
            headings={
                "unserved_as_is_mw": "unserved as it is [MW]",
                "unserved_what_if_mw": "what if [MW]",
                "unserved_diff_mw": "difference [MW]",
                "hours_off_as_is": "off as it is [h/d]",
                "hours_off_what_if": "what if [h/d]",
                "hours_off_diff": "difference [h/d]",
                "hours_off_diff_se": "±",
            },
            decimals=dict.fromkeys(result.districts.columns[2:5], 1)
            | dict.fromkeys(result.districts.columns[5:], 2),
            note="Hours off a day are those of an ordinary customer, over the whole forecast; both "
            "cases are simulated on the same futures, and the standard error is that of pairs."
            if "hours_off_diff" in result.districts
            else "",
        ),
    )


def headline_whatif(result: WhatIf) -> dict[str, float]:
    """The numbers that ``--fail-on`` can name."""
    names = {
        "unserved load now": "unserved_diff_mw",
        "customers out now": "customers_out_diff",
        "energy not served": "energy_diff_mwh",
        "expected unserved energy, forecast": "eue_diff_mwh",
        "hours off a day, forecast": "hours_off_diff",
    }
    rows = zip(result.difference["quantity"], result.difference["difference"], strict=True)
    return {names[quantity]: float(value) for quantity, value in rows if quantity in names}


def describe_whatif(result: WhatIf, *, zone: ZoneInfo) -> str:
    """What changes, in a few sentences."""
    found = headline_whatif(result)
    text = f"With {describe_scenario(result.scenario)}: "
    text += _say_change(found["unserved_diff_mw"], "MW", decimals=1, what="unserved now")
    text += f" ({format_quantity(result.what_if.unserved_mw)} instead of "
    text += f"{format_quantity(result.as_is.unserved_mw)} MW)"
    if result.until is not None:
        energy = _say_change(found["energy_diff_mwh"], "MWh", decimals=0, what="not served")
        text += f"; {energy} at the reference demand until {result.until.astimezone(zone):%Y-%m-%d}"
    if "hours_off_diff" in found:
        text += "; " + _say_change(
            found["hours_off_diff"], "hours", decimals=2, what="a day without supply"
        )
        text += _say_worst(result)
    return text + "."


def _say_change(change: float, unit: str, *, decimals: int, what: str) -> str:
    size = format_quantity(abs(change), decimals=decimals)
    if float(size.replace(" ", "")) == 0.0:
        return f"no difference in {unit} {what}"
    return f"{size} {unit} {'more' if change > 0 else 'less'} {what}"


def _say_worst(result: WhatIf) -> str:
    """The district whose hours off change most."""
    change = result.districts["hours_off_diff"]
    worst = result.districts.iloc[int(change.abs().argmax())]
    if abs(float(worst["hours_off_diff"])) < _SMALLEST_MW:
        return ""
    return f", most in {worst['name']} ({float(worst['hours_off_diff']):+.2f})"
