"""Plans of random small instances with everything the job model knows, and a patient dispatcher."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
from builders import grid
from restoration.cases import AS_OF, crew, damaged
from restoration.mobile_cases import city, mobile_generator, mobile_substation

from gridtool.damage.model import DamageState
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.mobile.view import view_placements
from gridtool.restoration.model import (
    DeclaredRepair,
    DemandBlocks,
    PlanBound,
    PlanConfig,
    RepairStage,
    Resources,
    SpareArrival,
    StartedWork,
)
from gridtool.restoration.plan import plan_restoration

SKILLS = ("line", "substation", "cable")


class PatientDispatcher(Dispatcher):
    """Remembers its dispatches."""

    def __init__(self, case):
        super().__init__(case)
        self._known = {}

    def solve(self, capacity_share, *, demand_mw=None, import_limit_mw=None, **other):
        key = frozenset(capacity_share.items()), demand_mw.tobytes(), import_limit_mw
        if key not in self._known:
            self._known[key] = super().solve(
                capacity_share, demand_mw=demand_mw, import_limit_mw=import_limit_mw, **other
            )
        return self._known[key]


def patient_dispatcher(plan):
    """A dispatcher of the plan's network with its mobile units."""
    units = plan.resources.mobile_units
    placed = view_placements(plan.state, plan.placements, units, jobs=len(plan.jobs))
    return PatientDispatcher(compile_case(placed.state.network))


def random_plan(seed):
    """A plan of a random instance; what it has in it goes by ``seed``."""
    rng = np.random.default_rng(seed)
    state, kinds = (_damaged_city if seed % 2 else _damaged_tree)(rng)
    team = [
        crew(
            f"C{k}",
            skills=SKILLS if k == 0 else tuple(rng.choice(SKILLS, 2, replace=False).tolist()),
            x_km=float(rng.uniform(0, 20)),
            y_km=float(rng.uniform(0, 9)),
            speed_kmh=float(rng.uniform(8, 30)),
            shift_start_h=float(rng.integers(0, 24)),
            shift_h=float(rng.choice([8, 12, 24])),
            size=8 if k == 0 else int(rng.integers(2, 8)),
        )
        for k in range(3)
    ]
    supplies = Resources(
        crews=tuple(team),
        stock={"kit": 1},
        arrivals=(
            SpareArrival(spare="kit", quantity=3, arrives_at=AS_OF + timedelta(hours=30)),
            SpareArrival(spare="none needs it", quantity=1, arrives_at=AS_OF),
        ),
        repairs=_declared(rng, list(state.damage), kinds),
        mobile_units=_units(rng) if seed % 4 == 1 else (),
    )
    config = _config(rng, seed)
    plan = plan_restoration(state, supplies, config=config, seed=seed)
    if plan.bound is None and plan.weighted_mwh > 0:
        below = plan.weighted_mwh * float(rng.uniform(0.8, 1.0))
        gap_pct = 100 * (1 - below / plan.weighted_mwh)
        plan = replace(plan, bound=PlanBound(weighted_mwh=below, gap_pct=gap_pct, method="made"))
    return plan


def _damaged_city(rng):
    """Transformers, lines and sections of a small city; one transformer at part capacity."""
    network = city([(20, 15), (12, None), (25, 10)], spacing_km=5.0)
    chosen = ["L2", "S1/T1", "S1/T2", "S3/T1", "S1/10-1", "S2/F1"]
    shares = dict.fromkeys([str(a) for a in rng.permutation(chosen)[:5]], 0.0)
    if "S3/T1" in shares:
        shares["S3/T1"] = 0.4
    state = _state(rng, network, shares)
    if rng.random() < 0.3:
        state = _without_transformers(state)
    return state, {a: "line" if a[0] == "L" else "other" for a in shares}


def _without_transformers(state):
    """Transformers beyond repair and without a spare: new ones have to be made."""
    damage = {
        asset: replace(entry, state=DamageState.COMPLETE, estimate=None, spares=())
        if entry.kind == "transformer" and entry.capacity_share == 0
        else entry
        for asset, entry in state.damage.items()
    }
    return replace(state, damage=damage)


def _damaged_tree(rng):
    """Lines of a random tree with ordinary and protected load."""
    count = int(rng.integers(5, 8))
    stations = {
        f"S{i}": (float(rng.integers(5, 60)), float(rng.integers(0, 20))) for i in range(count)
    }
    lines = [
        (f"L{i}", f"S{rng.integers(0, i)}", f"S{i}", float(rng.integers(40, 200)))
        for i in range(1, count)
    ]
    network = grid(stations=stations, lines=lines, infeeds=[("IF", "S0", 10_000)])
    shares = {line[0]: float(rng.choice([0.0, 0.0, 0.5])) for line in lines}
    return _state(rng, network, shares), dict.fromkeys(shares, "line")


def _state(rng, network, shares):
    assets = list(shares)
    return damaged(
        network,
        shares,
        hours={asset: float(rng.uniform(2, 30)) for asset in assets},
        spares={assets[0]: ("kit",), assets[2]: ("kit", "kit")},
    )


def _declared(rng, assets, kinds):
    """Stages of one asset, a large crew, a declared predecessor, and work under way."""
    staged, large, later, begun = (assets[int(k)] for k in rng.permutation(len(assets))[:4])
    lines = [asset for asset in assets if kinds[asset] == "line" and asset not in {staged, begun}]
    rows = [
        DeclaredRepair(asset=staged, stage=RepairStage.MAKE_SAFE, skills=("line",)),
        DeclaredRepair(asset=staged, stage=RepairStage.TEMPORARY, capacity_after=0.6),
        DeclaredRepair(asset=large, stage=RepairStage.PERMANENT, crew_size=8),
    ]
    if len(lines) >= 2 and later in lines:
        other = next(line for line in lines if line != later)
        rows.append(DeclaredRepair(asset=later, stage=RepairStage.PERMANENT, after=(other,)))
    if rng.random() < 0.6:
        work = StartedWork(crew="C0", started_at=AS_OF - timedelta(hours=1.5))
        rows.append(DeclaredRepair(asset=begun, stage=RepairStage.PERMANENT, started=work))
    return tuple(rows)


def _units(rng):
    return (
        mobile_substation(x_km=float(rng.uniform(0, 10)), speed_kmh=30.0),
        mobile_generator(x_km=float(rng.uniform(0, 10)), teardown_h=1.0),
    )


def _config(rng, seed):
    """Demand by blocks, weights, a deadline, or an import limit."""
    config = PlanConfig(
        evaluations=40, demand_factor=float(rng.choice([1.0, 0.8])), durations="equipment"
    )
    if seed % 3 == 0:
        blocks = DemandBlocks(
            level=np.array([0.6, 1.0]),
            begins_h=np.array([0.0, 20.0, 60.0]),
            weight=np.array([[0.5, 0.5], [0.2, 0.8], [0.7, 0.3]]),
        )
        config = replace(config, demand=blocks)
    if seed % 5 < 2:
        weights = {"household": 2.0, "hospital": 5.0}
        config = replace(config, class_weights=weights, protected_weight=3.0)
    if seed % 7 == 3:
        config = replace(config, deadline=AS_OF + timedelta(hours=35))
    if seed % 22 == 4:
        config = replace(config, horizon_days=30)
    if seed % 7 == 5:
        config = replace(config, import_limit_mw=45.0)
    return config
