"""Infeeds, units and the import allocation."""

from __future__ import annotations

from collections.abc import Iterator

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.network.rules.finding import finding, flagged

__all__ = [
    "check_allocation",
    "check_calendar",
    "check_infeeds",
    "check_months",
    "check_set_points",
    "check_units",
]

_UNLIMITED_MW = 99999.0
_VM_PU = (0.8, 1.2)
_MONTHS = tuple(str(month) for month in range(1, 13))


def check_infeeds(network: CityNetwork) -> Iterator[Issue]:
    """An infeed without power, or without a limit, which would hide every shortage."""
    frame = network.infeeds
    strange = (frame["max_mw"] == 0) | (frame["max_mw"] >= _UNLIMITED_MW)
    for position, key, row in flagged(frame, strange):
        nothing = row["max_mw"] == 0
        yield finding(
            "infeeds",
            position,
            "max_mw",
            "an infeed that brings nothing"
            if nothing
            else "an infeed without a limit: no shortage would ever show",
            value=row["max_mw"],
            ids=(key,),
            accepted=f"above 0, below {_UNLIMITED_MW:g} MW",
            severity="warning",
        )


def check_set_points(network: CityNetwork) -> Iterator[Issue]:
    """Voltage set points that no network runs at."""
    least, most = _VM_PU
    for table in ("infeeds", "units"):
        frame = network.tables[table]
        for position, key, row in flagged(
            frame, (frame["vm_pu"] < least) | (frame["vm_pu"] > most)
        ):
            yield finding(
                table,
                position,
                "vm_pu",
                f"a voltage set point of {row['vm_pu']:g} times the nominal voltage",
                value=row["vm_pu"],
                ids=(key,),
                accepted=f"{least:g} to {most:g} p.u.",
                hint="is it in kV?",
            )


def check_units(network: CityNetwork) -> Iterator[Issue]:
    """Reactive limits and base dispatch of units."""
    frame = network.units
    for position, key, row in flagged(frame, frame["min_mvar"] > frame["max_mvar"]):
        yield finding(
            "units",
            position,
            "min_mvar",
            f"the lower reactive limit exceeds the upper one of {row['max_mvar']:g} Mvar",
            value=row["min_mvar"],
            ids=(key,),
        )
    for position, key, row in flagged(frame, frame["p_mw"] > frame["max_mw"] + 1e-6):
        yield finding(
            "units",
            position,
            "p_mw",
            f"the base dispatch exceeds the rating of {row['max_mw']:g} MW",
            value=row["p_mw"],
            ids=(key,),
            severity="warning",
        )


def check_months(network: CityNetwork) -> Iterator[Issue]:
    """Months of availability that are not in the calendar."""
    for position, (key, months) in enumerate(network.units["months"].items()):
        for month in months:
            if str(month) not in _MONTHS:
                yield finding(
                    "units",
                    position,
                    "months",
                    "is not a month",
                    value=str(month),
                    ids=(str(key),),
                    accepted="1 to 12, separated by |",
                )


def check_allocation(network: CityNetwork) -> Iterator[Issue]:
    """Import allocations that are not in order."""
    frame = network.import_allocation
    disordered = ~(
        (frame["low_mw"] <= frame["likely_mw"]) & (frame["likely_mw"] <= frame["high_mw"])
    )
    for position, key, row in flagged(frame, disordered):
        yield finding(
            "import_allocation",
            position,
            "likely_mw",
            f"month {key}: {row['low_mw']:g}, {row['likely_mw']:g}, {row['high_mw']:g} MW are not "
            "in order",
            value=row["likely_mw"],
            accepted="low_mw <= likely_mw <= high_mw",
        )


def check_calendar(network: CityNetwork) -> Iterator[Issue]:
    """An import allocation for some months only, or for no infeed."""
    frame = network.import_allocation
    if not len(frame):
        return
    missing = [month for month in _MONTHS if int(month) not in frame.index]
    if missing:
        yield finding(
            "import_allocation",
            None,
            "month",
            f"no allocation for month {', '.join(missing)}",
            accepted="all of 1 to 12, or no table: then imports are limited by the infeeds alone",
        )
    if not len(network.infeeds):
        yield finding(
            "import_allocation",
            None,
            None,
            "allocates imports to a network without infeeds",
            severity="warning",
        )
