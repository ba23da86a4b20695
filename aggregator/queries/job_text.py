"""What a search finds: a job by its number, else names of jobs and nodes."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from aggregator.ledger.tables import allocations, jobs
from aggregator.queries.job_detail import has_id
from aggregator.queries.reach import Reach


def text_condition(connection: Connection, text: str, reach: Reach) -> ColumnElement[bool]:
    """Part of the name in any case, a node, an id (`123`), or an array task or het part (`123_4`, `123+1`).

    Numbers are found however old they are: an index has them.
    """
    named = or_(jobs.c.name.icontains(text, autoescape=True), on_nodes((text,)))
    within = named if reach.since_ms is None else and_(jobs.c.start_ms >= reach.since_ms, named)
    numbered = list(_numbered(connection, text))
    if not numbered or connection.execute(select(jobs.c.job_ref).where(or_(*numbered)).limit(1)).first() is None:
        return within  # without the numbers the database finds its way by the start
    return or_(*numbered, within)


def _numbered(connection: Connection, text: str) -> Iterator[ColumnElement[bool]]:
    if is_id(text):
        yield from (has_id(connection, int(text)), jobs.c.array_job_id == int(text), jobs.c.het_job_id == int(text))
    for sign, whole, part in (
        ("_", jobs.c.array_job_id, jobs.c.array_task_id),
        ("+", jobs.c.het_job_id, jobs.c.het_offset),
    ):
        first, _, second = text.partition(sign)
        if is_id(first) and is_id(second):
            yield and_(whole == int(first), part == int(second))


def on_nodes(names: tuple[str, ...]) -> ColumnElement[bool]:
    """Condition on `jobs`: they held something on one of these nodes."""
    return jobs.c.job_ref.in_(select(allocations.c.job_ref).where(allocations.c.node.in_(names)))


def is_id(text: str) -> bool:
    """Whether a text is a number that an id can be; a longer one fits no ledger column."""
    return text.isascii() and text.isdigit() and len(text) < 19
