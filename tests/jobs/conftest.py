"""A store on each database; PostgreSQL is the server that GRIDTOOL_TEST_POSTGRESQL names."""

from __future__ import annotations

import os
import secrets

import pytest
from conftest import skip_or_fail
from sqlalchemy import create_engine, text
from store_cases import NOW

from gridtool.jobs.store.engine import parse_url
from gridtool.jobs.store.model import RunIdentity, RunInput
from gridtool.jobs.store.open import resolve_store


def run_alone(url, *statements):
    """Statements that no transaction may hold, such as CREATE DATABASE."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def postgresql_database():
    """The address of a database of this process's own, dropped at the end of the session."""
    given = os.environ.get("GRIDTOOL_TEST_POSTGRESQL")
    if not given:
        skip_or_fail("GRIDTOOL_TEST_POSTGRESQL names no PostgreSQL server")
    server = parse_url(given)
    name = f"gridtool_test_{os.getpid()}_{secrets.token_hex(3)}"
    run_alone(server, f"CREATE DATABASE {name}")
    yield server.set(database=name)
    run_alone(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_address(tmp_path):
    """An empty store on SQLite."""
    return resolve_store(str(tmp_path / "store"), environ={})


@pytest.fixture
def postgresql_address(postgresql_database, tmp_path):
    """An empty store on PostgreSQL."""
    run_alone(postgresql_database, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    shown = postgresql_database.render_as_string(hide_password=False)
    return resolve_store(shown, environ={"GRIDTOOL_STORE_FOLDER": str(tmp_path / "store")})


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request):
    """An empty store, on each database in turn."""
    return request.getfixturevalue(f"{request.param}_address")


@pytest.fixture
def store_environ(address):
    """What a command needs in its environment to use ``address`` as its store."""
    if address.url.get_backend_name() == "sqlite":
        return {"GRIDTOOL_STORE": str(address.folder)}
    shown = address.url.render_as_string(hide_password=False)
    return {"GRIDTOOL_STORE": shown, "GRIDTOOL_STORE_FOLDER": str(address.folder)}


@pytest.fixture
def identity():
    """What decides a run of the job "night"; changes are named."""

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
