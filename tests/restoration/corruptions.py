"""Ways to corrupt a sound plan; each breaks a rule by construction.

A corruption takes a plan and a random generator and returns a plan that no checker may accept,
or None where the plan offers nothing to corrupt in that way.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd

from gridtool.restoration.model import MobileUnit, PlanBound, RepairStage

CORRUPTIONS = []


def corruption(function):
    CORRUPTIONS.append(function)
    return function


def hours(value):
    return timedelta(hours=float(value))


def either(rng, low, high):
    """A size between ``low`` and ``high``, up or down."""
    return float(rng.uniform(low, high)) * float(rng.choice([-1, 1]))


def pick(rng, found):
    found = list(found)
    return found[int(rng.integers(len(found)))] if found else None


def with_entry(plan, entry, **changes):
    """``plan`` with ``changes`` to one scheduled job."""
    jobs = [replace(one, **changes) if one is entry else one for one in plan.jobs]
    return replace(plan, jobs=tuple(jobs))


def with_job(plan, entry, **changes):
    return with_entry(plan, entry, job=replace(entry.job, **changes))


def with_crew(plan, name, **changes):
    crews = [replace(one, **changes) if one.id == name else one for one in plan.resources.crews]
    return replace(plan, resources=replace(plan.resources, crews=tuple(crews)))


def with_unit(plan, name, **changes):
    units = plan.resources.mobile_units
    units = tuple(replace(one, **changes) if one.id == name else one for one in units)
    return replace(plan, resources=replace(plan.resources, mobile_units=units))


def with_stay(plan, stay, **changes):
    stays = tuple(replace(one, **changes) if one is stay else one for one in plan.placements)
    return replace(plan, placements=stays)


def not_started(plan):
    return [entry for entry in plan.jobs if entry.job.started is None]


def begun(plan):
    return [entry for entry in plan.jobs if entry.job.started is not None]


# Jobs and order


@corruption
def job_dropped(plan, rng):
    gone = pick(rng, plan.jobs)
    return replace(plan, jobs=tuple(entry for entry in plan.jobs if entry is not gone))


@corruption
def job_dropped_from_order_too(plan, rng):
    found = job_dropped(plan, rng)
    return replace(found, order=tuple(entry.job.id for entry in found.jobs))


@corruption
def job_doubled(plan, rng):
    again = pick(rng, plan.jobs)
    return replace(plan, jobs=(*plan.jobs, again), order=(*plan.order, again.job.id))


@corruption
def order_swapped(plan, rng):
    order = list(plan.order)
    i, j = rng.choice(len(order), 2, replace=False)
    order[i], order[j] = order[j], order[i]
    return replace(plan, order=tuple(order))


@corruption
def listing_swapped(plan, rng):
    jobs = list(plan.jobs)
    i, j = rng.choice(len(jobs), 2, replace=False)
    jobs[i], jobs[j] = jobs[j], jobs[i]
    return replace(plan, jobs=tuple(jobs))


@corruption
def more_capacity_after(plan, rng):
    entry = pick(rng, plan.jobs)
    return with_job(plan, entry, capacity_after=entry.job.capacity_after - rng.uniform(0.01, 0.5))


@corruption
def other_stage(plan, rng):
    entry = pick(rng, plan.jobs)
    stage = pick(rng, [stage for stage in RepairStage if stage is not entry.job.stage])
    return with_job(plan, entry, stage=stage)


@corruption
def precedence_forgotten(plan, rng):
    entry = pick(rng, [entry for entry in plan.jobs if entry.job.after])
    return entry and with_job(plan, entry, after=())


@corruption
def work_shortened(plan, rng):
    entry = pick(rng, plan.jobs)
    mean_h = entry.job.duration.mean_h * float(rng.uniform(0.3, 0.95))
    return with_job(plan, entry, duration=replace(entry.job.duration, mean_h=mean_h))


@corruption
def needs_forgotten(plan, rng):
    entry = pick(rng, [entry for entry in plan.jobs if entry.job.spares])
    return entry and with_job(plan, entry, spares=entry.job.spares[1:])


@corruption
def lead_forgotten(plan, rng):
    entry = pick(rng, [entry for entry in plan.jobs if entry.job.lead])
    return entry and with_job(plan, entry, lead=None)


@corruption
def moved_elsewhere(plan, rng):
    entry = pick(rng, plan.jobs)
    return with_job(plan, entry, x_km=entry.job.x_km + either(rng, 0.1, 5))


# Crews


@corruption
def crew_unknown(plan, rng):
    return with_entry(plan, pick(rng, plan.jobs), crew="nobody")


@corruption
def crew_unable(plan, rng):
    """Given to a crew that lacks a skill or people."""
    pairs = [
        (entry, crew.id)
        for entry in plan.jobs
        for crew in plan.resources.crews
        if set(entry.job.skills) - set(crew.skills) or crew.size < entry.job.crew_size
    ]
    found = pick(rng, pairs)
    return found and with_entry(plan, found[0], crew=found[1])


@corruption
def crews_swapped(plan, rng):
    """Two jobs exchange their crews, one of which is not able then."""
    crews = {crew.id: crew for crew in plan.resources.crews}

    def unable(entry, name):
        return set(entry.job.skills) - set(crews[name].skills)

    pairs = [
        (one, other)
        for one in plan.jobs
        for other in plan.jobs
        if one.crew != other.crew and unable(one, other.crew)
    ]
    found = pick(rng, pairs)
    if found is None:
        return None
    one, other = found
    return with_entry(with_entry(plan, one, crew=other.crew), other, crew=one.crew)


@corruption
def crew_in_two_places(plan, rng):
    """Given to a crew that is at work elsewhere just then."""
    pairs = [
        (one, other.crew)
        for one in not_started(plan)
        for other in plan.jobs
        if one.crew != other.crew and other.start < one.start < other.finish
    ]
    found = pick(rng, pairs)
    return found and with_entry(plan, found[0], crew=found[1])


@corruption
def crew_without_the_skill(plan, rng):
    return with_crew(plan, pick(rng, plan.jobs).crew, skills=("tea",))


@corruption
def crew_too_small(plan, rng):
    entry = pick(rng, plan.jobs)
    return with_crew(plan, entry.crew, size=int(rng.integers(0, entry.job.crew_size)))


@corruption
def crew_off_when_work_starts(plan, rng):
    entry = pick(rng, not_started(plan))
    local = entry.start.astimezone(plan.state.network.manifest.zone)
    later = local.hour + local.minute / 60 + float(rng.uniform(1, 6))
    return with_crew(plan, entry.crew, shift_start_h=later % 24, shift_h=float(rng.uniform(2, 12)))


@corruption
def crew_not_there_yet(plan, rng):
    entry = pick(rng, not_started(plan))
    share = float(rng.uniform(0.05, 0.9))
    comes = entry.start + share * (entry.finish - entry.start)
    return with_crew(plan, entry.crew, available_from=comes)


@corruption
def crew_gone(plan, rng):
    entry = pick(rng, plan.jobs)
    return with_crew(plan, entry.crew, available_to=entry.finish - hours(rng.uniform(0.02, 1.5)))


@corruption
def crew_slower(plan, rng):
    entry = pick(rng, [entry for entry in plan.jobs if entry.travel_h > 0.02])
    if entry is None:
        return None
    crew = next(crew for crew in plan.resources.crews if crew.id == entry.crew)
    return with_crew(plan, crew.id, speed_kmh=crew.speed_kmh * float(rng.uniform(0.2, 0.9)))


@corruption
def crew_doubled(plan, rng):
    crews = plan.resources.crews
    crews = (*crews, pick(rng, crews))
    return replace(plan, resources=replace(plan.resources, crews=crews))


@corruption
def started_by_another(plan, rng):
    entry = pick(rng, begun(plan))
    others = [crew.id for crew in plan.resources.crews]
    return entry and with_entry(plan, entry, crew=pick(rng, [c for c in others if c != entry.crew]))


# Times


@corruption
def work_shifted(plan, rng):
    entry = pick(rng, plan.jobs)
    by = hours(either(rng, 0.01, 30))
    return with_entry(plan, entry, start=entry.start + by, finish=entry.finish + by)


@corruption
def work_stretched(plan, rng):
    entry = pick(rng, plan.jobs)
    return with_entry(plan, entry, finish=entry.finish + hours(either(rng, 0.01, 20)))


@corruption
def started_earlier(plan, rng):
    entry = pick(rng, plan.jobs)
    return with_entry(plan, entry, start=entry.start - hours(rng.uniform(0.01, 20)))


@corruption
def everything_earlier(plan, rng):
    by = hours(rng.uniform(0.1, 10))
    moved = [
        replace(entry, start=entry.start - by, finish=entry.finish - by) for entry in plan.jobs
    ]
    return replace(plan, jobs=tuple(moved))


@corruption
def before_the_other_is_finished(plan, rng):
    """Moved so that it ends before what it waits for."""
    ends = {entry.job.id: entry.finish for entry in plan.jobs}
    pairs = [(entry, before) for entry in plan.jobs for before in entry.job.after]
    found = pick(rng, pairs)
    if found is None:
        return None
    entry, before = found
    by = entry.start - ends[before] + hours(rng.uniform(0.1, 3))
    return with_entry(plan, entry, start=entry.start - by, finish=entry.finish - by)


@corruption
def travel_wrong(plan, rng):
    entry = pick(rng, plan.jobs)
    return with_entry(plan, entry, travel_h=entry.travel_h + either(rng, 0.01, 3))


@corruption
def travel_dropped(plan, rng):
    entry = pick(rng, [entry for entry in plan.jobs if entry.travel_h > 0.01])
    if entry is None:
        return None
    by = hours(entry.travel_h)
    return with_entry(plan, entry, travel_h=0.0, start=entry.start - by, finish=entry.finish - by)


@corruption
def travel_unknown(plan, rng):
    return with_entry(plan, pick(rng, plan.jobs), travel_h=float("nan"))


# Spares, declared needs


@corruption
def spares_stolen(plan, rng):
    """Fewer are there in all than are used."""
    used = sum(len(entry.job.spares) for entry in not_started(plan))
    if not used:
        return None
    given = replace(plan.resources, stock={"kit": int(rng.integers(0, used))}, arrivals=())
    return replace(plan, resources=given)


@corruption
def spares_late(plan, rng):
    """What comes, comes after the last work that needs it, and what is there is too little."""
    users = [entry for entry in not_started(plan) if entry.job.spares]
    used = sum(len(entry.job.spares) for entry in users)
    if not users:
        return None
    late = max(entry.start for entry in users) + hours(rng.uniform(0.1, 50))
    arrivals = tuple(
        replace(arrival, arrives_at=max(late, arrival.arrives_at))
        for arrival in plan.resources.arrivals
    )
    given = replace(plan.resources, stock={"kit": int(rng.integers(0, used))}, arrivals=arrivals)
    return replace(plan, resources=given)


@corruption
def declared_capacity_higher(plan, rng):
    """The stage was declared to leave another share than the plan counts on."""
    rows = list(plan.resources.repairs)
    shares = {entry.job.id: entry.job.capacity_after for entry in plan.jobs}
    counted = [
        k
        for k, row in enumerate(rows)
        if row.stage is RepairStage.TEMPORARY
        and shares[f"{row.asset}:temporary"] == row.capacity_after
    ]
    k = pick(rng, counted)
    if k is None:
        return None
    rows[k] = replace(rows[k], capacity_after=float(rng.choice([0.2, 0.9])))
    return replace(plan, resources=replace(plan.resources, repairs=tuple(rows)))


@corruption
def declared_stage_ignored(plan, rng):
    rows = [row for row in plan.resources.repairs if row.started is None and not row.after]
    gone = pick(rng, rows)
    kept = tuple(row for row in plan.resources.repairs if row is not gone)
    return replace(plan, resources=replace(plan.resources, repairs=kept))


# Loads, energy, bound


@corruption
def gain_wrong(plan, rng):
    entry = pick(rng, plan.jobs)
    by = either(rng, 0.01, 30)
    return with_entry(plan, entry, served_gain_mw=entry.served_gain_mw + by)


@corruption
def energy_wrong(plan, rng):
    by = either(rng, 0.01, 1) * max(abs(plan.ens_mwh), 200.0)
    return replace(plan, ens_mwh=plan.ens_mwh + by)


@corruption
def weighted_energy_wrong(plan, rng):
    by = either(rng, 0.01, 1) * max(abs(plan.weighted_mwh), 400.0)
    return replace(plan, weighted_mwh=plan.weighted_mwh + by)


@corruption
def energy_unknown(plan, rng):
    return replace(plan, **{str(rng.choice(["ens_mwh", "weighted_mwh"])): float("nan")})


@corruption
def bound_above_the_plan(plan, rng):
    above = plan.weighted_mwh + float(rng.uniform(0.001, 1)) * max(abs(plan.weighted_mwh), 1.0)
    return replace(plan, bound=PlanBound(weighted_mwh=above, gap_pct=0.0, method="made"))


@corruption
def gap_flattered(plan, rng):
    if plan.bound is None:
        return None
    gap_pct = plan.bound.gap_pct + either(rng, 0.1, 10)
    return replace(plan, bound=replace(plan.bound, gap_pct=gap_pct))


# Curve, ETR, comparison


@corruption
def curve_wrong(plan, rng):
    column = str(rng.choice(["served_mw", "unserved_mw", "customers_out"]))
    values = plan.curve[column].to_numpy(copy=True)
    by = either(rng, 0.01, 10) if column != "customers_out" else int(rng.integers(3, 500))
    values[int(rng.integers(len(values)))] += by
    return replace(plan, curve=plan.curve.assign(**{column: values}))


@corruption
def curve_steps_elsewhere(plan, rng):
    times = list(plan.curve["time"])
    times[int(rng.integers(len(times)))] += pd.Timedelta(seconds=int(rng.integers(1, 36_000)))
    return replace(plan, curve=plan.curve.assign(time=pd.DatetimeIndex(times)))


@corruption
def curve_without_a_step(plan, rng):
    return replace(plan, curve=plan.curve.drop(index=int(rng.integers(len(plan.curve)))))


@corruption
def etr_wrong(plan, rng):
    times = list(plan.etr["etr"])
    i = int(rng.integers(len(times)))
    by = pd.Timedelta(seconds=int(rng.integers(1, 300_000)))
    times[i] = pd.Timestamp(plan.state.as_of) if times[i] is pd.NaT else times[i] - by
    return replace(plan, etr=plan.etr.assign(etr=pd.DatetimeIndex(times)))


@corruption
def etr_of_less_load(plan, rng):
    values = plan.etr["unserved_mw"].to_numpy(copy=True)
    values[int(rng.integers(len(values)))] += either(rng, 0.01, 5)
    return replace(plan, etr=plan.etr.assign(unserved_mw=values))


@corruption
def substation_hidden(plan, rng):
    return replace(plan, etr=plan.etr.drop(index=int(rng.integers(len(plan.etr)))))


@corruption
def substation_renamed(plan, rng):
    names = list(plan.etr["id"])
    names[int(rng.integers(len(names)))] = "elsewhere"
    return replace(plan, etr=plan.etr.assign(id=names))


@corruption
def comparison_of_another_plan(plan, rng):
    energy = plan.comparison["ens_mwh"].to_numpy(copy=True)
    energy[0] += either(rng, 0.01, 0.5) * max(abs(energy[0]), 200.0)
    return replace(plan, comparison=plan.comparison.assign(ens_mwh=energy))


@corruption
def rules_made_worse(plan, rng):
    excess = plan.comparison["excess_pct"].to_numpy(copy=True)
    k = int(rng.integers(len(excess)))
    excess[k] = (excess[k] if np.isfinite(excess[k]) else 0.0) + either(rng, 0.01, 50)
    return replace(plan, comparison=plan.comparison.assign(excess_pct=excess))


@corruption
def complete_sooner(plan, rng):
    times = list(plan.comparison["complete_at"])
    times[0] -= pd.Timedelta(seconds=int(rng.integers(1, 90_000)))
    return replace(plan, comparison=plan.comparison.assign(complete_at=pd.DatetimeIndex(times)))


# Mobile units


@corruption
def stay_dropped(plan, rng):
    gone = pick(rng, plan.placements)
    kept = tuple(stay for stay in plan.placements if stay is not gone)
    return gone and replace(plan, placements=kept)


@corruption
def stay_doubled(plan, rng):
    stay = pick(rng, plan.placements)
    if stay is None:
        return None
    again = sorted([*plan.placements, stay], key=lambda one: (one.start, one.unit))
    return replace(plan, placements=tuple(again))


@corruption
def stay_shifted(plan, rng):
    stay = pick(rng, plan.placements)
    if stay is None:
        return None
    part = str(rng.choice(["start", "online"]))
    return with_stay(plan, stay, **{part: getattr(stay, part) + hours(either(rng, 0.01, 20))})


@corruption
def stay_longer(plan, rng):
    stay = pick(rng, [stay for stay in plan.placements if stay.offline is not None])
    return stay and with_stay(plan, stay, offline=stay.offline + hours(either(rng, 0.01, 20)))


@corruption
def stay_elsewhere(plan, rng):
    stay = pick(rng, plan.placements)
    if stay is None:
        return None
    sites = [str(key) for key in plan.state.network.substations.index if key != stay.site]
    return with_stay(plan, stay, site=pick(rng, [*sites, "nowhere"]))


@corruption
def stay_at_another_section(plan, rng):
    stay = pick(rng, plan.placements)
    if stay is None:
        return None
    high = [str(key) for key in plan.state.network.busbars.index if str(key).endswith("/110")]
    return with_stay(plan, stay, part=f"{stay.unit}@{pick(rng, [*high, 'nowhere'])}")


@corruption
def stay_gain_wrong(plan, rng):
    stay = pick(rng, plan.placements)
    return stay and with_stay(
        plan, stay, served_gain_mw=stay.served_gain_mw + either(rng, 0.5, 5) * 3
    )


@corruption
def stay_travel_wrong(plan, rng):
    stay = pick(rng, plan.placements)
    return stay and with_stay(plan, stay, travel_h=stay.travel_h + either(rng, 0.01, 3))


@corruption
def unit_unknown(plan, rng):
    stay = pick(rng, plan.placements)
    return stay and with_stay(plan, stay, unit="nothing")


@corruption
def unit_too_slow(plan, rng):
    stay = pick(rng, [stay for stay in plan.placements if stay.travel_h > 0.02])
    return stay and with_unit(plan, stay.unit, speed_kmh=float(rng.uniform(1, 20)))


@corruption
def unit_not_there(plan, rng):
    stay = pick(rng, plan.placements)
    if stay is None:
        return None
    if rng.random() < 0.5:
        return with_unit(plan, stay.unit, available_from=stay.start + hours(rng.uniform(0.1, 9)))
    ends = stay.offline or max(stay.online, *(entry.finish for entry in plan.jobs))
    return with_unit(plan, stay.unit, available_to=ends - hours(rng.uniform(0.1, 9)))


@corruption
def unit_not_allowed(plan, rng):
    stay = pick(rng, plan.placements)
    return stay and with_unit(plan, stay.unit, sites=("elsewhere",))


@corruption
def unit_of_other_voltage(plan, rng):
    stay = pick(rng, plan.placements)
    return stay and with_unit(plan, stay.unit, kv=float(rng.choice([6.0, 35.0])))


@corruption
def unit_set_up_sooner(plan, rng):
    stay = pick(rng, plan.placements)
    if stay is None:
        return None
    unit: MobileUnit = next(u for u in plan.resources.mobile_units if u.id == stay.unit)
    return with_unit(plan, stay.unit, setup_h=unit.setup_h + float(rng.uniform(0.1, 5)))
