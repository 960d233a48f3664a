"""Every timetable of a few repairs, and random cases to hold bounds against them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations, product
from zoneinfo import ZoneInfo

import numpy as np
from builders import grid
from restoration.cases import AS_OF, crew, damaged
from restoration.mobile_cases import city, mobile_generator, mobile_substation, with_units

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.mobile.parts import add_candidates
from gridtool.restoration.mobile.sites import candidate_at, energised_sections, fitting_sites
from gridtool.restoration.model import (
    DeclaredRepair,
    DemandBlocks,
    Duration,
    RepairStage,
    Resources,
    SpareArrival,
    StartedWork,
)
from gridtool.restoration.schedule.problem import Timetable, make_problem
from gridtool.restoration.value.blocks import constant_blocks
from gridtool.restoration.value.effects import make_effects
from gridtool.restoration.value.served import DispatchedLoad
from gridtool.restoration.value.states import StateValues
from gridtool.restoration.work.jobs import make_jobs

KYIV = ZoneInfo("Europe/Kyiv")


def set_up(state, supplies, *, blocks=None, weights=None, import_limit_mw=None, jobs=None):
    """Problem, values (that know of all places of mobile units, the last bits) and case."""
    jobs = jobs or make_jobs(state, supplies)
    problem = make_problem(jobs, supplies, as_of=state.as_of, zone=KYIV)
    blocks = blocks or constant_blocks(1.0)
    units = supplies.mobile_units
    candidates = [] if not units else all_candidates(state, units)
    extended = add_candidates(state, candidates, units)
    served = DispatchedLoad(
        Dispatcher(compile_case(extended.network)),
        levels=blocks.level,
        weights=weights,
        import_limit_mw=import_limit_mw,
    )
    effects = make_effects(state, jobs, candidates=[one.part for one in candidates])
    values = StateValues(effects, served=served, blocks=blocks)
    return problem, values, compile_case(state.network)


def all_candidates(state, units):
    """Every section that a unit fits, at every site."""
    network = state.network
    live = energised_sections(compile_case(network), state.capacity_share)
    table = network.busbars
    return [
        candidate_at(network, unit, section, energised=live)
        for unit in units
        for site in fitting_sites(network, unit)
        for section in table.index[(table["substation"] == site) & (table["vn_kv"] == unit.kv)]
    ]


def all_stays(state, supplies):
    """Switchings of every choice of one place for each unit, or none, as soon as it can be."""
    candidates = all_candidates(state, supplies.mobile_units)
    stations = state.network.substations
    stays = []
    for unit in supplies.mobile_units:
        own = [()]
        for k, candidate in enumerate(candidates):
            if candidate.unit != unit.id:
                continue
            away = abs(float(stations["x_km"][candidate.site]) - unit.x_km)  # all on one axis
            hour = 1.3 * away / unit.speed_kmh + unit.setup_h
            if unit.available_from is not None:
                hour += max(0.0, (unit.available_from - state.as_of) / timedelta(hours=1))
            stay = ((hour, 1 << k, 0),)
            if unit.available_to is not None:
                gone = (unit.available_to - state.as_of) / timedelta(hours=1) - unit.teardown_h
                stay = ((hour, 1 << k, 0), (gone, 0, 1 << k)) if gone > hour else ()
            own.append(stay)
        stays.append(own)
    return [sorted(sum(chosen, ())) for chosen in product(*stays)]


def spans(problem, c):
    count = int(problem.calendar.count[c])
    return list(
        zip(
            problem.calendar.start_h[c, :count].tolist(),
            problem.calendar.end_h[c, :count].tolist(),
            strict=True,
        )
    )


def work_from(hours, moment, work):
    """First working moment from ``moment`` on and when ``work`` is done; step by step."""
    begun = None
    for start, end in hours:
        if end <= moment:
            continue
        at = max(start, moment)
        begun = at if begun is None else begun
        if work <= end - at + 1e-12:
            return begun, at + work
        work -= end - at
    return begun, np.inf


def finish_times(problem, order, crews, pause):
    """Finish of each job: called in ``order`` on the given crews, each after a pause."""
    n = len(problem.jobs)
    free, place = [0.0] * len(problem.resources.crews), [n] * len(problem.resources.crews)
    used = np.zeros(problem.need.shape[1], dtype=int)
    finish = np.full(n, np.inf)
    for j in order:
        c = crews[j]
        if problem.frozen[j] >= 0:  # goes on at once, before anything else of its crew
            if free[c] > 0.0:
                return finish
            finish[j] = work_from(spans(problem, c), 0.0, problem.expected_h[j])[1]
            free[c], place[c] = finish[j], j
            continue
        if any(k >= 0 and crews[f] == c and free[c] == 0.0 for f, k in enumerate(problem.frozen)):
            return finish
        there = problem.release_h[j]
        for s in np.flatnonzero(problem.need[j]):
            there = max(there, problem.unit_times_h[s, used[s] + problem.need[j, s] - 1])
            used[s] += problem.need[j, s]
        for i in np.flatnonzero(problem.before[:, j]):
            there = max(there, finish[i])
        hours = spans(problem, c)
        way = problem.travel_h[c, place[c], j]
        arrived = work_from(hours, free[c] + pause, way)[1] if way > 0 else free[c] + pause
        finish[j] = work_from(hours, max(arrived, there), problem.expected_h[j])[1]
        free[c], place[c] = finish[j], j
        if not np.isfinite(finish[j]):
            break
    return finish


def least_energy(problem, values, *, pauses=(0.0,), ends_by_h=np.inf, stays=((),)):
    """The least energy not served over all orders, assignments, some idling and ``stays``."""
    n = len(problem.jobs)
    able = [np.flatnonzero(problem.able[:, j]).tolist() for j in range(n)]
    choices = [[(hour, on << n, off << n) for hour, on, off in stay] for stay in stays]
    least = np.inf
    for pause in pauses:
        for order in permutations(range(n)):
            if any(problem.before[b, a] for i, a in enumerate(order) for b in order[i + 1 :]):
                continue
            for crews in product(*able):
                finish = finish_times(problem, order, crews, pause)
                if finish.max() > ends_by_h:
                    continue
                zeros = np.zeros(n)
                table = Timetable(
                    crew=np.array(crews), start_h=zeros, finish_h=finish, travel_h=zeros
                )
                for stay in choices:  # nothing counts from the last repair on
                    counted = [switching for switching in stay if switching[0] < finish.max()]
                    least = min(least, values.energy_not_served(table, switchings=counted))
    return least


def random_case(rng):
    """A meshed grid with protected load, damage in shares and stages, crews, spares, levels."""
    count = int(rng.integers(4, 7))
    stations = {
        f"S{i}": (float(rng.integers(5, 60)), float(rng.integers(0, 2) * 10)) for i in range(count)
    }
    pairs = [(int(rng.integers(0, i)), i) for i in range(1, count)]
    pairs += [tuple(sorted(rng.choice(count, 2, replace=False).tolist())) for _ in range(3)]
    lines = [
        (f"L{k}", f"S{a}", f"S{b}", float(rng.integers(15, 90))) for k, (a, b) in enumerate(pairs)
    ]
    network = grid(
        stations=stations,
        lines=lines,
        infeeds=[("IF", "S0", float(rng.integers(60, 400)))],
        units=[("G1", f"S{count - 1}", 30)],
    )
    assets = [line[0] for line in lines] + ["IF", "S1/B", "S2", "S3/F0"]
    chosen = rng.choice(assets, size=3, replace=False).tolist()
    hours = {asset: float(rng.uniform(2, 40)) for asset in chosen}
    skills = {a: (str(rng.choice(["line", "substation"])),) for a in chosen}
    spares = {a: ("coil",) for a in chosen if rng.random() < 0.3}
    shares = {asset: float(rng.choice([0.0, 0.0, 0.4])) for asset in chosen}
    state = damaged(network, shares, hours=hours, skills=skills, spares=spares)
    repairs = []
    if rng.random() < 0.5:
        repairs.append(
            DeclaredRepair(
                asset=chosen[0],
                stage=RepairStage.TEMPORARY,
                capacity_after=0.7,
                estimate=None,
                skills=("line",),
            )
        )
    if rng.random() < 0.3:
        repairs.append(
            DeclaredRepair(asset=chosen[1], stage=RepairStage.PERMANENT, after=(chosen[2],))
        )
    return state, random_team(rng, tuple(repairs))


def random_team(rng, repairs):
    team = [
        crew(
            f"C{k}",
            skills=("line", "substation") if k == 0 or rng.random() < 0.5 else ("line",),
            x_km=float(rng.uniform(0, 5)),
            speed_kmh=float(rng.choice([3.0, 1e6])),
            shift_start_h=float(rng.integers(0, 12)),
            shift_h=float(rng.choice([8, 12, 24])),
        )
        for k in range(int(rng.integers(1, 3)))
    ]
    coming = SpareArrival(spare="coil", quantity=2, arrives_at=AS_OF + timedelta(hours=60))
    return Resources(crews=tuple(team), stock={"coil": 1}, arrivals=(coming,), repairs=repairs)


def random_blocks(rng):
    if rng.random() < 0.5:
        return constant_blocks(1.0)
    weight = rng.dirichlet(np.ones(3), size=3)
    if rng.random() < 0.3:
        weight[2] = 0.0  # beyond a horizon
    return DemandBlocks(
        level=np.array([0.5, 0.8, 1.0]), begins_h=np.array([0.0, 20.0, 70.0]), weight=weight
    )


def random_jobs(rng, state, supplies):
    """The jobs, some waiting for equipment, one perhaps started by the first crew."""
    jobs = list(make_jobs(state, supplies))
    for j, job in enumerate(jobs):
        if rng.random() < 0.2:
            hours = float(rng.uniform(5, 80))
            lead = Duration(mean_h=hours, sigma_h=hours / 3, basis="own estimate")
            jobs[j] = replace(job, lead=lead)
    if rng.random() < 0.4:
        j = int(rng.integers(len(jobs)))
        begun = AS_OF - timedelta(hours=float(rng.uniform(1, 30)))
        work = StartedWork(crew=supplies.crews[0].id, started_at=begun)
        jobs[j] = replace(jobs[j], started=work, lead=None)
    return tuple(jobs)


def random_mobile_case(rng):
    """Substations in a row behind lines of their own, damaged transformers, two mobile units."""
    sites = int(rng.integers(2, 4))
    loads = [
        (float(rng.integers(4, 30)), float(rng.integers(4, 30)) if rng.random() < 0.4 else None)
        for _ in range(sites)
    ]
    network = city(loads, spacing_km=5.0, infeed_mw=float(rng.choice([30.0, 60.0, 1000.0])))
    parts = [*network.transformers.index, *network.lines.index, *network.busbars.index[1:]]
    hurt = {"S1/T1": 0.0} | dict.fromkeys(rng.choice(parts, size=2).tolist(), 0.0)
    hours = {asset: float(rng.integers(10, 80)) for asset in hurt}
    team = [crew(f"C{k}", x_km=float(rng.integers(0, 20))) for k in range(int(rng.integers(1, 3)))]
    units = [
        mobile_substation(capacity_mva=float(rng.integers(5, 20)), x_km=float(rng.integers(0, 10))),
        mobile_generator(capacity_mva=float(rng.integers(2, 9)), setup_h=float(rng.integers(1, 9))),
    ]
    if rng.random() < 0.3:
        units[0] = replace(units[0], available_from=AS_OF + timedelta(hours=20))
    if rng.random() < 0.3:
        units[1] = replace(units[1], available_to=AS_OF + timedelta(hours=40))
    return damaged(network, hurt, hours=hours), with_units(team, *units)
