"""Jobs about which something is still to come: those that run, and those that accounting has not reported."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, select

from aggregator.ledger import job_writes, marks, windows
from aggregator.ledger import known as knowledge
from aggregator.ledger.jobs import load
from aggregator.ledger.rows import chunks
from aggregator.ledger.tables import jobs
from maxwatt.domain.jobs import JobKey, JobRecord, JobState


@dataclass(frozen=True, slots=True)
class Unaccounted:
    """A job that ended and of which accounting has said nothing yet."""

    key: JobKey
    end_ms: int


def running(connection: Connection) -> dict[JobKey, int]:
    """Jobs without an end, and when the controller last reported them [epoch ms UTC]."""
    return _endless(connection)


def unaccounted(connection: Connection, since_ms: int) -> list[Unaccounted]:
    """Jobs that ended after `since_ms` [epoch ms UTC] and are known from the controller only."""
    columns = (jobs.c.cluster, jobs.c.job_id, jobs.c.start_ms, jobs.c.end_ms)
    live_only = jobs.c.source.in_(sorted(knowledge.LIVE_SOURCES))
    found = select(*columns).where(jobs.c.end_ms > since_ms, live_only).order_by(jobs.c.end_ms)
    return [Unaccounted(JobKey(*row[:3]), int(row[3])) for row in connection.execute(found)]


def end_vanished(connection: Connection, keys: set[JobKey]) -> int:
    """End jobs at the time they were last seen; a later report of one overrides that."""
    return _end(connection, {key: seen_ms for key, seen_ms in running(connection).items() if key in keys})


def end_superseded(connection: Connection, started: Iterable[JobKey]) -> int:
    """End attempts without an end whose job has begun another one since: one at a time is alive.

    A requeue makes such attempts, and so does Slurm where it sets a start anew: when nodes had to be powered up.

    Args:
        started: attempts that were reported.
    """
    latest_ms: dict[str, dict[int, int]] = defaultdict(dict)
    for key in started:
        same = latest_ms[key.cluster]
        same[key.job_id] = max(key.start_ms, same.get(key.job_id, 0))
    found: dict[JobKey, int] = {}
    for cluster, latest in latest_ms.items():
        for some in chunks(sorted(latest)):
            for key, seen_ms in _endless(connection, jobs.c.cluster == cluster, jobs.c.job_id.in_(some)).items():
                if key.start_ms < latest[key.job_id]:
                    found[key] = min(seen_ms, latest[key.job_id])
    return _end(connection, found)


def _endless(connection: Connection, *conditions: ColumnElement[bool]) -> dict[JobKey, int]:
    columns = (jobs.c.cluster, jobs.c.job_id, jobs.c.start_ms, jobs.c.seen_ms)
    found = connection.execute(select(*columns).where(jobs.c.end_ms.is_(None), *conditions))
    return {JobKey(*row[:3]): int(row[3]) for row in found}


def _end(connection: Connection, ends_ms: Mapping[JobKey, int]) -> int:
    """End jobs, each not before its start; returns how many."""
    changes = [(ref, job, _ended(job, ends_ms[key])) for key, (ref, job) in load(connection, set(ends_ms)).items()]
    job_writes.change(connection, changes)
    windows.mark(connection, [each for _, before, after in changes for each in marks.touched(before, after)])
    return len(changes)


def _ended(job: JobRecord, end_ms: int) -> JobRecord:
    end_ms = max(end_ms, job.key.start_ms)
    return replace(job, state=JobState.UNKNOWN, end_ms=end_ms, state_reason=knowledge.VANISHED)
