"""A job on all of its nodes from its bookings: cheap however many nodes and days it has, and as coarse as a bucket."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, func, literal_column, select

from aggregator.ledger.rows import Row, plain_rows
from aggregator.ledger.tables import allocations, bookings, factors, figures
from aggregator.queries.expressions import energy_of, sum_if_all_known
from aggregator.queries.job_models import IntensitySeries, JobWindows
from maxwatt.domain.energy import Account
from maxwatt.domain.units import BUCKET_MS

MAX_CELLS: Final = 60_000
"""Most cells, nodes times steps, of one answer."""

# The statements are made once: that takes about as long as to ask them of a small job.
_MINE: Final = (bookings.c.job_ref == bindparam("job_ref")) & (bookings.c.account == int(Account.JOB))
_SPAN: Final = select(
    func.min(bookings.c.bucket_ms), func.max(bookings.c.bucket_ms), func.count(bookings.c.node.distinct())
).where(_MINE)
_FIRST_MS, _STEP_MS = (bindparam(name, type_=BigInteger) for name in ("first_ms", "step_ms"))
_STEP: Final = ((bookings.c.bucket_ms - _FIRST_MS) // _STEP_MS).label("step")
_BUCKETS: Final = select(
    bookings.c.node,
    _STEP,
    energy_of(),
    *(bookings.c[name] for name in ("held_s", "covered_s", "cpu_used_s", "cpu_reserved_s", "memory_peak_bytes")),
).where(_MINE)
"""Bookings as they are, where a step is a bucket: to group them takes as long again."""
_STEPS: Final = (
    select(
        bookings.c.node,
        _STEP,
        *(func.sum(each) for each in (energy_of(), bookings.c.held_s, bookings.c.covered_s)),
        sum_if_all_known(bookings.c.cpu_used_s, bookings.c.cpu_reserved_s),
        func.sum(bookings.c.cpu_reserved_s),
        func.max(bookings.c.memory_peak_bytes),
    )
    .where(_MINE)
    .group_by(bookings.c.node, literal_column(_STEP.name))
)
_TIMES: Final = select(bookings.c.bucket_ms).where(_MINE).distinct().subquery("buckets")
_ONE: Final = bookings.alias()
_FACTORS: Final = select(
    _TIMES.c.bucket_ms,
    select(_ONE.c.factor_id)
    .where(_ONE.c.bucket_ms == _TIMES.c.bucket_ms, _ONE.c.job_ref == bindparam("job_ref"))
    .where(_ONE.c.account == int(Account.JOB), _ONE.c.factor_id.is_not(None))
    .limit(1)
    .scalar_subquery(),
)


def job_windows(connection: Connection, job_ref: int, max_steps: int) -> JobWindows | None:
    """The job in at most `max_steps` steps of whole buckets, fewer where it has many nodes; None: nothing is booked."""
    first_ms, last_ms, count = connection.execute(_SPAN, {"job_ref": job_ref}).one()
    if first_ms is None:
        return None
    steps = max(1, min(max_steps, MAX_CELLS // count))
    step_ms = -(-((last_ms - first_ms) // BUCKET_MS + 1) // steps) * BUCKET_MS
    asked = {"job_ref": job_ref, "first_ms": first_ms, "step_ms": step_ms}
    cells = plain_rows(connection, _BUCKETS if step_ms == BUCKET_MS else _STEPS, asked)
    held = select(allocations.c.node, allocations.c.memory_bytes).where(allocations.c.job_ref == job_ref)
    starts_ms = tuple(range(first_ms, last_ms + 1, step_ms))
    memory: dict[str, float] = dict(plain_rows(connection, held))
    return _windows(cells, starts_ms, step_ms, memory)


def _windows(cells: Sequence[Row], starts_ms: tuple[int, ...], step_ms: int, memory: Mapping[str, float]) -> JobWindows:
    nodes = tuple(sorted({cell[0] for cell in cells}))
    place = {node: number for number, node in enumerate(nodes)}
    power_w, cpu_ratio, memory_bytes = (_blank(nodes, starts_ms) for _ in range(3))
    held_s = [[0.0] * len(starts_ms) for _ in nodes]
    for node, at, energy_j, held, covered_s, used_s, reserved_s, peak_bytes in cells:
        row, step = place[node], int(at)
        held_s[row][step] = held
        memory_bytes[row][step] = peak_bytes
        if held > 0 and (covered_s > 0 or energy_j):
            power_w[row][step] = energy_j / held
        if used_s is not None and reserved_s:
            cpu_ratio[row][step] = used_s / reserved_s
    return JobWindows(
        nodes=nodes,
        start_ms=starts_ms,
        step_ms=step_ms,
        power_w=tuple(map(tuple, power_w)),
        cpu_ratio=tuple(map(tuple, cpu_ratio)),
        memory_bytes=tuple(map(tuple, memory_bytes)),
        held_s=tuple(map(tuple, held_s)),
        memory_held_bytes=tuple(memory.get(node, 0.0) for node in nodes),
    )


def _blank(nodes: Sequence[str], starts_ms: Sequence[int]) -> list[list[float | None]]:
    return [[None] * len(starts_ms) for _ in nodes]


def busiest_cpus(connection: Connection, job_ref: int) -> float | None:
    """Most CPUs in use on any node, mean over a bucket of which the job held a minute or more; None where unknown."""
    used, held_s = bookings.c.cpu_used_s, bookings.c.held_s
    mine = (bookings.c.job_ref == job_ref) & (bookings.c.account == int(Account.JOB)) & (held_s >= 60)
    most = select(func.max(used / held_s), func.count(), func.count(used)).where(mine)
    value, rows, known = connection.execute(most).one()
    return float(value) if rows and rows == known else None


def job_intensity(connection: Connection, job_ref: int) -> IntensitySeries:
    """The carbon intensity of each booked bucket, neighbours with the same figure together; PUE is not in it.

    One booking of each bucket is looked at: a large job has hundreds.
    """
    used = sorted((int(ms), number) for ms, number in connection.execute(_FACTORS, {"job_ref": job_ref}))
    values = _intensities(connection, {number for _, number in used if number is not None})
    starts: list[int] = []
    ends: list[int] = []
    known: list[float | None] = []
    for start_ms, number in used:
        value = values.get(number)
        if starts and ends[-1] == start_ms and known[-1] == value:
            ends[-1] = start_ms + BUCKET_MS
            continue
        starts.append(start_ms)
        ends.append(start_ms + BUCKET_MS)
        known.append(value)
    return IntensitySeries(tuple(starts), tuple(ends), tuple(known))


def _intensities(connection: Connection, numbers: set[int]) -> dict[int, float]:
    if not numbers:
        return {}
    within = factors.c.factor_id.between(min(numbers), max(numbers))
    joined = select(factors.c.factor_id, figures.c.value).join(figures, figures.c.figure_id == factors.c.intensity_id)
    return {number: value for number, value in connection.execute(joined.where(within)) if number in numbers}
