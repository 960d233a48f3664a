"""A store on each database; PostgreSQL is the one that GRIDTOOL_TEST_POSTGRESQL names."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from conftest import skip_or_fail
from sqlalchemy import create_engine, text

from gridtool.jobs.store.lock import Holder
from gridtool.jobs.store.model import RunIdentity, RunInput
from gridtool.jobs.store.open import resolve_store

NOW = datetime(2027, 1, 12, 6, tzinfo=UTC)
HOLDER = Holder(job="night", pid=1, host="here", since="2027-01-12T06:00:00+00:00")


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    """An empty store."""
    if request.param == "sqlite":
        return resolve_store(str(tmp_path / "store"), environ={})
    given = os.environ.get("GRIDTOOL_TEST_POSTGRESQL")
    if not given:
        skip_or_fail("GRIDTOOL_TEST_POSTGRESQL names no PostgreSQL database")
    found = resolve_store(given, environ={"GRIDTOOL_STORE_FOLDER": str(tmp_path / "store")})
    engine = create_engine(found.url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return found


@pytest.fixture
def identity():
    """What decides a run of the job "night"."""

    def make(**changes):
        return RunIdentity(
            **{
                "job": "night",
                "slot": NOW,
                "as_of": NOW,
                "seed": 1,
                "program_version": "0.1.0",
                "network_version": "2",
                "settings": {"months": 6},
                "inputs": (RunInput(role="job", path="night.toml", sha256="ab", size=3),),
                **changes,
            }
        )

    return make
