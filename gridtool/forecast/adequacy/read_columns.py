"""The tables that describe a generating system, declared once."""

from __future__ import annotations

from gridtool.formats.schema import Column, TableSchema

__all__ = ["COMMON_CAUSES", "GENERATING_TABLES", "GENERATING_UNITS", "INTERFACES", "LARGEST_MW"]

LARGEST_MW = 1e7
"""No country has this much: more is not a capacity and not a demand."""

_RATE = Column(
    name="for",
    kind="float",
    meaning="forced outage rate: share of time out",
    required=False,
    minimum=0,
    maximum=1,
)
_MTTF = Column(
    name="mttf_h",
    kind="float",
    unit="h",
    meaning="mean time up to a failure; needs mttr_h",
    required=False,
    above=0,
)
_MTTR = Column(
    name="mttr_h",
    kind="float",
    unit="h",
    meaning="mean time to repair",
    required=False,
    above=0,
)


def _day(name: str, meaning: str, *, above: float | None = None) -> Column:
    return Column(
        name=name,
        kind="float",
        unit="d",
        meaning=meaning,
        required=False,
        minimum=0.0 if above is None else None,
        above=above,
        maximum=3660,
    )


GENERATING_UNITS = TableSchema(
    name="generating units",
    meaning="units of a generating system, like ones in one row",
    key=("unit",),
    columns=(
        Column(name="unit", kind="id", meaning="id of the row"),
        Column(
            name="count",
            kind="int",
            meaning="like units",
            required=False,
            default=1,
            minimum=0,
            maximum=100_000,
        ),
        Column(
            name="capacity_mw",
            kind="float",
            unit="MW",
            meaning="of one unit",
            minimum=0,
            maximum=LARGEST_MW,
        ),
        _RATE,
        _MTTF,
        _MTTR,
        Column(
            name="p_fail",
            kind="float",
            meaning="chance to fail from one hour to the next; in place of mttf_h and mttr_h",
            required=False,
            minimum=0,
            maximum=1,
        ),
        Column(
            name="p_repair",
            kind="float",
            meaning="chance to be repaired from one hour to the next",
            required=False,
            minimum=0,
            maximum=1,
        ),
        Column(
            name="area",
            kind="id",
            meaning="area of the load the units stand in (also: region)",
            required=False,
        ),
        _day("returns_day", "out now, back at the beginning of this day; 0 is the first"),
        _day("returns_latest_day", "with returns_day: each day from it to this one equally likely"),
        _day(
            "returns_median_day", "out now, back after a lognormal time with this median", above=0
        ),
        Column(
            name="returns_sigma",
            kind="float",
            meaning="with returns_median_day: standard deviation of the logarithm",
            required=False,
            above=0,
            maximum=5,
        ),
        Column(
            name="returns_at",
            kind="timestamp",
            meaning="out now, back at this time; the load then has timestamps",
            required=False,
        ),
        Column(
            name="returns_latest",
            kind="timestamp",
            meaning="with returns_at: each hour from it to this one equally likely",
            required=False,
        ),
    ),
)
INTERFACES = TableSchema(
    name="interfaces",
    meaning="transport links between areas",
    key=("interface",),
    columns=(
        Column(name="interface", kind="id", meaning="id of the link"),
        Column(name="from_area", kind="id", meaning="area it begins in"),
        Column(name="to_area", kind="id", meaning="area it ends in"),
        Column(
            name="forward_mw",
            kind="float",
            unit="MW",
            meaning="most that flows from from_area to to_area",
            minimum=0,
            maximum=LARGEST_MW,
        ),
        Column(
            name="backward_mw",
            kind="float",
            unit="MW",
            meaning="most that flows the other way; default: as forward_mw",
            required=False,
            minimum=0,
            maximum=LARGEST_MW,
        ),
        _RATE,
        _MTTF,
        _MTTR,
    ),
)
COMMON_CAUSES = TableSchema(
    name="common causes",
    meaning="events that take several units at once; one row per event and row of units",
    key=("event", "unit"),
    columns=(
        Column(name="event", kind="id", meaning="id of the event"),
        Column(
            name="probability",
            kind="float",
            meaning="chance that the event is present at any hour; the same in all its rows",
            minimum=0,
            maximum=1,
        ),
        Column(name="unit", kind="id", meaning="units it takes", references="generating units"),
        Column(
            name="count",
            kind="int",
            meaning="how many of them; default: all",
            required=False,
            minimum=1,
        ),
    ),
)
GENERATING_TABLES = (GENERATING_UNITS, INTERFACES, COMMON_CAUSES)
