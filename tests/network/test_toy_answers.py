"""The answers worked by hand in networks/toy3 and toy5, against the whole chain."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from gridtool.damage.apply import spread_damage
from gridtool.damage.ledger import state_as_of
from gridtool.damage.read import read_reports
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.read import read_package
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.resources import read_resources

TOYS = ("toy3", "toy5")


def load(root, toy):
    folder = root / "networks" / toy
    return read_package(folder), json.loads((folder / "expected.json").read_text())


def cases(root, toy):
    network, expected = load(root, toy)
    dispatcher = Dispatcher(compile_case(network))
    for case in expected["dispatch"]:
        shares = spread_damage(network, dict.fromkeys(case["out"], 0.0))
        yield case, dispatcher.solve(shares)


@pytest.mark.parametrize("toy", TOYS)
def test_every_case_serves_what_the_page_says(root, toy):
    for case, found in cases(root, toy):
        assert found.total_served_mw == pytest.approx(case["served_mw"], abs=1e-6), case["case"]
        position = {b: i for i, b in enumerate(found.case.busbar_ids)}
        if "unserved_mw" in case:
            unserved = np.zeros_like(found.unserved_mw)
            for busbar, tiers in case["unserved_mw"].items():
                unserved[position[busbar]] = tiers
            assert found.unserved_mw == pytest.approx(unserved, abs=1e-6), case["case"]
        for station, mw in case.get("unserved_at", {}).items():
            mine = found.case.busbar_substation == found.case.substation_ids.index(station)
            assert found.unserved_mw[mine].sum() == pytest.approx(mw, abs=1e-6), case["case"]


@pytest.mark.parametrize("toy", TOYS)
def test_every_case_has_the_flows_and_generation_of_the_page(root, toy):
    for case, found in cases(root, toy):
        flows = dict(zip(found.case.branch_ids, found.flow_mw, strict=True))
        for branch, mw in case.get("flow_mw", {}).items():
            assert flows[branch] == pytest.approx(mw, abs=1e-6), (case["case"], branch)
        sources = dict(zip(found.case.source_ids, found.generation_mw, strict=True))
        for source, mw in case.get("generation_mw", {}).items():
            assert sources[source] == pytest.approx(mw, abs=1e-6), (case["case"], source)


@pytest.mark.parametrize("toy", TOYS)
def test_the_plan_repairs_in_the_order_of_the_page_with_its_energy_not_served(root, toy):
    network, expected = load(root, toy)
    answer = expected["restoration"]
    folder = root / "networks" / toy
    batch = read_reports([folder / "damage"], network, zone=network.manifest.zone)
    as_of = datetime.fromisoformat(answer["as_of"]).astimezone(UTC)
    state = state_as_of(network, batch.reports, as_of)
    plan = plan_restoration(state, read_resources(folder / "resources", network), seed=1)
    assert plan.ens_mwh == pytest.approx(answer["ens_mwh"], rel=1e-6)
    finish = {entry.job.id: (entry.finish - as_of).total_seconds() / 3600 for entry in plan.jobs}
    assert finish == pytest.approx(answer["finish_h"], abs=1e-6)
    steps = [((time - as_of).total_seconds() / 3600) for time in plan.curve["time"]]
    curve = dict(zip(steps, plan.curve["unserved_mw"], strict=True))
    for hour, unserved_mw in answer["unserved_mw"]:
        assert curve[hour] == pytest.approx(unserved_mw, abs=1e-6)


@pytest.mark.parametrize("toy", TOYS)
def test_the_other_order_of_the_page_costs_more(root, toy):
    network, expected = load(root, toy)
    dispatcher = Dispatcher(compile_case(network))
    restoration = expected["restoration"]
    for answer in (restoration, restoration["other_order"]):
        finish_h = answer["finish_h"]
        ens_mwh, begins = 0.0, 0.0
        for hour in sorted(finish_h.values()):
            out = [asset for asset, ends in finish_h.items() if ends >= hour]
            unserved = dispatcher.solve(dict.fromkeys(out, 0.0)).total_unserved_mw
            ens_mwh += unserved * (hour - begins)
            begins = hour
        assert ens_mwh == pytest.approx(answer["ens_mwh"], abs=1e-6)
    assert restoration["ens_mwh"] < restoration["other_order"]["ens_mwh"]
