"""What the pages and their sign-in ask for.

A column that is added is nullable or has a `server_default`: there are rows already.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Text

revision = "0003"
down_revision = "0002"

_ENERGY = (
    *("cpu_static_j", "cpu_dynamic_j", "dram_static_j", "dram_dynamic_j"),
    *("gpu_static_j", "gpu_dynamic_j", "rest_static_j", "rest_dynamic_j"),
)


def upgrade() -> None:
    """Add the tables, columns and indexes of version 3."""
    _jobs()
    _job_totals()
    _waiting()
    _identities()


def _jobs() -> None:
    for name in ("account", "partition", "state", "name"):
        op.create_index(f"jobs_{name}", "jobs", [name, "start_ms"])
    op.create_index("jobs_array", "jobs", ["array_job_id"])
    op.drop_index("allocations_node", "allocations")
    op.create_index("allocations_node", "allocations", ["node", "job_ref"])


def _job_totals() -> None:
    op.add_column("job_totals", Column("peak_nodes", Integer()))
    op.create_index("job_totals_energy", "job_totals", [sa.text(f"({' + '.join(_ENERGY)})")])
    op.create_index("job_totals_waste", "job_totals", ["waste_j"])


def _waiting() -> None:
    texts = {"user": String(), "name": Text(), "account": String(), "partition": String(), "qos": String()}
    op.create_table(
        "waiting",
        Column("cluster", String(), primary_key=True),
        Column("job_id", BigInteger(), primary_key=True, autoincrement=False),
        *(Column(name, kind, nullable=False) for name, kind in texts.items()),
        Column("reason", Text(), nullable=False),
        Column("submit_ms", BigInteger()),
        Column("expected_ms", BigInteger()),
        Column("time_limit_s", BigInteger()),
        Column("cpus", BigInteger(), nullable=False),
        Column("node_count", BigInteger(), nullable=False),
        Column("array_tasks", Text(), nullable=False),
    )
    op.create_index("waiting_user", "waiting", ["user"])


def _identities() -> None:
    op.create_table(
        "coordinators", Column("user", String(), primary_key=True), Column("account", String(), primary_key=True)
    )
    op.create_table(
        "api_tokens",
        Column("token_id", Integer(), primary_key=True),
        Column("digest", String(), nullable=False),
        Column("user", String(), nullable=False),
        Column("name", Text(), nullable=False),
        Column("sees_all", Boolean(), nullable=False),
        Column("created_ms", BigInteger(), nullable=False),
        Column("expires_ms", BigInteger(), nullable=False),
        Column("used_ms", BigInteger()),
    )
    op.create_index("api_tokens_digest", "api_tokens", ["digest"], unique=True)
