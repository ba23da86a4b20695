"""Are there jobs of whose energy nothing is known?"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Select, case, func, select

from aggregator.ledger.tables import allocations, job_totals, jobs
from aggregator.queries.checks.finding import Finding, Level, Question, named
from maxwatt.domain.units import MS_PER_S

AREA: Final = "jobs"
LEAST_S: Final = 120.0
"""A shorter job [s] may end before its node is read twice."""


def checks(asked: Question) -> Iterator[Finding]:
    """Findings about jobs that are booked."""
    unread = job_totals.c.covered_s <= 0
    total, unknown = asked.rows(_booked(asked, func.count(), func.sum(case((unread, 1), else_=0))))[0]
    if not total:
        return
    if not unknown:
        known = f"Of all {total} jobs of the {asked.days_of_jobs} energy is known, of some time at least."
        yield Finding(Level.OK, AREA, known)
        return
    blind = _booked(asked, jobs.c.job_ref).where(unread)
    nodes = select(allocations.c.node, func.count()).where(allocations.c.job_ref.in_(blind))
    rows = asked.rows(nodes.group_by(allocations.c.node).order_by(func.count().desc(), allocations.c.node))
    sentence = (
        f"Of {unknown} of {total} jobs of the {asked.days_of_jobs} nothing is known: "
        "no node of theirs was read meanwhile."
    )
    mend = "Their energy is unknown, not zero. See whether the agent runs on these nodes and can reach the server."
    yield Finding(Level.WARNING, AREA, sentence, mend, named(rows, lambda row: f"{row[0]} ({row[1]})"))


def _booked(asked: Question, *columns: Any) -> Select[Any]:
    """Columns of jobs that ended in the time looked at, are booked and ran long enough to be read."""
    # Not as the length: nearly all jobs are longer, and its index would lead to those of years.
    ran = jobs.c.end_ms >= jobs.c.start_ms + int(LEAST_S * MS_PER_S)
    return (
        select(*columns)
        .select_from(jobs)
        .join(job_totals, job_totals.c.job_ref == jobs.c.job_ref)
        .where(jobs.c.end_ms >= asked.jobs_since_ms, ran)
    )
