"""Histories by district as files: wide and long, every step, everything wrong at once."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from gridtool.errors import HistoryError
from gridtool.forecast.demand.districts.history import join_districts
from gridtool.forecast.demand.districts.read_districts import read_district_history
from gridtool.forecast.demand.districts.split import split_city
from gridtool.forecast.history.model import History
from gridtool.network.catalog import load_network
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
RNG = np.random.default_rng(1)


@pytest.fixture(scope="module")
def city():
    return load_network("rivercity")


def write(tmp_path, frame):
    path = tmp_path / "districts.csv"
    frame.to_csv(path, index=False)
    return path


def wide(hours=24 * 40, *, freq="h", start="2026-01-01"):
    stamps = pd.date_range(start, periods=hours, freq=freq, tz="UTC")
    load = 100 + RNG.normal(0, 1, (hours, 3)).round(3)
    return pd.DataFrame(
        {
            "timestamp": stamps.strftime("%Y-%m-%dT%H:%MZ"),
            "D01": load[:, 0],
            "Ropewalk_kw": 1000 * load[:, 1],
            "D03 mw": load[:, 2],
            "total": load.sum(axis=1),
            "temp_c": 5.0,
        }
    )


def test_a_column_for_each_district(tmp_path):
    frame = wide()
    found = read_district_history(write(tmp_path, frame), zone=KYIV)
    assert found.districts == ("D01", "Ropewalk", "D03")
    assert found.start == datetime(2026, 1, 1, tzinfo=UTC)
    assert found.step == "hour"
    wanted = np.stack([frame["D01"], frame["Ropewalk_kw"] / 1000, frame["D03 mw"]])
    np.testing.assert_allclose(found.load_mw, wanted)


def test_rows_of_each_district_say_the_same(tmp_path):
    frame = wide()
    by_column = read_district_history(write(tmp_path, frame), zone=KYIV)
    blocks = [
        pd.DataFrame({"time": frame["timestamp"], "district": name, "load_mw": values})
        for name, values in zip(by_column.districts, by_column.load_mw, strict=True)
    ]
    blocks.append(pd.DataFrame({"time": frame["timestamp"], "district": "Total", "load_mw": 1.0}))
    for order in (blocks, blocks[::-1]):
        mixed = pd.concat(order).sort_values("time", kind="stable")
        by_row = read_district_history(write(tmp_path, mixed), zone=KYIV)
        assert sorted(by_row.districts) == sorted(by_column.districts)
        for name, values in zip(by_row.districts, by_row.load_mw, strict=True):
            at = by_column.districts.index(name)
            np.testing.assert_allclose(values, by_column.load_mw[at])


def test_months_stand_in_each_of_their_hours(tmp_path):
    months = pd.date_range("2024-01-01", periods=30, freq="MS")
    lengths = months.days_in_month.to_numpy()
    frame = pd.DataFrame({"month": months.strftime("%Y-%m")})
    frame["D01_mwh"] = 10.0 * 24 * lengths + np.arange(30)
    frame["D02_mwh"] = 30.0 * 24 * lengths * (1 + np.arange(30) % 2)
    found = read_district_history(write(tmp_path, frame), zone=ZoneInfo("UTC"))
    assert found.step == "month"
    assert found.load_mw.shape == (2, 24 * lengths.sum())
    wanted = np.repeat([30.0, 60.0] * 15, 24 * lengths)
    np.testing.assert_allclose(found.load_mw[1], wanted, rtol=1e-9)
    assert found.load_mw[0, 0] == pytest.approx(10.0)
    assert found.load_mw[0, -1] == pytest.approx(10.0 + 29 / (24 * lengths[-1]))


def test_a_district_that_begins_later_is_unknown_before():
    zone = ZoneInfo("UTC")
    early = datetime(2026, 1, 1, tzinfo=UTC)
    later = datetime(2026, 1, 1, 5, tzinfo=UTC)
    joined = join_districts(
        {
            "a": History(start=later, load_mw=np.ones(3), temp_c=None, zone=zone),
            "b": History(start=early, load_mw=np.full(6, 2.0), temp_c=None, zone=zone),
        },
        file="f.csv",
    )
    nan = np.nan
    wanted = [[nan] * 5 + [1.0] * 3, [2.0] * 6 + [nan] * 2]
    np.testing.assert_array_equal(joined.load_mw, wanted)


def test_bad_cells_of_all_districts_are_named_at_once(tmp_path):
    frame = wide().astype(object)
    frame.loc[3, "D01"] = "many"
    frame.loc[9, "Ropewalk_kw"] = "1O00"
    with pytest.raises(HistoryError) as caught:
        read_district_history(write(tmp_path, frame), zone=KYIV)
    wrong = [issue for issue in caught.value.issues if issue.severity == "error"]
    assert [(issue.row, issue.field) for issue in wrong] == [(5, "D01"), (11, "Ropewalk_kw")]
    assert wrong[1].message.startswith("Ropewalk: ")


def test_files_that_hold_no_districts_are_refused(tmp_path):
    frame = wide()
    for table, words in (
        (frame[["timestamp", "total"]], "0 columns of districts"),
        (frame[["D01", "D03 mw"]], "no column for the timestamp"),
        (frame.assign(district="").rename(columns={"total": "load"}), "rows without a district"),
    ):
        with pytest.raises(HistoryError, match=words):
            read_district_history(write(tmp_path, table), zone=KYIV)


def test_people_who_moved_are_found_and_the_network_follows(tmp_path, city):
    """D01 halves from week 30 of 60 on; D02 takes it. The forecast has the new split."""
    hours = 60 * 168
    frame = wide(hours, start="2025-06-02")
    noise = RNG.normal(0, 0.01, (3, hours))
    after = np.arange(hours) >= 30 * 168
    frame["D01"] = np.where(after, 60.0, 120.0) * np.exp(noise[0])
    frame["Ropewalk_kw"] = 1000 * np.where(after, 160.0, 100.0) * np.exp(noise[1])
    frame["D03 mw"] = 80.0 * np.exp(noise[2])
    history = read_district_history(write(tmp_path, frame), zone=KYIV)
    split = split_city(city, history=history)
    grid = TimeGrid(history.end, 24 * 90, KYIV)
    usual = split.fitted.usual(grid)
    assert usual["D01"] == pytest.approx(60 / 300, abs=0.03)
    assert usual["D02"] == pytest.approx(160 / 300, abs=0.03)
    moved = split.rescale(city, grid=grid)
    before, now = split_city(city).shares, split_city(moved).shares
    own, new = before.shares.sum(axis=1), now.shares.sum(axis=1)
    np.testing.assert_allclose(new[3:], own[3:])
    np.testing.assert_allclose(
        new[:3] / new[:3].sum(), [usual[name] for name in ("D01", "D02", "D03")]
    )
    assert "D04" in split.notes[-1]


@pytest.mark.parametrize("with_history", [False, True])
def test_districts_and_classes_add_up_to_the_city_in_every_path_and_hour(
    tmp_path, city, with_history
):
    history = read_district_history(write(tmp_path, wide()), zone=KYIV) if with_history else None
    split = split_city(city, history=history)
    grid = TimeGrid(datetime(2026, 3, 1, tzinfo=UTC), 24 * 45, KYIV)
    ahead = split.prepare(grid)
    paths = RNG.uniform(300, 1500, (5, grid.hours))
    districts = ahead.split(paths, seed=3)
    np.testing.assert_allclose(districts.sum(axis=1), paths, rtol=1e-12)
    classes = ahead.by_class(districts)
    np.testing.assert_allclose(classes.sum(axis=1), paths, rtol=1e-12)
    assert (districts > 0).all()
    assert (classes >= 0).all()
    assert np.array_equal(districts[2:], ahead.split(paths[2:], seed=3, first=2))
    apart = np.abs(districts[0, 0] / paths[0] - districts[1, 0] / paths[1]).max()
    assert (apart > 1e-4) == with_history


def test_classes_follow_their_hours_and_have_the_feeders_shares_at_the_peak(city):
    """Working evening in winter: the network's own shares; nights belong to hospitals and heat."""
    split = split_city(city)
    grid = TimeGrid(datetime(2027, 1, 11, 22, tzinfo=UTC), 24, KYIV)  # Tuesday 12 January
    ahead = split.prepare(grid)
    classes = ahead.usual.sum(axis=0)
    at_peak = split.shares.shares.sum(axis=0)
    apart = np.abs(classes - at_peak[:, None]).sum(axis=0)
    hour = int(np.argmin(apart))
    assert apart[hour] < 0.02
    assert 16 <= hour <= 21
    night = classes[:, 3] / at_peak
    order = dict(zip(ahead.classes, night, strict=True))
    assert order["heat"] > 1.2
    assert order["household"] < 1.0 < order["hospital"]


def test_a_district_that_the_network_does_not_have_is_refused(tmp_path, city):
    frame = wide().rename(columns={"D01": "Harbor"})
    history = read_district_history(write(tmp_path, frame), zone=KYIV)
    with pytest.raises(HistoryError, match="no such district"):
        split_city(city, history=history)
