"""The schema of the run history, brought up to date by migrations and never by hand."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from gridtool.errors import StoreError
from gridtool.formats.publish import sync_folder
from gridtool.jobs.store.engine import connect, hide_password, said_in_words

__all__ = ["SCHEMA_TABLE", "latest_version", "schema_version", "upgrade"]

SCHEMA_TABLE = "gridtool_schema"
"""Holds the version, so that the tables can stand in a database of others."""
_SCRIPTS = Path(__file__).parent / "migrations"


def latest_version() -> str:
    """The schema version that this program writes."""
    return ScriptDirectory(str(_SCRIPTS)).get_current_head() or ""


def schema_version(engine: Engine) -> str | None:
    """The version of the store's schema; None for a store without tables.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    with connect(engine) as connection:
        if SCHEMA_TABLE not in inspect(connection).get_table_names():
            return None
        context = MigrationContext.configure(connection, opts={"version_table": SCHEMA_TABLE})
        return context.get_current_revision()


def upgrade(engine: Engine) -> None:
    """Bring the schema up to this program's version; a SQLite file is copied aside before.

    Raises
    ------
    StoreError
        If the store was written by a newer program: it is left as it is.
    """
    version = schema_version(engine)
    if version == latest_version():
        return
    known = {script.revision for script in ScriptDirectory(str(_SCRIPTS)).walk_revisions()}
    if version is not None and version not in known:
        raise StoreError(
            f"the store {hide_password(engine.url)} has schema {version}, written by a newer "
            f"gridtool; this one knows up to {latest_version()}: update gridtool, or name another "
            "store"
        )
    if version is not None:
        _copy_aside(engine, version=version)
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    with connect(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _copy_aside(engine: Engine, *, version: str) -> None:
    if engine.url.get_backend_name() != "sqlite" or not engine.url.database:
        return
    copy = Path(f"{engine.url.database}.before-{version}")
    unfinished = copy.with_name(f"{copy.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        with said_in_words(engine), closing(engine.raw_connection()) as connection:
            # What is still in the journal belongs to the copy, and is in this one.
            connection.cursor().execute("VACUUM INTO ?", (str(unfinished),))
        unfinished.replace(copy)
        sync_folder(copy.parent)
    except OSError as problem:
        raise StoreError(f"cannot keep the copy {copy}: {problem.strerror}") from problem
