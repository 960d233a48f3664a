"""The checker accepts every sound plan and refuses every plan that was tampered with."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from restoration.corruptions import CORRUPTIONS
from restoration.plan_cases import patient_dispatcher, random_plan

from gridtool.errors import ResourcesError
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.check import plan as check
from gridtool.restoration.check.plan import check_plan
from gridtool.restoration.work.jobs import make_jobs
from gridtool.restoration.work.started import check_started

SOUND = 36
CORRUPTED_PLANS = 12


@pytest.fixture(scope="module")
def plans():
    return [random_plan(seed) for seed in range(SOUND)]


@pytest.fixture
def patient_jobs(monkeypatch):
    """The jobs of a state and its resources are made once."""
    known = {}

    def remember(state, resources, *, durations):
        key = id(state), resources.repairs, durations
        if key not in known:
            known[key] = make_jobs(state, resources, durations=durations)
        issues = check_started(known[key], resources.crews, as_of=state.as_of)
        if issues:
            raise ResourcesError(issues, subject="resources")
        return known[key]

    monkeypatch.setattr(check, "make_jobs", remember)


def missed(plans, *, count, seed):
    """Of ``count`` corruptions those that were accepted, and how often each kind was tried."""
    dispatchers = [patient_dispatcher(plan) for plan in plans]
    tried, accepted = Counter(), []
    for k in range(count):
        corrupt, one = CORRUPTIONS[k % len(CORRUPTIONS)], (k // len(CORRUPTIONS)) % len(plans)
        rng = np.random.default_rng([seed, k])
        bad = None
        while bad is None:  # the next plan that can be corrupted in this way
            bad = corrupt(plans[one], rng)
            found, one = one, (one + 1) % len(plans)
        tried[corrupt.__name__] += 1
        if not check_plan(bad, dispatcher=dispatchers[found]):
            accepted.append((corrupt.__name__, found, k))
    return accepted, tried


def test_sound_plans_are_accepted(plans):
    """With stages, work under way, leads, spares, mobile units, blocks, weights and limits."""
    for plan in plans:
        assert check_plan(plan, dispatcher=Dispatcher(compile_case(plan.state.network))) == []
    entries = [entry for plan in plans for entry in plan.jobs]
    assert sum(entry.job.started is not None for entry in entries) >= 10
    assert sum(entry.job.lead is not None for entry in entries) >= 2
    assert sum(len(plan.placements) for plan in plans) >= 10


@pytest.mark.usefixtures("patient_jobs")
def test_ten_thousand_corrupted_plans_are_refused(plans):
    accepted, tried = missed(plans[:CORRUPTED_PLANS], count=10_000, seed=1)
    assert accepted == []
    assert sum(tried.values()) == 10_000
    assert min(tried[one.__name__] for one in CORRUPTIONS) >= 100


@pytest.mark.slow
@pytest.mark.usefixtures("patient_jobs")
def test_many_more_corrupted_plans_are_refused(plans):
    assert missed(plans, count=50_000, seed=2)[0] == []


def test_findings_name_what_is_wrong(plans):
    plan = next(plan for plan in plans if any(entry.job.spares for entry in plan.jobs))
    given = replace(plan.resources, stock={}, arrivals=())
    issues = check_plan(replace(plan, resources=given))
    assert any("no kit is left" in str(issue) for issue in issues)
    entry = plan.jobs[0]
    later = replace(entry, finish=entry.finish + timedelta(hours=3))
    issues = check_plan(replace(plan, jobs=(later, *plan.jobs[1:])))
    assert any(str(issue).startswith(f"{entry.job.id}: {entry.crew} works") for issue in issues)
