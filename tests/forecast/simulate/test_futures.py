from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest
from forecast.simulate.futures_cases import (
    assert_sound,
    bytes_of,
    damaged_city,
    futures_of,
    make_plan,
    spread_stages,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from restoration.cases import damaged

from gridtool.damage.apply import spread_damage
from gridtool.flow.topology import share_vector
from gridtool.forecast.model import FurtherDamage
from gridtool.forecast.simulate.futures import draw_futures
from gridtool.network.catalog import load_network

HOURS = 960
SHARES = {"A/B": 0.0, "G": 0.0, "AB": 0.0, "CD": 0.5, "C": 0.4}


def view(inputs, *, n, hours=HOURS, **options):
    return spread_stages(draw_futures(inputs, first=0, n=n, **options), n, hours)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(1, 200), st.sampled_from([1, 5, 700, 960]))
def test_stages_cover_every_hour_once(seed, n, hours):
    state = damaged_city({"AB": 0.0, "G": 0.0})
    inputs = futures_of(state, None, hours=hours, seed=seed)
    assert_sound(draw_futures(inputs, first=3, n=n), n=n, hours=hours)


def test_chunks_do_not_matter():
    state = damaged_city(SHARES)
    inputs = ForkingPickler.loads(ForkingPickler.dumps(futures_of(state, make_plan(state))))
    whole = draw_futures(inputs, first=0, n=100)
    for first in (0, 50):
        part = draw_futures(inputs, first=first, n=50)
        rows = np.arange(first, first + 50)
        assert bytes_of(whole, rows) == bytes_of(part, np.arange(50))
    assert_sound(whole, n=100, hours=HOURS)


def test_inputs_do_not_grow_with_the_samples():
    state = damaged_city(SHARES)
    few, many = (
        len(ForkingPickler.dumps(futures_of(state, make_plan(state), samples=n)))
        for n in (10, 10**6)
    )
    assert few == many < 200_000


def test_without_outages_and_plan_the_damage_stays():
    state = damaged_city(SHARES, fails=False, imports=False)
    inputs = futures_of(state, None)
    parts, sources, imports = view(inputs, n=3)
    left = spread_damage(state.network, SHARES)
    names = inputs.case.source_ids
    expected = share_vector(inputs.case, {k: v for k, v in left.items() if k not in names})
    assert (parts == expected).all()
    by_source = dict(zip(names, sources[0, 0], strict=True))
    assert by_source == {"I": 80.0, "G": 0.0, "K": 30.0 * 0.4}
    february = 20 * 24 - 5  # hours from 07:00 in Kyiv on 12 January
    assert (sources[:, 0, 2] == 12.0).all()
    assert (sources[:, february + 1 :, 2] == 0.0).all(), "K is for January only"
    assert np.isinf(imports).all()


def test_an_undamaged_part_starts_up_and_follows_the_transient():
    """m/(l+m) + l/(l+m) exp(-(l+m) t) at the beginning of hour t, within 3.5 standard errors."""
    n = 4000
    inputs = futures_of(damaged_city({}), None, hours=200)
    parts, sources, _ = view(inputs, n=n, hours=200)
    line = inputs.case.part_position["AB"]
    for up, rates in (
        ((parts[:, :, line] == 1.0), (1 / 200, 1 / 15)),
        ((sources[:, :, 1] > 0), (1 / 90, 1 / 30)),
    ):
        fail, repair = rates
        hour = np.arange(200)
        exact = (repair + fail * np.exp(-(fail + repair) * hour)) / (fail + repair)
        assert up[:, 0].all()
        error = np.sqrt(exact * (1 - exact) / n) + 1e-9
        assert (np.abs(up.mean(axis=0) - exact) < 4.2 * error).all()


def test_sojourns_are_geometric():
    inputs = futures_of(damaged_city({}), None)
    parts, _, _ = view(inputs, n=2000)
    up = parts[:, :, inputs.case.part_position["BC"]] == 1.0
    change = np.diff(up.astype(np.int8), axis=1)
    failed = (change == -1).sum() / up[:, :-1].sum()
    back = (change == 1).sum() / (~up[:, :-1]).sum()
    rates = 1 / 200 + 1 / 15
    step = -np.expm1(-rates) / rates
    for found, expected, tries in (
        (failed, step / 200, up[:, :-1].sum()),
        (back, step / 15, (~up[:, :-1]).sum()),
    ):
        assert abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / tries)


def test_a_damaged_part_is_down_until_repaired_and_up_then():
    state = damaged_city({"G": 0.0, "AB": 0.0}, hours={"G": 30.0, "AB": 12.0})
    inputs = futures_of(state, make_plan(state))
    parts, sources, _ = view(inputs, n=300)
    line = inputs.case.part_position["AB"]
    # Certain work by two crews from 06:00, the first hour is that from 07:00.
    for up, earliest in ((sources[:, :, 1] > 0, 29), (parts[:, :, line] == 1.0, 11)):
        back = int(np.argmax(up[0]))
        assert 0 <= back - earliest <= 1, "the crew has a way of minutes"
        assert not up[:, :back].any()
        assert up[:, back].all()
        assert not up[:, back:].all(), "and it fails again some day"


@pytest.mark.parametrize("slip", [0.0, 5.0, 36.5])
def test_slipping_repairs_end_later_by_so_much(slip):
    state = damaged_city({"AB": 0.0}, fails=False, hours={"AB": 12.0})
    back = [
        int(np.argmax(view(futures_of(state, make_plan(state), slip_h=s), n=1)[0].min(axis=2)))
        for s in (0.0, slip)
    ]
    assert back[1] - back[0] == pytest.approx(slip, abs=0.51)


def test_imports_change_by_month_and_by_what_is_stated():
    state = damaged_city({})
    _, _, plain = view(futures_of(state, None), n=200)
    _, _, less = view(futures_of(state, None, import_change_mw=-12.0), n=200)
    january = slice(0, 19 * 24 + 16)
    assert (plain[:, january] == plain[:, :1]).all()
    assert (plain[:, january] >= 20.0).all()
    assert (plain[:, january] <= 60.0).all()
    assert abs(plain[:, 0].mean() - 110 / 3) < 4 * 8.5 / np.sqrt(200)
    assert (less == np.maximum(plain - 12.0, 0.0)).all()
    assert (less[:, -1] == 0.0).any()


@pytest.mark.parametrize("group", ["repairs", "outages", "imports"])
def test_one_uncertainty_drawn_anew_leaves_the_others(group):
    state = damaged_city({"CD": 0.0, "DA": 0.5})
    state = _with_spread(state)
    inputs = futures_of(state, make_plan(state))
    plain, anew = view(inputs, n=40), view(inputs, n=40, fresh=frozenset({group}))
    position = inputs.case.part_position
    undamaged = [position["AB"], position["BC"]]
    assert (plain[0][:, :, position["CD"]] == anew[0][:, :, position["CD"]]).all() == (
        group == "imports"
    )
    assert (plain[0][:, :, undamaged] == anew[0][:, :, undamaged]).all() == (group != "outages")
    assert (plain[1] == anew[1]).all() == (group != "outages")
    assert (plain[2] == anew[2]).all() == (group != "imports")


def _with_spread(state):
    """The state with work that Hazus knows, which is uncertain."""
    damage = {k: replace(entry, estimate=None) for k, entry in state.damage.items()}
    return replace(state, damage=damage)


@pytest.mark.benchmark
def test_futures_of_the_shipped_city_per_cpu_second(capsys):
    """180 days of rivercity with outages of branches and further damage; aim: 10,000 in 8 s."""
    city = load_network("rivercity")
    lines = [str(line) for line in city.lines.index]
    state = damaged(city, dict.fromkeys(lines[:20], 0.0))
    exposed = {
        asset.id: 1.0
        for asset in city.assets.values()
        if asset.kind in ("line", "transformer", "unit", "substation")
    }
    stated = FurtherDamage(
        rate_per_month=2.0,
        batch=(0.4, 0.3, 0.2, 0.1),
        states={"slight": 0.2, "moderate": 0.3, "extensive": 0.3, "complete": 0.2},
        exposure=exposed,
    )
    inputs = futures_of(state, make_plan(state), hours=180 * 24, further_damage=stated)
    draw_futures(inputs, first=0, n=2)  # compile
    begun = time.process_time()
    stages = [draw_futures(inputs, first=first, n=100) for first in range(0, 400, 100)]
    spent = time.process_time() - begun
    count = sum(len(found.row) for found in stages)
    with capsys.disabled():
        print(f"\n{400 / spent:.0f} futures a CPU-second, {count / 400:.0f} stages each")
    assert 400 / spent > 500


def test_the_same_stages_without_compiled_code():
    words = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from forecast.simulate.test_futures import print_digest\n"
        "print_digest()\n"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", words],
            env=os.environ | {"NUMBA_DISABLE_JIT": flag},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for flag in ("0", "1")
    ]
    assert found[0] == found[1]


def print_digest():
    """The stages of two samples with everything in them."""
    state = damaged_city({"CD": 0.0})
    stated = FurtherDamage(
        rate_per_month=20.0,
        batch=(0.5, 0.5),
        exposure={"AB": 1.0, "CD": 1.0, "G": 2.0, "A/F0": 1.0},
    )
    inputs = futures_of(state, make_plan(state), hours=150, further_damage=stated)
    stages = draw_futures(inputs, first=0, n=2)
    assert len(stages.row) > 10
    print([part.hex() for part in bytes_of(stages, np.arange(2))])
