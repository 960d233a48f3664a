"""Which fields a saved model has, and what each may be.

A dataclass of the model that gains a field gains one line here; until then such a model cannot
be written (:meth:`Record.encode` refuses), so that no field is ever lost in silence.
"""

from __future__ import annotations

import numpy as np

from gridtool.forecast.demand.deviations import Deviations
from gridtool.forecast.demand.fitted import FittedDemand
from gridtool.forecast.demand.level import DemandLevel
from gridtool.forecast.demand.regression import DemandRegression, Terms
from gridtool.forecast.demand.residual_days import BLOCK_DAYS, ResidualDays
from gridtool.forecast.demand.saved.arrays import Reals, Wholes
from gridtool.forecast.demand.saved.codecs import Instant, Real, Whole, Words, Zone
from gridtool.forecast.demand.saved.composed import Each, Maybe, OneOf, Pair, Record
from gridtool.forecast.demand.saved.days import CALIBRATION, DEMAND_EVENT, SPECIAL_DAYS
from gridtool.forecast.demand.saved.limits import COLD_C, HOT_C, LOG
from gridtool.forecast.demand.saved.mark import HistoryMark, YearMark
from gridtool.forecast.demand.saved.periods import FITTED_PERIODS
from gridtool.forecast.demand.weather import TemperatureRecord

__all__ = ["HISTORY_MARK", "MODEL"]


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
        "calendar": Reals(shape=(24, "calendar terms"), least=-LOG, most=LOG),
        "knots_c": Reals(shape=("memories", "knots"), least=COLD_C, most=HOT_C),
        "effects": Reals(shape=(24, "memories", "knots"), least=-LOG, most=LOG),
    },
    _check_regression,
)
DEVIATIONS = Record(
    Deviations,
    {
        "calendar": Reals(shape=("draws", 24, "calendar terms"), least=-LOG, most=LOG),
        "effects": Reals(shape=("draws", 24, "memories", "knots"), least=-LOG, most=LOG),
        "level": Reals(shape=("draws",), least=-LOG, most=LOG),
    },
)
LEVEL = Record(
    DemandLevel,
    {
        "mean": Real(least=-LOG, most=LOG),
        "variance": Real(least=0.0, most=LOG),
        "step_sigma": Real(least=0.0, most=LOG),
        "noise_sigma": Real(least=0.0, most=LOG),
        "smoothed": Reals(shape=("hours",), least=-LOG, most=LOG),
        "basis": Words(),
    },
)
RESIDUAL_DAYS = Record(
    ResidualDays,
    {
        "values": Reals(shape=("days", 24), least=-LOG, most=LOG),
        "day_of_year": Wholes(shape=("days",), most=365),
        "starts": Wholes(shape=("weeks",)),
    },
    _check_residual_days,
)
WEATHER = Record(
    TemperatureRecord,
    {
        "start": Instant(),
        "temp_c": Reals(shape=("temperatures",), least=COLD_C, most=HOT_C, gaps=True),
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
        "band": Pair(Real(least=-LOG, most=LOG)),
        "reference_peak_mw": Real(least=1e-9, most=1e9),
        "factor": Real(least=1e-9, most=1e9),
        "description": Words(),
        "weaker": Maybe(Words()),
        "deviations": Maybe(DEVIATIONS),
        "calibration": Maybe(CALIBRATION),
        "events": Each(DEMAND_EVENT),
        "said": Each(Words()),
    },
)
MODEL = OneOf({"hourly": HOURLY, "periods": FITTED_PERIODS})
"""Every kind of model that can be saved, by the word it goes by in a file."""
