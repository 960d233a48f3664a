"""Who waits for whom, on a substation of two sections that is worked by hand.

110 kV   S/H1 ---- S/C110 (closed) ---- S/H2          bays S/B1, S/B2 of the transformers
          |                               |
         S/T1                            S/T2
          |                               |
10 kV    S/L1 ---- S/C10 (automatic) --- S/L2         feeders S/F1, S/F2, unit S/G at S/L1
"""

from __future__ import annotations

from datetime import timedelta

import networkx as nx
import pytest
from builders import build_network
from hypothesis import given
from hypothesis import strategies as st
from restoration.cases import AS_OF, certain, crew, damaged

from gridtool.errors import ResourcesError
from gridtool.restoration.model import DeclaredRepair, RepairStage, Resources, StartedWork
from gridtool.restoration.work.jobs import make_jobs
from gridtool.restoration.work.precedence import find_cycle, find_waits, split_job_id

TRANSFORMER = {
    "sn_mva": 40,
    "vn_hv_kv": 110,
    "vn_lv_kv": 10,
    "vk_pct": 10,
    "vkr_pct": 0.5,
}


def station(*, automatic=True, closed=False):
    busbars = {"S/H1": 110, "S/H2": 110, "S/L1": 10, "S/L2": 10}
    return build_network(
        {
            "districts": [{"id": "D", "name": "D"}],
            "substations": [
                {
                    "id": "S",
                    "name": "S",
                    "district": "D",
                    "kind": "distribution",
                    "x_km": 0,
                    "y_km": 0,
                }
            ],
            "busbars": [{"id": k, "substation": "S", "vn_kv": kv} for k, kv in busbars.items()],
            "couplers": [
                {"id": "S/C110", "busbar_a": "S/H1", "busbar_b": "S/H2", "closed": True},
                {
                    "id": "S/C10",
                    "busbar_a": "S/L1",
                    "busbar_b": "S/L2",
                    "closed": closed,
                    "automatic_transfer": automatic,
                },
            ],
            "bays": [{"id": f"S/B{k}", "busbar": f"S/H{k}", "element": f"S/T{k}"} for k in (1, 2)],
            "transformers": [
                {"id": f"S/T{k}", "hv_busbar": f"S/H{k}", "lv_busbar": f"S/L{k}", **TRANSFORMER}
                for k in (1, 2)
            ],
            "infeeds": [{"id": "S/IF", "busbar": "S/H1", "max_mw": 100}],
            "units": [{"id": "S/G", "busbar": "S/L1", "max_mw": 5, "p_mw": 5}],
            "feeders": [{"id": f"S/F{k}", "busbar": f"S/L{k}", "peak_mw": 10} for k in (1, 2)],
        }
    )


def waits(*assets, network=None, shares=None):
    network = network or station()
    state = damaged(network, dict.fromkeys(assets, 0.0) | (shares or {}))
    found = find_waits(state, state.damage)
    return {asset: set(reasons) for asset, reasons in found.items() if reasons}


def stage(asset, which, **changes):
    settings = {"estimate": certain(5.0), "capacity_after": None}
    if which == "temporary":
        settings["capacity_after"] = 0.5
    return DeclaredRepair(asset=asset, stage=RepairStage(which), **(settings | changes))


def after(assets, *repairs, network=None, crews=(), **more):
    """``after`` by job id."""
    state = damaged(network or station(), dict.fromkeys(assets, 0.0))
    resources = Resources(crews=crews, stock={}, repairs=repairs)
    return {job.id: job.after for job in make_jobs(state, resources, **more)}


def test_everything_waits_for_its_substation():
    parts = ("S/H1", "S/C10", "S/B1", "S/T1", "S/IF", "S/G", "S/F1")
    found = waits("S", *parts)
    assert set(found) == set(parts)
    assert all("S" in before for before in found.values())


def test_a_busbar_section_comes_before_what_is_at_it():
    found = waits("S/H1", "S/C110", "S/B1", "S/B2", "S/T1")
    assert found == {"S/C110": {"S/H1"}, "S/B1": {"S/H1"}, "S/T1": {"S/H1"}}
    found = waits("S/L1", "S/T1", "S/F1", "S/F2", "S/G")
    assert found == {"S/T1": {"S/L1"}, "S/F1": {"S/L1"}}  # the coupler can feed S/L1 again
    assert waits("S/L1", "S/C10")["S/C10"] == {"S/L1"}


def test_a_feeder_waits_for_its_transformer_only_where_no_other_can_feed_it():
    assert waits("S/T1", "S/F1") == {}  # T2 feeds section 1 over the automatic coupler
    assert waits("S/T1", "S/F1", network=station(automatic=False, closed=True)) == {}
    assert waits("S/T1", "S/F1", "S/F2", network=station(automatic=False)) == {"S/F1": {"S/T1"}}


@pytest.mark.parametrize("hurt", ["S/T2", "S/B2", "S/C10", "S/L2"])
def test_what_stops_the_other_way_makes_the_feeder_wait(hurt):
    assert waits("S/T1", "S/F1", hurt)["S/F1"] == {"S/T1"}


def test_what_has_capacity_left_holds_up_nothing():
    assert waits("S/T1", "S/F1", shares={"S/T2": 0.6}) == {}
    assert waits("S/F1", network=station(automatic=False), shares={"S/T1": 0.6}) == {}
    assert waits("S/F1", "S/T1", shares={"S": 0.4}) == {}


def test_stages_follow_each_other_and_others_wait_for_the_first_with_capacity():
    found = after(
        ["S/H1", "S/T1"],
        stage("S/H1", "make safe"),
        stage("S/H1", "temporary", capacity_after=1.0),
        stage("S/T1", "make safe"),
        stage("S/T1", "temporary"),
    )
    assert found == {
        "S/H1:make-safe": (),
        "S/H1:temporary": ("S/H1:make-safe",),
        "S/H1": ("S/H1:temporary",),
        "S/T1:make-safe": (),
        "S/T1:temporary": ("S/H1:temporary", "S/T1:make-safe"),
        "S/T1": ("S/T1:temporary",),
    }
    assert after(["S/H1", "S/T1"], stage("S/H1", "make safe"))["S/T1"] == ("S/H1",)


def test_declared_precedence_names_assets_or_stages():
    found = after(
        ["S/F1", "S/F2", "S/G"],
        stage("S/F1", "make safe", after=("S/F2:permanent",)),
        stage("S/F1", "permanent", after=("S/G", "S/F2:temporary", "S/T1")),
        stage("S/F2", "temporary"),
        stage("S/G", "make safe"),
        stage("S/G", "temporary"),
    )
    assert found["S/F1:make-safe"] == ("S/F2",)
    assert found["S/F1"] == ("S/G:temporary", "S/F1:make-safe", "S/F2:temporary")


def test_work_that_has_started_waits_for_nothing_inside_the_substation():
    started = StartedWork(crew="C1", started_at=AS_OF - timedelta(hours=2))
    found = after(["S/H1", "S/T1"], stage("S/T1", "permanent", started=started), crews=(crew(),))
    assert found == {"S/H1": (), "S/T1": ()}


def test_a_cycle_is_named_with_its_reasons():
    with pytest.raises(ResourcesError) as caught:
        after(
            ["S/H1", "S/T1", "S/F1"],
            stage("S/H1", "permanent", after=("S/F1",)),
            stage("S/F1", "permanent", after=("S/T1",)),
        )
    (issue,) = caught.value.issues
    assert issue.file == "repairs.csv"
    assert set(issue.ids) == {"S/H1", "S/F1", "S/T1"}
    for part in (
        "S/H1 waits for S/F1 (repairs.csv)",
        "S/F1 waits for S/T1 (repairs.csv)",
        "S/T1 waits for S/H1 (its busbar section)",
    ):
        assert part in issue.message
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "repairs",
    [
        [stage("S/F1", "permanent", after=("S/F1",))],
        [stage("S/F1", "make safe", after=("S/F1",))],
        [stage("S/F1", "temporary", after=("S/F1:permanent",))],
    ],
)
def test_a_stage_that_waits_for_itself_is_a_cycle(repairs):
    with pytest.raises(ResourcesError, match="wait for each other"):
        after(["S/F1"], *repairs)


def test_a_cycle_among_assets_that_are_not_damaged_does_not_matter():
    found = after(
        ["S/F1"],
        stage("S/F1", "permanent", after=("S/F2",)),
        stage("S/F2", "permanent", after=("S/F1",)),
    )
    assert found == {"S/F1": ()}


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=14))
def test_a_cycle_is_found_exactly_where_there_is_one(pairs):
    before = {str(i): [] for i in range(8)}
    for one, other in pairs:
        before[str(one)].append(str(other))
    cycle = find_cycle(before)
    graph = nx.DiGraph((a, b) for a, found in before.items() for b in found)
    assert bool(cycle) is not nx.is_directed_acyclic_graph(graph)
    for job, waits_for in zip(cycle, [*cycle[1:], *cycle[:1]], strict=True):
        assert waits_for in before[job]


@given(st.sets(st.sampled_from(sorted(station().assets))))
def test_the_rules_alone_never_make_a_cycle(assets):
    """Whatever is damaged, and each asset waits for another of the same substation only."""
    network = station()
    found = find_waits(damaged(network, dict.fromkeys(sorted(assets), 0.0)), assets)
    assert find_cycle({asset: tuple(reasons) for asset, reasons in found.items()}) == ()
    assert all(set(reasons) <= assets - {asset} for asset, reasons in found.items())


def test_ids_with_colons_are_assets_first():
    assert split_job_id("X:temporary", {"X:temporary", "X"}) == ("X:temporary", None)
    assert split_job_id("X:temporary", {"X"}) == ("X", RepairStage.TEMPORARY)
    assert split_job_id("X:make-safe", {"X"}) == ("X", RepairStage.MAKE_SAFE)
    assert split_job_id("X:1", {"X"}) == ("X:1", None)
