"""Fields of what all demand models share: special days, events, calibration."""

from __future__ import annotations

from gridtool.forecast.demand.model import Calibration, DemandEvent, SpecialDays, SpecialPeriod
from gridtool.forecast.demand.saved.codecs import Instant, LocalDate, Real, Whole, Words
from gridtool.forecast.demand.saved.composed import Each, Keyed, Maybe, Record

__all__ = ["CALIBRATION", "DEMAND_EVENT", "SPECIAL_DAYS"]

_LONGEST_PERIOD_DAYS = 4000


def _check_period(period: SpecialPeriod) -> str | None:
    days = (period.last - period.first).days
    return None if 0 <= days <= _LONGEST_PERIOD_DAYS else "the period is empty or over ten years"


SPECIAL_PERIOD = Record(
    SpecialPeriod,
    {"kind": Words(), "first": LocalDate(), "last": LocalDate()},
    _check_period,
)
SPECIAL_DAYS = Record(
    SpecialDays,
    {
        "kind_of": Keyed(key=LocalDate(), value=Words()),
        "periods": Each(SPECIAL_PERIOD),
        "like": Keyed(key=LocalDate(), value=Whole(most=6)),
        "names": Keyed(key=LocalDate(), value=Words()),
        "notes": Each(Words()),
    },
)
DEMAND_EVENT = Record(
    DemandEvent,
    {
        "kind": Words(("outage", "level", "rebound")),
        "start": Instant(),
        "end": Maybe(Instant()),
        "change": Maybe(Real(least=-0.999, most=100.0)),
        "note": Words(),
    },
)
CALIBRATION = Record(
    Calibration,
    {
        "residual_scale": Real(least=0.0, most=100.0),
        "level_scale": Real(least=0.0, most=100.0),
        "origins": Whole(),
        "words": Words(),
    },
)
