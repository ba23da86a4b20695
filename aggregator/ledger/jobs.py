"""Job records in the ledger: each report is combined with what is known, and what it makes wrong is marked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select, update

from aggregator.ledger import forgotten, job_writes, marks, records, windows
from aggregator.ledger import known as knowledge
from aggregator.ledger.rows import as_mapping, chunks
from aggregator.ledger.tables import allocations, jobs, suspensions
from maxwatt.domain.jobs import JobKey, JobRecord, JobState
from maxwatt.domain.merge import is_accounted

Known = dict[JobKey, tuple[int, JobRecord]]
"""Job key to its number in the ledger and its record."""


def upsert(connection: Connection, reports: Iterable[JobRecord], seen_ms: int) -> int:
    """Combine reports with what is known. Jobs that never started have no energy and are left out.

    Args:
        reports: records of any source; later ones of one key are combined with earlier ones.
        seen_ms: when the source said so [epoch ms UTC].

    Returns:
        How many jobs are new or changed.
    """
    started = [report for report in reports if has_started(report)]
    known = load(connection, {report.key for report in started})
    nameless = forgotten.load(connection)
    now = {key: record for key, (_, record) in known.items()}
    changed, wrong = set[JobKey](), list[windows.Touched]()
    for report in started:
        stored = now.get(report.key)
        after = knowledge.combine(stored, nameless.without_person(report, stored), seen_ms)
        if stored != after:
            now[report.key] = after
            changed.add(report.key)
            wrong += marks.touched(stored, after)
    job_writes.add(connection, [now[key] for key in now if key not in known], seen_ms)
    job_writes.change(connection, [(*known[key], now[key]) for key in known if key in changed])
    windows.mark(connection, wrong)
    live = {job.key for job in started if not is_accounted(job)}
    _note_seen(connection, [known[key][0] for key in live if key in known], seen_ms)
    return len(changed)


def has_started(report: JobRecord) -> bool:
    """Whether the attempt began: the start of a pending job is only what Slurm expects."""
    return report.key.start_ms > 0 and report.state is not JobState.PENDING


def load(connection: Connection, keys: set[JobKey]) -> Known:
    """The records of some keys."""
    found: dict[int, Mapping[str, Any]] = {}
    ids: dict[str, set[int]] = defaultdict(set)
    for key in keys:
        ids[key.cluster].add(key.job_id)
    for cluster, numbers in ids.items():  # the index of keys begins with the cluster
        for some in chunks(sorted(numbers)):
            same = (jobs.c.cluster == cluster) & jobs.c.job_id.in_(some)
            rows = map(as_mapping, connection.execute(select(jobs).where(same)))
            found |= {row["job_ref"]: row for row in rows if _key(row) in keys}
    return known_of(connection, found)


def known_of(connection: Connection, rows: Mapping[int, Mapping[str, Any]]) -> Known:
    """Rows of the jobs table by number, with all that belongs to them."""
    held, spans = _by_job(connection, allocations, list(rows)), _by_job(connection, suspensions, list(rows))
    return {_key(row): (ref, records.record_of(row, held[ref], spans[ref])) for ref, row in rows.items()}


def _key(row: Mapping[str, Any]) -> JobKey:
    return JobKey(row["cluster"], row["job_id"], row["start_ms"])


def _by_job(connection: Connection, table: Table, refs: Sequence[int]) -> Mapping[int, list[Mapping[str, Any]]]:
    grouped: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for some in chunks(refs):
        for row in map(as_mapping, connection.execute(select(table).where(table.c.job_ref.in_(some)))):
            grouped[row["job_ref"]].append(row)
    return grouped


def _note_seen(connection: Connection, refs: Sequence[int], seen_ms: int) -> None:
    for some in chunks(sorted(refs)):
        newer = jobs.c.job_ref.in_(some) & (jobs.c.seen_ms < seen_ms)
        connection.execute(update(jobs).where(newer).values(seen_ms=seen_ms))
