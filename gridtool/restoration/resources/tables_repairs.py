"""``repairs.csv``: what is known of repair stages beyond the damage reports."""

from __future__ import annotations

from gridtool.formats.schema import Column, TableSchema
from gridtool.restoration.model import RepairStage

__all__ = ["REPAIRS"]


def _hours(name: str, meaning: str) -> Column:
    return Column(name=name, kind="float", unit="h", meaning=meaning, required=False, above=0)


REPAIRS = TableSchema(
    name="repairs",
    meaning="stages of repairs, one row per asset and stage; rows of assets that are not damaged "
    "are left out, and a damaged asset without a row is repaired for good in one stage",
    key=("asset", "stage"),
    columns=(
        Column(name="asset", kind="id", meaning="id of the asset in the network"),
        Column(
            name="stage",
            kind="choice",
            meaning="make safe comes before temporary, temporary before permanent",
            choices=tuple(stage.value for stage in RepairStage),
        ),
        Column(
            name="capacity_after_pct",
            kind="float",
            unit="%",
            meaning="share of the rating once the stage is finished; needed for a temporary "
            "stage, of a permanent one it is 100; empty for make safe: as it was",
            required=False,
            minimum=0,
            maximum=100,
        ),
        _hours(
            "low_h",
            "estimate of the work: one chance in ten that it takes less; empty for a permanent "
            "stage: that of the damage report",
        ),
        _hours("likely_h", "the same: most likely"),
        _hours("high_h", "the same: one chance in ten that it takes more"),
        Column(
            name="skills",
            kind="list",
            meaning="skills the crew needs; empty: those of the damage report",
            required=False,
        ),
        Column(
            name="crew_size",
            kind="int",
            unit="people",
            meaning="least people of the crew",
            required=False,
            default=1,
            minimum=1,
            maximum=1000,
        ),
        Column(
            name="spares",
            kind="list",
            meaning="spares used up, bushing-330:2 for two of them; empty for a permanent stage: "
            "those of the damage report",
            required=False,
        ),
        Column(
            name="after",
            kind="list",
            meaning="what must be finished before: an asset (its first stage with capacity), or "
            "a stage of one, as SS-07/T1:make-safe, SS-07/T1:temporary or SS-07/T1:permanent",
            required=False,
        ),
        Column(
            name="crew",
            kind="id",
            meaning="crew that has started it and stays with it",
            required=False,
        ),
        Column(
            name="started_at",
            kind="timestamp",
            meaning="moment the crew started; given with crew, or both are empty",
            required=False,
        ),
    ),
    optional=True,
)
