"""The toy networks against the answers worked by hand in their READMEs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np
import pytest

from gridtool.damage.ledger import state_as_of
from gridtool.damage.read import read_reports
from gridtool.network.catalog import load_network
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.resources import read_resources
from gridtool.restoration.schedule.problem import make_problem
from gridtool.restoration.work.jobs import make_jobs


@pytest.fixture(params=["toy3", "toy5"])
def toy(request, root):
    folder = root / "networks" / request.param
    network = load_network(folder)
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["restoration"]
    as_of = datetime.fromisoformat(expected["as_of"])
    batch = read_reports([folder / "damage"], network, zone=network.manifest.zone)
    state = state_as_of(network, batch.reports, as_of)
    return state, read_resources(folder / "resources", network), expected


def test_the_plan_is_the_one_worked_by_hand(toy):
    state, supplies, expected = toy
    plan = plan_restoration(state, supplies)
    finish = {e.job.asset: (e.finish - state.as_of) / timedelta(hours=1) for e in plan.jobs}
    assert finish == pytest.approx(expected["finish_h"], abs=1e-3)
    assert plan.ens_mwh == pytest.approx(expected["ens_mwh"], abs=0.05)
    hours = (plan.curve["time"] - plan.curve["time"].iloc[0]).dt.total_seconds() / 3600
    steps = np.column_stack([hours, plan.curve["unserved_mw"]])
    assert steps == pytest.approx(np.array(expected["unserved_mw"]), abs=1e-3)


def test_the_other_order_costs_what_was_worked_by_hand(toy):
    state, supplies, expected = toy
    other = expected["other_order"]
    jobs = make_jobs(state)
    problem = make_problem(jobs, supplies, as_of=state.as_of, zone=state.network.manifest.zone)
    position = {job.id: j for j, job in enumerate(jobs)}
    order = np.array([position[asset] for asset in other["order"]], dtype=np.int64)
    finish = dict(zip(position, problem.schedule(order).finish_h.tolist(), strict=True))
    assert finish == pytest.approx(other["finish_h"], abs=1e-6)
