"""Alembic's environment and scripts; they are part of the wheel."""
