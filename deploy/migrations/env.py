"""How alembic reaches the database: through the connection that `adapters.schema` hands it.

No version has a `downgrade`, so that alembic refuses to go back: a ledger cannot be taken back.
"""

from alembic import context

from models import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
