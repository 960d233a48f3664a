"""Public holidays from the library, checked against dates worked out by hand."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.errors import InputError
from gridtool.forecast.demand.days import holidays as module
from gridtool.forecast.demand.days.holidays import holidays_of
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.history.read import read_history
from gridtool.timegrid import TimeGrid


def western_easter(year):
    """Gauss's rule in the form of Meeus, Jones and Butcher (Nature, 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def test_moving_feasts_move():
    years = range(1990, 2040)
    days = holidays_of("FR", years=years)
    for year in years:
        monday = date.fromordinal(western_easter(year).toordinal() + 1)
        assert days.kind_of[monday] == "Easter Monday", year
        assert days.names[monday] == "Easter Monday"
    assert days.notes == ()


def test_orthodox_easter_of_ukraine_before_martial_law():
    days = holidays_of("Ukraine", years=[2018, 2021])
    assert {date(2018, 4, 8), date(2021, 5, 2), date(2021, 8, 24)} <= set(days.kind_of)


def test_each_holiday_is_a_kind_whenever_it_is_kept():
    days = holidays_of("US", years=range(2010, 2022))
    fourth = "Independence Day"
    assert days.kind_of[date(2014, 7, 4)] == fourth
    assert days.names[date(2015, 7, 3)] == f"{fourth} (observed)"  # the 4th was a Saturday
    assert days.kind_of[date(2015, 7, 3)] == fourth
    assert days.kind_of[date(2014, 11, 27)] == "Thanksgiving Day"
    assert not any("(" in kind for kind in days.kinds)
    shared = holidays_of("AU", subdivision="VIC", years=[2011])
    assert ";" in shared.names[date(2011, 4, 25)]  # ANZAC Day and Easter Monday
    assert ";" not in shared.kind_of[date(2011, 4, 25)]


def test_a_year_under_martial_law_is_named_and_a_file_asked_for():
    days = holidays_of("ua", years=range(2020, 2026))
    assert {day.year for day in days.kind_of} == {2020, 2021, 2022}
    (note,) = days.notes
    for word in ("2022 (5)", "2023 (0)", "2025 (0)", "martial law", "file of special days"):
        assert word in note
    assert "2021" not in note


def test_years_without_any_neighbour_asked_for_are_still_noticed():
    days = holidays_of("UKR", years=[2024])
    assert not days.kind_of
    assert "2024 (0)" in days.notes[0]


@pytest.mark.parametrize("word", ["NY", "ny", "New York"])
def test_a_region_has_its_own(word):
    state = holidays_of("US", subdivision=word, years=[2014])
    country = holidays_of("US", years=[2014])
    assert date(2014, 2, 12) in state.kind_of  # Lincoln's birthday
    assert date(2014, 2, 12) not in country.kind_of
    assert set(country.kind_of) <= set(state.kind_of)
    cup = holidays_of("Australia", subdivision="VIC", years=[2014])
    assert date(2014, 11, 4) in cup.kind_of  # Melbourne Cup: first Tuesday of November


@pytest.mark.parametrize(
    ("country", "hint"), [("Ukrain", "Ukraine"), ("germny", "Germany"), ("USB", "'US")]
)
def test_an_unknown_country_is_refused_with_the_nearest(country, hint):
    with pytest.raises(InputError) as caught:
        holidays_of(country, years=[2024])
    (issue,) = caught.value.issues
    assert issue.value == country
    assert hint in issue.hint
    assert caught.value.exit_code == 3


def test_an_unknown_region_and_an_impossible_year_are_refused():
    with pytest.raises(InputError) as caught:
        holidays_of("US", subdivision="New Yrok", years=[2024])
    assert "New York" in caught.value.issues[0].hint
    with pytest.raises(InputError) as caught:
        holidays_of("US", years=[2024, 3000])
    assert caught.value.issues[0].value == "3000"
    with pytest.raises(InputError):
        holidays_of("", years=[2024])


@settings(max_examples=25, deadline=None)
@given(years=st.sets(st.integers(1995, 2035), max_size=6))
def test_only_the_years_asked_for_whatever_their_order(years):
    days = holidays_of("AU", subdivision="VIC", years=years)
    assert {day.year for day in days.kind_of} == years
    again = holidays_of("AU", subdivision="VIC", years=sorted(years, reverse=True))
    assert days.kind_of == again.kind_of
    assert days.names.keys() == days.kind_of.keys()


def test_the_library_is_loaded_only_when_asked():
    lines = Path(module.__file__).read_text(encoding="utf-8").splitlines()
    loads = [line for line in lines if "from holidays" in line]
    assert loads
    assert all(line.startswith("    ") for line in loads)


@pytest.mark.reference
@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "place", "region", "zone", "origin"),
    [
        ("nyc_city_hourly_2012_2017", "US", "NY", "America/New_York", (2016, 8)),
        ("vic_elec_halfhourly_2012_2014", "AU", "VIC", "Australia/Melbourne", (2014, 7)),
    ],
)
def test_holidays_help_in_two_real_places(reference, file, place, region, zone, origin):
    """The pinball on the holidays themselves six months ahead; other days hardly change."""
    local = ZoneInfo(zone)
    history = read_history(reference / "load" / f"{file}.csv.gz", zone=local)
    start = datetime(*origin, 1, tzinfo=local).astimezone(UTC)
    grid = TimeGrid(start, 24 * 180, local)
    first = int((start - history.start).total_seconds() // 3600)
    truth = history.load_mw[first : first + grid.hours]
    days = holidays_of(place, subdivision=region, years=range(history.start.year, 2018))
    losses = {}
    for name, special in (("with", days), ("without", SpecialDays())):
        fitted = fit_demand(history.until(start), special_days=special)
        found = np.quantile(fitted.simulate(150, grid=grid, seed=1), np.arange(1, 10) / 10, axis=0)
        level = (np.arange(1, 10) / 10)[:, None]
        error = truth - found
        losses[name] = np.maximum(level * error, (level - 1) * error).mean(axis=0)
    off = np.array([moment.date() in days.kind_of for moment in grid.local])
    known = np.isfinite(truth)
    held = {name: loss[off & known].mean() for name, loss in losses.items()}
    other = {name: loss[~off & known].mean() for name, loss in losses.items()}
    print(held, other)
    assert held["with"] < 0.9 * held["without"]
    assert other["with"] < 1.02 * other["without"]
