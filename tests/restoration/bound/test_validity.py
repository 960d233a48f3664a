"""No timetable of any small case leaves less unserved than its bound says."""

from __future__ import annotations

import numpy as np
import pytest
from restoration.bound.exhaustive import (
    all_stays,
    least_energy,
    random_blocks,
    random_case,
    random_jobs,
    random_mobile_case,
    set_up,
)

from gridtool.restoration.bound import BoundEffort, energy_bound, fleets, make_fleets

SMALL = BoundEffort(intervals=6, slots=24, rounds=3, loop_rounds=2, nodes=50)


def check_bound(state, supplies, *, seed, stays=((),), **how):
    """Against every order and assignment, with and without idling, and every stay."""
    weights, limit = how.get("weights"), how.get("import_limit_mw")
    problem, values, case = set_up(state, supplies, **how)
    found = energy_bound(
        problem,
        values,
        case=case,
        weights=weights,
        import_limit_mw=limit,
        fleets=make_fleets(state.network, case, supplies.mobile_units, as_of=state.as_of),
        effort=SMALL,
        seed=seed,
    )
    least = least_energy(problem, values, pauses=(0.0, 5.0), ends_by_h=found.ends_by_h, stays=stays)
    assert np.isfinite(least)
    assert found.weighted_mwh <= least + 1e-6 * max(1.0, abs(least))
    assert found.weighted_mwh >= found.fluid_mwh
    return found, least


def check_repairs(seed, *, harder=False):
    rng = np.random.default_rng(seed)
    state, supplies = random_case(rng)
    weights = rng.uniform(0.5, 3.0, (len(state.network.busbars), 2)) if seed % 3 == 0 else None
    how = {"blocks": random_blocks(rng), "weights": weights}
    if harder:
        how["jobs"] = random_jobs(rng, state, supplies)
        how["import_limit_mw"] = float(rng.uniform(20, 200)) if rng.random() < 0.5 else None
    check_bound(state, supplies, seed=seed, **how)


def check_mobile(seed):
    rng = np.random.default_rng(seed)
    state, supplies = random_mobile_case(rng)
    jobs = random_jobs(rng, state, supplies) if seed % 2 else None
    blocks, limit = random_blocks(rng), (25.0 if rng.random() < 0.3 else None)
    stays = all_stays(state, supplies)
    how = {"blocks": blocks, "jobs": jobs, "import_limit_mw": limit}
    check_bound(state, supplies, seed=seed, stays=stays, **how)


@pytest.mark.parametrize("seed", [*range(8), 47])  # 47: wrong with the solver's presolve
def test_repairs(seed):
    check_repairs(seed)


@pytest.mark.parametrize("seed", range(8))
def test_started_work_equipment_and_imports(seed):
    check_repairs(seed, harder=True)


@pytest.mark.parametrize("seed", range(6))
def test_mobile_units(seed):
    check_mobile(seed)


@pytest.mark.parametrize("seed", range(6))
def test_mobile_units_of_many_places(seed, monkeypatch):
    monkeypatch.setattr(fleets, "_MOST_PLACES", 0)
    check_mobile(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6, 150))
def test_mobile_units_of_many_places_many(seed, monkeypatch):
    monkeypatch.setattr(fleets, "_MOST_PLACES", 0)
    check_mobile(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8, 400))
def test_many_repairs(seed):
    check_repairs(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8, 300))
def test_started_work_equipment_and_imports_many(seed):
    check_repairs(seed, harder=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6, 200))
def test_many_mobile_units(seed):
    check_mobile(seed)
