"""Composite adequacy against hand work, brute force, published values and itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from builders import grid
from forecast.adequacy.systems import shipped
from least_shed import least_shed

from gridtool.errors import AnalysisError, InputError
from gridtool.flow.compile import compile_case
from gridtool.flow.load_profile import sort_factors
from gridtool.flow.topology import apply_shares
from gridtool.forecast.adequacy.composite_enumerate import count_topologies, enumerate_states
from gridtool.forecast.adequacy.composite_profiles import ProfileCache
from gridtool.forecast.adequacy.composite_sample import sample_states
from gridtool.forecast.adequacy.composite_states import list_capacities, list_topologies
from gridtool.forecast.adequacy.composite_system import prepare_composite
from gridtool.forecast.adequacy.model import LoadSeries
from gridtool.forecast.adequacy.read_load import plain_calendar
from gridtool.network.catalog import load_network


def load_of(load_mw):
    load = np.array(load_mw, dtype=np.float64)
    return LoadSeries(load_mw=load[None, :], calendar=plain_calendar(len(load)))


def with_outages(network, *, lines=None, units=None):
    """The network with outage data: {line: (mttf_h, mttr_h)}, {unit: forced outage rate}."""
    tables = dict(network.tables)
    tables["lines"] = network.lines.copy()
    tables["units"] = network.units.copy()
    for line, (failure, repair) in (lines or {}).items():
        tables["lines"].loc[line, ["mttf_h", "mttr_h"]] = failure, repair
    for unit, rate in (units or {}).items():
        tables["units"].loc[unit, ["for", "mttf_h", "mttr_h"]] = (
            rate,
            50.0 * (1 - rate) / rate,
            50.0,
        )
    return replace(network, tables=tables)


@pytest.fixture(scope="module")
def three():
    """A ring of three busbars: 60 MW at A, 40 MW at C; 30 MW and 70 MW of load at B and C."""
    network = grid(
        stations={"A": (0, 0), "B": (30, 0), "C": (70, 0)},
        lines=[("AB", "A", "B", 45), ("AC", "A", "C", 35), ("BC", "B", "C", 40)],
        units=[("G1", "A", 30), ("G2", "A", 30), ("H", "C", 40)],
    )
    return with_outages(
        network,
        lines={"AB": (90, 10), "AC": (80, 20), "BC": (95, 5)},
        units={"G1": 0.1, "G2": 0.1, "H": 0.2},
    )


@pytest.fixture(scope="module")
def rbts():
    return load_network("rbts")


@pytest.fixture(scope="module")
def years():
    """Hourly load of a year, from the published percentages."""
    return SimpleNamespace(**{name: shipped(name)[1] for name in ("rbts", "rts79")})


def test_two_busbars_enumerated_by_hand():
    # One unit of 50 MW (out 0.1) at A, load 40 MW at B over a line (out 0.2) of 30 MW.
    network = with_outages(
        grid(
            stations={"A": (0, 0), "B": (40, 0)},
            lines=[("L", "A", "B", 30)],
            units=[("G", "A", 50)],
        ),
        lines={"L": (80, 20)},
        units={"G": 0.1},
    )
    with pytest.raises(InputError, match="larger than its busbar can deliver"):
        prepare_composite(network, load_of([40.0]))
    network.tables["units"].loc["G", "max_mw"] = 30.0
    network.tables["units"].loc["G", "p_mw"] = 30.0
    found = enumerate_states(prepare_composite(network, load_of([40.0] * 12 + [20.0] * 12)))
    served = 0.9 * 0.8
    assert found.lole_hours.value == pytest.approx(12.0 + 12 * (1 - served))
    assert found.eue_mwh.value == pytest.approx(
        12 * (served * 10 + (1 - served) * 40) + 12 * (1 - served) * 20
    )
    # without the line it is cut off (network); with it, the unit lacks 10 MW or is out (supply)
    supply = 0.8 * (12 * (0.9 * 10 + 0.1 * 40) + 12 * 0.1 * 20)
    assert found.supply_mwh.value == pytest.approx(supply)
    assert found.network_mwh.value == pytest.approx(found.eue_mwh.value - supply)
    assert found.lole_days.value == pytest.approx(1.0)
    assert found.states == 4
    assert found.lole_hours.standard_error == 0.0


@pytest.mark.parametrize("shedding", ["total", "proportional", "priority"])
def test_brute_force_over_all_states_and_hours_gives_the_same(three, shedding):
    load = [55.0, 70.0, 90.0, 100.0, 104.0] * 4 + [100.0] * 4
    case = compile_case(three)
    lines = {"AB": 0.1, "AC": 0.2, "BC": 0.05}
    units = {"G1": 0.1, "G2": 0.1, "H": 0.2}
    hours = energy = 0.0
    known = {}
    for up in product((True, False), repeat=6):
        names, rates = [*lines, *units], [*lines.values(), *units.values()]
        chance = np.prod([1 - r if there else r for r, there in zip(rates, up, strict=True)])
        out = {name: 0.0 for name, there in zip(names, up, strict=True) if not there}
        topology = apply_shares(case, {k: v for k, v in out.items() if k in lines})
        rating = case.source_max_mw * [name not in out for name in case.source_ids]
        for value in load:
            key = (tuple(sorted(out)), value)
            if key not in known:
                known[key] = least_shed(case, topology, rating=rating, factor=value / 100.0)
            hours += chance * (known[key] > 1e-6)
            energy += chance * known[key]
    found = enumerate_states(prepare_composite(three, load_of(load), shedding=shedding))
    assert found.lole_hours.value == pytest.approx(hours, rel=1e-9)
    assert found.eue_mwh.value == pytest.approx(energy, rel=1e-8)
    assert found.edns_mw.value == pytest.approx(energy / len(load), rel=1e-8)
    assert found.lolp.value == pytest.approx(hours / len(load), rel=1e-9)


def test_like_units_and_lines_are_one_axis(rbts):
    system = prepare_composite(rbts, load_of([185.0] * 24))
    ratings, topologies = list_capacities(system, *system.seasons), list_topologies(system)
    assert (len(ratings.probability), len(topologies.probability)) == (252, 288)
    assert count_topologies(system) == 288
    for states in (ratings, topologies):
        assert states.probability.sum() == pytest.approx(1.0, abs=1e-14)
        assert np.all(np.diff(states.probability) <= 0)


def test_rbts_is_enumerated_exactly(rbts, years):
    found = {
        shedding: enumerate_states(prepare_composite(rbts, years.rbts, shedding=shedding))
        for shedding in ("total", "proportional", "priority")
    }
    for result in found.values():
        assert result.states == 72_576
        # the generation-only values are published; the composite ones are this package's own,
        # their states checked one by one below
        assert result.generation["lole_days"] == pytest.approx(0.1469461, rel=1e-6)
        assert result.generation["lole_hours"] == pytest.approx(1.0915605, rel=1e-6)
        assert result.generation["eue_mwh"] == pytest.approx(9.8613507, rel=1e-6)
        assert result.lole_hours.value == pytest.approx(11.0857265709, rel=1e-9)
        assert result.lole_days.value == pytest.approx(0.5661584640, rel=1e-9)
        assert result.eue_mwh.value == pytest.approx(132.6944871446, rel=1e-9)
    for shedding in ("proportional", "priority"):
        split = found[shedding]
        for frame in (split.busbars, split.districts):
            assert frame["eue_mwh"].sum() == pytest.approx(split.eue_mwh.value, rel=1e-9)
            assert frame["lole_hours"].max() <= split.lole_hours.value + 1e-9
    assert found["total"].busbars is None


@pytest.mark.parametrize("load", ["year", "peak"])
def test_states_of_rbts_agree_with_an_lp_each(rbts, years, load):
    """200 states drawn evenly (not by probability), each at an hour drawn evenly."""

    random = np.random.default_rng(11)
    levels = years.rbts.total_mw if load == "year" else np.full(24, 185.0)
    system = prepare_composite(rbts, load_of([185.0] * 24), shedding="total")
    case = system.case
    ratings = list_capacities(system, *system.seasons).state
    topologies = list_topologies(system).state
    lines = [system.branch[system.like == kind] for kind in range(system.like.max() + 1)]
    profiles = ProfileCache(system)
    for _ in range(200):
        rating = ratings[random.integers(len(ratings))]
        out = topologies[random.integers(len(topologies))].astype(np.int64)
        factor = float(random.choice(levels)) / 185.0
        hour = sort_factors(np.array([factor]), daily_peak=np.array([factor]))
        found = profiles.find(out).integrate(rating[None], hour)
        shares = {
            case.branch_ids[at]: 0.0
            for members, count in zip(lines, out, strict=True)
            for at in members[:count]
        }
        expected = least_shed(case, apply_shares(case, shares), rating=rating, factor=factor)
        assert found.energy_mwh[0, 0] == pytest.approx(expected, abs=1e-6)
        assert found.hours[0, 0] == (expected > 1e-6)


def test_states_left_out_bound_what_is_missing(rbts):
    load = load_of(np.linspace(60.0, 185.0, 48))
    whole = enumerate_states(prepare_composite(rbts, load))
    part = enumerate_states(prepare_composite(rbts, load), least_probability=1e-9)
    assert whole.left_out == 0.0
    assert 0.0 < part.left_out < 1e-4
    assert part.states < whole.states / 10
    missing = whole.lolp.value - part.lolp.value
    assert 0.0 <= missing <= part.left_out
    assert whole.eue_mwh.value - part.eue_mwh.value <= part.left_out * load.load_mw.sum()


def test_too_many_states_are_refused():
    system = prepare_composite(load_network("rts79"), load_of([2850.0] * 24))
    with pytest.raises(AnalysisError, match="--method sample"):
        enumerate_states(system)


def test_sampling_agrees_with_enumeration(rbts):
    load = load_of(np.linspace(60.0, 185.0, 48))
    for shedding in ("total", "proportional"):
        system = prepare_composite(rbts, load, shedding=shedding)
        exact, drawn = enumerate_states(system), sample_states(system, samples=30_000, seed=4)
        for name in ("lole_hours", "lole_days", "eue_mwh", "supply_mwh", "network_mwh"):
            estimate, truth = getattr(drawn, name), getattr(exact, name).value
            assert 0.0 < estimate.standard_error < 0.1 * estimate.value
            assert abs(estimate.value - truth) <= 3.5 * estimate.standard_error, name
    for column in ("lole_hours", "eue_mwh"):
        off = (drawn.busbars[column] - exact.busbars[column]).abs()
        assert (off <= 4.0 * drawn.busbars[f"{column}_se"] + 1e-12).all()
    assert drawn.districts["eue_mwh"].sum() == pytest.approx(drawn.eue_mwh.value, rel=1e-9)


def test_strata_and_control_change_the_error_not_the_mean(rbts):
    system = prepare_composite(rbts, load_of(np.linspace(60.0, 185.0, 48)), shedding="total")
    truth = enumerate_states(system).eue_mwh.value
    plain = sample_states(system, samples=60_000, seed=2, plain=True).eue_mwh
    better = sample_states(system, samples=60_000, seed=2).eue_mwh
    assert abs(plain.value - truth) <= 3.0 * plain.standard_error
    assert abs(better.value - truth) <= 3.0 * better.standard_error
    assert better.standard_error < plain.standard_error / 3.0


def covers(system, truth, *, runs, samples):
    """Share of runs whose 95 % interval of the EUE holds the truth."""
    hits = 0
    for seed in range(runs):
        found = sample_states(system, samples=samples, seed=seed).eue_mwh
        hits += abs(found.value - truth) <= 1.96 * found.standard_error
    return hits / runs


def test_standard_errors_cover_the_truth(three):
    system = prepare_composite(three, load_of(np.linspace(40.0, 100.0, 24)), shedding="total")
    truth = enumerate_states(system).eue_mwh.value
    assert 0.90 <= covers(system, truth, runs=150, samples=1500) <= 0.99


@pytest.mark.slow
def test_standard_errors_cover_the_truth_over_a_thousand_replications(three):
    system = prepare_composite(three, load_of(np.linspace(40.0, 100.0, 24)), shedding="total")
    truth = enumerate_states(system).eue_mwh.value
    assert 0.93 <= covers(system, truth, runs=1000, samples=1500) <= 0.97


def test_the_same_seed_gives_the_same_bytes(three):
    system = prepare_composite(three, load_of(np.linspace(40.0, 100.0, 24)))
    first, second = (sample_states(system, samples=5000, seed=9) for _ in range(2))
    assert first.eue_mwh == second.eue_mwh
    assert first.busbars.equals(second.busbars)
    assert sample_states(system, samples=5000, seed=10).eue_mwh != first.eue_mwh


def test_sampling_stops_when_precise_enough(three):
    system = prepare_composite(three, load_of(np.linspace(40.0, 100.0, 24)))
    found = sample_states(system, samples=1_000_000, seed=1, until=0.02)
    assert found.states < 100_000
    assert found.eue_mwh.standard_error <= 0.02 * found.eue_mwh.value


def test_few_samples_and_no_failing_branches_are_no_trouble():
    network = with_outages(
        grid(stations={"A": (50, 0)}, lines=[], units=[("G", "A", 30), ("H", "A", 30)]),
        units={"G": 0.5, "H": 0.5},
    )
    system = prepare_composite(network, load_of([50.0] * 24))
    assert sample_states(system, samples=2, seed=1).states == 2
    drawn = sample_states(system, samples=4000, seed=1)
    # without a network the control is the quantity itself: no error is left
    assert drawn.lolp.value == pytest.approx(0.75, abs=1e-9)
    assert drawn.eue_mwh.standard_error == pytest.approx(0.0, abs=1e-5)
    assert enumerate_states(system).eue_mwh.value == pytest.approx(24 * (0.5 * 20 + 0.25 * 50))


def test_rts79_agrees_with_the_reference_simulation(years):
    cases = {
        "peak": (load_of(np.full(8736, 2850.0)), (0.0846514, 0.0000221), (14.7010, 0.0026)),
        "year": (years.rts79, (0.0012378, 0.0000202), (0.14971, 0.00086)),
    }
    for name, (load, *expected) in cases.items():
        system = prepare_composite(load_network("rts79"), load, shedding="total")
        found = sample_states(system, samples=60_000, seed=1)
        for estimate, (value, error) in zip((found.lolp, found.edns_mw), expected, strict=True):
            joint = np.hypot(estimate.standard_error, error)
            assert abs(estimate.value - value) <= 3.0 * joint, name
        assert found.edns_mw.standard_error <= 0.01 * found.edns_mw.value


def test_findings_name_what_is_wrong(three):
    wrong = with_outages(three, units={"G1": 0.3})
    wrong.tables["units"].loc["H", "max_mw"] = 3000.0
    wrong.tables["lines"].loc["AB", "mttr_h"] = np.nan
    with pytest.raises(InputError) as refused:
        prepare_composite(wrong, load_of([100.0, 2000.0] * 12))
    text = str(refused.value)
    assert "units.csv, row 4, max_mw: a unit larger than its busbar can deliver" in text
    assert "lines.csv, row 2, mttr_h" in text
    assert "more than 10 times the network's peak of 100 MW (value '2000')" in text
    assert len(refused.value.issues) == 3


def test_branches_without_outage_data_are_told(three):
    lines = three.lines.copy()
    lines[["mttf_h", "mttr_h"]] = np.nan
    network = replace(three, tables=dict(three.tables) | {"lines": lines})
    system = prepare_composite(network, load_of([100.0] * 24))
    assert system.notes == ("3 of 3 branches have no outage data and never fail",)
    assert enumerate_states(system).states == 6


def test_units_count_in_the_months_they_are_available_in():
    # 30 MW all year and 30 MW in January and February for 50 MW of load: 59 and 305 days.
    network = with_outages(
        grid(stations={"A": (50, 0)}, lines=[], units=[("G", "A", 30), ("H", "A", 30)]),
        units={"G": 0.5, "H": 0.5},
    )
    network.tables["units"].at["H", "months"] = ("1", "2")
    system = prepare_composite(network, load_of([50.0] * 8736))
    assert [len(season.series.factor) for season in system.seasons] == [59 * 24, 305 * 24]
    exact, drawn = enumerate_states(system), sample_states(system, samples=5000, seed=1)
    winter, rest = 0.5 * 20 + 0.25 * 50, 0.5 * 20 + 0.5 * 50
    for found in (exact, drawn):
        assert found.lole_days.value == pytest.approx(0.75 * 59 + 305, abs=1e-6)
        assert found.lole_hours.value == pytest.approx(24 * (0.75 * 59 + 305), abs=1e-6)
        assert found.eue_mwh.value == pytest.approx(24 * (winter * 59 + rest * 305))
        assert found.eue_mwh.value == pytest.approx(found.generation["eue_mwh"])


def test_what_is_assumed_is_told():
    city = load_network("rivercity")
    load = LoadSeries(
        load_mw=np.array([[500.0] * 24, [900.0] * 24]),
        calendar=plain_calendar(24),
        areas=("north", "south"),
    )
    notes = " / ".join(prepare_composite(city, load).notes)
    assert "the areas of the load are one" in notes
    assert "without the import allocation" in notes


def test_a_weaker_network_is_worse(years):
    network = load_network("rts79")
    weak = replace(network, manifest=replace(network.manifest, pf_margin=0.8))
    whole, part = (
        sample_states(
            prepare_composite(each, years.rts79, shedding="total"), samples=80_000, seed=1
        )
        for each in (network, weak)
    )
    assert part.eue_mwh.value > whole.eue_mwh.value + 3 * part.eue_mwh.standard_error
    # a simulation of 150,000 states with an hour drawn for each gave 0.1794 +- 0.0038 MW
    joint = np.hypot(part.edns_mw.standard_error, 0.0038)
    assert abs(part.edns_mw.value - 0.1794) <= 3 * joint
    assert part.supply_mwh.value == pytest.approx(whole.supply_mwh.value, rel=0.01)
