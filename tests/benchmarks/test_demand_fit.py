"""Time and memory of the demand model: five years by the hour, 500 paths of six months.

Run alone with ``pytest -m benchmark -s tests/benchmarks/test_demand_fit.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.benchmark

CPU_S = 5.0
MOST_MB = 150.0

RUN = """
import json, resource, time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo
import numpy as np
import statsmodels.api
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.timegrid import TimeGrid

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

start, end = datetime(2021, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
load, temp = make_history(start=start, end=end, special_days=())
history = History(start=start, load_mw=load, temp_c=temp, zone=ZoneInfo("Europe/Kyiv"))
grid = TimeGrid(end, 181 * 24, history.zone)
design = np.random.default_rng(1).normal(size=(len(load), 37))
fit_demand(history)  # warm caches; memory is measured from the modules' on all the same
answer = {"modules_mb": MODULES}
begin = time.process_time()
model = fit_demand(history)
answer["fit_s"] = time.process_time() - begin
begin = time.process_time()
paths = model.prepare(grid)
answer["prepare_s"] = time.process_time() - begin
begin = time.process_time()
drawn = paths.draw(500, seed=1)
answer["draw_s"] = time.process_time() - begin
begin = time.process_time()
np.linalg.lstsq(design, load, rcond=None)
answer["lstsq_s"] = time.process_time() - begin
answer["peak_mb"] = peak_mb()
print(json.dumps(answer))
"""


def test_five_years_and_five_hundred_paths():
    script = RUN.replace("start, end =", "MODULES = peak_mb()\nstart, end =", 1)
    found = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    answer = json.loads(found.stdout)
    total = answer["fit_s"] + answer["prepare_s"] + answer["draw_s"]
    more = answer["peak_mb"] - answer["modules_mb"]
    print(
        f"\nfit {answer['fit_s']:.2f} s + shared {answer['prepare_s']:.2f} s + 500 paths "
        f"{answer['draw_s']:.2f} s of CPU = {total / answer['lstsq_s']:.0f} least-squares "
        f"solutions of 43,824 x 37 ({answer['lstsq_s']:.3f} s); {more:.0f} MB beyond the modules"
    )
    assert total < CPU_S
    assert more < MOST_MB
