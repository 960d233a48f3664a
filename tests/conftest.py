"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import signal
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


def skip_or_fail(reason):
    """Skip for ``reason``; fail instead where GRIDTOOL_REQUIRE_ALL=1 makes tests compulsory."""
    if os.environ.get("GRIDTOOL_REQUIRE_ALL") == "1":
        pytest.fail(f"compulsory here: {reason}")
    pytest.skip(reason)


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
