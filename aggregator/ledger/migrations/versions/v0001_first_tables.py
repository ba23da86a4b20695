"""The tables of version 1, as they were: never changed again."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, SmallInteger, String, Text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of version 1."""
    _facts()
    _jobs()
    _holdings()
    _nodes()
    _bookings()
    _windows()


def _facts() -> None:
    op.create_table(
        "about",
        Column("key", String(), primary_key=True),
        Column("value", Text(), nullable=False),
    )
    op.create_table(
        "sources",
        Column("name", String(), primary_key=True),
        Column("success_ms", BigInteger()),
        Column("attempt_ms", BigInteger()),
        Column("error", Text(), nullable=False),
    )
    op.create_table(
        "faults",
        Column("fault_id", Integer(), primary_key=True),
        Column("seen_ms", BigInteger(), nullable=False),
        Column("source", String(), nullable=False),
        Column("message", Text(), nullable=False),
        Column("count", Integer(), nullable=False),
    )
    op.create_index("faults_source", "faults", ["source", "message"], unique=True)
    op.create_table(
        "factors",
        Column("factor_id", Integer(), primary_key=True),
        Column("provider", String(), nullable=False),
        Column("zone", String(), nullable=False),
        Column("kind", String(), nullable=False),
        Column("vintage", String(), nullable=False),
        Column("state", String(), nullable=False),
        Column("valid_from_ms", BigInteger(), nullable=False),
        Column("intensity_g_per_kwh", Float(), nullable=False),
        Column("pue", Float(), nullable=False),
    )
    columns = ["provider", "zone", "kind", "vintage", "valid_from_ms", "intensity_g_per_kwh", "pue"]
    op.create_index("factors_key", "factors", columns, unique=True)


def _jobs() -> None:
    op.create_table(
        "jobs",
        Column("job_ref", Integer(), primary_key=True),
        Column("cluster", String(), nullable=False),
        Column("job_id", BigInteger(), nullable=False),
        Column("start_ms", BigInteger(), nullable=False),
        Column("state", String(), nullable=False),
        Column("user", String(), nullable=False),
        Column("name", Text(), nullable=False),
        Column("account", String(), nullable=False),
        Column("partition", String(), nullable=False),
        Column("qos", String(), nullable=False),
        Column("submit_ms", BigInteger()),
        Column("end_ms", BigInteger()),
        Column("time_limit_s", BigInteger()),
        Column("state_reason", Text(), nullable=False),
        Column("exit_code", BigInteger()),
        Column("exit_signal", BigInteger()),
        Column("cpus", BigInteger(), nullable=False),
        Column("node_count", BigInteger(), nullable=False),
        Column("gpu_count", BigInteger(), nullable=False),
        Column("memory_bytes", BigInteger(), nullable=False),
        Column("node_list", Text(), nullable=False),
        Column("exclusive", Boolean(), nullable=False),
        Column("total_cpu_s", Float()),
        Column("features", Text(), nullable=False),
        Column("command", Text(), nullable=False),
        Column("work_dir", Text(), nullable=False),
        Column("stdout", Text(), nullable=False),
        Column("stderr", Text(), nullable=False),
        Column("comment", Text(), nullable=False),
        Column("array_job_id", BigInteger()),
        Column("array_task_id", BigInteger()),
        Column("het_job_id", BigInteger()),
        Column("het_offset", BigInteger()),
        Column("source", String(), nullable=False),
        Column("seen_ms", BigInteger(), nullable=False),
    )
    op.create_index("jobs_end", "jobs", ["end_ms"])
    op.create_index("jobs_key", "jobs", ["cluster", "job_id", "start_ms"], unique=True)
    op.create_index("jobs_start", "jobs", ["start_ms"])
    op.create_index("jobs_user", "jobs", ["user", "start_ms"])


def _holdings() -> None:
    op.create_table(
        "allocations",
        Column("job_ref", Integer(), primary_key=True),
        Column("node", String(), primary_key=True),
        Column("cpus", Float(), nullable=False),
        Column("memory_bytes", Float(), nullable=False),
        Column("gpus", Text(), nullable=False),
        Column("modelled", Boolean(), nullable=False),
    )
    op.create_index("allocations_node", "allocations", ["node"])
    op.create_table(
        "suspensions",
        Column("job_ref", Integer(), primary_key=True),
        Column("start_ms", BigInteger(), primary_key=True),
        Column("end_ms", BigInteger()),
    )


def _nodes() -> None:
    op.create_table(
        "nodes",
        Column("node", String(), primary_key=True),
        Column("cpus", BigInteger(), nullable=False),
        Column("memory_bytes", BigInteger(), nullable=False),
        Column("gpus", BigInteger(), nullable=False),
        Column("partitions", Text(), nullable=False),
        Column("features", Text(), nullable=False),
        Column("seen_ms", BigInteger(), nullable=False),
        Column("first_seen_ms", BigInteger(), nullable=False),
    )
    op.create_table(
        "node_states",
        Column("node", String(), primary_key=True),
        Column("start_ms", BigInteger(), primary_key=True),
        Column("end_ms", BigInteger()),
        Column("state", String(), nullable=False),
        Column("reason", Text(), nullable=False),
    )


def _bookings() -> None:
    op.create_table(
        "bookings",
        Column("node", String(), primary_key=True),
        Column("bucket_ms", BigInteger(), primary_key=True),
        Column("account", SmallInteger(), primary_key=True),
        Column("job_ref", Integer(), primary_key=True),
        Column("cpu_static_j", Float(), nullable=False),
        Column("cpu_dynamic_j", Float(), nullable=False),
        Column("dram_static_j", Float(), nullable=False),
        Column("dram_dynamic_j", Float(), nullable=False),
        Column("gpu_static_j", Float(), nullable=False),
        Column("gpu_dynamic_j", Float(), nullable=False),
        Column("rest_static_j", Float(), nullable=False),
        Column("rest_dynamic_j", Float(), nullable=False),
        Column("counted_j", Float(), nullable=False),
        Column("integrated_j", Float(), nullable=False),
        Column("interpolated_j", Float(), nullable=False),
        Column("accounted_j", Float(), nullable=False),
        Column("modelled_j", Float(), nullable=False),
        Column("cpu_used_s", Float()),
        Column("cpu_reserved_s", Float(), nullable=False),
        Column("held_s", Float(), nullable=False),
        Column("covered_s", Float(), nullable=False),
        Column("waste_j", Float()),
        Column("memory_peak_bytes", Float()),
        Column("uncertainty", Float(), nullable=False),
        Column("co2_g", Float()),
        Column("factor_id", Integer()),
        Column("method_version", SmallInteger(), nullable=False),
        Column("revision", Integer(), nullable=False),
    )
    op.create_index("bookings_bucket", "bookings", ["bucket_ms"])
    op.create_index("bookings_job", "bookings", ["job_ref"])


def _windows() -> None:
    op.create_table(
        "measured",
        Column("node", String(), primary_key=True),
        Column("bucket_ms", BigInteger(), primary_key=True),
        Column("cpu_j", Float(), nullable=False),
        Column("dram_j", Float(), nullable=False),
        Column("gpu_j", Float(), nullable=False),
        Column("rest_j", Float(), nullable=False),
        Column("covered_s", Float(), nullable=False),
    )
    op.create_table(
        "windows",
        Column("bucket_ms", BigInteger(), primary_key=True),
        Column("state", String(), nullable=False),
        Column("computed_ms", BigInteger(), nullable=False),
        Column("revision", Integer(), nullable=False),
        Column("closure_error", Float(), nullable=False),
    )
    op.create_index("windows_state", "windows", ["state"])
    op.create_table(
        "redo",
        Column("redo_id", Integer(), primary_key=True),
        Column("node", String(), nullable=False),
        Column("start_ms", BigInteger(), nullable=False),
        Column("end_ms", BigInteger(), nullable=False),
    )
