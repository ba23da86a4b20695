"""What the full method books, retention and erasure. To grow until this version is released, see docs/ledger.md.

A column that is added is nullable or has a `server_default`: there are rows already.
"""

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, inspect

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables and columns of version 2."""
    _jobs()
    _allocations()
    _nodes()
    _bookings()
    _factors()
    _new_tables()


def _jobs() -> None:
    pass


def _allocations() -> None:
    pass


def _nodes() -> None:
    op.create_index("node_states_end", "node_states", ["end_ms"])


def _bookings() -> None:
    _cluster("bookings", ["bucket_ms", "node", "account", "job_ref"])
    op.create_index("bookings_job", "bookings", ["job_ref"])
    _cluster("measured", ["bucket_ms", "node"])


def _cluster(table: str, keys: list[str]) -> None:
    """Make a table anew that lies in the order of its key; its indexes are gone."""
    found = {column["name"]: column for column in inspect(op.get_bind()).get_columns(table)}
    names = [*keys, *(name for name in found if name not in keys)]
    columns = [Column(name, found[name]["type"], nullable=found[name]["nullable"]) for name in names]
    op.create_table(f"{table}_2", *columns, PrimaryKeyConstraint(*keys), sqlite_with_rowid=False)
    listed = ", ".join(names)
    op.execute(f"INSERT INTO {table}_2 ({listed}) SELECT {listed} FROM {table} ORDER BY {', '.join(keys)}")  # noqa: S608  our own names
    op.drop_table(table)
    op.rename_table(f"{table}_2", table)


def _factors() -> None:
    pass


def _new_tables() -> None:
    pass
