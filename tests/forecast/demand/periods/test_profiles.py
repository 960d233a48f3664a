"""Profiles of classes are those of such customers, and a city's mix swings as cities do."""

from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.periods.profiles import MEAN_CITY, PROFILES, day_kinds
from gridtool.forecast.demand.periods.shape import HourShape
from gridtool.forecast.demand.periods.shape_network import network_mix
from gridtool.network.catalog import load_network
from gridtool.network.declared.demand import CUSTOMER_CLASSES

UTC_ZONE = ZoneInfo("UTC")
MONDAY = datetime(2026, 3, 23, tzinfo=UTC)  # an equinox week


def follow(name, *, day=0, dark=0.5, special=()):
    calendar = make_calendar(MONDAY, 168, zone=UTC_ZONE)
    kind = day_kinds(calendar.weekday, free=np.isin(calendar.day, special))
    hours = PROFILES[name].follow(calendar, kind=kind, dark=np.full(168, dark))
    return hours.reshape(7, 24)[day]


def test_every_class_has_a_profile_and_the_mean_city_adds_up():
    assert tuple(PROFILES) == CUSTOMER_CLASSES
    assert sum(MEAN_CITY.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("name", CUSTOMER_CLASSES)
def test_the_mean_of_a_class_is_that_of_its_week(name):
    week = np.concatenate([follow(name, day=day) for day in range(7)])
    # The evening of lighting runs on past midnight, where the table of hours ends.
    assert PROFILES[name].mean == pytest.approx(week.mean(), rel=0.005)


@pytest.mark.parametrize("name", CUSTOMER_CLASSES)
def test_a_working_day_has_a_mean_of_about_one(name):
    assert PROFILES[name].working.shape == PROFILES[name].free.shape == (24,)
    assert PROFILES[name].working.mean() == pytest.approx(1.0, abs=0.06)
    assert PROFILES[name].working.min() > 0.1


def test_households_peak_in_the_evening_and_shops_by_day():
    assert follow("household").argmax() in (18, 19, 20)
    assert 9 <= follow("commercial").argmax() <= 15
    assert follow("commercial", day=6).mean() < 0.75 * follow("commercial").mean()
    assert follow("household", day=6)[12] > follow("household")[12]


def test_the_evening_comes_earlier_in_the_dark_weeks():
    dark, light = follow("household", dark=1.0), follow("household", dark=0.0)
    assert dark[17] > light[17]
    assert dark[21] < light[21]


def test_a_saturday_lies_between_a_working_day_and_a_sunday():
    work, saturday, sunday = (follow("industry", day=day) for day in (4, 5, 6))
    np.testing.assert_allclose(saturday, 0.3 * work + 0.7 * sunday, rtol=1e-12)


def test_a_free_day_is_a_sunday():
    tuesday = int((MONDAY.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days) + 1
    np.testing.assert_array_equal(
        follow("commercial", day=1, special=[tuesday]), follow("commercial", day=6)
    )


def test_the_mean_city_swings_like_a_city():
    calendar = make_calendar(MONDAY, 24, zone=UTC_ZONE)
    shape = HourShape.of(None, zone=UTC_ZONE, special_days=SpecialDays())
    day = shape.follow(calendar, seasons=False)
    # New York 2012-2017 and Victoria 2012-2014: lowest hour 0.62-0.72 of the highest.
    assert 0.55 < day.min() / day.max() < 0.72


def network(shares, *, peak_mw=100.0, known=True, in_service=True):
    feeders = pd.DataFrame({"peak_mw": [peak_mw], "in_service": [in_service]}, index=["F"])
    customers = pd.DataFrame(
        {
            "feeder": ["F"] * len(shares),
            "customer_class": list(shares),
            "demand_share": list(shares.values()),
        }
    )
    return SimpleNamespace(feeders=feeders, customers=customers if known else customers.iloc[:0])


def test_one_class_alone_is_all_of_the_mix():
    mix = network_mix(network({"industry": 1.0}))
    assert mix["industry"] == pytest.approx(1.0)
    assert sum(mix.values()) == pytest.approx(1.0)


def test_a_class_that_sleeps_at_the_peak_has_more_energy_than_its_share_there():
    at_peak = {"household": 0.7, "commercial": 0.3}
    mix = network_mix(network(at_peak))
    assert mix["commercial"] > 0.3  # the peak is in the evening
    # At the mix's own peak hour, classes have about the shares the feeders say.
    calendar = make_calendar(datetime(2023, 1, 10, tzinfo=UTC), 24, zone=UTC_ZONE)
    hours = {
        name: share
        * HourShape(mix={name: 1.0}, southern=False, special_days=SpecialDays()).follow(
            calendar, seasons=True
        )
        for name, share in mix.items()
        if share > 0
    }
    total = sum(hours.values())
    peak = int(total.argmax())
    assert hours["household"][peak] / total[peak] == pytest.approx(0.7, abs=0.03)


def test_unknown_customers_leave_the_mix_to_a_mean_city():
    assert network_mix(network({"industry": 1.0}, known=False)) is None
    assert network_mix(network({"industry": 1.0}, in_service=False)) is None


def test_the_shipped_city_has_a_mix_of_its_own():
    mix = network_mix(load_network("rivercity"))
    assert mix is not None
    assert sum(mix.values()) == pytest.approx(1.0)
    assert mix["household"] > 0.2
