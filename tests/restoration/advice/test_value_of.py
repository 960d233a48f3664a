"""Marginal values of resources against cases worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from restoration.cases import AS_OF, crew, damaged, random_instance, resources, star

from gridtool.report.restore_value import table_value_of
from gridtool.restoration.advice.explain_problem import rebuild_problem
from gridtool.restoration.advice.value_of import (
    Change,
    MarginalValue,
    crew_groups,
    list_changes,
    value_changes,
)
from gridtool.restoration.advice.value_of_plan import value_of_resources
from gridtool.restoration.model import MobileUnit, PlanConfig, SpareArrival
from gridtool.restoration.plan import plan_restoration

NEAR = {"speed_kmh": 1e9}


def value(state, supplies, **settings):
    config = PlanConfig(evaluations=400, **settings)
    plan = plan_restoration(state, supplies, config=config)
    found = value_of_resources(rebuild_problem(plan), seed=1)
    return {(v.change.kind, v.change.item): v for v in found}, found


def test_one_more_crew_works_beside_the_first():
    """Alone: L2 (20 MW, 4 h) then L1 (30 MW, 10 h), 50 * 4 + 30 * 10 = 500 MWh. Two crews:
    20 * 4 + 30 * 10 = 380 MWh."""
    state = damaged(star(30, 20), {"L1": 0.0, "L2": 0.0}, hours={"L1": 10.0, "L2": 4.0})
    supplies = resources(
        crew("A", skills=("line",), crew_type="line", **NEAR),
        crew("B", skills=("cable",), **NEAR),
    )
    found, ordered = value(state, supplies)
    assert found["crew", "line"].value_mwh == pytest.approx(120)
    assert found["crew", "line"].certainty == "clear"
    assert found["crew", "cable"].value_mwh == 0
    assert found["crew", "cable"].certainty == "none found"
    assert [v.change.item for v in ordered] == ["line", "cable"], "sorted by value"


def test_a_spare_sooner_and_one_more():
    """The tower comes after 240 h; a week sooner 168 h of 30 MW, from stock all 240 h."""
    late = SpareArrival(spare="tower", quantity=1, arrives_at=AS_OF + timedelta(hours=240))
    state = damaged(star(30), {"L1": 0.0}, hours={"L1": 5.0}, spares={"L1": ("tower",)})
    found, _ = value(state, resources(crew(**NEAR), arrivals=(late,)))
    assert found["spare sooner", "tower"].value_mwh == pytest.approx(168 * 30)
    assert found["spare more", "tower"].value_mwh == pytest.approx(240 * 30)


def test_values_are_weighted_as_the_plan():
    late = SpareArrival(spare="tower", quantity=1, arrives_at=AS_OF + timedelta(hours=240))
    state = damaged(star(30), {"L1": 0.0}, hours={"L1": 5.0}, spares={"L1": ("tower",)})
    supplies = resources(crew(**NEAR), arrivals=(late,))
    found, _ = value(state, supplies, class_weights={"household": 3.0})
    assert found["spare more", "tower"].value_mwh == pytest.approx(3 * 240 * 30)


def test_a_mobile_unit_is_worth_what_is_lost_without_it():
    """A generator of 12 MW at the cut-off station S1 (30 MW) gives 12 MW while L1 is repaired."""
    unit = MobileUnit(
        id="GEN", kind="generator", capacity_mva=12.0, kv=110.0, x_km=1.0, y_km=0.0,
        setup_h=2.0, sites=("S1",),
    )  # fmt: skip
    state = damaged(star(30), {"L1": 0.0}, hours={"L1": 50.0})
    supplies = replace(resources(crew(**NEAR)), mobile_units=(unit,))
    plan = plan_restoration(state, supplies)
    assert plan.placements
    alone = plan_restoration(state, replace(supplies, mobile_units=()))
    found, _ = value(state, supplies)
    gained = found["mobile unit", "GEN"].value_mwh
    assert gained == pytest.approx(alone.ens_mwh - plan.ens_mwh)
    assert 12 * 40 < gained <= 12 * 48


@pytest.mark.parametrize("seed", range(4))
def test_more_is_never_worth_less_than_nothing(seed):
    """List scheduling can do worse with one more crew (Graham); leaving it idle cannot."""
    state, supplies = random_instance(np.random.default_rng(seed), jobs=7, crews=2)
    found, _ = value(state, supplies)
    assert found
    assert all(v.value_mwh >= 0 for v in found.values())


def test_changes_are_listed_by_type():
    crews = (
        crew("A", crew_type="line"),
        crew("A+2", crew_type="line"),
        crew("C", skills=("cable", "line")),
    )
    assert {name: len(alike) for name, alike in crew_groups(crews).items()} == {
        "line": 2,
        "cable + line": 1,
    }
    late = SpareArrival(
        spare="bolt", quantity=1, arrives_at=AS_OF, latest_at=AS_OF + timedelta(days=30)
    )
    supplies = resources(*crews, stock={"tower": 1}, arrivals=(late,))
    state = damaged(star(30), {"L1": 0.0}, spares={"L1": ("tower",)})
    plan = plan_restoration(state, supplies)
    found = list_changes(supplies, [entry.job for entry in plan.jobs])
    assert [(c.kind, c.item) for c in found] == [
        ("crew", "line"),
        ("crew", "cable + line"),
        ("spare more", "tower"),
    ], "nothing needs the bolt"
    assert [c.id for c in found[0].resources.crews] == ["A", "A+2", "C", "A+3"]


def test_what_the_search_may_have_missed_is_said():
    """The base is the better of two searches; they differ by 4 MWh."""
    energy = {("base", 1): 100.0, ("base", 2): 96.0, ("more", 1): 93.0, ("more", 2): 94.0}
    base = resources(crew())
    more = resources(crew(), crew("D"))

    def replan(supplies, seed):
        return energy["more" if len(supplies.crews) > 1 else "base", seed]

    change = Change(kind="crew", item="line", words="one more", resources=more)
    (found,) = value_changes(base, [change], replan, seed=1)
    assert (found.value_mwh, found.noise_mwh) == (3.0, 4.0)
    assert found.certainty == "within the noise of the search"
    table = table_value_of([found], weighted_mwh=96.0, weighted=False)
    assert table.frame["value_pct"].tolist() == [pytest.approx(3.125)]
    assert "differ by 4 MWh" in table.note


@pytest.mark.parametrize(
    ("mwh", "noise", "said"),
    [
        (0.0, 0.0, "none found"),
        (1.0, 5.0, "within the noise of the search"),
        (7.0, 5.0, "likely"),
        (11.0, 5.0, "clear"),
    ],
)
def test_certainty_in_words(mwh, noise, said):
    change = Change(kind="crew", item="x", words="", resources=resources(crew()))
    assert MarginalValue(change=change, value_mwh=mwh, noise_mwh=noise).certainty == said
