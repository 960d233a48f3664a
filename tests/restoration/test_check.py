"""The checker refuses every plan that was tampered with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from restoration.cases import AS_OF, crew, damaged, random_instance, resources, star

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.check import check_plan
from gridtool.restoration.model import PlanConfig, Resources, SpareArrival
from gridtool.restoration.plan import plan_restoration

QUICK = PlanConfig(evaluations=100)


def make_plan(seed):
    rng = np.random.default_rng(seed)
    if seed % 2:
        state, supplies = random_instance(rng, jobs=7, crews=3)
        return plan_restoration(state, supplies, config=QUICK, seed=seed)
    network = star(30, 20, 10, 25, 5)
    lines = [f"L{i}" for i in range(1, 6)]
    state = damaged(
        network,
        dict.fromkeys(lines, 0.0) | {"S2/B": 0.0},
        hours={line: float(rng.uniform(3, 40)) for line in lines},
        skills={"S2/B": ("substation",)},
        spares={"L1": ("tower",), "L3": ("tower",)},
    )
    arrivals = (SpareArrival(spare="tower", quantity=1, arrives_at=AS_OF + timedelta(hours=60)),)
    team = (
        crew("A", skills=("line",), shift_start_h=8, shift_h=10, speed_kmh=4.0),
        crew("B", skills=("line", "substation"), x_km=3.0, shift_start_h=6, shift_h=12),
    )
    return plan_restoration(
        state, resources(*team, stock={"tower": 1}, arrivals=arrivals), config=QUICK, seed=seed
    )


PLANS = {seed: make_plan(seed) for seed in range(4)}


def change_job(plan, rng, **changes):
    i = int(rng.integers(len(plan.jobs)))
    entries = list(plan.jobs)
    values = {name: value(entries[i]) for name, value in changes.items()}
    entries[i] = replace(entries[i], **values)
    return replace(plan, jobs=tuple(entries))


def shift_both(plan, rng):
    by = timedelta(hours=float(rng.uniform(0.01, 30)) * rng.choice([-1, 1]))
    return change_job(plan, rng, start=lambda e: e.start + by, finish=lambda e: e.finish + by)


def stretch(plan, rng):
    by = timedelta(hours=float(rng.uniform(0.01, 20)) * rng.choice([-1, 1]))
    return change_job(plan, rng, finish=lambda e: e.finish + by)


def start_earlier(plan, rng):
    by = timedelta(hours=float(rng.uniform(0.01, 20)))
    return change_job(plan, rng, start=lambda e: e.start - by)


def drop_job(plan, rng):
    i = int(rng.integers(len(plan.jobs)))
    return replace(plan, jobs=plan.jobs[:i] + plan.jobs[i + 1 :])


def drop_job_and_order(plan, rng):
    found = drop_job(plan, rng)
    return replace(found, order=tuple(entry.job.id for entry in found.jobs))


def double_job(plan, rng):
    return replace(plan, jobs=(*plan.jobs, plan.jobs[int(rng.integers(len(plan.jobs)))]))


def swap_order(plan, rng):
    i, j = rng.choice(len(plan.order), 2, replace=False)
    order = list(plan.order)
    order[i], order[j] = order[j], order[i]
    return replace(plan, order=tuple(order))


def other_crew(plan, rng):
    names = [one.id for one in plan.resources.crews] + ["nobody"]
    i = int(rng.integers(len(plan.jobs)))
    entries = list(plan.jobs)
    name = str(rng.choice([n for n in names if n != entries[i].crew]))
    entries[i] = replace(entries[i], crew=name)
    return replace(plan, jobs=tuple(entries))


def swap_crews(plan, _rng):
    return replace(
        plan,
        jobs=tuple(
            replace(entry, crew=plan.resources.crews[(k + 1) % 2].id)
            for entry in plan.jobs
            for k in [[one.id for one in plan.resources.crews].index(entry.crew)]
        ),
    )


def wrong_travel(plan, rng):
    by = float(rng.uniform(0.01, 3))
    return change_job(plan, rng, travel_h=lambda e: e.travel_h + by)


def wrong_gain(plan, rng):
    by = float(rng.uniform(0.01, 30)) * rng.choice([-1, 1])
    return change_job(plan, rng, served_gain_mw=lambda e: e.served_gain_mw + by)


def wrong_energy(plan, rng):
    return replace(plan, ens_mwh=plan.ens_mwh * float(1 + rng.uniform(0.001, 1)))


def wrong_curve(plan, rng):
    column = str(rng.choice(["served_mw", "unserved_mw", "customers_out"]))
    curve = plan.curve.copy()
    values = curve[column].to_numpy(copy=True)
    values[int(rng.integers(len(values)))] += 7
    return replace(plan, curve=curve.assign(**{column: values}))


def wrong_step(plan, rng):
    curve = plan.curve
    times = list(curve["time"])
    times[int(rng.integers(len(times)))] += pd.Timedelta(minutes=int(rng.integers(1, 600)))
    return replace(plan, curve=curve.assign(time=pd.DatetimeIndex(times)))


def wrong_etr(plan, rng):
    times = list(plan.etr["etr"])
    i = int(rng.integers(len(times)))
    by = pd.Timedelta(minutes=int(rng.integers(6, 3000)))
    times[i] = pd.Timestamp(AS_OF) if times[i] is pd.NaT else times[i] - by
    return replace(plan, etr=plan.etr.assign(etr=pd.DatetimeIndex(times)))


def hidden_substation(plan, rng):
    return replace(plan, etr=plan.etr.drop(index=int(rng.integers(len(plan.etr)))))


def better_rule(plan, rng):
    table = plan.comparison
    energy = table["ens_mwh"].to_numpy(copy=True)
    energy[int(rng.integers(1, len(energy)))] = plan.ens_mwh * float(rng.uniform(0, 0.99))
    return replace(plan, comparison=table.assign(ens_mwh=energy))


def shorter_work(plan, rng):
    def change(entry):
        duration = replace(entry.job.duration, mean_h=entry.job.duration.mean_h * 0.7)
        return replace(entry.job, duration=duration)

    return change_job(plan, rng, job=change)


def other_place(plan, rng):
    return change_job(plan, rng, job=lambda e: replace(e.job, x_km=e.job.x_km + 1.0))


def lost_skills(plan, rng):
    """The crew that works has not the skill after all."""
    name = plan.jobs[int(rng.integers(len(plan.jobs)))].crew
    return with_crews(plan, lambda c: replace(c, skills=("tea",)) if c.id == name else c)


def other_shift(plan, rng):
    by = float(rng.uniform(3, 9))
    name = plan.jobs[int(rng.integers(len(plan.jobs)))].crew
    return with_crews(
        plan,
        lambda c: (
            replace(c, shift_start_h=(c.shift_start_h + by) % 24, shift_h=c.shift_h * 0.6)
            if c.id == name
            else c
        ),
    )


def gone_crew(plan, rng):
    entry = plan.jobs[int(rng.integers(len(plan.jobs)))]
    gone = entry.finish - timedelta(minutes=float(rng.uniform(1, 90)))
    return with_crews(plan, lambda c: replace(c, available_to=gone) if c.id == entry.crew else c)


def slower_crew(plan, rng):
    entry = max(plan.jobs, key=lambda e: e.travel_h)
    return with_crews(
        plan,
        lambda c: (
            replace(c, speed_kmh=c.speed_kmh * float(rng.uniform(0.2, 0.9)))
            if c.id == entry.crew
            else c
        ),
    )


def with_crews(plan, change):
    given = plan.resources
    crews = tuple(change(one) for one in given.crews)
    return replace(
        plan, resources=Resources(crews=crews, stock=given.stock, arrivals=given.arrivals)
    )


CORRUPTIONS = [
    shift_both,
    stretch,
    start_earlier,
    drop_job,
    drop_job_and_order,
    double_job,
    swap_order,
    other_crew,
    swap_crews,
    wrong_travel,
    wrong_gain,
    wrong_energy,
    wrong_curve,
    wrong_step,
    wrong_etr,
    hidden_substation,
    better_rule,
    shorter_work,
    other_place,
    lost_skills,
    other_shift,
    gone_crew,
    slower_crew,
]


@pytest.mark.parametrize("corrupt", CORRUPTIONS, ids=lambda one: one.__name__)
def test_corrupted_plans_are_refused(corrupt):
    """28 corruptions of each kind over four plans: 644 in all."""
    missed = []
    for seed, plan in PLANS.items():
        dispatcher = Dispatcher(compile_case(plan.state.network))
        for k in range(7):
            rng = np.random.default_rng([seed, k])
            bad = corrupt(plan, rng)
            if not check_plan(bad, dispatcher=dispatcher):
                missed.append((seed, k))
    assert missed == []


def test_missing_spares_are_refused():
    plan = PLANS[0]
    for stock in ({}, {"tower": 0}):
        given = replace(plan.resources, stock=stock)
        issues = check_plan(replace(plan, resources=given))
        assert any("no tower is left" in str(issue) for issue in issues)
    late = replace(
        plan.resources,
        arrivals=tuple(
            replace(arrival, arrives_at=arrival.arrives_at + timedelta(days=9))
            for arrival in plan.resources.arrivals
        ),
    )
    assert check_plan(replace(plan, resources=late))


def test_untouched_plans_pass():
    assert [check_plan(plan) for plan in PLANS.values()] == [[]] * 4
