"""Migrations of the run history's schema, run by alembic."""
