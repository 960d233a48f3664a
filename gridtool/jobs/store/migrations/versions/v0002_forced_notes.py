"""Runs that were forced, the SHA-256 of manifests, and notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_DONE = sa.text("state = 'done' AND quality = 'full'")
_ONCE = sa.text("state = 'done' AND quality = 'full' AND NOT forced")
_UNIQUE = "uq_runs_identity_done"


def upgrade() -> None:
    """Add the columns and the table."""
    forced = sa.Column("forced", sa.Boolean, nullable=False, server_default=sa.false())
    manifest = sa.Column("manifest", sa.String(64), nullable=False, server_default="")
    op.add_column("runs", forced)
    op.add_column("runs", manifest)
    op.drop_index(_UNIQUE, "runs")
    _make_unique(_ONCE)
    op.create_index("ix_runs_state", "runs", ["state"])
    op.create_table(
        "run_notes",
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["runs.number"], name="fk_run_notes_run", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("run", "place", name="uq_run_notes_run_place"),
    )


def downgrade() -> None:
    """Drop them; refused by the database where an identity was done twice."""
    op.drop_table("run_notes")
    op.drop_index("ix_runs_state", "runs")
    op.drop_index(_UNIQUE, "runs")
    _make_unique(_DONE)
    op.drop_column("runs", "manifest")
    op.drop_column("runs", "forced")


def _make_unique(where: sa.TextClause) -> None:
    op.create_index(
        _UNIQUE, "runs", ["identity"], unique=True, sqlite_where=where, postgresql_where=where
    )
