"""Demand by district and class from a network's feeders."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.errors import HistoryError, NetworkError
from gridtool.flow.class_shares import class_shares
from gridtool.flow.compile import compile_case
from gridtool.forecast.demand.districts.divide import (
    match_districts,
    rescale_districts,
    split_demand,
)
from gridtool.network.catalog import load_network


@pytest.fixture(scope="module")
def city():
    return load_network("rivercity")


def test_shares_are_those_of_the_compiled_case(city):
    found = split_demand(city)
    case = compile_case(city)
    by_busbar, classes = class_shares(city, case)
    assert found.classes == classes
    demand = np.zeros((len(case.busbar_ids), 2))
    np.add.at(demand, (case.feeder_busbar, case.feeder_tier), case.feeder_peak_mw)
    wanted = np.zeros(found.shares.shape)
    for at, busbar in enumerate(case.busbar_ids):
        district = city.district_of_substation[city.substation_of_busbar[busbar]]
        row = found.districts.index(district)
        wanted[row] += (demand[at][:, None] * by_busbar[at]).sum(axis=0)
    np.testing.assert_allclose(found.shares, wanted / demand.sum(), atol=1e-12)
    assert found.shares.sum() == pytest.approx(1.0)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_split_adds_up_to_the_city_in_every_hour(city, seed):
    rng = np.random.default_rng(seed)
    shares = split_demand(city)
    course = rng.uniform(0.01, 3.0, (len(shares.classes), 25))
    hourly = shares.by_hour(course)
    np.testing.assert_allclose(hourly.sum(axis=(0, 1)), 1.0, rtol=1e-12)
    flat = shares.by_hour(np.ones_like(course))
    np.testing.assert_allclose(flat, np.repeat(shares.shares[..., None], 25, axis=2), rtol=1e-12)
    given_shares = rng.dirichlet(np.ones(len(shares.districts)), (4, 25)).swapaxes(1, 2)
    divided = shares.with_districts(given_shares)
    np.testing.assert_allclose(divided.sum(axis=2), given_shares, rtol=1e-9)


def test_a_class_that_sleeps_leaves_its_share_to_the_others(city):
    shares = split_demand(city)
    course = np.ones((len(shares.classes), 1))
    at = shares.classes.index("commercial")
    course[at] = 1e-12
    hourly = shares.by_hour(course)[:, :, 0]
    left = np.delete(shares.shares, at, axis=1)
    np.testing.assert_allclose(np.delete(hourly, at, axis=1), left / left.sum(), rtol=1e-9)


def test_people_who_moved_are_served_where_they_are(city):
    before = split_demand(city)
    own = dict(zip(before.districts, before.shares.sum(axis=1), strict=True))
    moved = {**own, "D01": 0.4 * own["D01"], "D02": own["D02"] + 0.6 * own["D01"]}
    after = split_demand(rescale_districts(city, moved))
    found = dict(zip(after.districts, after.shares.sum(axis=1), strict=True))
    assert found == pytest.approx(moved)
    scaled = rescale_districts(city, moved)
    assert scaled.peak_mw == pytest.approx(city.peak_mw)
    assert "history by district" in scaled.assumptions[-1]
    assert city.assumptions == ()
    ratio = scaled.feeders["peak_mvar"].sum() / scaled.feeders["peak_mw"].sum()
    assert ratio == pytest.approx(
        city.feeders["peak_mvar"].sum() / city.feeders["peak_mw"].sum(), rel=0.02
    )


def test_districts_without_a_share_keep_theirs(city):
    before = split_demand(city)
    own = dict(zip(before.districts, before.shares.sum(axis=1), strict=True))
    after = split_demand(rescale_districts(city, {"D03": 1.0, "D04": 3.0}))
    found = dict(zip(after.districts, after.shares.sum(axis=1), strict=True))
    both = own["D03"] + own["D04"]
    wanted = {**own, "D03": both / 4, "D04": 3 * both / 4}
    assert found == pytest.approx(wanted)
    assert rescale_districts(city, own).peak_mw == pytest.approx(city.peak_mw)


def test_an_emptied_district_has_no_demand(city):
    after = split_demand(rescale_districts(city, {"D01": 0.0, "D02": 2.0}))
    assert after.shares[after.districts.index("D01")].sum() == 0.0
    hourly = after.with_districts(np.full((len(after.districts), 1), 1 / len(after.districts)))
    np.testing.assert_allclose(hourly.sum(axis=1), 1 / len(after.districts))


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"D91": 1.0, "D01": 1.0}, "no such district"),
        ({"D01": -0.5, "D02": 1.0}, "has the share -0.5"),
        ({"D01": float("nan"), "D02": 1.0}, "has the share nan"),
        ({"D01": 0.0}, "no district has a share"),
    ],
)
def test_impossible_shares_are_refused(city, shares, words):
    with pytest.raises(NetworkError, match=words):
        rescale_districts(city, shares)


def test_districts_are_known_by_id_or_name(city):
    names = city.districts["name"]
    ids = match_districts(("d02", names["D01"].upper()), network=city, file="f.csv")
    assert ids == ("D02", "D01")
    with pytest.raises(HistoryError) as caught:
        match_districts(("D01", names["D01"], "Ropewalc"), network=city, file="f.csv")
    twice, unknown = caught.value.issues
    assert "twice" in twice.message
    assert unknown.hint == "did you mean 'Ropewalk'?"
