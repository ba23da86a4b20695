"""Jobs about which something is still to come: those that run, and those that accounting has not reported."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select, update

from aggregator.ledger import known as knowledge
from aggregator.ledger import marks, windows
from aggregator.ledger.jobs import load
from aggregator.ledger.tables import jobs
from maxwatt.domain.jobs import JobKey, JobState


@dataclass(frozen=True, slots=True)
class Unaccounted:
    """A job that ended and of which accounting has said nothing yet."""

    key: JobKey
    end_ms: int


def running(connection: Connection) -> dict[JobKey, int]:
    """Jobs without an end, and when the controller last reported them [epoch ms UTC]."""
    columns = (jobs.c.cluster, jobs.c.job_id, jobs.c.start_ms, jobs.c.seen_ms)
    found = connection.execute(select(*columns).where(jobs.c.end_ms.is_(None)))
    return {JobKey(*row[:3]): int(row[3]) for row in found}


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
    latest_ms: dict[tuple[str, int], int] = {}
    for key in started:
        job = (key.cluster, key.job_id)
        latest_ms[job] = max(key.start_ms, latest_ms.get(job, 0))
    found: dict[JobKey, int] = {}
    for key, seen_ms in running(connection).items():
        next_ms = latest_ms.get((key.cluster, key.job_id), 0)
        if key.start_ms < next_ms:
            found[key] = min(seen_ms, next_ms)
    return _end(connection, found)


def _end(connection: Connection, ends_ms: Mapping[JobKey, int]) -> int:
    """End jobs, each not before its start; returns how many."""
    known = load(connection, set(ends_ms))
    for key, (ref, before) in known.items():
        end_ms = max(ends_ms[key], key.start_ms)
        after = replace(before, state=JobState.UNKNOWN, end_ms=end_ms, state_reason=knowledge.VANISHED)
        values = {"state": after.state.value, "end_ms": end_ms, "state_reason": after.state_reason}
        connection.execute(update(jobs).where(jobs.c.job_ref == ref).values(**values))
        span = marks.affected(before, after)
        for held in after.allocations if span else ():
            windows.mark(connection, held.node, *span)  # type: ignore[misc]  # no loop without a span
    return len(known)
