"""The columns of a damage report; ``gridtool schema damage`` and the readers go by this."""

from __future__ import annotations

from gridtool.damage.model import DamageState
from gridtool.formats.schema import Column, TableSchema

__all__ = ["DAMAGE_REPORTS"]


def _hours(name: str, meaning: str) -> Column:
    return Column(name=name, kind="float", unit="h", meaning=meaning, required=False, above=0)


DAMAGE_REPORTS = TableSchema(
    name="damage reports",
    meaning="what was seen of assets, one row per asset and observation; a report of state "
    "none says that the asset works",
    key=(),
    columns=(
        Column(
            name="report_id",
            kind="id",
            meaning="number of the report at its source; the same again revises it",
        ),
        Column(name="source", kind="text", meaning="who reports"),
        Column(name="asset", kind="id", meaning="id of the damaged asset in the network"),
        Column(
            name="state",
            kind="choice",
            meaning="Hazus damage state; may be empty where remaining_capacity_pct is given",
            choices=tuple(state.value for state in DamageState),
            required=False,
        ),
        Column(
            name="remaining_capacity_pct",
            kind="float",
            unit="%",
            meaning="share of the rating that is left; may be empty where state is given",
            required=False,
            minimum=0,
            maximum=100,
        ),
        Column(name="occurred_at", kind="timestamp", meaning="when the asset came to this state"),
        Column(name="reported_at", kind="timestamp", meaning="when the source reported it"),
        Column(
            name="recorded_at",
            kind="timestamp",
            meaning="when the report was received; empty: when it was reported",
            required=False,
        ),
        Column(
            name="confidence",
            kind="float",
            meaning="trust in the report",
            required=False,
            default=1.0,
            minimum=0,
            maximum=1,
        ),
        _hours("low_h", "crew's own estimate of the work: one chance in ten that it takes less"),
        _hours("likely_h", "the same: most likely"),
        _hours("high_h", "the same: one chance in ten that it takes more"),
        Column(
            name="skills", kind="list", meaning="skills the repairing crew needs", required=False
        ),
        Column(
            name="spares",
            kind="list",
            meaning="spares the repair uses up; name one twice if two are needed",
            required=False,
        ),
        Column(name="note", kind="text", meaning="free text", required=False, default=""),
    ),
)
