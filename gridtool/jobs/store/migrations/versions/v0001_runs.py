"""Runs, their inputs, headline figures and scores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_DONE = sa.text("state = 'done' AND quality = 'full'")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "runs",
        sa.Column("number", sa.Integer, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("slot", sa.String(32)),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("quality", sa.String(32), nullable=False),
        sa.Column("as_of", sa.String(32), nullable=False),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("finished_at", sa.String(32)),
        sa.Column("duration_s", sa.Float),
        sa.Column("exit_code", sa.Integer),
        sa.Column("message", sa.Text, nullable=False, server_default=""),
        sa.Column("folder", sa.Text, nullable=False, server_default=""),
        sa.Column("program_version", sa.String(32), nullable=False, server_default=""),
        sa.Column("seed", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("host", sa.Text, nullable=False, server_default=""),
        sa.Column("pid", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("number", name="pk_runs"),
        sa.UniqueConstraint("id", name="uq_runs_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_job_number", "runs", ["job", "number"])
    op.create_index(
        "uq_runs_identity_done",
        "runs",
        ["identity"],
        unique=True,
        sqlite_where=_DONE,
        postgresql_where=_DONE,
    )
    op.create_table(
        "run_inputs",
        _run(),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        _of_run("run_inputs"),
        sa.UniqueConstraint("run", "place", name="uq_run_inputs_run_place"),
    )
    op.create_table(
        "run_headlines",
        _run(),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Float),
        _of_run("run_headlines"),
        sa.UniqueConstraint("run", "name", name="uq_run_headlines_run_name"),
    )
    op.create_table(
        "run_scores",
        _run(),
        sa.Column("truth_sha256", sa.String(64), nullable=False),
        sa.Column("scored_at", sa.String(32), nullable=False),
        sa.Column("quantity", sa.String(32), nullable=False),
        sa.Column("lead_month", sa.Integer, nullable=False),
        sa.Column("metric", sa.String(32), nullable=False),
        sa.Column("value", sa.Float),
        _of_run("run_scores"),
        sa.UniqueConstraint(
            "run",
            "truth_sha256",
            "quantity",
            "lead_month",
            "metric",
            name="uq_run_scores_run_truth_sha256_quantity_lead_month_metric",
        ),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("run_scores", "run_headlines", "run_inputs", "runs"):
        op.drop_table(name)


def _run() -> sa.Column[int]:
    return sa.Column("run", sa.Integer, nullable=False)


def _of_run(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["run"], ["runs.number"], name=f"fk_{table}_run", ondelete="CASCADE"
    )
