from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from restoration.cases import AS_OF, crew, damaged
from restoration.mobile_cases import city, mobile_substation, with_units

from gridtool.restoration.mobile.policy import find_tours, find_trigger, follow_tours
from gridtool.restoration.model import PlacedUnit, PlanConfig
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.value.states import timeline

JOBS = ("S1/T1", "S2/T1", "S3/T1")
FINISH_H = {"S1/T1": 30.0, "S2/T1": 70.0, "S3/T1": 100.0}
PARTS = ("MS-1@S1/10-1", "MS-1@S2/10-1")
FIRST, SECOND = 1 << 3, 1 << 4


def hour(number):
    return AS_OF + timedelta(hours=number)


def stay(site, online, offline, *, unit="MS-1"):
    return PlacedUnit(
        unit=unit,
        site=site,
        part=f"{unit}@{site}/10-1",
        start=hour(online - 4),
        online=hour(online),
        offline=None if offline is None else hour(offline),
        travel_h=1.0,
        served_gain_mw=1.0,
    )


def plan_with(*stays, units=None):
    """Transformers of three substations, repaired after 30, 70 and 100 h; one mobile unit."""
    state = damaged(city([(8, None)] * 3), dict.fromkeys(JOBS, 0.0))
    team = with_units([crew()], *(units or [mobile_substation()]))
    plan = plan_restoration(
        state, replace(team, mobile_units=()), config=PlanConfig(evaluations=20)
    )
    dated = tuple(
        replace(entry, start=hour(FINISH_H[entry.job.id] - 1), finish=hour(FINISH_H[entry.job.id]))
        for entry in plan.jobs
    )
    return replace(plan, jobs=dated, order=JOBS, resources=team, placements=stays)


def moves(plan, *finish_h):
    """Switchings if the three transformers are repaired after so many hours."""
    tours = find_tours(plan, job_ids=JOBS, parts=PARTS)
    return list(follow_tours(tours, np.array(finish_h, dtype=np.float64)))


TOUR = (stay("S1", 6.0, 30.0), stay("S2", 38.0, 72.0))
"""At S1 until its transformer is there; 8 h on the way; at S2 until 2 h after its own is there."""


@pytest.mark.parametrize(
    ("done", "first", "second"),
    [
        ((30, 70, 100), (6, 30), (38, 72)),  # as planned
        ((50, 70, 100), (6, 50), (58, 72)),  # a late repair holds it, the next is as planned
        ((20, 90, 100), (6, 20), (28, 92)),  # an early one lets it go, the next is late
        ((4, 70, 100), None, (14, 72)),  # done before it is there: it goes on as it comes
        ((80, 70, 100), (6, 80), None),  # the next site needs it no more
        ((np.inf, 70, 100), (6, None), None),  # it never leaves
        ((30, np.inf, 100), (6, 30), (38, None)),
    ],
)
def test_a_tour_by_hand(done, first, second):
    expected = []
    for bit, dates in ((FIRST, first), (SECOND, second)):
        if dates:
            expected.append((dates[0], bit, 0))
            if dates[1] is not None:
                expected.append((dates[1], 0, bit))
    assert moves(plan_with(*TOUR), *done) == sorted(expected)


def test_a_stay_without_end_moves_with_those_before_it():
    plan = plan_with(TOUR[0], stay("S2", 38.0, None))
    assert moves(plan, 40, 70, 100) == [(6, FIRST, 0), (40, 0, FIRST), (48, SECOND, 0)]


@pytest.mark.parametrize(
    ("site", "offline", "job"),
    [
        ("S1", 30.0, "S1/T1"),
        ("S1", 75.0, "S1/T1"),  # the site's last job, though S2's is later
        ("S1", 70.0, "S2/T1"),  # it leaves when S2's is there: that is the reason
        ("S3", 99.0, "S2/T1"),  # none of the site by then: the last of all
        ("S3", 100.0 + 0.5 / 3600, "S3/T1"),
        ("S3", 29.0, None),
        ("S1", None, None),
    ],
)
def test_what_ends_a_stay(site, offline, job):
    placed = stay(site, 6.0, offline)
    found = find_trigger(plan_with(placed), placed)
    assert (found.job.id if found else None) == job


def test_of_equal_dates_the_job_at_the_site_then_the_one_called_later():
    placed = stay("S2", 6.0, 70.0)
    plan = plan_with(placed)
    plan = replace(plan, jobs=tuple(replace(entry, finish=hour(70)) for entry in plan.jobs))
    assert find_trigger(plan, placed).job.id == "S2/T1"
    elsewhere = stay("S4", 6.0, 70.0)
    assert find_trigger(plan, elsewhere).job.id == "S3/T1"


def test_before_any_job_the_date_stands():
    assert moves(plan_with(stay("S1", 6.0, 20.0)), 50, 70, 100) == [(6, FIRST, 0), (20, 0, FIRST)]


def test_no_stay_lasts_beyond_the_availability():
    """It has to be gone by 62 h, which takes 2 h: a late repair holds it until 60 h; and where
    that is the planned end, an early one does not let it go."""
    unit = mobile_substation(available_to=hour(62))
    plan = plan_with(stay("S1", 6.0, 30.0), units=[unit])
    assert moves(plan, 90, 70, 100) == [(6, FIRST, 0), (60, 0, FIRST)]
    plan = plan_with(stay("S1", 6.0, 60.0), units=[unit])
    assert moves(plan, 20, 70, 100) == [(6, FIRST, 0), (60, 0, FIRST)]


def test_units_do_not_hold_each_other():
    units = [mobile_substation(), mobile_substation("MS-2")]
    plan = plan_with(stay("S1", 6.0, 30.0), stay("S2", 6.0, 70.0, unit="MS-2"), units=units)
    tours = find_tours(plan, job_ids=JOBS, parts=("MS-1@S1/10-1", "MS-2@S2/10-1"))
    found = follow_tours(tours, np.array([40.0, 60.0, 100.0]))
    assert list(found) == [(6, FIRST, 0), (6, SECOND, 0), (40, 0, FIRST), (60, 0, SECOND)]


def test_the_plan_executed_as_planned_is_the_plan():
    plan = plan_with(*TOUR)
    as_planned = np.array(list(FINISH_H.values()))
    assert moves(plan, *as_planned) == [
        (6, FIRST, 0),
        (30, 0, FIRST),
        (38, SECOND, 0),
        (72, 0, SECOND),
    ]
    states = timeline(as_planned, switchings=moves(plan, *as_planned))
    assert states[-1] == (100, 0b111)
