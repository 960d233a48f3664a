"""Fields of the models of histories without hours."""

from __future__ import annotations

from gridtool.forecast.demand.periods.days import DayLevels
from gridtool.forecast.demand.periods.days_terms import DayTerms
from gridtool.forecast.demand.periods.days_weather import DayWeather
from gridtool.forecast.demand.periods.levels import PeriodLevels
from gridtool.forecast.demand.periods.model import FittedPeriods
from gridtool.forecast.demand.periods.profile import ProfileLevels
from gridtool.forecast.demand.periods.profiles import PROFILES
from gridtool.forecast.demand.periods.shape import HourShape
from gridtool.forecast.demand.periods.weather import PeriodWeather
from gridtool.forecast.demand.saved.arrays import Reals, Wholes
from gridtool.forecast.demand.saved.codecs import Flag, Instant, Real, Whole, Words
from gridtool.forecast.demand.saved.composed import Each, Keyed, Maybe, OneOf, Pair, Record
from gridtool.forecast.demand.saved.days import DEMAND_EVENT, SPECIAL_DAYS
from gridtool.forecast.demand.saved.limits import COLD_C, HOT_C, LOG

__all__ = ["FITTED_PERIODS"]

PERIOD_WEATHER = Record(
    PeriodWeather,
    {
        "course": Reals(shape=(5,), least=COLD_C, most=HOT_C),
        "departures": Reals(shape=("periods",), least=COLD_C, most=HOT_C),
        "year_part": Reals(shape=("periods",), least=0.0, most=1.0),
    },
)
PERIOD_LEVELS = Record(
    PeriodLevels,
    {
        "mean": Reals(shape=("states",), least=-LOG, most=LOG),
        "cov": Reals(shape=("states", "states"), least=-LOG, most=LOG),
        "step_sd": Real(least=0.0, most=LOG),
        "noise_sd": Real(least=0.0, most=LOG),
        "memory": Real(least=-1.0, most=1.0),
        "degrees": Whole(least=1),
        "weather": Maybe(PERIOD_WEATHER),
        "terms": Each(Whole(most=1)),
        "words": Words(),
        "notes": Each(Words()),
    },
)
PROFILE_LEVELS = Record(
    ProfileLevels,
    {
        "mean": Real(least=-LOG, most=LOG),
        "known_sd": Real(least=0.0, most=LOG),
        "year_sd": Real(least=0.0, most=LOG),
        "degrees": Whole(least=1),
        "words": Words(),
        "notes": Each(Words()),
    },
)
DAY_TERMS = Record(
    DayTerms,
    {
        "special_days": SPECIAL_DAYS,
        "day_types": Reals(shape=("day types",), least=-LOG, most=LOG),
        "knots_c": Reals(shape=("memories", "knots"), least=COLD_C, most=HOT_C),
        "effects": Reals(shape=("memories", "knots"), least=-LOG, most=LOG),
        "short": Flag(),
    },
)
DAY_WEATHER = Record(
    DayWeather,
    {
        "temp_c": Reals(shape=("days",), least=COLD_C, most=HOT_C, gaps=True),
        "first_day": Whole(least=-30_000, most=90_000),
    },
)
DAY_LEVELS = Record(
    DayLevels,
    {
        "terms": DAY_TERMS,
        "weekly": PERIOD_LEVELS,
        "within": Reals(shape=("weeks", 7), least=-LOG, most=LOG),
        "day_of_year": Wholes(shape=("weeks",), most=366),
        "weather": Maybe(DAY_WEATHER),
        "words": Words(),
    },
)
HOUR_SHAPE = Record(
    HourShape,
    {
        # in its own order, in which the classes are added up
        "mix": Keyed(key=Words(tuple(PROFILES)), value=Real(least=0.0, most=1.0), ordered=True),
        "southern": Flag(),
        "special_days": SPECIAL_DAYS,
        "sharpness": Real(least=0.0, most=10.0),
        "learned": Maybe(Reals(shape=(3, 24), least=-LOG, most=LOG)),
    },
)
FITTED_PERIODS = Record(
    FittedPeriods,
    {
        "step": Words(("day", "week", "month", "year")),
        "source": OneOf({"days": DAY_LEVELS, "periods": PERIOD_LEVELS, "profile": PROFILE_LEVELS}),
        "shape": HOUR_SHAPE,
        "seasons": Flag(),
        "end": Instant(),
        "reach_h": Whole(least=1, most=1_000_000),
        "band": Pair(Real(least=-LOG, most=LOG)),
        "reference_peak_mw": Real(least=1e-9, most=1e9),
        "factor": Real(least=1e-9, most=1e9),
        "description": Words(),
        "said": Each(Words()),
        "weaker": Maybe(Words()),
        "events": Each(DEMAND_EVENT),
    },
)
