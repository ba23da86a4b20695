"""From a set of jobs to rows of the job table: each job with the sums of its bookings."""

import operator
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    select,
    union,
)

from aggregator.ledger.rows import plain_dicts
from aggregator.ledger.tables import allocations, bookings, job_totals, jobs, stale_jobs
from aggregator.queries.booked_time import OpenWindows, open_windows
from aggregator.queries.evidence import evidence_of
from aggregator.queries.expressions import Expression, booking_sums, sum_if_all_known, sum_if_never_null
from aggregator.queries.models import Evidence, JobRow
from maxwatt.domain.energy import ENERGY_COLUMNS, EVIDENCE_COLUMNS, Account
from maxwatt.domain.rollups import VALUE_COLUMNS, unknown_of
from maxwatt.domain.tags import tags_of
from maxwatt.domain.units import MS_PER_S, bucket_start_ms

_ADDED = (
    *("energy_j", "energy_static_j", "energy_dynamic_j", "spread_j", "held_s", "covered_s"),
    *EVIDENCE_COLUMNS,
)

_COPIED: Final = (
    *("job_id", "start_ms", "end_ms", "name", "user", "account", "partition", "state", "exit_code", "node_list"),
    *("node_count", "cpus", "gpu_count", "time_limit_s", "array_job_id", "array_task_id"),
    *("het_job_id", "het_offset", "qos"),
)
"""What a row has from the job as it is."""

_REFS: Final[BindParameter[Any]] = bindparam("refs", expanding=True)
"""The jobs that are asked for; the statements are made once: that takes longer than to ask for a hundred jobs."""


def job_rows(connection: Connection, job_refs: Sequence[int], now_ms: int) -> tuple[JobRow, ...]:
    """Rows of these jobs at a time [epoch ms UTC], in this order.

    Their totals are read, and the bookings only of those whose totals do not follow them yet: a large job has 100,000.
    """
    if not job_refs:
        return ()
    windows = open_windows(connection)
    moving = moving_jobs(connection, job_refs)
    parts = ((_SUMMED, [job_ref for job_ref in job_refs if job_ref not in moving]), (_BOOKED, list(moving)))
    found = {
        row["job_ref"]: row
        for statement, refs in parts
        if refs
        for row in plain_dicts(connection, statement, {"refs": refs})
    }
    return tuple(_job_row(found[job_ref], windows, now_ms) for job_ref in job_refs if job_ref in found)


def moving_jobs(connection: Connection, job_refs: Sequence[int]) -> set[int]:
    """Those of these jobs whose totals do not say what their bookings say."""
    return set(connection.execute(_MOVING, {"refs": job_refs}).scalars())


def cpu_efficiency(used_s: Expression, reserved_s: Expression) -> Expression:
    """CPU seconds used / CPU seconds held; without the use, Slurm's TotalCPU / (CPUs x elapsed) of an ended job.

    The time held is what was booked, so that a job under way is judged by the part that is known. Null where neither is
    known. Above 1 is a fault to show, not to clip.
    """
    span_s = (jobs.c.end_ms - jobs.c.start_ms) / float(MS_PER_S)
    accounted = case((jobs.c.total_cpu_s > 0, jobs.c.total_cpu_s / func.nullif(jobs.c.cpus * span_s, 0)))
    return func.coalesce(used_s / func.nullif(reserved_s, 0), accounted)


def _moving() -> CompoundSelect[Any]:
    """Those of `_REFS` whose totals do not say what their bookings say."""
    stale = select(stale_jobs.c.job_ref).where(stale_jobs.c.job_ref.in_(_REFS))
    uncounted = select(job_totals.c.job_ref).where(job_totals.c.job_ref.in_(_REFS), job_totals.c.peak_nodes.is_(None))
    return union(stale, uncounted)


def _summed() -> Subquery:
    """The columns of `_totals` from the totals of whole jobs."""
    column = job_totals.c
    static, dynamic = (
        reduce(operator.add, (column[name] for name in ENERGY_COLUMNS if name.endswith(ending)))
        for ending in ("_static_j", "_dynamic_j")
    )
    strict = {name: column[unknown_of(name)] for name in VALUE_COLUMNS}
    strict |= {"cpu_used_s": column.cpu_unknown_s, "waste_j": column.waste_unknown_j}
    copied = ("job_ref", "spread_j", "held_s", "covered_s", "cpu_reserved_s", "peak_nodes", *EVIDENCE_COLUMNS)
    return (
        select(
            *(column[name] for name in (*copied, "method_version", "first_ms", "last_ms")),
            (static + dynamic).label("energy_j"),
            static.label("energy_static_j"),
            dynamic.label("energy_dynamic_j"),
            column.memory_peak_bytes.label("peak_bytes"),
            *(case((unknown == 0, column[name])).label(name) for name, unknown in strict.items()),
        )
        .where(column.job_ref.in_(_REFS))
        .subquery()
    )


def _statement(totals: Subquery) -> Select[Any]:
    memory = _memory()
    per_node_known = and_(memory.c.nodes == totals.c.peak_nodes, memory.c.smallest_bytes > 0)
    whole_known = and_(jobs.c.node_count == totals.c.peak_nodes, jobs.c.memory_bytes > 0)
    return (
        select(
            *(jobs.c[name] for name in ("job_ref", "comment", *_COPIED)),
            *(column for column in totals.c if column.name != "job_ref"),
            cpu_efficiency(totals.c.cpu_used_s, totals.c.cpu_reserved_s).label("cpu_efficiency"),
            case(
                (per_node_known, totals.c.peak_bytes / memory.c.allocated_bytes),
                (whole_known, totals.c.peak_bytes / jobs.c.memory_bytes),
            ).label("memory_efficiency"),
        )
        .outerjoin(totals, totals.c.job_ref == jobs.c.job_ref)
        .outerjoin(memory, memory.c.job_ref == jobs.c.job_ref)
        .where(jobs.c.job_ref.in_(_REFS))
    )


def _totals() -> Subquery:
    """Per job: first per node, because memory is the sum over nodes of each node's own peak."""
    per_node = (
        select(
            bookings.c.job_ref,
            *booking_sums(),
            sum_if_all_known(bookings.c.cpu_used_s, bookings.c.cpu_reserved_s).label("cpu_used_s"),
            func.sum(bookings.c.cpu_reserved_s).label("cpu_reserved_s"),
            sum_if_all_known(bookings.c.waste_j, bookings.c.held_s).label("waste_j"),
            func.max(bookings.c.memory_peak_bytes).label("peak_bytes"),
        )
        .where(bookings.c.account == int(Account.JOB), bookings.c.job_ref.in_(_REFS))
        .group_by(bookings.c.job_ref, bookings.c.node)
        .subquery()
    )
    part = per_node.c
    strict = [sum_if_never_null(part[name]).label(name) for name in ("cpu_used_s", "waste_j", *VALUE_COLUMNS)]
    return (
        select(
            part.job_ref,
            *(func.sum(part[name]).label(name) for name in _ADDED),
            *strict,
            func.sum(part.cpu_reserved_s).label("cpu_reserved_s"),
            func.sum(part.peak_bytes).label("peak_bytes"),
            func.count(part.peak_bytes).label("peak_nodes"),
            func.min(part.method_version).label("method_version"),
            func.min(part.first_ms).label("first_ms"),
            func.max(part.last_ms).label("last_ms"),
        )
        .group_by(part.job_ref)
        .subquery()
    )


def _memory() -> Subquery:
    held = allocations.c.memory_bytes
    return (
        select(
            allocations.c.job_ref,
            func.sum(held).label("allocated_bytes"),
            func.min(held).label("smallest_bytes"),
            func.count().label("nodes"),
        )
        .where(allocations.c.job_ref.in_(_REFS))
        .group_by(allocations.c.job_ref)
        .subquery()
    )


_MOVING: Final = _moving()
_SUMMED: Final = _statement(_summed())
_BOOKED: Final = _statement(_totals())


def _job_row(row: Mapping[str, Any], windows: OpenWindows, now_ms: int) -> JobRow:
    known = _is_known(row)
    energy_j = row["energy_j"] if known else None
    end_ms = row["end_ms"]
    return JobRow(
        **{name: row[name] for name in _COPIED},
        cpu_efficiency=row["cpu_efficiency"],
        memory_efficiency=row["memory_efficiency"],
        elapsed_s=((now_ms if end_ms is None else end_ms) - row["start_ms"]) / MS_PER_S,
        energy_j=energy_j,
        energy_static_j=row["energy_static_j"] if known else None,
        energy_dynamic_j=row["energy_dynamic_j"] if known else None,
        waste_j=row["waste_j"] if known else None,
        co2_g=row["co2_g"] if known else None,
        co2_market_g=row["co2_market_g"] if known else None,
        cost=row["cost"] if known else None,
        evidence=_evidence(row, windows),
        tags=tags_of(row["comment"]),
    )


def _is_known(row: Mapping[str, Any]) -> bool:
    """A job that no booking covers, or only bookings without a sample and without a joule, has no known energy."""
    return row["held_s"] is not None and (row["covered_s"] > 0 or row["energy_j"] != 0)


def _evidence(row: Mapping[str, Any], windows: OpenWindows) -> Evidence | None:
    if row["held_s"] is None:
        return None
    end_ms = row["end_ms"]
    last_ms = row["last_ms"] if end_ms is None else max(bucket_start_ms(max(end_ms - 1, 0)), row["last_ms"])
    provisional = end_ms is None or windows.touch(row["first_ms"], last_ms)
    return evidence_of(row, row["spread_j"], provisional)
