"""What the full method books, retention and erasure.

A column that is added is nullable or has a `server_default`: there are rows already.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, PrimaryKeyConstraint, SmallInteger, String, inspect
from sqlalchemy.types import TypeEngine

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
    op.add_column("jobs", Column("consumed_energy_j", Float()))
    op.create_index("jobs_length", "jobs", [sa.text("(end_ms - start_ms)")])


def _allocations() -> None:
    pass


def _nodes() -> None:
    op.create_index("node_states_end", "node_states", ["end_ms"])


def _bookings() -> None:
    op.add_column("bookings", Column("co2_market_g", Float()))
    op.add_column("bookings", Column("cost", Float()))
    op.add_column("bookings", Column("share_s", Float()))
    op.add_column("bookings", Column("embodied_g", Float()))
    _cluster("bookings", ["bucket_ms", "node", "account", "job_ref"], job_ref=BigInteger())
    op.create_index("bookings_job", "bookings", ["job_ref"])
    _cluster("measured", ["bucket_ms", "node"])
    op.add_column("measured", Column("buckets", SmallInteger(), nullable=False, server_default="1"))


def _cluster(table: str, keys: list[str], **types: TypeEngine[Any]) -> None:
    """Make a table anew that lies in the order of its key; its indexes are gone. Some columns get another type."""
    found = {column["name"]: column for column in inspect(op.get_bind()).get_columns(table)}
    names = [*keys, *(name for name in found if name not in keys)]
    columns = [Column(name, types.get(name, found[name]["type"]), nullable=found[name]["nullable"]) for name in names]
    op.create_table(f"{table}_2", *columns, PrimaryKeyConstraint(*keys), sqlite_with_rowid=False)
    listed = ", ".join(names)
    op.execute(f"INSERT INTO {table}_2 ({listed}) SELECT {listed} FROM {table} ORDER BY {', '.join(keys)}")  # noqa: S608  our own names
    op.drop_table(table)
    op.rename_table(f"{table}_2", table)


def _factors() -> None:
    """Every figure becomes a row of its own; factors keep their numbers, because bookings name them."""
    old = op.get_bind().execute(sa.text("SELECT * FROM factors ORDER BY factor_id")).mappings().all()
    op.drop_table("factors")
    _factor_tables()
    known: dict[tuple[object, ...], int] = {}
    for row in old:
        origin = tuple(row[name] for name in ("provider", "zone", "kind", "vintage", "state", "valid_from_ms"))
        intensity = known.setdefault(("intensity", *origin, row["intensity_g_per_kwh"]), len(known) + 1)
        pue = known.setdefault(("pue", "config", "", "", "", "static", 0, row["pue"]), len(known) + 1)
        values = {"id": row["factor_id"], "intensity": intensity, "pue": pue}
        op.get_bind().execute(sa.text("INSERT INTO factors VALUES (:id, :intensity, :pue, 0, 0)"), values)
    insert = sa.text("INSERT INTO figures VALUES (:id, :f0, :f1, :f2, :f3, :f4, :f5, :f6, :f7)")
    for key, number in known.items():
        op.get_bind().execute(insert, {"id": number} | {f"f{place}": part for place, part in enumerate(key)})


def _factor_tables() -> None:
    op.create_table(
        "figures",
        Column("figure_id", Integer(), primary_key=True),
        Column("quantity", String(), nullable=False),
        Column("provider", String(), nullable=False),
        Column("zone", String(), nullable=False),
        Column("kind", String(), nullable=False),
        Column("vintage", String(), nullable=False),
        Column("state", String(), nullable=False),
        Column("valid_from_ms", BigInteger(), nullable=False),
        Column("value", Float(), nullable=False),
    )
    columns = ["valid_from_ms", "quantity", "provider", "zone", "kind", "vintage", "state", "value"]
    op.create_index("figures_key", "figures", columns, unique=True)
    op.create_table(
        "factors",
        Column("factor_id", Integer(), primary_key=True),
        Column("intensity_id", Integer(), nullable=False),
        Column("pue_id", Integer(), nullable=False),
        Column("market_id", Integer(), nullable=False),
        Column("price_id", Integer(), nullable=False),
    )
    op.create_index("factors_key", "factors", ["intensity_id", "pue_id", "market_id", "price_id"], unique=True)


def _new_tables() -> None:
    op.create_table(
        "renamings",
        Column("renaming_id", Integer(), primary_key=True),
        Column("uid", BigInteger(), nullable=False),
        Column("pseudonym", BigInteger(), nullable=False),
        Column("before_ms", BigInteger(), nullable=False),
    )
    op.create_table(
        "forgotten",
        Column("digest", String(), primary_key=True),
        Column("before_ms", BigInteger(), nullable=False),
    )
    _carbon_tables()
    _users()
    _rollups()
    _idle_powers()


def _users() -> None:
    op.create_table(
        "users",
        Column("uid", BigInteger(), primary_key=True, autoincrement=False),
        Column("name", String(), nullable=False),
        Column("seen_ms", BigInteger(), nullable=False),
    )


_SUMS = (
    *("cpu_static_j", "cpu_dynamic_j", "dram_static_j", "dram_dynamic_j"),
    *("gpu_static_j", "gpu_dynamic_j", "rest_static_j", "rest_dynamic_j"),
    *("counted_j", "integrated_j", "interpolated_j", "accounted_j", "modelled_j"),
    *("spread_j", "held_s", "covered_s", "cpu_reserved_s", "cpu_used_s", "cpu_unknown_s"),
    *("waste_j", "waste_unknown_j", "co2_g", "co2_unknown_j"),
    *("co2_market_g", "co2_market_unknown_j", "cost", "cost_unknown_j"),
    *("share_s", "embodied_g", "embodied_unknown_s"),
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


def _carbon_tables() -> None:
    op.create_table(
        "intensities",
        Column("provider", String(), primary_key=True),
        Column("zone", String(), primary_key=True),
        Column("kind", String(), primary_key=True),
        Column("state", String(), primary_key=True),
        Column("start_ms", BigInteger(), primary_key=True, autoincrement=False),
        Column("end_ms", BigInteger(), nullable=False),
        Column("g_per_kwh", Float(), nullable=False),
        Column("fetched_ms", BigInteger(), nullable=False),
    )
    op.create_table(
        "revaluations",
        Column("revaluation_id", Integer(), primary_key=True),
        Column("start_ms", BigInteger(), nullable=False),
        Column("end_ms", BigInteger(), nullable=False),
    )
    # Cost was never booked before, nor what a contract says: everything is valued again.
    booked = "SELECT min(bucket_ms), max(bucket_ms) + 900000 FROM windows HAVING count(*) > 0"
    op.execute(f"INSERT INTO revaluations (start_ms, end_ms) {booked}")


def _idle_powers() -> None:
    op.create_table(
        "idle_powers",
        Column("day_ms", BigInteger(), primary_key=True, autoincrement=False),
        Column("node", String(), primary_key=True),
        Column("component", String(), primary_key=True),
        Column("power_w", Float()),
        Column("intervals", Integer(), nullable=False),
        Column("origin", String(), nullable=False),
        Column("revision", Integer(), nullable=False),
        Column("frozen", Boolean(), nullable=False),
        sqlite_with_rowid=False,
    )
