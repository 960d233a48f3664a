from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from restoration.cases import AS_OF, certain, crew, damaged, star

from gridtool.damage.apply import make_state
from gridtool.damage.model import DamageState, Estimate3
from gridtool.errors import ResourcesError
from gridtool.network.catalog import load_network
from gridtool.network.schema import ASSET_TABLES
from gridtool.restoration.model import DeclaredRepair, RepairStage, Resources, StartedWork
from gridtool.restoration.search.rules import asset_load_mw, rule_orders, substation_graph
from gridtool.restoration.work.equipment import INSTALLATION, TRANSFORMER_LEAD
from gridtool.restoration.work.jobs import DEFAULT_SKILLS, asset_place, list_unused, make_jobs


def test_every_kind_of_asset_has_a_skill():
    assert set(DEFAULT_SKILLS) == set(ASSET_TABLES.values())


def test_a_job_for_every_asset_below_full_capacity():
    state = damaged(
        star(30, 20),
        {"L1": 0.0, "L2": 1.0, "IF": 0.6, "S1": 0.0},
        skills={"IF": ("crane",)},
        spares={"IF": ("bushing", "bushing")},
    )
    jobs = {job.id: job for job in make_jobs(state)}
    assert list(jobs) == ["S1", "L1", "IF"]
    assert jobs["L1"].skills == ("line",)
    assert jobs["S1"].skills == ("substation",)
    assert (jobs["IF"].skills, jobs["IF"].spares) == (("crane",), ("bushing", "bushing"))


def test_a_line_is_repaired_halfway():
    network = star(30, 20)  # station i stands at (i, 0)
    assert asset_place(network, "L2") == (1.0, 0.0)
    assert asset_place(network, "S2") == (2.0, 0.0)
    assert asset_place(network, "S2/F0") == (2.0, 0.0)


def test_every_asset_of_the_city_has_a_place_and_a_load(root):
    city = load_network(root / "networks" / "rivercity")
    for asset in list(city.assets)[::37]:
        x_km, y_km = asset_place(city, asset)
        assert abs(x_km) < 100
        assert abs(y_km) < 100
        assert asset_load_mw(city, asset) >= 0


def test_rules_sort_as_they_say():
    state = damaged(
        star(30, 20, 50),
        dict.fromkeys(("L1", "L2", "L3"), 0.0),
        hours={"L1": 3.0, "L2": 1.0, "L3": 10.0},
    )
    from restoration.cases import resources

    orders = rule_orders(state.network, make_jobs(state), resources(crew(x_km=3.0)))
    assert orders["largest load first"].tolist() == [2, 0, 1]
    assert orders["shortest repair first"].tolist() == [1, 0, 2]
    assert orders["load per hour"].tolist() == [1, 0, 2]
    assert orders["nearest first"].tolist() == [2, 1, 0]


def test_connections_are_counted_between_substations():
    graph = substation_graph(star(30, 20, 50))
    assert dict(graph.degree()) == {"S0": 3, "S1": 1, "S2": 1, "S3": 1}


@pytest.mark.parametrize(("asset", "load"), [("L2", 20), ("S1", 30), ("IF", 10_000), ("S1/F0", 30)])
def test_the_load_of_an_asset(asset, load):
    assert asset_load_mw(star(30, 20), asset) == load


def declare(asset, stage, **changes):
    return DeclaredRepair(asset=asset, stage=RepairStage(stage), **changes)


def given(*repairs, crews=None):
    return Resources(crews=crews or (crew(), crew("C2")), stock={}, repairs=repairs)


def begun(crew_id="C1", hours=3.0):
    return StartedWork(crew=crew_id, started_at=AS_OF - timedelta(hours=hours))


def test_a_job_for_every_stage_with_what_is_declared_before_what_is_reported():
    state = damaged(
        star(30),
        {"L1": 0.2},
        hours={"L1": 40.0},
        skills={"L1": ("crane",)},
        spares={"L1": ("tower",)},
    )
    safe, temporary, permanent = make_jobs(
        state,
        given(
            declare("L1", "permanent", crew_size=6),
            declare("L1", "make safe", estimate=certain(2.0), capacity_after=0.1),
            declare(
                "L1",
                "temporary",
                estimate=certain(9.0),
                capacity_after=0.6,
                skills=("line",),
                spares=("pole", "pole"),
            ),
        ),
    )
    assert [job.id for job in (safe, temporary, permanent)] == [
        "L1:make-safe",
        "L1:temporary",
        "L1",
    ]
    assert {job.asset for job in (safe, temporary, permanent)} == {"L1"}
    assert [job.capacity_after for job in (safe, temporary, permanent)] == [0.2, 0.6, 1.0]
    hours = [job.duration.mean_h for job in (safe, temporary, permanent)]
    assert hours == pytest.approx([2.0, 9.0, 40.0])
    assert [job.skills for job in (safe, temporary, permanent)] == [
        ("crane",),
        ("line",),
        ("crane",),
    ]
    assert [job.spares for job in (safe, temporary, permanent)] == [
        (),
        ("pole", "pole"),
        ("tower",),
    ]
    assert [job.crew_size for job in (safe, temporary, permanent)] == [1, 1, 6]


def test_without_declared_repairs_there_is_one_permanent_job_each():
    state = damaged(star(30, 20), {"L1": 0.0, "IF": 0.6})
    assert make_jobs(state, given()) == make_jobs(state)
    for job in make_jobs(state):
        assert (job.id, job.stage, job.capacity_after) == (job.asset, RepairStage.PERMANENT, 1.0)
        assert (job.after, job.lead, job.started, job.crew_size) == ((), None, None, 1)


def test_a_busbar_is_in_service_or_out_after_a_stage():
    state = damaged(star(30), {"S1/B": 0.0})
    temporary, _ = make_jobs(
        state, given(declare("S1/B", "temporary", estimate=certain(1.0), capacity_after=0.4))
    )
    assert temporary.capacity_after == 1.0


def test_repairs_of_sound_assets_are_left_out_and_told():
    state = damaged(star(30, 20), {"L1": 0.0})
    resources = given(
        declare("L2", "temporary", estimate=certain(1.0), capacity_after=0.5),
        declare("L1", "permanent", started=begun(hours=-1)),
    )
    (job,) = make_jobs(state, resources)
    assert job.started is None
    warnings = list_unused(state, resources)
    assert [issue.severity for issue in warnings] == ["warning", "warning"]
    assert "L2 is not damaged as of then: its temporary is left out" in str(warnings[0])
    assert "L1: permanent had not started as of then" in str(warnings[1])


def test_work_under_way_stays_with_its_crew():
    state = damaged(star(30, 20), {"L1": 0.0, "L2": 0.0})
    one, two = make_jobs(state, given(declare("L1", "permanent", started=begun())))
    assert one.started == begun()
    assert two.started is None


@pytest.mark.parametrize(
    ("repairs", "crews", "words"),
    [
        ([declare("L1", "permanent", started=begun("C9"))], (), "there is no crew C9"),
        (
            [declare(asset, "permanent", started=begun()) for asset in ("L1", "L2")],
            (),
            "crew C1 is in two places: it has started L1 and L2",
        ),
        (
            [declare("L1", "permanent", started=begun(), skills=("crane", "line"))],
            (),
            "L1: crew C1, which has started it, lacks the skill crane",
        ),
        (
            [declare("L1", "permanent", started=begun(), crew_size=5)],
            (),
            "L1: crew C1 has 4 people, it takes 5",
        ),
        (
            [declare("L1", "permanent", started=begun())],
            (crew(available_from=AS_OF - timedelta(hours=2)),),
            "L1: crew C1 was not there yet at 2027-01-12 01:00Z",
        ),
        (
            [declare("L1", "permanent", started=begun())],
            (crew(available_to=AS_OF),),
            "L1: crew C1 left at 2027-01-12 04:00Z and cannot finish it",
        ),
        (
            [
                declare("L1", "make safe", estimate=certain(1.0)),
                declare("L1", "permanent", started=begun()),
            ],
            (),
            "L1 has started, but waits for L1:make-safe, which is not finished",
        ),
    ],
)
def test_what_cannot_have_started_is_a_finding(repairs, crews, words):
    state = damaged(star(30, 20), {"L1": 0.0, "L2": 0.0})
    with pytest.raises(ResourcesError) as caught:
        make_jobs(state, given(*repairs, crews=crews))
    assert caught.value.exit_code == 3
    (issue,) = caught.value.issues
    assert issue.file == "repairs.csv"
    assert words in issue.message


def transformer_state(toy5, **changes):
    damage = damaged(toy5, {"S2/T1": 0.0}).damage["S2/T1"]
    settings = {"state": DamageState.COMPLETE, "estimate": None}
    return make_state(toy5, [replace(damage, **(settings | changes))], as_of=AS_OF)


@pytest.fixture(scope="module")
def toy5(root):
    return load_network(root / "networks" / "toy5")


def test_a_lost_transformer_waits_for_a_made_one_in_the_equipment_profile(toy5):
    (job,) = make_jobs(transformer_state(toy5), durations="equipment")
    assert (job.lead, job.duration) == (TRANSFORMER_LEAD, INSTALLATION)
    (job,) = make_jobs(transformer_state(toy5))
    assert (job.lead, job.duration.basis) == (None, "Hazus complete")


@pytest.mark.parametrize(
    "changes",
    [
        {"state": DamageState.MODERATE, "capacity_share": 0.6},
        {"estimate": Estimate3(low_h=10, likely_h=20, high_h=30)},
        {"spares": ("transformer-30",)},
    ],
)
def test_a_transformer_that_can_be_had_or_mended_has_no_lead_time(toy5, changes):
    state = transformer_state(toy5, **changes)
    (job,) = make_jobs(state, durations="equipment")
    assert job.lead is None
    assert job.duration == make_jobs(state)[0].duration


def test_the_equipment_profile_is_for_permanent_repairs_that_have_not_started(toy5):
    state = transformer_state(toy5)
    own = declare("S2/T1", "permanent", estimate=certain(70.0))
    assert make_jobs(state, given(own), durations="equipment")[0].lead is None
    started = declare("S2/T1", "permanent", started=begun())
    (job,) = make_jobs(state, given(started), durations="equipment")
    assert (job.lead, job.duration) == (None, INSTALLATION)
    safe = declare("S2/T1", "make safe", estimate=certain(4.0))
    first, last = make_jobs(state, given(safe), durations="equipment")
    assert (first.lead, last.lead) == (None, TRANSFORMER_LEAD)
