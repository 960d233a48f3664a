"""Processes that run a small job, and fail or are killed while they do."""

from __future__ import annotations

import pytest
from fault_server import serve
from run_cases import write_job


@pytest.fixture(scope="session")
def fault_server(tmp_path_factory, root):
    """Asks for runs of a small job with a chain that costs nothing."""
    with serve(write_job(tmp_path_factory.mktemp("faults") / "job", root)) as ask:
        yield ask
