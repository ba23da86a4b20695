"""Jobs that wait, as the controller last said: nothing is booked of them, and what starts or goes leaves the table."""

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select

from aggregator.ledger.tables import waiting
from maxwatt.domain.jobs import WaitingJob


def replace_all(connection: Connection, found: Iterable[WaitingJob]) -> bool:
    """Make the table what the controller says; whether anything had changed. Of two with one id the last counts."""
    wanted = {(job.cluster, job.job_id): job for job in found}
    known = {(row.cluster, row.job_id): row for row in load(connection)}
    gone = [key for key in known if wanted.get(key) != known[key]]
    new = [job for key, job in wanted.items() if known.get(key) != job]
    for cluster, job_id in gone:
        connection.execute(delete(waiting).where(waiting.c.cluster == cluster, waiting.c.job_id == job_id))
    if new:
        connection.execute(insert(waiting), [asdict(job) for job in new])
    return bool(gone or new)


def load(connection: Connection) -> list[WaitingJob]:
    """Every job that waits."""
    return [WaitingJob(**row) for row in connection.execute(select(waiting)).mappings()]
