"""The tables of the run history, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.types import TypeDecorator

__all__ = ["HEADLINES", "INPUTS", "NOTES", "RUNS", "SCORES", "Instant", "metadata"]


class Instant(TypeDecorator[datetime]):
    """An aware instant as ISO text in UTC: it sorts as time does and loses nothing."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> str | None:
        """The text that is stored."""
        if value is None:
            return None
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(
        self,
        value: Any | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        """The aware instant that was stored."""
        return None if value is None else datetime.fromisoformat(str(value))


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

RUNS = Table(
    "runs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("job", Text, nullable=False),
    Column("slot", Instant),
    Column("revision", Integer, nullable=False),
    Column("identity", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("quality", String(32), nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("duration_s", Float),
    Column("exit_code", Integer),
    Column("message", Text, nullable=False, server_default=""),
    Column("folder", Text, nullable=False, server_default=""),
    Column("program_version", String(32), nullable=False, server_default=""),
    Column("seed", BigInteger, nullable=False, server_default="0"),
    Column("host", Text, nullable=False, server_default=""),
    Column("pid", Integer, nullable=False, server_default="0"),
    Column("forced", Boolean, nullable=False, server_default=false()),
    Column("manifest", String(64), nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
Index("ix_runs_job_number", RUNS.c.job, RUNS.c.number)
Index("ix_runs_state", RUNS.c.state)
_ONCE = text("state = 'done' AND quality = 'full' AND NOT forced")
Index(
    "uq_runs_identity_done",
    RUNS.c.identity,
    unique=True,
    sqlite_where=_ONCE,
    postgresql_where=_ONCE,
)

INPUTS = Table(
    "run_inputs",
    metadata,
    Column("run", Integer, ForeignKey("runs.number", ondelete="CASCADE"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    UniqueConstraint("run", "place"),
)

HEADLINES = Table(
    "run_headlines",
    metadata,
    Column("run", Integer, ForeignKey("runs.number", ondelete="CASCADE"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("value", Float),
    UniqueConstraint("run", "name"),
)

NOTES = Table(
    "run_notes",
    metadata,
    Column("run", Integer, ForeignKey("runs.number", ondelete="CASCADE"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("words", Text, nullable=False),
    UniqueConstraint("run", "place"),
)

SCORES = Table(
    "run_scores",
    metadata,
    Column("run", Integer, ForeignKey("runs.number", ondelete="CASCADE"), nullable=False),
    Column("truth_sha256", String(64), nullable=False),
    Column("scored_at", Instant, nullable=False),
    Column("quantity", String(32), nullable=False),
    Column("lead_month", Integer, nullable=False),
    Column("metric", String(32), nullable=False),
    Column("value", Float),
    UniqueConstraint("run", "truth_sha256", "quantity", "lead_month", "metric"),
)
