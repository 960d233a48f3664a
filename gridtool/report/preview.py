"""The exact preview of a forecast as a table and a sentence."""

from __future__ import annotations

from gridtool.forecast.preview import ShortagePreview
from gridtool.report.tables import NamedTable
from gridtool.units import format_quantity

__all__ = ["describe_preview", "headline_preview", "tables_preview"]


def tables_preview(found: ShortagePreview) -> tuple[NamedTable, ...]:
    """The city by month."""
    energy = ("demand_mwh", "supply_mwh", "delivery_mwh", "cut_off_mwh", "eue_mwh")
    return (
        NamedTable(
            name="shortage_preview",
            title="Expected shortage by month, without limits of the network",
            frame=found.monthly,
            headings={
                "supply_lole_h": "supply short [h]",
                "supply_mwh": "for supply [MWh]",
                "delivery_mwh": "for delivery [MWh]",
                "cut_off_mwh": "cut off [MWh]",
                "eue_mwh": "EUE [MWh]",
                "neue_ppm": "NEUE [ppm]",
                "hours_off_mean": "off [h/day]",
            },
            decimals=dict.fromkeys(energy, 0)
            | {"supply_lole_h": 1, "neue_ppm": 0, "hours_off_mean": 2},
            note="By convolution of the units' outages, so without noise of theirs; repairs are "
            f"mixed over {found.futures} executions.",
        ),
    )


def describe_preview(found: ShortagePreview) -> str:
    """The preview in two sentences."""
    monthly = found.monthly
    worst = monthly.iloc[int(monthly["hours_off_mean"].argmax())]
    total = format_quantity(float(monthly["eue_mwh"].sum()), decimals=0)
    return (
        f"Preview without limits of the network: {total} MWh are expected to be unserved in "
        f"{len(monthly)} months, the most in {worst['month']}: "
        f"{float(worst['hours_off_mean']):.1f} hours a day without supply for an ordinary "
        "customer. Limits of the network can only add to that."
    )


def headline_preview(found: ShortagePreview) -> dict[str, float]:
    """Numbers that ``--fail-on`` can name."""
    return {
        "eue_mwh": float(found.monthly["eue_mwh"].sum()),
        "supply_lole_h": float(found.monthly["supply_lole_h"].sum()),
        "hours_off_mean": float(found.monthly["hours_off_mean"].max()),
    }
