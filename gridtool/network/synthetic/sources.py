"""What feeds the city: infeeds of the national system, heat-and-power units, allocation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from gridtool.network.synthetic.layout import Layout
from gridtool.network.synthetic.parameters import UNIT_CLASSES, UnitClass

__all__ = ["import_need_mw", "make_allocation", "make_infeeds", "make_units", "place_infeeds"]

Row = dict[str, Any]

_OWN_SHARE = 0.38
_UNITS_PER_PLANT = 3
_HEATING_SEASON = (1, 2, 3, 4, 10, 11, 12)
_LOSSES = 0.03
_INFEED_VM_PU = 1.02
_UNIT_VM_PU = 1.02
_ALLOCATED = {1: 0.84, 2: 0.84, 3: 0.82, 4: 0.78, 5: 0.72, 6: 0.72}
_ALLOCATED |= {7: 0.75, 8: 0.75, 9: 0.75, 10: 0.80, 11: 0.82, 12: 0.84}
_ALLOCATION_SPREAD = 0.12


def make_units(layout: Layout, *, peak_mw: float) -> list[Row]:
    """Rows of ``units``: three per plant, the last for the heating season only."""
    rows: list[Row] = []
    for number, plant in enumerate(layout.plants):
        weight = 1.0 if len(layout.plants) == 1 else (1.16, 0.84)[number % 2]
        target = weight * _OWN_SHARE * peak_mw / len(layout.plants) / _UNITS_PER_PLANT
        unit_class = _nearest_class(target)
        rows.extend(_unit_row(plant, position, unit_class) for position in range(_UNITS_PER_PLANT))
    return rows


def _nearest_class(target_mw: float) -> UnitClass:
    return min(UNIT_CLASSES, key=lambda candidate: abs(candidate.max_mw - target_mw))


def _unit_row(plant: str, position: int, unit_class: UnitClass) -> Row:
    seasonal = position == _UNITS_PER_PLANT - 1
    return {
        "id": f"{plant}/G{position + 1}",
        "name": f"{plant} unit {position + 1}",
        "busbar": f"{plant}/110-{1 + position % 2}",
        "max_mw": unit_class.max_mw,
        "p_mw": unit_class.max_mw,
        "min_mvar": round(-0.3 * unit_class.max_mw, 1),
        "max_mvar": round(0.6 * unit_class.max_mw, 1),
        "vm_pu": _UNIT_VM_PU,
        "for": unit_class.forced_outage_rate,
        "mttf_h": unit_class.mttf_h,
        "mttr_h": unit_class.mttr_h,
        "months": tuple(str(month) for month in _HEATING_SEASON) if seasonal else (),
    }


def import_need_mw(units: list[Row], *, peak_mw: float) -> float:
    """What the infeeds must bring at the winter peak with every unit running, losses included."""
    return float((1 + _LOSSES) * peak_mw - sum(row["max_mw"] for row in units))


def place_infeeds(layout: Layout) -> tuple[str, ...]:
    """Supply points with an infeed: every second one of the ring, at least two."""
    count = max(2, len(layout.ring) // 2)
    return tuple(layout.ring[i * len(layout.ring) // count] for i in range(count))


def make_infeeds(largest_mw: Mapping[str, float], *, need_mw: float) -> list[Row]:
    """Rows of ``infeeds`` of one rating, enough with the largest one lost.

    Parameters
    ----------
    largest_mw
        Largest flow over all single outages, without losses, by supply point.
    """
    rating = max(need_mw / (len(largest_mw) - 1), (1 + _LOSSES) * max(largest_mw.values()))
    return [
        {
            "id": f"IF-{number}",
            "name": f"National system {number}",
            "busbar": f"{point}/330-1",
            "max_mw": 50.0 * math.ceil(rating / 50.0),
            "vm_pu": _INFEED_VM_PU,
        }
        for number, point in enumerate(largest_mw, 1)
    ]


def make_allocation(*, need_mw: float) -> list[Row]:
    """Rows of ``import_allocation`` in a crisis: about four fifths of the need, +-12 %."""
    return [
        {
            "month": month,
            "low_mw": float(round((share - _ALLOCATION_SPREAD) * need_mw)),
            "likely_mw": float(round(share * need_mw)),
            "high_mw": float(round((share + _ALLOCATION_SPREAD) * need_mw)),
        }
        for month, share in _ALLOCATED.items()
    ]
