"""Speed of the simulation of generating systems, beside assetra's on the same machine.

assetra (PyPI) is no dependency: name a Python that has it by GRIDTOOL_ASSETRA_PYTHON. It draws
the outages of each hour apart and holds trials x hours in memory, so it gets few trials.
"""

from __future__ import annotations

import json
import os
import subprocess
import time

import numpy as np
import pytest
from conftest import skip_or_fail
from forecast.adequacy.systems import rts79_damaged, shipped
from forecast.adequacy.test_sampled import series, unit

from gridtool.forecast.adequacy.exact import assess_pooled
from gridtool.forecast.adequacy.model import GeneratingSystem, Interface, LoadSeries
from gridtool.forecast.adequacy.sampled import simulate_system
from gridtool.forecast.adequacy.storage import Storage

pytestmark = pytest.mark.benchmark

SAMPLES = 50_000
TRIALS = 100
LEAST_PER_SECOND = 50_000
LEAST_RATIO = 200

ASSETRA = """
import json, sys, time
from datetime import datetime
import numpy as np, xarray as xr, pandas as pd
from assetra.units import DemandUnit, StochasticUnit
from assetra.system import EnergySystemBuilder
from assetra.simulation import ProbabilisticSimulation
from assetra.metrics import ExpectedUnservedEnergy, LossOfLoadHours

given = json.load(sys.stdin)
np.random.seed(1)
load = np.array(given["load"])
hours = pd.date_range("2023-01-01", periods=len(load), freq="h").as_unit("ns")

def by_hour(values):
    return xr.DataArray(values, dims="time", coords={"time": hours})

builder = EnergySystemBuilder()
builder.add_unit(DemandUnit(0, by_hour(load)))
for number, (size, rate) in enumerate(given["units"], start=1):
    full = by_hour(np.full(len(load), size))
    builder.add_unit(StochasticUnit(number, size, full, by_hour(np.full(len(load), rate))))
system = builder.build()
begun = time.process_time()
simulation = ProbabilisticSimulation(hours[0], hours[-1], given["trials"])
simulation.assign_energy_system(system)
simulation.run()
eue = ExpectedUnservedEnergy(simulation).evaluate()
lolh = LossOfLoadHours(simulation).evaluate()
print(json.dumps({"cpu_s": time.process_time() - begun, "eue": eue, "lolh": lolh}))
"""


def run_assetra(system, load):
    python = os.environ.get("GRIDTOOL_ASSETRA_PYTHON")
    if not python:
        skip_or_fail("no GRIDTOOL_ASSETRA_PYTHON, a Python with assetra")
    units = [
        (float(group.capacity_mw[0]), group.outage_rate)
        for group in system.groups
        for _ in range(group.count)
    ]
    given = {"units": units, "load": load.total_mw.tolist(), "trials": TRIALS}
    ran = subprocess.run(
        [python, "-c", ASSETRA], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout.splitlines()[-1])


def measure(system, load, *, samples, **more):
    """Sample-years per CPU second, all included but the compilation, and the result."""
    simulate_system(system, load, samples=2, **more)
    begun = time.process_time()
    found = simulate_system(system, load, samples=samples, **more)
    return samples / (time.process_time() - begun), found


def test_a_year_of_rts79_against_assetra():
    system, load = shipped("rts79")
    speed, found = max(
        (measure(system, load, samples=SAMPLES) for _ in range(3)), key=lambda m: m[0]
    )
    exact = assess_pooled(system, load)
    eue = found.estimate("eue_mwh")
    print(
        f"\nRTS-79, 8736 h: {speed:,.0f} sample-years per CPU-s, EUE {eue} MWh "
        f"(exact {exact.eue_mwh:.1f}), LOLE {found.estimate('lole_hours')} h"
    )
    assert abs(eue.value - exact.eue_mwh) < 3.5 * eue.standard_error
    assert speed >= LEAST_PER_SECOND
    theirs = run_assetra(system, load)
    their_speed = TRIALS / theirs["cpu_s"]
    print(
        f"assetra: {their_speed:,.0f} sample-years per CPU-s, EUE {theirs['eue']:.1f}, "
        f"LOLH {theirs['lolh']:.2f}; ratio {speed / their_speed:,.0f}"
    )
    assert speed >= LEAST_RATIO * their_speed


def test_a_damaged_year():
    speed, found = measure(*rts79_damaged(), samples=20_000)
    print(
        f"\nRTS-79 with three units out: {speed:,.0f} sample-years per CPU-s; {found.cvar_eue_mwh}"
    )
    assert speed > 5_000


def three_areas():
    """Three areas of 32 units each, links and four storages, a year of 8,736 hours."""
    rts79, load = shipped("rts79")
    areas = ("a", "b", "c")
    groups = tuple(
        unit(
            f"{area}{group.id}",
            group.capacity_mw[0],
            p_fail=group.p_fail,
            p_repair=group.p_repair,
            count=group.count,
            area=area,
        )
        for area in areas
        for group in rts79.groups
    )
    links = tuple(
        Interface(
            id=one + other,
            from_area=one,
            to_area=other,
            forward_mw=np.array([300.0]),
            backward_mw=np.array([300.0]),
        )
        for one, other in ("ab", "bc", "ca")
    )
    shapes = np.stack([np.roll(load.total_mw, shift) for shift in (0, 1, 2)])
    storages = [
        Storage(id=f"S{k}", area=area, charge_mw=100, discharge_mw=100, energy_mwh=400 + 50 * k)
        for k, area in enumerate("abca")
    ]
    system = GeneratingSystem(groups=groups, areas=areas, interfaces=links)
    return system, LoadSeries(load_mw=shapes, calendar=load.calendar, areas=areas), storages


def test_three_areas_with_storage():
    system, load, storages = three_areas()
    speed, found = measure(system, load, samples=1_000, storages=storages)
    print(
        f"\n3 areas, 96 units, 4 storages, 8736 h: {speed:,.0f} sample-years per CPU-s, "
        f"EUE {found.estimate('eue_mwh')} MWh"
    )
    assert speed > 1_000


def test_memory_does_not_grow_with_the_samples():
    system = GeneratingSystem(groups=(unit("A", 10, count=3, p_fail=0.05, p_repair=0.2),))
    load = series(np.full(168, 22.0))
    sizes = []
    for samples in (2_000, 400_000):
        found = simulate_system(system, load, samples=samples)
        tally = found.tally
        sizes.append(sum(moments.mean.nbytes for moments in (tally.cells, tally.lolp)))
        sizes[-1] += tally.spread.counts.nbytes + tally.spread.sums.nbytes
    assert sizes[0] == sizes[1]
