"""Which fields a saved model has, and what each may be.

A dataclass of the model that gains a field gains one line here; until then such a model cannot
be written (:meth:`Record.encode` refuses), so that no field is ever lost in silence.
"""

from __future__ import annotations

import numpy as np

from gridtool.forecast.demand.fit import FittedDemand
from gridtool.forecast.demand.level import DemandLevel
from gridtool.forecast.demand.model import SpecialDays, SpecialPeriod
from gridtool.forecast.demand.regression import DemandRegression, Terms
from gridtool.forecast.demand.residual_days import BLOCK_DAYS, ResidualDays
from gridtool.forecast.demand.save_arrays import Reals, Wholes
from gridtool.forecast.demand.save_codecs import Instant, LocalDate, Real, Whole, Words, Zone
from gridtool.forecast.demand.save_composed import Each, Keyed, Maybe, OneOf, Pair, Record
from gridtool.forecast.demand.save_mark import HistoryMark, YearMark
from gridtool.forecast.demand.weather import TemperatureRecord

__all__ = ["HISTORY_MARK", "MODEL"]

_LOG = 200.0
"""Most of a logarithm of demand: e to the power of it is beyond every network."""
_COLD_C, _HOT_C = -120.0, 120.0
_LONGEST_PERIOD_DAYS = 4000


def _check_period(period: SpecialPeriod) -> str | None:
    days = (period.last - period.first).days
    return None if 0 <= days <= _LONGEST_PERIOD_DAYS else "the period is empty or over ten years"


def _check_regression(regression: DemandRegression) -> str | None:
    memories = len(regression.terms.memories_h)
    if regression.knots_c.shape[0] != memories or regression.effects.shape[1] != memories:
        return f"there are {memories} memories, but not as many rows of knots and effects"
    if memories and (np.diff(regression.knots_c, axis=1) <= 0).any():
        return "the knots do not rise"
    return None


def _check_residual_days(days: ResidualDays) -> str | None:
    if not len(days.starts):
        return "no week of residual days is whole"
    last = int(days.starts.max())
    if last + BLOCK_DAYS > len(days.values):
        return f"a week begins on day {last} of {len(days.values)}"
    return None


def _check_weather(weather: TemperatureRecord) -> str | None:
    return None if np.isfinite(weather.temp_c).any() else "no temperature is known"


YEAR_MARK = Record(
    YearMark,
    {
        "year": Whole(least=1900, most=2200),
        "known": Whole(),
        "energy_mwh": Real(),
        "sha256": Words(),
    },
)
HISTORY_MARK = Record(
    HistoryMark,
    {
        "step": Words(("hour", "day", "week", "month", "year")),
        "zone": Zone(),
        "start": Instant(),
        "end": Instant(),
        "origin": Words(),
        "sha256": Words(),
        "years": Each(YEAR_MARK),
    },
)
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
TERMS = Record(
    Terms,
    {
        "harmonics": Whole(most=50),
        "knots": Whole(most=50),
        "memories_h": Each(Whole(least=1, most=1000)),
    },
)
REGRESSION = Record(
    DemandRegression,
    {
        "terms": TERMS,
        "special_days": SPECIAL_DAYS,
        "calendar": Reals(shape=(24, "calendar terms"), least=-_LOG, most=_LOG),
        "knots_c": Reals(shape=("memories", "knots"), least=_COLD_C, most=_HOT_C),
        "effects": Reals(shape=(24, "memories", "knots"), least=-_LOG, most=_LOG),
    },
    _check_regression,
)
LEVEL = Record(
    DemandLevel,
    {
        "mean": Real(least=-_LOG, most=_LOG),
        "variance": Real(least=0.0, most=_LOG),
        "step_sigma": Real(least=0.0, most=_LOG),
        "smoothed": Reals(shape=("hours",), least=-_LOG, most=_LOG),
        "basis": Words(),
    },
)
RESIDUAL_DAYS = Record(
    ResidualDays,
    {
        "values": Reals(shape=("days", 24), least=-_LOG, most=_LOG),
        "day_of_year": Wholes(shape=("days",), most=365),
        "starts": Wholes(shape=("weeks",)),
    },
    _check_residual_days,
)
WEATHER = Record(
    TemperatureRecord,
    {
        "start": Instant(),
        "temp_c": Reals(shape=("temperatures",), least=_COLD_C, most=_HOT_C, gaps=True),
        "zone": Zone(),
    },
    _check_weather,
)
HOURLY = Record(
    FittedDemand,
    {
        "regression": REGRESSION,
        "level": LEVEL,
        "residual_days": RESIDUAL_DAYS,
        "weather": Maybe(WEATHER),
        "end": Instant(),
        "history_h": Whole(least=1, most=1_000_000),
        "band": Pair(Real(least=-_LOG, most=_LOG)),
        "reference_peak_mw": Real(least=1e-9, most=1e9),
        "factor": Real(least=1e-9, most=1e9),
        "description": Words(),
        "weaker": Maybe(Words()),
    },
)
MODEL = OneOf({"hourly": HOURLY})
"""Every kind of model that can be saved, by the word it goes by in a file."""
