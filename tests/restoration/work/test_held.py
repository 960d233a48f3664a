"""Repairs held back: no work begins before a stated time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from restoration.cases import AS_OF, crew, damaged, resources, star

from gridtool.restoration.model import (
    DeclaredRepair,
    Duration,
    PlanConfig,
    RepairStage,
    StartedWork,
)
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.schedule.execute import simulate_completions
from gridtool.restoration.work.jobs import make_jobs


def test_held_assets_wait_for_their_time_and_started_work_goes_on():
    """A longer lead time stays; of an asset that is not held nothing changes."""
    state = damaged(star(10, 20, 30), dict.fromkeys(("L1", "L2", "L3"), 0.0))
    begun = DeclaredRepair(
        asset="L2",
        stage=RepairStage.PERMANENT,
        started=StartedWork(crew="C1", started_at=AS_OF - timedelta(hours=1)),
    )
    team = replace(resources(crew("C1")), repairs=(begun,), held_h={"L1": 48.0, "L2": 48.0})
    by_id = {job.id: job for job in make_jobs(state, team)}
    assert by_id["L1"].lead == Duration(mean_h=48.0, sigma_h=0.0, basis="held back")
    assert by_id["L3"].lead is None
    plan = plan_restoration(state, team, config=PlanConfig(evaluations=50))
    start = {entry.job.id: (entry.start - AS_OF) / timedelta(hours=1) for entry in plan.jobs}
    assert start["L1"] == pytest.approx(48.0)
    assert start["L2"] == pytest.approx(0.0, abs=1.0)
    assert start["L3"] < 48.0
    finish = simulate_completions(plan, n=50, seed=1)
    row = finish.asset_ids.index("L1")
    assert (finish.finish_h[:, row] > 48.0).all()
