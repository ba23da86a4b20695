"""The ledger's tables. Times are epoch ms UTC, energies joules, CO2 grams; a null is something unknown.

Texts have no length: PostgreSQL would refuse what is longer, and a name cut short is another name. Numbers that come
from Slurm are `BigInteger`: bad input may exceed 32 bits.

Bookings lie in the order of their key, time first: a round writes, and a page of a time reads, one stretch of the file.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from maxwatt.domain.energy import COMPONENTS, ENERGY_COLUMNS, EVIDENCE_COLUMNS
from maxwatt.domain.rollups import SUMS

SCHEMA_VERSION: Final = 5
"""The newest of `migrations/versions`, which must make exactly these tables."""

metadata: Final = MetaData()

about = Table(
    "about",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
    comment="schema_version, cluster, simulated and other single facts",
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_ref", Integer, primary_key=True, autoincrement=True),
    Column("cluster", String, nullable=False),
    Column("job_id", BigInteger, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("user", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("account", String, nullable=False),
    Column("partition", String, nullable=False),
    Column("qos", String, nullable=False),
    Column("submit_ms", BigInteger),
    Column("end_ms", BigInteger),
    Column("time_limit_s", BigInteger),
    Column("state_reason", Text, nullable=False),
    Column("exit_code", BigInteger),
    Column("exit_signal", BigInteger),
    Column("cpus", BigInteger, nullable=False),
    Column("node_count", BigInteger, nullable=False),
    Column("gpu_count", BigInteger, nullable=False),
    Column("memory_bytes", BigInteger, nullable=False),
    Column("node_list", Text, nullable=False),
    Column("exclusive", Boolean, nullable=False),
    Column("total_cpu_s", Float),
    Column("consumed_energy_j", Float, comment="what Slurm's own energy accounting says of the job; null: nothing"),
    Column("features", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("work_dir", Text, nullable=False),
    Column("stdout", Text, nullable=False),
    Column("stderr", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("array_job_id", BigInteger),
    Column("array_task_id", BigInteger),
    Column("het_job_id", BigInteger),
    Column("het_offset", BigInteger),
    Column("source", String, nullable=False),
    Column("seen_ms", BigInteger, nullable=False, comment="when a source last reported it"),
    Index("jobs_key", "cluster", "job_id", "start_ms", unique=True),
    Index("jobs_start", "start_ms"),
    Index("jobs_end", "end_ms"),
    Index("jobs_length", text("(end_ms - start_ms)")),
    Index("jobs_user", "user", "start_ms"),
    Index("jobs_account", "account", "start_ms", "partition"),  # an account's jobs of a partition without the others
    Index("jobs_partition", "partition", "start_ms"),
    Index("jobs_state", "state", "start_ms"),
    Index("jobs_name", "name", "start_ms"),
    *(
        Index(name, column, sqlite_where=text(f"{column} IS NOT NULL"), postgresql_where=text(f"{column} IS NOT NULL"))
        for name, column in (("jobs_array", "array_job_id"), ("jobs_het", "het_job_id"))
    ),
)

allocations = Table(
    "allocations",
    metadata,
    Column("job_ref", Integer, primary_key=True),
    Column("node", String, primary_key=True),
    Column("cpus", Float, nullable=False),
    Column("memory_bytes", Float, nullable=False),
    Column(
        "gpus", Text, nullable=False, comment="comma-separated: indices of boards, parts such as mig3:1 or shard0:2/8"
    ),
    Column("modelled", Boolean, nullable=False),
    Index("allocations_node", "node", "job_ref"),
)

suspensions = Table(
    "suspensions",
    metadata,
    Column("job_ref", Integer, primary_key=True),
    Column("start_ms", BigInteger, primary_key=True),
    Column("end_ms", BigInteger),
)

waiting = Table(
    "waiting",
    metadata,
    Column("cluster", String, primary_key=True),
    Column("job_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("account", String, nullable=False),
    Column("partition", String, nullable=False),
    Column("qos", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("submit_ms", BigInteger),
    Column("expected_ms", BigInteger, comment="when Slurm expects it to start"),
    Column("time_limit_s", BigInteger),
    Column("cpus", BigInteger, nullable=False),
    Column("node_count", BigInteger, nullable=False),
    Column("array_tasks", Text, nullable=False),
    Index("waiting_user", "user"),
    comment="jobs that wait, as the controller last said",
)

nodes = Table(
    "nodes",
    metadata,
    Column("node", String, primary_key=True),
    Column("cpus", BigInteger, nullable=False),
    Column("memory_bytes", BigInteger, nullable=False),
    Column("gpus", BigInteger, nullable=False),
    Column("partitions", Text, nullable=False, comment="comma-separated"),
    Column("features", Text, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("first_seen_ms", BigInteger, nullable=False),
)

node_states = Table(
    "node_states",
    metadata,
    Column("node", String, primary_key=True),
    Column("start_ms", BigInteger, primary_key=True),
    Column("end_ms", BigInteger, comment="null while it lasts"),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False),
    Index("node_states_end", "end_ms"),
)

users = Table(
    "users",
    metadata,
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False, comment="the uid where no node knows a name"),
    Column("seen_ms", BigInteger, nullable=False, comment="newest row of a session, to a day"),
    comment="whose sessions were booked: `job_ref` of their bookings is the uid",
)

coordinators = Table(
    "coordinators",
    metadata,
    Column("user", String, primary_key=True),
    Column("account", String, primary_key=True),
    comment="who coordinates an account of Slurm: they see all of its jobs",
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_id", Integer, primary_key=True, autoincrement=True),
    Column("digest", String, nullable=False, comment="SHA-256 of the token, which is kept nowhere"),
    Column("user", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("sees_all", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, comment="last use, to an hour"),
    Index("api_tokens_digest", "digest", unique=True),
    comment="tokens that people made for their scripts",
)

bookings = Table(
    "bookings",
    metadata,
    Column("bucket_ms", BigInteger, primary_key=True),
    Column("node", String, primary_key=True),
    Column("account", SmallInteger, primary_key=True, comment="domain.energy.Account"),
    Column("job_ref", BigInteger, primary_key=True, comment="of a session the uid, of accounts of nodes 0"),
    *(Column(name, Float, nullable=False) for name in ENERGY_COLUMNS),
    *(Column(name, Float, nullable=False) for name in EVIDENCE_COLUMNS),
    Column("cpu_used_s", Float, comment="CPU seconds used; null: unknown"),
    Column("cpu_reserved_s", Float, nullable=False, comment="CPUs held x seconds"),
    Column("held_s", Float, nullable=False, comment="seconds held on this node in this bucket"),
    Column("covered_s", Float, nullable=False, comment="of these, seconds between samples"),
    Column("share_s", Float, comment="covered seconds x part of the node that was held; null: method 1"),
    Column("waste_j", Float, comment="static energy reserved but not used; null: unknown"),
    Column("memory_peak_bytes", Float, comment="highest resident memory sampled; null: unknown"),
    Column("uncertainty", Float, nullable=False, comment="relative, of the energy"),
    Column("co2_g", Float, comment="location-based"),
    Column("co2_market_g", Float, comment="market-based; null: no contract"),
    Column("cost", Float, comment="null: no tariff"),
    Column("embodied_g", Float, comment="of making the node, apart from CO2 of energy; null: not declared"),
    Column("factor_id", Integer),
    Column("method_version", SmallInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("bookings_job", "job_ref"),
    sqlite_with_rowid=False,
)

rollups = Table(
    "rollups",
    metadata,
    Column("period", SmallInteger, primary_key=True, autoincrement=False, comment="domain.periods.Period"),
    Column("start_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("dimension", SmallInteger, primary_key=True, autoincrement=False, comment="domain.rollups.Dimension"),
    Column("name", String, primary_key=True, comment="of the user, account, partition, node, …"),
    Column("account", SmallInteger, primary_key=True, autoincrement=False, comment="domain.energy.Account"),
    *(Column(name, Float, nullable=False) for name in SUMS),
    Column("jobs_started", Integer, comment="jobs that began in the period; null where a job counts several times"),
    Column("method_version", SmallInteger, nullable=False, comment="oldest of its bookings"),
    comment="sums of bookings over the site's hours, days, weeks and months",
    sqlite_with_rowid=False,
)

job_totals = Table(
    "job_totals",
    metadata,
    Column("job_ref", Integer, primary_key=True, autoincrement=False),
    *(Column(name, Float, nullable=False) for name in SUMS),
    Column("memory_peak_bytes", Float, comment="sum over nodes of each node's peak; null: never sampled"),
    Column("first_ms", BigInteger, nullable=False, comment="its first booked bucket"),
    Column("last_ms", BigInteger, nullable=False),
    Column("method_version", SmallInteger, nullable=False),
    Column("peak_nodes", Integer, comment="nodes whose peak is known; null: not counted yet"),
    Index("job_totals_energy", text(f"({' + '.join(ENERGY_COLUMNS)})")),
    Index("job_totals_waste", "waste_j"),
    comment="sums of a job's bookings over its whole life",
)

stale = Table(
    "stale",
    metadata,
    Column("period", SmallInteger, primary_key=True, autoincrement=False, comment="a Period; -1: a booked bucket"),
    Column("start_ms", BigInteger, primary_key=True, autoincrement=False),
    comment="rollups that bookings have changed under",
    sqlite_with_rowid=False,
)

stale_jobs = Table(
    "stale_jobs",
    metadata,
    Column("job_ref", Integer, primary_key=True, autoincrement=False),
    comment="totals that bookings have changed under",
)

measured = Table(
    "measured",
    metadata,
    Column("bucket_ms", BigInteger, primary_key=True),
    Column("node", String, primary_key=True),
    *(Column(f"{component}_j", Float, nullable=False) for component in COMPONENTS),
    Column("covered_s", Float, nullable=False),
    Column("buckets", SmallInteger, nullable=False, server_default="1", comment="more than 1 where a day is folded"),
    comment="what the meters say per node and bucket: the accounts of `bookings` must sum to it",
    sqlite_with_rowid=False,
)

idle_powers = Table(
    "idle_powers",
    metadata,
    Column("day_ms", BigInteger, primary_key=True, autoincrement=False, comment="start of the UTC day"),
    Column("node", String, primary_key=True),
    Column("component", String, primary_key=True, comment="cpu, dram, rest, gpu0, …; gpu: boards without their own"),
    Column("power_w", Float, comment="null: not known"),
    Column("intervals", Integer, nullable=False, comment="job-free intervals of the 7 days before"),
    Column("origin", String, nullable=False, comment="calibrated, model or none"),
    Column("revision", Integer, nullable=False),
    Column("frozen", Boolean, nullable=False, comment="false: to be calibrated anew"),
    comment="idle power of each UTC day: what its bookings were made with",
    sqlite_with_rowid=False,
)

windows = Table(
    "windows",
    metadata,
    Column("bucket_ms", BigInteger, primary_key=True),
    Column("state", String, nullable=False, comment="see ledger.windows.WindowState"),
    Column("computed_ms", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("closure_error", Float, nullable=False, comment="worst relative gap between accounts and meter"),
    Index("windows_state", "state"),
)

redo = Table(
    "redo",
    metadata,
    Column("redo_id", Integer, primary_key=True, autoincrement=True),
    Column("node", String, nullable=False, comment="empty: every node"),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    comment="what changed after it was booked: the pipeline books these stretches again and removes them",
)

sources = Table(
    "sources",
    metadata,
    Column("name", String, primary_key=True, comment="scontrol, sacct, samples"),
    Column("success_ms", BigInteger, comment="the source is known to be complete up to here"),
    Column("attempt_ms", BigInteger),
    Column("error", Text, nullable=False, comment="empty after a success"),
)

faults = Table(
    "faults",
    metadata,
    Column("fault_id", Integer, primary_key=True, autoincrement=True),
    Column("seen_ms", BigInteger, nullable=False),
    Column("source", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Index("faults_source", "source", "message", unique=True),
)

figures = Table(
    "figures",
    metadata,
    Column("figure_id", Integer, primary_key=True, autoincrement=True),
    Column("quantity", String, nullable=False, comment="intensity, market [g/kWh], pue, price [per kWh]"),
    Column("provider", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("kind", String, nullable=False, comment="average or marginal, lifecycle or direct; a price's currency"),
    Column("vintage", String, nullable=False),
    Column("state", String, nullable=False, comment="measured, estimated, forecast, fallback or static"),
    Column("valid_from_ms", BigInteger, nullable=False),
    Column("value", Float, nullable=False),
    Index(
        *("figures_key", "valid_from_ms", "quantity", "provider", "zone", "kind", "vintage", "state", "value"),
        unique=True,
    ),
    comment="every figure that something was booked with, kept for ever",
)

renamings = Table(
    "renamings",
    metadata,
    Column("renaming_id", Integer, primary_key=True, autoincrement=True),
    Column("uid", BigInteger, nullable=False),
    Column("pseudonym", BigInteger, nullable=False),
    Column("before_ms", BigInteger, nullable=False, comment="of sessions before this"),
    comment="user numbers that the samples are still to lose",
)

forgotten = Table(
    "forgotten",
    metadata,
    Column("digest", String, primary_key=True, comment="of a user's name: see ledger.forgotten"),
    Column("before_ms", BigInteger, nullable=False, comment="jobs that began before this have no name"),
    comment="users whose names must not come back",
)

factors = Table(
    "factors",
    metadata,
    Column("factor_id", Integer, primary_key=True, autoincrement=True),
    Column("intensity_id", Integer, nullable=False, comment="in figures, as the others; location-based"),
    Column("pue_id", Integer, nullable=False),
    Column("market_id", Integer, nullable=False, comment="0: no contract"),
    Column("price_id", Integer, nullable=False, comment="0: no tariff"),
    Index("factors_key", "intensity_id", "pue_id", "market_id", "price_id", unique=True),
)

intensities = Table(
    "intensities",
    metadata,
    Column("provider", String, primary_key=True),
    Column("zone", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("state", String, primary_key=True, comment="measured, estimated or forecast"),
    Column("start_ms", BigInteger, primary_key=True),
    Column("end_ms", BigInteger, nullable=False),
    Column("g_per_kwh", Float, nullable=False),
    Column("fetched_ms", BigInteger, nullable=False),
    comment="what carbon providers said: the history that factors are made of",
)

revaluations = Table(
    "revaluations",
    metadata,
    Column("revaluation_id", Integer, primary_key=True, autoincrement=True),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    comment="times whose CO2 and cost must be computed again from the booked energy",
)
