"""Outage data, seasons, imports and levels of assets as they are read and drawn."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from builders import build_network, grid
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from gridtool.damage.apply import spread_damage
from gridtool.flow.compile import compile_case
from gridtool.forecast.simulate.asset_levels import list_levels
from gridtool.forecast.simulate.futures_kernel import spread_level
from gridtool.forecast.simulate.import_limits import (
    draw_import_limits,
    invert_triangular,
    read_import_allocation,
)
from gridtool.forecast.simulate.levels_kernel import Hits, Works, find_level_events
from gridtool.forecast.simulate.outages import read_forced_outages, season_by_month
from gridtool.forecast.streams import component_number, open_stream
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
SHARES = {"B": 0.3, "B/F0": 0.5, "G": 0.0, "I": 0.6, "L": 0.0}


def tables_of(network):
    return {
        name: frame.reset_index(drop=frame.index.name is None).to_dict("records")
        for name, frame in network.tables.items()
    }


def two_stations():
    return grid(
        stations={"A": (10.0, 5.0), "B": (20.0, 0.0)},
        lines=(("L", "A", "B", 50.0),),
        infeeds=(("I", "A", 80.0),),
        units=(("G", "B", 30.0), ("K", "B", 30.0)),
    )


def with_units(rows, *, lines=({},), **tables):
    given = tables_of(two_stations())
    unit = {"busbar": "A/B", "max_mw": 5.0, "p_mw": 5.0}
    given["units"] = [unit | {"id": f"G{i}"} | row for i, row in enumerate(rows, start=1)]
    line = given["lines"][0]
    given["lines"] = [line | {"id": f"L{i}"} | row for i, row in enumerate(lines, start=1)]
    return build_network(given | tables)


def test_outage_data_come_from_the_tables():
    network = with_units(
        [
            {"mttf_h": 900.0, "mttr_h": 100.0, "for": 0.1},
            {"mttf_h": 900.0, "for": 0.1},
            {"for": 0.1},
            {},
            {"mttf_h": 900.0, "mttr_h": 100.0, "in_service": False},
        ],
        lines=[{"mttf_h": 900.0, "mttr_h": 100.0}, {"mttf_h": 900.0}, {}],
    )
    case = compile_case(network)
    found, notes = read_forced_outages(network, case)
    assert [case.part_position[part] for part in ("G1", "G2", "L1")] == found.part.tolist()
    both = 1 / 900 + 1 / 100
    step = (1 - np.exp(-both)) / both
    np.testing.assert_allclose(found.p_fail, step / 900)
    np.testing.assert_allclose(found.p_repair, step / 100)
    assert found.stream.tolist() == [
        component_number(name) for name in ("unit: G1", "unit: G2", "line: L1")
    ]
    assert notes == (
        "units with an outage rate without mttf_h, taken as never failing: G3",
        "lines with mttf_h without mttr_h, taken as never failing: L2",
    )


def test_storages_fail_where_they_are_sources():
    store = {"id": "S", "busbar": "A/B", "charge_mw": 5.0, "discharge_mw": 5.0, "energy_mwh": 9.0}
    network = with_units([{}], storages=[store | {"mttf_h": 900.0, "mttr_h": 100.0}])
    without, with_storages = compile_case(network), compile_case(network, storages=True)
    assert len(read_forced_outages(network, without)[0].part) == 0
    found, _ = read_forced_outages(network, with_storages)
    assert found.part.tolist() == [with_storages.part_position["S"]]


def test_the_hourly_chain_is_the_continuous_process_seen_every_hour():
    """The transition matrix of an hour is the matrix exponential of the rates."""
    network = with_units([{"mttf_h": 7.0, "mttr_h": 2.5}])
    found, _ = read_forced_outages(network, compile_case(network))
    exact = expm(np.array([[-1 / 7.0, 1 / 7.0], [1 / 2.5, -1 / 2.5]]))
    assert found.p_fail[0] == pytest.approx(exact[0, 1], rel=1e-12)
    assert found.p_repair[0] == pytest.approx(exact[1, 0], rel=1e-12)


def test_sources_run_in_their_months_by_local_time():
    network = with_units([{"months": ("1", "2")}, {}])
    hours = TimeGrid(datetime(2027, 2, 27, 22, tzinfo=UTC), 30, KYIV)  # 28 February, 00:00 local
    case = compile_case(network)
    found = season_by_month(network, case, grid=hours)
    assert case.source_ids == ("I", "G1", "G2")
    assert found.tolist() == [[True, True, True], [True, False, True]]


def test_imports_are_triangular_by_month_and_unlimited_without_a_row():
    rows = [{"month": 2, "low_mw": 100.0, "likely_mw": 160.0, "high_mw": 200.0}]
    hours = TimeGrid(datetime(2027, 2, 1, tzinfo=UTC), 1000, ZoneInfo("UTC"))
    allocation = read_import_allocation(with_units([{}], import_allocation=rows), grid=hours)
    samples = np.arange(4000, dtype=np.uint64)
    drawn = draw_import_limits(allocation, samples, seed=3)
    assert drawn.shape == (4000, 2)
    assert np.isinf(drawn[:, 1]).all()
    february = drawn[:, 0]
    assert february.min() >= 100
    assert february.max() <= 200
    mean = (100 + 160 + 200) / 3
    sigma = np.sqrt((100**2 + 160**2 + 200**2 - 100 * 160 - 100 * 200 - 160 * 200) / 18)
    assert february.mean() == pytest.approx(mean, abs=3.3 * sigma / np.sqrt(4000))
    assert february.std() == pytest.approx(sigma, rel=0.05)
    np.testing.assert_array_equal(
        draw_import_limits(allocation, samples[100:110], seed=3), drawn[100:110]
    )
    share = open_stream(3, 5, component=component_number("import allocation")).random(2)
    exact = invert_triangular(
        share, low=allocation.low_mw, likely=allocation.likely_mw, high=allocation.high_mw
    )
    assert (drawn[5] == exact).all()


def test_a_change_of_imports_never_makes_them_negative():
    rows = [{"month": 2, "low_mw": 100.0, "likely_mw": 160.0, "high_mw": 200.0}]
    hours = TimeGrid(datetime(2027, 2, 1, tzinfo=UTC), 1000, ZoneInfo("UTC"))
    allocation = read_import_allocation(with_units([{}], import_allocation=rows), grid=hours)
    samples = np.arange(200, dtype=np.uint64)
    plain = draw_import_limits(allocation, samples, seed=3)
    less = draw_import_limits(allocation, samples, seed=3, change_mw=-150.0)
    assert (less == np.maximum(plain - 150.0, 0.0)).all()
    assert (less[:, 0] == 0).any()


def test_triangular_quantiles_by_hand():
    """Triangle 0-1-4: the density's rise holds a quarter; the median is 4 - sqrt(6)."""
    low, likely, high = (np.array([value]) for value in (0.0, 1.0, 4.0))
    shares = np.array([[0.0], [0.25], [0.5], [1.0]])
    found = invert_triangular(shares, low=low, likely=likely, high=high)
    np.testing.assert_allclose(found[:, 0], [0.0, 1.0, 4 - np.sqrt(6), 4.0])
    fixed = invert_triangular(shares, low=high, likely=high, high=high)
    np.testing.assert_array_equal(fixed[:, 0], 4.0)


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.3, 0.6, 1.0]), min_size=5, max_size=5))
def test_any_levels_leave_what_the_spread_of_their_damage_does(chosen):
    network = two_stations()
    case = compile_case(network)
    others = [(asset, share) for asset in SHARES for share in (0.0, 0.3, 0.6)]
    levels = list_levels(network, case, now=SHARES, others=others)
    assert [levels.shares[at][levels.start[at]] for at in range(5)] == list(SHARES.values())
    now = np.array([levels.level(at, share) for at, share in enumerate(chosen)])
    share = np.full(case.part_count, len(levels.arrays.values) - 1)
    for asset in range(5):
        spread_level(asset, now, share, levels.arrays)
    expected = np.ones(case.part_count)
    for part, left in spread_damage(network, dict(zip(SHARES, chosen, strict=True))).items():
        expected[case.part_position[part]] = left
    assert (levels.arrays.values[share] == expected).all()


def events_of(repairs, hits=(), *, start, slip_h=0.0, later_h=0.5, hours=100):
    """Changes of one sample: ``repairs`` (asset, level, begin, end), ``hits`` (asset, level, at,
    begin, end of the repair to level 2)."""
    asset, level, begin, finish = zip(*repairs, strict=True) if repairs else ((),) * 4
    whole, real = (lambda v: np.array(v, dtype=np.int64)), (lambda v: np.array(v, dtype=float))
    works = Works(
        begin_h=real([begin]),
        finish_h=real([finish]),
        asset=whole(asset),
        level=whole(level),
        comes_h=np.empty((1, 0)),
        goes_h=np.empty((1, 0)),
        stay=whole([]),
    )
    of, to, at, mended, done = zip(*hits, strict=True) if hits else ((),) * 5
    struck = Hits(
        first=whole([0, len(hits)]),
        at_h=real(at),
        asset=whole(of),
        level=whole(to),
        begin_h=real(mended),
        finish_h=real(done),
        top=np.full(len(hits), 2),
    )
    found = find_level_events(works, struck, whole(start), later_h, slip_h, hours)
    return list(zip(found.hour.tolist(), found.asset.tolist(), found.level.tolist(), strict=True))


def test_repairs_count_from_the_next_hour_and_the_best_stage_holds():
    """Hours 10.5, 30 and 20.2 after as-of; the grid begins half an hour later."""
    repairs = [(0, 1, 0.0, 10.5), (0, 2, 11.0, 30.0), (1, 2, 0.0, 20.2), (1, 1, 0.0, 25.0)]
    assert events_of(repairs, start=[0, 0]) == [(10, 0, 1), (20, 1, 2), (30, 0, 2)]
    assert events_of([(0, 2, 0.0, np.inf)], start=[0]) == []
    assert events_of([(0, 2, 0.0, 0.2)], start=[0]) == [(0, 0, 2)]
    assert events_of([(0, 2, 0.0, 100.4)], start=[0], hours=99) == []
    assert events_of([(0, 2, 0.0, 10.5)], start=[0], slip_h=7.0) == [(17, 0, 2)]


def test_a_hit_leaves_the_worse_level_and_voids_work_that_is_under_way():
    one = (0, 2, 5.0, 20.0)
    never = np.inf
    assert events_of([one], [(0, 0, 10.0, 30.0, 40.0)], start=[1]) == [(10, 0, 0), (40, 0, 2)]
    assert events_of([one], [(0, 1, 10.0, 30.0, 40.0)], start=[0]) == [(40, 0, 2)]
    assert events_of([one], [(0, 0, 3.0, never, never)], start=[1]) == [(3, 0, 0), (20, 0, 2)]
    assert events_of([one], [(0, 0, 25.0, never, never)], start=[1]) == [(20, 0, 2), (25, 0, 0)]
