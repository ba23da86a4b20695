"""Where Alembic begins: the migrations run on the connection, and in the transaction, of who opens the ledger."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
