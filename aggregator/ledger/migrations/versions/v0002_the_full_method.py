"""What the full method books, retention and erasure. To grow until this version is released, see docs/ledger.md.

A column that is added is nullable or has a `server_default`: there are rows already.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, Float, Integer, PrimaryKeyConstraint, SmallInteger, String, inspect

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
    _rollups()


_SUMS = (
    *("cpu_static_j", "cpu_dynamic_j", "dram_static_j", "dram_dynamic_j"),
    *("gpu_static_j", "gpu_dynamic_j", "rest_static_j", "rest_dynamic_j"),
    *("counted_j", "integrated_j", "interpolated_j", "accounted_j", "modelled_j"),
    *("spread_j", "held_s", "covered_s", "cpu_reserved_s", "cpu_used_s", "cpu_unknown_s"),
    *("waste_j", "waste_unknown_j", "co2_g", "co2_unknown_j"),
)


def _rollups() -> None:
    op.create_table(
        "rollups",
        Column("period", SmallInteger(), primary_key=True, autoincrement=False),
        Column("start_ms", BigInteger(), primary_key=True, autoincrement=False),
        Column("dimension", SmallInteger(), primary_key=True, autoincrement=False),
        Column("name", String(), primary_key=True),
        Column("account", SmallInteger(), primary_key=True, autoincrement=False),
        *(Column(name, Float(), nullable=False) for name in _SUMS),
        Column("jobs_started", Integer()),
        Column("method_version", SmallInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "job_totals",
        Column("job_ref", Integer(), primary_key=True, autoincrement=False),
        *(Column(name, Float(), nullable=False) for name in _SUMS),
        Column("memory_peak_bytes", Float()),
        Column("first_ms", BigInteger(), nullable=False),
        Column("last_ms", BigInteger(), nullable=False),
        Column("method_version", SmallInteger(), nullable=False),
    )
    op.create_table(
        "stale",
        Column("period", SmallInteger(), primary_key=True, autoincrement=False),
        Column("start_ms", BigInteger(), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_table("stale_jobs", Column("job_ref", Integer(), primary_key=True, autoincrement=False))
    # What is booked already has no sums yet: the first refresh makes them.
    op.execute("INSERT INTO stale (period, start_ms) SELECT DISTINCT -1, bucket_ms FROM bookings")
    op.execute("INSERT INTO stale_jobs (job_ref) SELECT DISTINCT job_ref FROM bookings WHERE job_ref <> 0")
