"""Jobs that belong together as one row: the tasks of an array, or the jobs of one name."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from statistics import median, mode
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from aggregator.ledger.tables import job_totals, jobs
from aggregator.queries.expressions import Expression
from aggregator.queries.job_conditions import BOOKED, conditions, elapsed_s
from aggregator.queries.job_rows import job_rows
from aggregator.queries.jobs import MAX_LIMIT
from aggregator.queries.models import JobFilter, JobRow
from aggregator.queries.reach import Order, reach_of
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
_KEYS: Final = ("job_ref", "job_id", "cluster", "array_job_id", "start_ms", "user", "name")
"""What jobs are folded by."""

Group = Sequence[Any]
"""Jobs of one row, newest first."""


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
    """A slice of the folded table: its rows in all, the jobs that they stand for, whether there are older jobs.

    Args:
        since_ms: jobs that began before this were not looked at [epoch ms]; None: all were.
    """

    rows: tuple[JobRow | FoldedRow, ...]
    total: int
    jobs: int
    more: bool
    since_ms: int | None = None


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
    reach = reach_of(connection, viewer, wanted, Order("start_ms", descending=True, count=MAX_FOLDED + 1))
    condition = conditions(connection, viewer, wanted, reach, now_ms)
    found = _newest(connection, condition, now_ms, sort)
    groups = ordered(together(found[:MAX_FOLDED], fold), fold, sort, descending)
    rows = _rows(connection, groups[offset : offset + min(limit, MAX_LIMIT)], fold, now_ms)
    more = len(found) > MAX_FOLDED
    return FoldedPage(rows, len(groups), min(len(found), MAX_FOLDED), more, None if more else reach.since_ms)


def _newest(connection: Connection, condition: ColumnElement[bool], now_ms: int, sort: str) -> Sequence[Row[Any]]:
    """The newest jobs with what they are folded and sorted by: the rest is read of the rows that are shown."""
    columns = [column for name, column in _columns(now_ms).items() if name in {*_KEYS, sort}]
    statement = _joined(columns).where(condition).order_by(jobs.c.start_ms.desc(), jobs.c.job_ref.desc())
    return connection.execute(statement.limit(MAX_FOLDED + 1)).all()


def _rows(connection: Connection, groups: Sequence[Group], fold: Fold, now_ms: int) -> tuple[JobRow | FoldedRow, ...]:
    alone = [group[0].job_ref for group in groups if len(group) == 1]
    single = dict(zip(alone, job_rows(connection, alone, now_ms), strict=True))
    folded = [job.job_ref for group in groups if len(group) > 1 for job in group]
    statement = _joined(_columns(now_ms).values()).where(jobs.c.job_ref.in_(folded))
    read = {job.job_ref: job for job in connection.execute(statement)}
    return tuple(
        single[group[0].job_ref] if len(group) == 1 else folded_row([read[job.job_ref] for job in group], fold)
        for group in groups
    )


def _joined(columns: Iterable[Expression]) -> Select[Any]:
    return select(*columns).outerjoin_from(jobs, job_totals, job_totals.c.job_ref == jobs.c.job_ref)


def _columns(now_ms: int) -> dict[str, Expression]:
    figures = {"elapsed_s": elapsed_s(now_ms), **BOOKED}
    return {name: jobs.c[name] for name in (*_KEYS, "state", *_SAME, *_LARGEST)} | {
        name: value.label(name) for name, value in figures.items()
    }


def together(found: Iterable[Any], fold: Fold) -> list[Group]:
    """Jobs, newest first, in groups that keep the place of their newest job."""
    groups: dict[object, list[Any]] = defaultdict(list)
    for job in found:
        groups[_key(job, fold)].append(job)
    return list(groups.values())


def _key(job: Any, fold: Fold) -> object:
    if fold == "name":
        return (job.user, job.name)
    return job.job_ref if job.array_job_id is None else (job.cluster, job.array_job_id)


def ordered(groups: list[Group], fold: Fold, sort: str, descending: bool) -> list[Group]:
    """In the order of a field of their rows, unknown values last."""
    if sort == "start_ms" and descending:  # as they are
        return groups
    values = [(_value(group, fold, sort), group) for group in groups]
    known = sorted((each for each in values if each[0] is not None), key=itemgetter(0), reverse=descending)
    return [group for _, group in known] + [group for value, group in values if value is None]


def folded_row(group: Group, fold: Fold) -> FoldedRow:
    """Jobs, newest first, as one row."""
    states = Counter(job.state for job in group)
    return FoldedRow(
        fold=fold,
        states=dict(states.most_common()),
        first_ms=min(job.start_ms for job in group),
        unknown={name: sum(getattr(job, name) is None for job in group) for name in _SUMMED},
        **{name: _value(group, fold, name) for name in SORT_KEYS},
    )


def _value(group: Group, fold: Fold, name: str) -> Any:
    """A field of the row that a group makes; None where none of its jobs knows it."""
    if name == "count":
        return len(group)
    if name == "job_id":
        return group[0].job_id if fold == "name" or group[0].array_job_id is None else group[0].array_job_id
    values = [value for job in group if (value := getattr(job, name)) is not None]
    return _OF_SEVERAL[name](values) if values else None


def _only(values: Sequence[str]) -> str:
    return values[0] if len(set(values)) == 1 else ""


_OF_SEVERAL: Final[Mapping[str, Callable[[Sequence[Any]], Any]]] = {
    "state": mode,
    **dict.fromkeys(_SAME, _only),
    **dict.fromkeys(_SUMMED, sum),
    **dict.fromkeys(_MIDDLE, median),
    **dict.fromkeys(_LARGEST, max),
}
