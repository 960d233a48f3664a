"""Failure data that contradict each other, by the same words for all that is up or down."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.network.rules.finding import finding, flagged
from gridtool.network.schema import ASSET_TABLES, TABLES

__all__ = ["check_failures", "check_outage_rates"]

_RATE_TOLERANCE = 0.05
_TABLES = tuple(schema.name for schema in TABLES if "mttf_h" in schema.names)


def check_failures(network: CityNetwork) -> Iterator[Issue]:
    """A time to failure without a time to repair, and repairs of what never fails."""
    for table in _TABLES:
        frame, word = network.tables[table], ASSET_TABLES[table]
        rate = _outage_rate(frame)
        no_repair = frame["mttf_h"].notna() & frame["mttr_h"].isna() & (rate == 0)
        instead = ", or a forced outage rate" if "for" in frame else ""
        for position, key, _ in flagged(frame, no_repair):
            yield finding(
                table,
                position,
                "mttr_h",
                f"a {word} with a time to failure needs a time to repair{instead}",
                ids=(key,),
            )
        unused = frame["mttf_h"].isna() & (frame["mttr_h"].notna() | (rate > 0))
        for position, key, _ in flagged(frame, unused):
            yield finding(
                table,
                position,
                "mttf_h",
                f"no time to failure: the {word} never fails, whatever its other failure data say",
                ids=(key,),
                severity="warning",
            )


def _outage_rate(frame: pd.DataFrame) -> pd.Series:
    """Forced outage rate by row, 0 in tables without such a column."""
    return frame["for"] if "for" in frame else pd.Series(0.0, index=frame.index)


def check_outage_rates(network: CityNetwork) -> Iterator[Issue]:
    """Forced outage rates of units that do not follow from their times."""
    frame = network.units
    rate = frame["mttr_h"] / (frame["mttf_h"] + frame["mttr_h"])
    for position, key, row in flagged(frame, (rate - frame["for"]).abs() > _RATE_TOLERANCE):
        yield finding(
            "units",
            position,
            "for",
            f"times to failure and repair give a forced outage rate of {rate.iloc[position]:.3f}",
            value=row["for"],
            ids=(key,),
            accepted="mttr_h / (mttf_h + mttr_h)",
            severity="warning",
        )
