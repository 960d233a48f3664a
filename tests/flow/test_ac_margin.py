"""The power-flow margin: a hand-worked power factor, and the city."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import grid

from gridtool.flow.margin import calibrate_margin, random_damage, study_margins
from gridtool.network.catalog import load_network


def test_margin_of_a_radial_line_is_its_power_factor():
    """Load of power factor 0.9 behind one line: 0.9 of its MVA, less for the voltage drop."""
    network = grid(
        stations={"A": (0, 0), "B": (100, 0)},
        lines=[("L", "A", "B", 80)],
        infeeds=[("I", "A", 200)],
    )
    tables = dict(network.tables)
    tables["feeders"] = network.feeders.assign(peak_mvar=100 * (1 / 0.81 - 1) ** 0.5)
    network = replace(network, tables=tables)
    assert calibrate_margin(network, seed=1, scenarios=30) in {0.88, 0.89}


def test_damage_is_reproducible_and_differs_by_sample():
    network = load_network("rivercity")
    first = [random_damage(network, seed=3, sample=k) for k in range(5)]
    assert first == [random_damage(network, seed=3, sample=k) for k in range(5)]
    assert len({tuple(d) for d in first}) == 5
    assert all(share == 0.0 for damage in first for share in damage.values())


def test_smaller_margins_never_serve_more():
    study = study_margins(load_network("rivercity"), margins=(0.8, 0.9, 1.0), seed=4, scenarios=8)
    assert (study.dc_mw[0] >= study.dc_mw[1] - 1e-6).all()
    assert (study.dc_mw[1] >= study.dc_mw[2] - 1e-6).all()
    assert (study.ac_mw >= study.dc_mw[2] - 1e-6).all()


def test_calibration_is_reproducible():
    network = load_network("rivercity")
    margins = {calibrate_margin(network, seed=2, scenarios=10) for _ in range(2)}
    assert len(margins) == 1
    assert 0.8 <= margins.pop() <= 1.0


def test_without_limits_that_bind_every_margin_does():
    network = grid(
        stations={"A": (10, 0), "B": (10, 0)},
        lines=[("L", "A", "B", 400)],
        infeeds=[("I", "A", 200)],
    )
    study = study_margins(network, margins=(0.8, 1.0), seed=1, scenarios=5)
    assert study.error_mw == pytest.approx([0, 0], abs=1e-6)
