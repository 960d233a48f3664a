"""How often coarse models' intervals hold real hours: New York and Victoria summed, Bangladesh.

The hourly history of a city is summed to days, weeks, months or years; the model sees only these,
up to an origin, and its paths are held against the hours that came.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from forecast.demand.period_cases import ahead, periods

from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.periods.coarsen import coarsen_days, sum_hours
from gridtool.forecast.demand.periods.fit import fit_periods
from gridtool.forecast.demand.periods.shape import HourShape
from gridtool.forecast.history.read import read_history

pytestmark = pytest.mark.reference
NEW_YORK, MELBOURNE = ZoneInfo("America/New_York"), ZoneInfo("Australia/Melbourne")
DHAKA = ZoneInfo("Asia/Dhaka")
PATHS, SEED = 150, 1
LOW, HIGH = 0.75, 0.88
"""Accepted share of hours within the 80 % interval."""


@pytest.fixture(scope="module")
def cities(reference):
    """Hours and days of both, and first months of the half-years ahead."""
    new_york = read_history(reference / "load" / "nyc_city_hourly_2012_2017.csv.gz", zone=NEW_YORK)
    victoria = read_history(
        reference / "load" / "vic_elec_halfhourly_2012_2014.csv.gz",
        zone=MELBOURNE,
        columns={"load_mw": "Demand", "temp_c": "Temperature"},
    )
    origins = (
        [datetime(y, m, 1, tzinfo=NEW_YORK) for y in (2015, 2016) for m in (2, 8)],
        [datetime(2014, m, 1, tzinfo=MELBOURNE) for m in (1, 3, 5, 7)],
    )
    return tuple(
        (history, _days(history), when)
        for history, when in zip((new_york, victoria), origins, strict=True)
    )


def _days(history):
    shape = HourShape.of(None, zone=history.zone, special_days=SpecialDays())
    return sum_hours(history, shape=shape, zone=history.zone)


def held(history, known, origin):
    """Shares of hours and of months' energy within the 80 % interval, over half a year."""
    end = (pd.Timestamp(origin) + pd.DateOffset(months=6)).to_pydatetime()
    grid = ahead(origin.astimezone(UTC), until=end.astimezone(UTC), zone=history.zone)
    paths = fit_periods(known).simulate(PATHS, grid=grid, seed=SEED)
    first = int((grid.start - history.start) / timedelta(hours=1))
    truth = history.load_mw[first : first + grid.hours]
    there = np.isfinite(truth)
    low, high = np.quantile(paths, [0.1, 0.9], axis=0)
    hours = ((truth >= low) & (truth <= high))[there].mean()
    months = []
    for month in range(len(grid.months)):
        at = (grid.month_index == month) & there
        low, high = np.quantile(paths[:, at].sum(axis=1), [0.1, 0.9])
        months.append(low <= truth[at].sum() <= high)
    return hours, np.mean(months)


def last(known, number):
    """The last periods of a history."""
    return replace(
        known,
        edges=known.edges[-number - 1 :],
        energy_mwh=known.energy_mwh[-number:],
        temp_c=None if known.temp_c is None else known.temp_c[-number:],
    )


CASES = {
    "days, temperature": ("day", True, None),
    "days": ("day", False, None),
    "a year of days, temperature": ("day", True, 365),
    "a year of days": ("day", False, 365),
    "weeks, temperature": ("week", True, None),
    "weeks": ("week", False, None),
    "a year of weeks": ("week", False, 53),
    "months, temperature": ("month", True, None),
    "months": ("month", False, None),
    "fourteen months, temperature": ("month", True, 14),
    "fourteen months": ("month", False, 14),
}


@pytest.mark.parametrize("name", CASES)
def test_intervals_hold_four_hours_in_five(cities, name):
    step, temperature, number = CASES[name]
    by_city = []
    for history, days, origins in cities:
        scores = []
        for origin in origins:
            known = days.until(origin.astimezone(UTC))
            known = known if step == "day" else coarsen_days(known, step=step)
            known = known if temperature else replace(known, temp_c=None)
            known = known if number is None else last(known, number)
            scores.append(held(history, known, origin))
        by_city.append(np.mean(scores, axis=0))
    hours, energy = np.mean(by_city, axis=0)
    print(f"{name}: hours {hours:.2f} {np.round([c[0] for c in by_city], 2)}, energy {energy:.2f}")
    assert LOW <= hours <= HIGH
    assert 0.70 <= energy <= 0.97


@pytest.mark.parametrize(("step", "number"), [("month", 6), ("year", None)])
def test_declared_intervals_hold_at_least_as_much(cities, step, number):
    # Declared intervals know nothing of the city: New York peaks in summer, the profiles in
    # winter. They are to hold what they promise in the mean of the two cities.
    hours = []
    for history, days, origins in cities:
        for origin in origins:
            known = replace(days.until(origin.astimezone(UTC)), temp_c=None)
            known = coarsen_days(known, step=step)
            known = known if number is None else last(known, number)
            hours.append((history.zone.key, held(history, known, origin)[0]))
    mean = pd.DataFrame(hours, columns=["city", "hours"]).groupby("city")["hours"].mean()
    print(step, mean.round(2).to_dict())
    assert mean.mean() >= LOW


def test_daily_peaks_of_bangladeshi_zones_lie_within_their_intervals(reference):
    file = reference / "load" / "bpdb_daily_zone_demand_loadshed_2020_2022.csv"
    table = pd.read_csv(file, parse_dates=["Date"], index_col="Date")
    every = pd.date_range(table.index[0], table.index[-1])
    zones = [name for name in table if name.endswith("_Demand")]
    found = []
    for zone in zones:
        peak = table[zone].astype(float)
        peak = peak[~peak.index.duplicated()].where(lambda mw: mw > 0).reindex(every)
        start = datetime(*every[0].timetuple()[:3], tzinfo=DHAKA).astimezone(UTC)
        history = periods(start, peak.to_numpy(), step="day", zone=DHAKA)
        for year, month in ((2021, 7), (2022, 1), (2022, 7)):
            origin = datetime(year, month, 1, tzinfo=DHAKA).astimezone(UTC)
            model = fit_periods(history.until(origin))
            paths = model.simulate(PATHS, grid=ahead(origin, days=180, zone=DHAKA), seed=SEED)
            by_day = paths.reshape(PATHS, -1, 24).mean(axis=2)
            first = (origin - history.start).days
            truth = peak.to_numpy()[first : first + 180]
            there = np.isfinite(truth)
            low, high = np.quantile(by_day, [0.1, 0.9], axis=0)[:, : len(truth)]
            found.append(((truth >= low) & (truth <= high))[there].mean())
    print(f"Bangladesh, {len(zones)} zones, 3 origins: {np.mean(found):.2f}")
    assert LOW <= np.mean(found) <= 0.92
