"""What one more of each resource would be worth, as a table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gridtool.report.tables import NamedTable
from gridtool.restoration.advice.value_of import MarginalValue
from gridtool.units import format_quantity

__all__ = ["table_value_of"]

_KINDS = {
    "crew": "one more crew",
    "spare sooner": "spare a week sooner",
    "spare more": "one more spare",
    "mobile unit": "mobile unit",
}


def table_value_of(
    values: Sequence[MarginalValue], *, weighted_mwh: float, weighted: bool
) -> NamedTable:
    """The marginal values, the largest first.

    Parameters
    ----------
    weighted_mwh
        What the plan leaves unserved, weighted as it was searched.
    weighted
        Whether MWh count differently by class of customers.
    """
    columns = ["what", "item", "value_mwh", "value_pct", "certainty", "change", "noise_mwh"]
    rows = [
        {
            "what": _KINDS[value.change.kind],
            "item": value.change.item,
            "value_mwh": value.value_mwh,
            "value_pct": 100 * value.value_mwh / weighted_mwh if weighted_mwh > 0 else 0.0,
            "certainty": value.certainty,
            "change": value.change.words,
            "noise_mwh": value.noise_mwh,
        }
        for value in values
    ]
    noise = max((value.noise_mwh for value in values), default=0.0)
    energy = "Weighted energy" if weighted else "Energy"
    return NamedTable(
        name="marginal_values",
        title="What one more would be worth",
        frame=pd.DataFrame(rows, columns=columns),
        headings={"value_mwh": "saves [MWh]", "value_pct": "of the plan [%]"},
        decimals={"value_mwh": 0, "value_pct": 1, "noise_mwh": 0},
        terminal_columns=("what", "item", "value_mwh", "value_pct", "certainty"),
        note=f"{energy} less unserved if each were there, everything else as it is, by planning "
        "anew from this plan; they do not add up. Two searches of the same problem differ by "
        f"{format_quantity(noise, decimals=0)} MWh: smaller values tell nothing.",
    )
