"""A ledger as the pipeline would leave it after months: made by DuckDB, summed with the ledger's own expressions.

Days before the newest ones are folded. Rows go into the ledger's own tables without its indexes, which follow.
"""

import sqlite3
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import app_jobs
import duckdb
import pyarrow as pa
from app_jobs import CLUSTER, CPUS, GPUS, MEMORY, QUARTER_CPUS, Size
from sqlalchemy import Select, Table, func, select

from aggregator.ledger import tables
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.rollups import Slots, booked_sums
from aggregator.ledger.sums import sums_of_bookings
from maxwatt.domain.energy import COMPONENTS, METHOD_VERSION, Account
from maxwatt.domain.periods import HOUR_MS, Period
from maxwatt.domain.rollups import NODE_DIMENSIONS, SUMS, Dimension
from maxwatt.domain.units import BUCKET_MS, DAY_MS, J_PER_KWH

G_PER_KWH, PRICE = 350.0, 0.3
BATCH = 100_000
WEEK_MS = 7 * DAY_MS
MONDAY_MS = 4 * DAY_MS
"""The first Monday of the epoch."""

SUMMED = {Period.HOUR: (HOUR_MS, 0), Period.DAY: (DAY_MS, 0), Period.UTC_DAY: (DAY_MS, 0),
          Period.WEEK: (WEEK_MS, MONDAY_MS)}  # fmt: skip


def make(path: Path, size: Size) -> int:
    """A ledger of this size at a path; returns how many bookings it holds."""
    path.unlink(missing_ok=True)
    _empty(path, size)
    with duckdb.connect(config={"threads": 2, "memory_limit": "3GB", "preserve_insertion_order": True}) as made:
        made.execute("SET enable_progress_bar = false")
        made.register("given", app_jobs.jobs(size))
        made.execute("CREATE TABLE jobs AS SELECT * FROM given")
        _book(made, size)
        with sqlite3.connect(path, isolation_level=None) as ledger:
            _fill(made, ledger, size)
        (count,) = made.execute("SELECT count(*) FROM bookings").fetchone() or (0,)
    return int(count)


def _empty(path: Path, size: Size) -> None:
    """Tables, and the few facts that are no rows by the thousand."""
    ledger = Ledger.open(f"sqlite:///{path}")
    ledger.claim(CLUSTER)
    ledger.put_fact("simulated", "1")
    ledger.put_fact("rollups_zone", "UTC")
    ledger.freeze(size.full_ms)
    ledger.record_source("samples", size.end_ms, size.end_ms)
    ledger.close()


def _book(made: duckdb.DuckDBPyConnection, size: Size) -> None:
    """Bookings of every job and node: of 15 minutes in the newest days, of whole days before."""
    made.execute("CREATE TABLE users (uid BIGINT, name VARCHAR)")
    made.execute("CREATE TABLE held AS SELECT *, unnest(range(first_node, first_node + nodes)) AS n FROM jobs")
    full = f"SELECT *, {BUCKET_MS} AS step_ms, greatest(start_ms, {size.full_ms}) AS low, end_ms AS high FROM held"
    folded = f"SELECT *, {DAY_MS} AS step_ms, start_ms AS low, least(end_ms, {size.full_ms}) AS high FROM held"
    cut = "unnest(range(low - low % step_ms, high, step_ms)) AS bucket_ms"
    made.execute(f"""
        CREATE TABLE parts AS SELECT bucket_ms, n, job_ref, use, step_ms,
            (least(high, bucket_ms + step_ms) - greatest(low, bucket_ms)) / 1000.0 AS s
        FROM (SELECT *, {cut} FROM ({full}) WHERE low < high UNION ALL SELECT *, {cut} FROM ({folded}) WHERE low < high)
    """)
    made.execute(_BOOKINGS)
    made.execute(_measured())


def _energies(use: str, static: str) -> str:
    """Columns of energy [J] of `s` seconds: by use of a quarter of a node, and by part of its idle power."""
    return f"""
        120 * {static} * s AS cpu_static_j, 70 * {use} * s AS cpu_dynamic_j, 24 * {static} * s AS dram_static_j,
        4 * {use} * s AS dram_dynamic_j, if(n % 4 = 0, 180 * {static} * s, 0) AS gpu_static_j,
        if(n % 4 = 0, 300 * {use} * s, 0) AS gpu_dynamic_j, 40 * {static} * s AS rest_static_j,
        6 * {use} * s AS rest_dynamic_j"""


_ACCOUNTS = f"""
    SELECT bucket_ms, n, {int(Account.JOB)} AS account, job_ref, s, step_ms, use, 0.25 AS share FROM parts
    UNION ALL
    SELECT bucket_ms, n, {int(Account.SYSTEM)}, 0, step_ms / 1000.0, step_ms, 0.1, 0.0 FROM nodes_of_buckets
    UNION ALL
    SELECT bucket_ms, n, {int(Account.IDLE)}, 0, step_ms / 1000.0, step_ms, 0.0, greatest(0, 1 - held)
    FROM nodes_of_buckets
"""

_BOOKINGS = f"""
    CREATE TABLE nodes_of_buckets AS
        SELECT bucket_ms, n, any_value(step_ms) AS step_ms, sum(s) * 250 / any_value(step_ms) AS held
        FROM parts GROUP BY ALL;
    CREATE TABLE bookings AS
    WITH drawn AS (SELECT *, {_energies("use", "share")} FROM ({_ACCOUNTS})),
    summed AS (SELECT *, cpu_static_j + cpu_dynamic_j + dram_static_j + dram_dynamic_j + gpu_static_j
        + gpu_dynamic_j AS counted_j, rest_static_j + rest_dynamic_j AS modelled_j FROM drawn)
    SELECT bucket_ms, printf('wn%04d', n) AS node, account, job_ref, cpu_static_j, cpu_dynamic_j, dram_static_j,
        dram_dynamic_j, gpu_static_j, gpu_dynamic_j, rest_static_j, rest_dynamic_j, counted_j, 0.0 AS integrated_j,
        0.0 AS interpolated_j, 0.0 AS accounted_j, modelled_j,
        if(account = 0, use * s * {QUARTER_CPUS}, NULL) AS cpu_used_s, if(account = 0, s * {QUARTER_CPUS}, 0.0) AS
        cpu_reserved_s, s AS held_s, s AS covered_s, s * share AS share_s,
        if(account = 0, (cpu_static_j + dram_static_j) * (1 - use), NULL) AS waste_j,
        if(account = 0, (1 << 30) * (10 + 100 * use), NULL) AS memory_peak_bytes, 0.03 + use / 50 AS uncertainty,
        (counted_j + modelled_j) * {G_PER_KWH / J_PER_KWH} AS co2_g, NULL::DOUBLE AS co2_market_g,
        (counted_j + modelled_j) * {PRICE / J_PER_KWH} AS cost, NULL::DOUBLE AS embodied_g, 1 AS factor_id,
        {METHOD_VERSION} AS method_version, 1 AS revision
    FROM summed ORDER BY bucket_ms, node, account, job_ref
"""


def _measured() -> str:
    parts = ", ".join(f"sum({each}_static_j + {each}_dynamic_j) AS {each}_j" for each in COMPONENTS)
    return f"""
        CREATE TABLE measured AS SELECT bucket_ms, node, {parts}, max(held_s) AS covered_s,
        (max(held_s) / {BUCKET_MS // 1000})::INTEGER AS buckets FROM bookings GROUP BY ALL ORDER BY ALL"""


def _fill(made: duckdb.DuckDBPyConnection, ledger: sqlite3.Connection, size: Size) -> None:
    indexes = ledger.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    ledger.execute("PRAGMA journal_mode = OFF")
    ledger.execute("PRAGMA synchronous = OFF")
    ledger.execute("PRAGMA cache_size = -400000")
    for name, _ in indexes:
        ledger.execute(f'DROP INDEX "{name}"')
    ledger.execute("BEGIN")
    for table, query in _queries(size):
        _copy(made, ledger, table, query)
    for _, statement in indexes:
        ledger.execute(statement)
    ledger.execute("COMMIT")
    ledger.execute("PRAGMA journal_mode = WAL")


def _queries(size: Size) -> Iterator[tuple[Table, str]]:
    """What each table holds, as columns by name; those not named are null, 0 or empty."""
    yield (
        tables.nodes,
        f"""
        SELECT printf('wn%04d', n) AS node, {CPUS} AS cpus, {MEMORY} AS memory_bytes, if(n % 4 = 0, {GPUS}, 0) AS gpus,
        'shared,multi,wide' AS partitions, {size.end_ms} AS seen_ms, {size.first_ms} AS first_seen_ms
        FROM (SELECT unnest(range({size.nodes})) AS n)""",
    )
    yield (
        tables.figures,
        """
        SELECT * FROM (VALUES (1, 'intensity', 'config', 'DE', 'average, lifecycle', '2026', 'static', 0, 350.0),
        (2, 'pue', 'config', '', '', '', 'static', 0, 1.0), (3, 'price', 'config', '', 'EUR', '', 'static', 0, 0.3))
        AS t(figure_id, quantity, provider, zone, kind, vintage, state, valid_from_ms, value)""",
    )
    yield tables.factors, "SELECT 1 AS factor_id, 1 AS intensity_id, 2 AS pue_id, 0 AS market_id, 3 AS price_id"
    yield (
        tables.jobs,
        f"""
        SELECT job_ref, '{CLUSTER}' AS cluster, job_id, start_ms, state, "user", name, account, "partition", qos,
        submit_ms, if(running, NULL, end_ms) AS end_ms, 86400 AS time_limit_s, if(running, NULL, 0) AS exit_code,
        {QUARTER_CPUS} * nodes AS cpus, nodes AS node_count, {MEMORY // 4} * nodes AS memory_bytes,
        if(nodes = 1, printf('wn%04d', first_node), printf('wn[%04d-%04d]', first_node, first_node + nodes - 1))
        AS node_list, use * {QUARTER_CPUS} * nodes * (end_ms - start_ms) / 1000.0 AS total_cpu_s,
        '/home/' || "user" || '/run.sh' AS command, '/home/' || "user" || '/' || name AS work_dir,
        'slurm-' || job_id || '.out' AS stdout, 'slurm-' || job_id || '.out' AS stderr, array_job_id, array_task_id,
        'scontrol+sacct' AS source, end_ms AS seen_ms FROM jobs ORDER BY job_ref""",
    )
    yield (
        tables.allocations,
        f"""
        SELECT job_ref, printf('wn%04d', n) AS node, {QUARTER_CPUS}.0 AS cpus, {MEMORY // 4}.0 AS memory_bytes,
        if(n % 4 = 0, (job_ref % {GPUS})::VARCHAR, '') AS gpus FROM held ORDER BY job_ref, n""",
    )
    yield tables.bookings, "SELECT * FROM bookings"
    yield tables.measured, "SELECT * FROM measured"
    yield (
        tables.windows,
        f"""
        SELECT bucket_ms, if(bucket_ms < {size.full_ms}, 'folded', 'closed') AS state,
        bucket_ms + 7200000 AS computed_ms, 1 AS revision, 0.0 AS closure_error
        FROM (SELECT unnest(range({size.first_ms}, {size.end_ms}, {BUCKET_MS})) AS bucket_ms)""",
    )
    yield (
        tables.idle_powers,
        f"""
        SELECT day_ms, printf('wn%04d', n) AS node, component, power_w, 100 AS intervals, 'calibrated' AS origin, 1 AS
        revision, true AS frozen FROM (SELECT unnest(range({size.full_ms}, {size.end_ms}, {DAY_MS})) AS day_ms), (SELECT
        unnest(range({size.nodes})) AS n), (VALUES ('cpu', 120.0), ('dram', 24.0), ('gpu', 45.0)) AS c(component,
        power_w) WHERE component <> 'gpu' OR n % 4 = 0 ORDER BY ALL""",
    )
    yield tables.job_totals, _totals()
    for period, slots in _slots(size):
        for dimension in Dimension:
            yield tables.rollups, _rollup(period, dimension, slots)


def _slots(size: Size) -> Iterator[tuple[Period, Slots]]:
    first_ms, end_ms = size.first_ms, size.end_ms
    for period, (step_ms, origin_ms) in SUMMED.items():
        since_ms = first_ms - (first_ms - origin_ms) % step_ms
        if period is Period.HOUR:
            since_ms = max(since_ms, end_ms - end_ms % DAY_MS - 100 * DAY_MS)
        until_ms = end_ms - end_ms % DAY_MS if period is Period.UTC_DAY else end_ms
        yield period, Slots(since_ms, until_ms, origin_ms, step_ms)
    months = [ms for ms in range(first_ms, end_ms, DAY_MS) if _is_first(ms)]
    for start_ms, next_ms in zip([first_ms, *months], [*months, end_ms], strict=True):
        yield Period.MONTH, Slots(start_ms, next_ms, _month_of(start_ms), 40 * DAY_MS)


def _is_first(ms: int) -> bool:
    return _month_of(ms) == ms


def _month_of(ms: int) -> int:
    from zoneinfo import ZoneInfo

    from maxwatt.domain.periods import start_of

    return start_of(Period.MONTH, ms, ZoneInfo("UTC"))


def _rollup(period: Period, dimension: Dimension, slots: Slots) -> str:
    """The ledger's own sums, as text that DuckDB reads; groups of nodes are one group here."""
    fine = Dimension.NODE if dimension in NODE_DIMENSIONS else dimension
    found = _text(booked_sums(fine, slots))
    name = "'bench' AS name" if dimension is Dimension.NODE_GROUP else "name"
    sums = ", ".join(f"sum({each}) AS {each}" for each in SUMS)
    return f"""
        SELECT {int(period)} AS period, start_ms, {int(dimension)} AS dimension, {name}, account, {sums},
        sum(jobs_started) AS jobs_started, min(method_version) AS method_version FROM ({found}) GROUP BY ALL ORDER BY
        start_ms, name, account"""


def _totals() -> str:
    booked = tables.bookings.c
    per_node = (
        select(booked.job_ref, *sums_of_bookings(), func.max(booked.memory_peak_bytes).label("memory_peak_bytes"))
        .add_columns(func.min(booked.bucket_ms).label("first_ms"), func.max(booked.bucket_ms).label("last_ms"))
        .where(booked.account == int(Account.JOB))
        .group_by(booked.job_ref, booked.node)
    )
    sums = ", ".join(f"sum({each}) AS {each}" for each in (*SUMS, "memory_peak_bytes"))
    return f"""
        SELECT job_ref, {sums}, min(first_ms) AS first_ms, max(last_ms) AS last_ms, {METHOD_VERSION} AS method_version,
            count(memory_peak_bytes) AS peak_nodes
        FROM ({_text(per_node)}) GROUP BY job_ref ORDER BY job_ref"""


def _text(statement: Select[tuple[object, ...]]) -> str:
    return str(statement.compile(compile_kwargs={"literal_binds": True}))


def _copy(made: duckdb.DuckDBPyConnection, ledger: sqlite3.Connection, table: Table, query: str) -> None:
    """Rows of a query into a table, in statements of many rows."""
    reader = made.sql(query).to_arrow_reader(BATCH)
    known = {field.name for field in reader.schema}
    columns = [column.name for column in table.columns if column.name in known or not _may_lack(column)]
    listed = ", ".join(f'"{name}"' for name in columns)
    row = f"({', '.join('?' * len(columns))})"
    at_once = 30_000 // len(columns)
    head = f'INSERT INTO "{table.name}" ({listed}) VALUES '
    for batch in reader:
        rows = list(zip(*(_values(batch, table, name) for name in columns), strict=True))
        for first in range(0, len(rows), at_once):
            some = rows[first : first + at_once]
            ledger.execute(head + ", ".join([row] * len(some)), list(chain.from_iterable(some)))


def _may_lack(column: object) -> bool:
    return bool(column.nullable or column.server_default)  # type: ignore[attr-defined]  # a column of SQLAlchemy


def _values(batch: pa.RecordBatch, table: Table, name: str) -> list[object]:
    if name in batch.schema.names:
        column = batch.column(name)
        # A number written with a point is a decimal to DuckDB; SQLite knows none.
        return list((column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column).to_pylist())
    python = table.c[name].type.python_type
    return [python()] * batch.num_rows
