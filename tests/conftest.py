"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples at every run of CI; at a desk each run tries others.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

# A shell starts background jobs with interrupts ignored, and processes inherit it: those that
# tests interrupt would never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).parent.parent

# What the inner loops are compiled by, before the workers start: each of them, and every command
# that tests start, would compile the same loops for minutes. Two processes, as there are workers.
COMPILING = (
    ("tests/flow/test_stage_dispatch.py", "tests/flow/test_parametric.py"),
    (
        "tests/forecast/simulate/test_repairs.py",
        "tests/forecast/simulate/test_futures.py",
        "tests/restoration/search/test_search_exact.py",
        "tests/forecast/adequacy/test_areas_sampled.py",
    ),
)


def pytest_sessionstart(session):
    """Compile the inner loops once, if workers follow and nothing is compiled yet."""
    option = session.config.option
    is_worker = hasattr(session.config, "workerinput")
    if is_worker or not getattr(option, "numprocesses", None) or option.collectonly:
        return
    compiled = ROOT / "gridtool" / "flow" / "__pycache__"
    kept_here = "NUMBA_CACHE_DIR" not in os.environ and "NUMBA_DISABLE_JIT" not in os.environ
    if not kept_here or any(compiled.glob("stage_left_kernel.solve_left-*.nbi")):
        return
    quiet = ("-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist")
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "pytest", *quiet, *files],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for files in COMPILING
    ]
    for process in running:
        process.wait()  # a test that fails here fails again, and is told then


def skip_or_fail(reason):
    """Skip for ``reason``; fail instead where GRIDTOOL_REQUIRE_ALL=1 makes tests compulsory."""
    if os.environ.get("GRIDTOOL_REQUIRE_ALL") == "1":
        pytest.fail(f"compulsory here: {reason}")
    pytest.skip(reason)


HARMLESS = {
    "PYTEST_CURRENT_TEST",
    # Set by pandera when it is first imported.
    "PYARROW_IGNORE_TIMEZONE",
    "SPARK_LOCAL_IP",
    # Set by every command for itself.
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
}


@pytest.fixture(autouse=True)
def environment_is_left_as_found():
    """A variable that a test leaves behind changes the commands that later tests start."""
    before = dict(os.environ)
    yield
    changed = {name for name, _ in before.items() ^ os.environ.items()} - HARMLESS
    assert not changed, f"left changed: {sorted(changed)}"


@pytest.fixture(scope="session")
def reference():
    """Folder of the reference data."""
    folder = Path(os.environ.get("GRIDTOOL_REFERENCE", ROOT.parent / "shared" / "reference"))
    if not folder.is_dir():
        skip_or_fail(f"no reference data at {folder}")
    return folder


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT
