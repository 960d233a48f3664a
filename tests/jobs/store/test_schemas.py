"""Stores of every released schema version are opened, brought up to date, and lose nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from store_cases import HOLDER, NOW

from gridtool.errors import StoreError
from gridtool.jobs.store.engine import connect, open_engine
from gridtool.jobs.store.migrate import SCHEMA_TABLE, latest_version, schema_version, upgrade
from gridtool.jobs.store.model import RunInput
from gridtool.jobs.store.open import open_store, read_store
from gridtool.jobs.store.tables import metadata

SCHEMAS = Path(__file__).parent / "schemas"
SCRIPTS = Path(__file__).parents[3] / "gridtool/jobs/store/migrations"
VERSIONS = sorted(script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions())


def load(address, version):
    """The dump of a store of that version, as it was then."""
    kind = address.url.get_backend_name()
    dump = (SCHEMAS / f"v{version}.{kind}.sql").read_text(encoding="utf-8")
    if kind == "sqlite":
        address.folder.mkdir(parents=True)
        with closing(sqlite3.connect(address.url.database)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(dump)
        return
    engine = open_engine(address.url)
    with connect(engine) as connection:
        for statement in dump.replace("%", "%%").split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)


def difference(engine):
    with connect(engine) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": SCHEMA_TABLE})
        return compare_metadata(context, metadata)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_store_of_an_older_version_is_brought_up_to_date(address, version, identity):
    load(address, version)
    if version != latest_version():
        with pytest.raises(StoreError, match=f"has schema {version}, this program's is"):
            read_store(address)
    with open_store(address, holder=HOLDER, now=NOW + timedelta(days=9)) as store:
        failed, fallen_back, full = store.rows.list_runs()
        assert (failed.state, failed.slot, failed.message) == ("failed", None, "no such file")
        assert (fallen_back.job, fallen_back.seed) == ("Нічний прогноз", 2**40)
        assert fallen_back.degraded
        assert full.slot == full.as_of == datetime(2027, 1, 12, 6, tzinfo=UTC)
        assert full.finished_at - full.started_at == timedelta(minutes=5, seconds=0.5)
        assert full.duration_s == 300.5
        assert full.headline == {"eue_mwh": 12.5, "hours_off_p90": 9.25}
        assert full.inputs == (
            RunInput(role="job", path="night.toml", sha256="1" * 64, size=321),
            RunInput(role="history", path="mine.csv", sha256="2" * 64, size=5_000_000_000),
        )
        assert store.rows.find_done("a" * 64) == full
        assert fallen_back.forced == (version >= "0002")
        assert full.manifest == ("4" * 64 if version >= "0002" else "")
        assert len(store.rows.list_notes(full)) == (version >= "0002")
        assert store.rows.begin(identity(), holder=HOLDER, now=NOW).number == 4
        with connect(store.rows.engine) as connection:
            scores = connection.execute(text("SELECT metric, value FROM run_scores")).all()
        assert scores == [("crps", 0.75)]
    engine = open_engine(address.url)
    assert schema_version(engine) == latest_version()
    assert difference(engine) == []


def test_a_sqlite_file_is_copied_aside_before(sqlite_address):
    load(sqlite_address, "0001")
    with open_store(sqlite_address, holder=HOLDER, now=NOW):
        pass
    with closing(sqlite3.connect(f"{sqlite_address.url.database}.before-0001")) as copy:
        assert copy.execute("SELECT version_num FROM gridtool_schema").fetchall() == [("0001",)]
        assert copy.execute("SELECT count(*) FROM runs").fetchone() == (3,)
    assert not list(sqlite_address.folder.glob("*.unfinished"))


def test_a_migration_that_fails_changes_nothing(address, monkeypatch):
    load(address, "0001")
    engine = open_engine(address.url)

    def fail_late(*_, **__):
        raise StoreError("the machine stopped")

    with monkeypatch.context() as patched:
        patched.setattr(op, "create_table", fail_late)
        with pytest.raises(StoreError, match="the machine stopped"):
            upgrade(engine)
    assert schema_version(engine) == "0001"
    with connect(engine) as connection:
        columns = connection.execute(text("SELECT * FROM runs")).keys()
    assert "forced" not in columns
    upgrade(engine)
    assert difference(engine) == []


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_migrations_go_back(address, version):
    load(address, version)
    engine = open_engine(address.url)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    before = VERSIONS[VERSIONS.index(version) - 1]
    with connect(engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, before)
    assert schema_version(engine) == before
    upgrade(engine)
    assert difference(engine) == []
