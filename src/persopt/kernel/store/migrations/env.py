"""Alembic's environment: runs the scripts in the transaction of `persopt.kernel.store.migrate`."""

from __future__ import annotations

from alembic import context

from persopt.kernel.store.schema import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
