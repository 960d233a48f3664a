"""Start-up against Python itself and against pandapower; run with -m benchmark -s."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.benchmark

ROUNDS = 5
PANDAPOWER_SCRIPT = (
    "import sys, pandapower as pp\n"
    "net = pp.from_json(sys.argv[1])\n"
    "pp.runpp(net, numba=False)\n"
    "print(net.res_bus.vm_pu.min())\n"
)


def seconds(*command):
    """Median wall time of ``command`` over a few runs, after one to warm the caches."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    taken = []
    for _ in range(ROUNDS + 1):
        begin = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True, env=environment)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken[1:])


def test_help_against_python_and_pandapower():
    nothing = seconds("-c", "pass")
    pandapower = seconds("-c", "import pandapower")
    own = seconds("-m", "gridtool", "--help")
    print(f"\npython -c pass {nothing:.3f} s; import pandapower {pandapower:.3f} s; ", end="")
    print(f"gridtool --help {own:.3f} s: {own / nothing:.1f} x the first, ", end="")
    print(f"{pandapower / own:.1f} times quicker than the second")
    assert own < pandapower / 4
    assert own - nothing < 0.25


def test_assess_against_a_pandapower_script(tmp_path):
    from pandapower import to_json

    from gridtool.network.catalog import load_network
    from gridtool.network.pandapower_net import build_net

    path = tmp_path / "net.json"
    to_json(build_net(load_network("rivercity")).net, str(path))
    theirs = seconds("-c", PANDAPOWER_SCRIPT, str(path))
    own = seconds("-m", "gridtool", "assess", "rivercity", "-q")
    print(f"\npandapower, load a net and run one power flow: {theirs:.2f} s; ", end="")
    print(f"gridtool assess rivercity: {own:.2f} s, ratio {own / theirs:.2f}")
    assert own < 3 * theirs
