"""The coupled forecast of rivercity: plan with crews, branch outages, further damage, network.

Run alone, on two cores, with ``pytest -m benchmark -s tests/benchmarks/test_forecast.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.benchmark

SAMPLES = 10_000
WALL_S = 30.0
MOST_MB = 500.0

RUN = """
import json, resource, sys, time
from dataclasses import replace
from gridtool.damage.ledger import state_as_of
from gridtool.damage.read import read_reports
from gridtool.forecast.compare import compare_plans
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.history.read import read_history
from gridtool.forecast.shortage import forecast_shortage
from gridtool.jobs.further_damage import expose_assets
from gridtool.jobs.read import read_job
from gridtool.network.catalog import load_network
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.resources import read_resources

def usage(who):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024

if __name__ == "__main__":
    kind, samples = sys.argv[1], int(sys.argv[2])
    job = read_job("forecasts/rivercity_further_damage.toml")
    network = load_network(job.network)
    zone = network.manifest.zone
    state = state_as_of(network, read_reports(job.reports, network, zone=zone).reports, job.as_of)
    history = read_history(job.demand.history, zone=zone).until(job.as_of)
    demand = fit_demand(history, peak_mw=network.peak_mw)
    supplies = read_resources(job.resources, network)
    plan = plan_restoration(state, supplies, config=job.plan, seed=1)
    config = replace(
        job.forecast,
        samples=samples,
        share_samples=0,
        outlook_samples=0,
        further_damage=expose_assets(job.further_damage, network, file="job"),
    )
    before, begin = usage(resource.RUSAGE_SELF)[0], time.perf_counter()
    answer = {}
    if kind == "forecast":
        found = forecast_shortage(state, plan, demand, config=config, seed=1)
        row = found.horizon.iloc[-1]
        answer |= {"eue_mwh": row["eue_mwh"], "eue_mwh_se": row["eue_mwh_se"]}
    else:
        short = replace(job.plan, evaluations=50)  # a plan that was searched for less long
        other = plan_restoration(state, supplies, config=short, seed=2)
        paired = compare_plans(state, plan, other, demand, config=config, seed=1).differences
        chosen = (paired["district"] == "*") & (paired["month"] == "all")
        row = paired[chosen & (paired["metric"] == "eue_mwh")].iloc[0]
        answer |= row[["difference", "difference_se", "unpaired_se", "a_lower"]].to_dict()
    wall = time.perf_counter() - begin
    own, parent_mb = usage(resource.RUSAGE_SELF)
    theirs, worker_mb = usage(resource.RUSAGE_CHILDREN)
    answer |= {"wall_s": wall, "cpu_s": own - before + theirs}
    print(json.dumps(answer | {"parent_mb": parent_mb, "worker_mb": worker_mb}))
"""


@pytest.fixture(scope="module")
def measure(root, tmp_path_factory):
    """Runs a forecast (or a comparison) of so many samples in a process of its own."""
    script = tmp_path_factory.mktemp("bench") / "forecast.py"
    script.write_text(RUN)

    def run(kind, samples):
        found = subprocess.run(
            [sys.executable, str(script), kind, str(samples)],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        return json.loads(found.stdout)

    run("forecast", 200)  # compiled and cached
    return run


def test_ten_thousand_coupled_futures_in_half_a_minute(measure):
    found = measure("forecast", SAMPLES)
    print(
        f"\n{SAMPLES} futures of rivercity, hourly, six months, further damage: "
        f"{found['wall_s']:.1f} s wall (target {WALL_S:.0f}), {found['cpu_s']:.1f} CPU-s, "
        f"EUE {found['eue_mwh']:.0f} ± {found['eue_mwh_se']:.0f} MWh"
    )
    assert found["wall_s"] <= WALL_S


def test_memory_does_not_grow_with_the_samples(measure):
    few, many = (measure("forecast", samples) for samples in (1_000, 5_000))
    for name in ("parent_mb", "worker_mb"):
        print(f"\n{name}: {few[name]:.0f} at 1,000 futures, {many[name]:.0f} at 5,000")
        assert many[name] <= MOST_MB
        assert many[name] <= 1.1 * few[name]


def test_pairs_are_worth_many_samples(measure):
    found = measure("compare", 500)
    ratio = found["unpaired_se"] / found["difference_se"]
    print(
        f"\nplan against one of a short search: {found['difference']:.0f} ± "
        f"{found['difference_se']:.0f} MWh in pairs, "
        f"± {found['unpaired_se']:.0f} unpaired: {ratio:.1f} times"
    )
    assert found["a_lower"] > 0.99
    assert ratio >= 5
