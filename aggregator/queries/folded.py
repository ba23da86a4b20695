"""Jobs that belong together as one row: the tasks of an array, or the jobs of one name."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import median
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, Row, and_, select

from aggregator.ledger.tables import job_totals, jobs
from aggregator.queries.expressions import visible
from aggregator.queries.job_conditions import BOOKED, conditions, elapsed_s
from aggregator.queries.job_rows import job_rows
from aggregator.queries.jobs import MAX_LIMIT
from aggregator.queries.models import JobFilter, JobRow
from maxwatt.domain.errors import InputError
from maxwatt.domain.viewer import Viewer

Fold = Literal["array", "name"]
"""`array`: tasks of one array; `name`: jobs of one user with one name."""

FOLDS: Final = get_args(Fold)

MAX_FOLDED: Final = 2000
"""The newest jobs that match, so many of them, are folded."""

_SAME: Final = ("user", "account", "partition", "qos", "name")
_SUMMED: Final = ("elapsed_s", "energy_j", "waste_j", "co2_g", "cost")
_MIDDLE: Final = ("cpu_efficiency", "memory_efficiency")
_LARGEST: Final = ("node_count", "cpus", "gpu_count", "start_ms")


@dataclass(frozen=True, slots=True)
class FoldedRow:
    """Several jobs as one row.

    Args:
        job_id: number of the array; of jobs of one name, the newest one's id.
        user, account, partition, qos, name: empty where they differ.
        state: the most frequent one of `states`, which counts them.
        start_ms: newest start; `first_ms` the oldest.
        node_count, cpus, gpu_count: of the largest job.
        elapsed_s, energy_j, waste_j, co2_g, cost: sums of what is known, None where nothing is.
        unknown: of how many jobs each sum knows nothing.
        cpu_efficiency, memory_efficiency: medians of what is known.
    """

    fold: Fold
    job_id: int
    count: int
    user: str
    account: str
    partition: str
    qos: str
    name: str
    state: str
    states: Mapping[str, int]
    first_ms: int
    start_ms: int
    node_count: int
    cpus: int
    gpu_count: int
    elapsed_s: float
    energy_j: float | None
    waste_j: float | None
    co2_g: float | None
    cost: float | None
    cpu_efficiency: float | None
    memory_efficiency: float | None
    unknown: Mapping[str, int]


SORT_KEYS: Final = ("count", "job_id", "state", *_SAME, *_SUMMED, *_MIDDLE, *_LARGEST)
"""Fields of FoldedRow that the folded table can be sorted by."""


@dataclass(frozen=True, slots=True)
class FoldedPage:
    """A slice of the folded table: its rows in all, the jobs that they stand for, whether there are older jobs."""

    rows: tuple[JobRow | FoldedRow, ...]
    total: int
    jobs: int
    more: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A row and the newest of its jobs."""

    row: FoldedRow
    job_ref: int


def folded_page(
    connection: Connection,
    viewer: Viewer,
    wanted: JobFilter,
    now_ms: int,
    *,
    fold: Fold,
    sort: str,
    descending: bool,
    offset: int,
    limit: int,
) -> FoldedPage:
    """Rows `offset` to `offset + limit` of the newest MAX_FOLDED jobs, folded; a job alone stays a job.

    Raises:
        InputError: an unknown fold or sort key, a negative offset or limit, or a filter that cannot be read.
    """
    if fold not in FOLDS or sort not in SORT_KEYS:
        raise InputError(f"jobs are folded by {', '.join(FOLDS)} and sorted by {', '.join(SORT_KEYS)}")
    if offset < 0 or limit < 0:
        raise InputError(f"offset and limit must not be negative, not {offset} and {limit}")
    found = _newest(connection, viewer, wanted, now_ms)
    groups = ordered(folded(found[:MAX_FOLDED], fold), sort, descending)
    page = groups[offset : offset + min(limit, MAX_LIMIT)]
    alone = [group.job_ref for group in page if group.row.count == 1]
    single = dict(zip(alone, job_rows(connection, alone, now_ms), strict=True))
    rows = tuple(single.get(group.job_ref, group.row) for group in page)
    return FoldedPage(rows, len(groups), min(len(found), MAX_FOLDED), len(found) > MAX_FOLDED)


def _newest(connection: Connection, viewer: Viewer, wanted: JobFilter, now_ms: int) -> Sequence[Row[Any]]:
    figures = (elapsed_s(now_ms).label("elapsed_s"), *(value.label(name) for name, value in BOOKED.items()))
    condition = and_(visible(viewer), *conditions(connection, wanted, now_ms))
    statement = (
        select(*(jobs.c[name] for name in _READ), *figures)
        .outerjoin_from(jobs, job_totals, job_totals.c.job_ref == jobs.c.job_ref)
        .where(condition)
        .order_by(jobs.c.start_ms.desc(), jobs.c.job_ref.desc())
        .limit(MAX_FOLDED + 1)
    )
    return connection.execute(statement).all()


_READ: Final = (*("job_ref", "job_id", "cluster", "array_job_id", "state"), *_SAME, *_LARGEST)


def folded(found: Iterable[Any], fold: Fold) -> list[Group]:
    """Jobs, newest first, in groups that keep the place of their newest job."""
    together: dict[object, list[Any]] = defaultdict(list)
    for job in found:
        together[_key(job, fold)].append(job)
    return [Group(_folded_row(members, fold), members[0].job_ref) for members in together.values()]


def _key(job: Any, fold: Fold) -> object:
    if fold == "name":
        return (job.user, job.name)
    return job.job_ref if job.array_job_id is None else (job.cluster, job.array_job_id)


def _folded_row(members: Sequence[Any], fold: Fold) -> FoldedRow:
    newest = members[0]
    states = Counter(job.state for job in members)
    values: dict[str, list[Any]] = {
        name: [getattr(job, name) for job in members] for name in (*_SAME, *_SUMMED, *_MIDDLE, *_LARGEST)
    }
    known = {name: [value for value in values[name] if value is not None] for name in (*_SUMMED, *_MIDDLE)}
    same: dict[str, Any] = {name: values[name][0] if len(set(values[name])) == 1 else "" for name in _SAME}
    sums: dict[str, Any] = {name: sum(known[name]) if known[name] else None for name in _SUMMED}
    middle: dict[str, Any] = {name: median(known[name]) if known[name] else None for name in _MIDDLE}
    return FoldedRow(
        fold=fold,
        job_id=newest.job_id if fold == "name" or newest.array_job_id is None else newest.array_job_id,
        count=len(members),
        **same,
        state=states.most_common(1)[0][0],
        states=dict(states.most_common()),
        first_ms=min(values["start_ms"]),
        **{name: max(values[name]) for name in _LARGEST},
        **sums,
        **middle,
        unknown={name: len(members) - len(known[name]) for name in _SUMMED},
    )


def ordered(groups: list[Group], sort: str, descending: bool) -> list[Group]:
    """In the order of a field of their rows, unknown values last."""
    value = attrgetter(f"row.{sort}")
    known = sorted((group for group in groups if value(group) is not None), key=value, reverse=descending)
    return known + [group for group in groups if value(group) is None]
