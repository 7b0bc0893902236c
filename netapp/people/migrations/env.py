"""Alembic's entry: run the revisions on the connection that ``netapp.core.upgrading`` holds."""

from alembic import context

from netapp.people.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # the connection's own BEGIN holds tables too: all of it or nothing
    render_as_batch=True,  # SQLite alters a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
