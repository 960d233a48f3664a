"""What checks a plan from outside: the lower bound, and AC power flow of its stages."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from gridtool.report.tables import NamedTable
from gridtool.restoration.model import RestorationPlan
from gridtool.units import format_quantity

__all__ = [
    "describe_ac",
    "describe_bound",
    "describe_cold_load",
    "sum_ac_difference",
    "table_ac",
    "table_cold_load",
]


def sum_ac_difference(ac: pd.DataFrame) -> float:
    """Energy that AC power flow serves less than DC over the plan's stages, MWh.

    The last stage, which has no end, is not in it; NaN where no stage has an AC solution.
    """
    difference = ac["energy_difference_mwh"].to_numpy(dtype=np.float64)
    known = difference[np.isfinite(difference)]
    return float(known.sum()) if known.size else (0.0 if len(ac) == 1 else math.nan)


def table_ac(ac: pd.DataFrame) -> NamedTable:
    """Every distinct stage under AC: what it serves less than DC, voltages and loadings."""
    left = ac["violations"].astype(str) != ""
    shown = ["time", "dc_served_mw", "ac_served_mw", "shed_added_mw", "energy_difference_mwh"]
    shown += ["min_voltage_pu", "max_loading_pct"]
    shown += ["violations"] * bool(left.any())
    difference = sum_ac_difference(ac)
    note = "Shed: what DC serves and AC cannot."
    if math.isfinite(difference):
        note += f" In all {format_quantity(difference, decimals=0)} MWh less than by DC."
    return NamedTable(
        name="ac_stages",
        title=f"AC power flow of the plan's {len(ac)} stages, each at its highest demand",
        frame=ac,
        headings={
            "dc_served_mw": "DC served [MW]",
            "ac_served_mw": "AC served [MW]",
            "shed_added_mw": "shed [MW]",
            "energy_difference_mwh": "less [MWh]",
            "min_voltage_pu": "lowest [p.u.]",
            "max_loading_pct": "loading [%]",
        },
        decimals={
            "dc_served_mw": 1,
            "ac_served_mw": 1,
            "shed_added_mw": 1,
            "energy_difference_mwh": 0,
            "min_voltage_pu": 3,
            "max_loading_pct": 0,
        },
        terminal_columns=tuple(shown),
        terminal_rows=12,
        note=note,
    )


def table_cold_load(extra: pd.DataFrame) -> NamedTable:
    """Energy that customers miss because cold load takes it, by stage and district."""
    total = float(extra["extra_unserved_mwh"].sum())
    return NamedTable(
        name="cold_load",
        title=f"Cold-load pickup: {format_quantity(total, decimals=0)} MWh more unserved",
        frame=extra,
        headings={"picked_up_mw": "comes back [MW]", "extra_unserved_mwh": "more unserved [MWh]"},
        decimals={"picked_up_mw": 1, "extra_unserved_mwh": 1},
        terminal_rows=15,
        note="What comes back cold, and what others or it miss for it; not part of the plan's "
        "energy not served.",
    )


def describe_cold_load(extra: pd.DataFrame) -> str:
    """What cold-load pickup costs, in a sentence."""
    total = float(extra["extra_unserved_mwh"].sum())
    return f"Cold-load pickup leaves another {format_quantity(total, decimals=0)} MWh unserved."


def describe_bound(plan: RestorationPlan) -> str:
    """The lower bound and the gap in a sentence; empty without a bound."""
    bound = plan.bound
    if bound is None:
        return ""
    least = format_quantity(bound.weighted_mwh, decimals=0)
    weighted = not math.isclose(plan.weighted_mwh, plan.ens_mwh, rel_tol=1e-9, abs_tol=1e-6)
    energy = "weighted MWh" if weighted else "MWh"
    return (
        f"No plan with these resources leaves less than {least} {energy} unserved, so this one is "
        f"within {max(bound.gap_pct, 0.0):.1f} % of the best possible ({bound.method})."
    )


def describe_ac(plan: RestorationPlan) -> str:
    """What AC power flow says of the stages, in a sentence; empty if they were not verified."""
    if plan.ac is None or not len(plan.ac):
        return ""
    stages, difference = len(plan.ac), sum_ac_difference(plan.ac)
    left = int((plan.ac["violations"].astype(str) != "").sum())
    text = f"By AC power flow its {stages} stage{'s' * (stages > 1)} "
    if not math.isfinite(difference):
        return f"{text}have no solution."
    energy = format_quantity(difference, decimals=0)
    text += f"serve{'s' * (stages == 1)} {energy} MWh less than by DC"
    if left:
        text += f"; {left} of them keep{'s' * (left == 1)} violations that shedding cannot mend"
    return f"{text}."
