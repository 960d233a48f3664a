from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from builders import build_network, grid

from gridtool.forecast.simulate.supply import (
    UnitOutages,
    draw_import_limits,
    draw_units_up,
    invert_triangular,
    read_import_allocation,
    read_unit_outages,
    season_mask,
)
from gridtool.forecast.streams import component_number, open_stream
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")


def outages(*rates):
    return UnitOutages(
        ids=tuple(f"G{i}" for i in range(len(rates))),
        mttf_h=np.array([up for up, _ in rates], dtype=float),
        mttr_h=np.array([down for _, down in rates], dtype=float),
        streams=tuple(component_number(f"unit: G{i}") for i in range(len(rates))),
    )


def with_units(rows, **tables):
    city = grid(stations={"A": (10.0, 0.0)}, lines=(), units=(("G1", "A", 5.0),))
    unit = {"busbar": "A/B", "max_mw": 5.0, "p_mw": 5.0}
    given = {
        name: frame.reset_index().to_dict("records")
        for name, frame in city.tables.items()
        if name in ("districts", "substations", "busbars", "feeders")
    }
    units = [unit | {"id": f"G{i}"} | row for i, row in enumerate(rows, start=1)]
    return build_network(given | {"units": units} | tables)


def test_streams_differ_by_seed_sample_and_component():
    drawn = {
        open_stream(seed, sample, component=component_number(name)).random()
        for seed in (1, 2)
        for sample in (0, 1)
        for name in ("a", "b")
    }
    assert len(drawn) == 8
    again = open_stream(2, 1, component=component_number("b")).random()
    assert again in drawn


def test_availability_follows_the_transient_of_a_two_state_process():
    """From up: m/(l+m) + l/(l+m) exp(-(l+m) t), within three standard errors at each hour."""
    n, hours, up_h, down_h = 4000, 60, 30.0, 10.0
    up = draw_units_up(
        outages((up_h, down_h)), hours=hours, returns_h=np.zeros((n, 1)), seed=5, first=0
    )
    t = np.arange(hours)
    fail, back = 1 / up_h, 1 / down_h
    exact = back / (fail + back) + fail / (fail + back) * np.exp(-(fail + back) * t)
    error = np.sqrt(np.maximum(exact * (1 - exact), 1e-12) / n)
    assert (np.abs(up[:, :, 0].mean(axis=0) - exact) <= 3.3 * error).all()
    assert up[:, 0, 0].all()


def test_a_damaged_unit_is_down_until_its_return_and_lives_on_from_there():
    returns = np.array([[0.0], [12.0], [12.4], [np.inf]])
    never_fails = draw_units_up(
        outages((np.inf, 0.0)), hours=20, returns_h=returns, seed=1, first=0
    )
    assert never_fails[:, :, 0].sum(axis=1).tolist() == [20, 8, 7, 0]
    assert never_fails[1, 11:13, 0].tolist() == [False, True]
    fails = outages((5.0, 5.0))
    late = draw_units_up(fails, hours=60, returns_h=np.full((3, 1), 20.0), seed=1, first=0)
    early = draw_units_up(fails, hours=40, returns_h=np.zeros((3, 1)), seed=1, first=0)
    np.testing.assert_array_equal(late[:, 20:], early)


def test_a_sample_s_outages_depend_on_no_other_sample_or_unit():
    both = outages((20.0, 5.0), (30.0, 8.0))
    all_of_them = draw_units_up(both, hours=100, returns_h=np.zeros((6, 2)), seed=9, first=0)
    later = draw_units_up(both, hours=100, returns_h=np.zeros((2, 2)), seed=9, first=4)
    np.testing.assert_array_equal(all_of_them[4:], later)
    alone = draw_units_up(
        outages((20.0, 5.0)), hours=100, returns_h=np.zeros((6, 1)), seed=9, first=0
    )
    np.testing.assert_array_equal(all_of_them[:, :, :1], alone)


def test_outage_data_come_from_the_units_table():
    found, notes = read_unit_outages(
        with_units(
            [
                {"mttf_h": 900.0, "mttr_h": 100.0, "for": 0.1},
                {"mttf_h": 900.0, "for": 0.1},
                {"for": 0.1},
                {},
            ]
        )
    )
    assert found.mttf_h.tolist() == [900, 900, np.inf, np.inf]
    np.testing.assert_allclose(found.mttr_h, [100, 100, 0, 0])
    assert notes == ("outage rate without mttf_h, taken as never failing: G3",)


def test_units_run_in_their_months_by_local_time():
    network = with_units([{"months": ("1", "2")}, {}])
    hours = TimeGrid(datetime(2027, 2, 27, 22, tzinfo=UTC), 30, KYIV)  # 28 February, 00:00 local
    assert season_mask(network, grid=hours)[:, 0].tolist() == [True] * 24 + [False] * 6
    assert season_mask(network, grid=hours)[:, 1].all()


def test_imports_are_triangular_by_month_and_unlimited_without_a_row():
    rows = [{"month": 2, "low_mw": 100.0, "likely_mw": 160.0, "high_mw": 200.0}]
    hours = TimeGrid(datetime(2027, 2, 1, tzinfo=UTC), 1000, ZoneInfo("UTC"))
    allocation = read_import_allocation(with_units([{}], import_allocation=rows), grid=hours)
    drawn = draw_import_limits(allocation, n=4000, seed=3, first=0)
    assert drawn.shape == (4000, 2)
    assert np.isinf(drawn[:, 1]).all()
    february = drawn[:, 0]
    assert february.min() >= 100
    assert february.max() <= 200
    mean = (100 + 160 + 200) / 3
    sigma = np.sqrt((100**2 + 160**2 + 200**2 - 100 * 160 - 100 * 200 - 160 * 200) / 18)
    assert february.mean() == pytest.approx(mean, abs=3.3 * sigma / np.sqrt(4000))
    assert february.std() == pytest.approx(sigma, rel=0.05)
    again = draw_import_limits(allocation, n=10, seed=3, first=100)
    np.testing.assert_array_equal(again, drawn[100:110])


def test_triangular_quantiles_by_hand():
    """Triangle 0-1-4: the density's rise holds a quarter; the median is 4 - sqrt(6)."""
    low, likely, high = (np.array([value]) for value in (0.0, 1.0, 4.0))
    shares = np.array([[0.0], [0.25], [0.5], [1.0]])
    found = invert_triangular(shares, low=low, likely=likely, high=high)
    np.testing.assert_allclose(found[:, 0], [0.0, 1.0, 4 - np.sqrt(6), 4.0])
    fixed = invert_triangular(shares, low=high, likely=high, high=high)
    np.testing.assert_array_equal(fixed[:, 0], 4.0)
