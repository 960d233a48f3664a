"""Sweeps: damage scenarios a second on 1 and 2 workers, against a pandapower loop; full chains."""

from __future__ import annotations

import hashlib
import statistics
import time
from datetime import UTC, datetime
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import pytest
from benchmarks.test_dispatch import Peer, damage_scenarios
from store_cases import HOLDER
from sweep_cases import Silent

from gridtool.damage.apply import make_state
from gridtool.flow.compile import compile_case
from gridtool.flow.topology import apply_shares
from gridtool.jobs.sweeps.blocks import start_blocks
from gridtool.jobs.sweeps.folder import hold_folder
from gridtool.jobs.sweeps.read import read_sweep
from gridtool.jobs.sweeps.run import run_sweep
from gridtool.network.catalog import load_network
from gridtool.whatif.executor import ProcessExecutor
from gridtool.whatif.model import SweepContext
from gridtool.whatif.scenario import Scenario
from gridtool.whatif.space import Named, ScenarioSpace

pytestmark = pytest.mark.benchmark

SCENARIOS, PEER_SCENARIOS, ROUNDS = 2_000, 16, 3
FULL = """
format = "gridtool-scenarios"
format_version = 1

[sweep]
level = "forecast"
samples = 500

[base]
job = "rivercity"

[[grid]]
name = "crews and import"
[grid.over]
crews = [2, 3, 4, 5, 6, 8, 10]
import_change_mw = [-200, -150, -100, -50, 0, 50, 100]
"""


def damage_sweep(city):
    """The damage that the dispatch is measured with, of what a report can name."""
    assets = set(city.assets)
    drawn = damage_scenarios(compile_case(city), SCENARIOS - 1)
    groups = [
        Named(
            name=f"{kind} #{number}",
            scenario=Scenario(out=tuple(part for part in shares if part in assets)),
        )
        for number, (kind, shares) in enumerate(drawn)
    ]
    return SweepContext(
        level="assess",
        state=make_state(city, [], as_of=datetime(2027, 1, 12, 6, tzinfo=UTC)),
        scenarios=ScenarioSpace(groups=tuple(groups)),
        seed=1,
        counted_h=24.0,
    )


def run_on(context, folder: Path, *, workers):
    """Seconds with workers that are ready, and with their start; and the table's hash."""
    count = len(context.scenarios)
    began = time.perf_counter()
    executor = ProcessExecutor(start_blocks, context, workers=workers)
    try:
        ready = [executor.submit((0, 1)) for _ in range(2 * workers)]
        for future in ready:
            future.result()
        from_ready = time.perf_counter()
        with hold_folder(folder, facts={"at": str(folder)}, count=count, holder=HOLDER) as held:
            outcome = run_sweep(held, context.scenarios, executor=executor, events=Silent())
        end = time.perf_counter()
    finally:
        executor.close(drop=True)
    assert (outcome.done, outcome.lost) == (count, 0)
    content = (folder / "scenarios.parquet").read_bytes()
    return end - from_ready, end - began, hashlib.sha256(content).hexdigest()


def peer_seconds(city):
    """CPU seconds of pandapower's DC optimal power flow for a scenario, in a loop over them."""
    case = compile_case(city)
    peer = Peer(city, case)
    drawn = damage_scenarios(case, PEER_SCENARIOS)
    return sum(peer.solve(apply_shares(case, shares))[0] for _, shares in drawn) / PEER_SCENARIOS


def test_two_thousand_damage_scenarios(tmp_path):
    city = load_network("rivercity")
    context = damage_sweep(city)
    rates = {1: [], 2: []}
    hashes = set()
    for attempt in range(ROUNDS):
        for workers, found in rates.items():  # in turn: the machine is as busy for both
            ready, whole, content = run_on(
                context, tmp_path / f"{attempt}-{workers}", workers=workers
            )
            found.append(SCENARIOS / ready)
            hashes.add(content)
            print(f"{workers} workers: {SCENARIOS / ready:7.0f} /s, with start {whole:.2f} s")
    one, two = (statistics.median(rates[workers]) for workers in (1, 2))
    loop = 1 / peer_seconds(city)
    size = len(ForkingPickler.dumps(context))
    print(f"2 workers {two:.0f} /s, x{two / one:.2f} of one; pandapower loop {loop:.2f} /s")
    print(f"x{two / loop:.0f} of the loop; context {size} bytes")
    assert len(hashes) == 1
    assert two >= 40 * loop


def test_fifty_full_chains(tmp_path):
    path = tmp_path / "full.toml"
    path.write_text(FULL)
    context = read_sweep(path).context
    assert len(context.scenarios) == 50
    found = {}
    for workers in (2, 1):
        found[workers] = run_on(context, tmp_path / str(workers), workers=workers)
        ready, whole, _ = found[workers]
        print(
            f"{workers} workers: {ready:.1f} s, {ready / 50:.2f} s each; with start {whole:.1f} s"
        )
    print(f"x{found[1][0] / found[2][0]:.2f}")
    assert found[1][2] == found[2][2]
