"""Run by Alembic when ``talk.db`` is not at its newest revision; see netapp.core.upgrading."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
