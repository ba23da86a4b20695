"""What a search finds: jobs by their number, where there are such; else by their name or a node."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from aggregator.ledger.tables import allocations, jobs
from aggregator.queries.expressions import visible
from aggregator.queries.job_detail import has_id
from maxwatt.domain.viewer import Viewer


def numbered(connection: Connection, text: str) -> ColumnElement[bool]:
    """Condition on `jobs`: an id (`123`), or an array task or het part (`123_4`, `123+1`); no job has another text."""
    return or_(false(), *_numbered(connection, text))


def is_number(connection: Connection, viewer: Viewer, text: str) -> bool:
    """Whether a text is the number of a job that the viewer may see."""
    found = select(jobs.c.job_ref).where(visible(viewer, first=False), numbered(connection, text)).limit(1)
    return any(sign.isdigit() for sign in text) and connection.execute(found).first() is not None


def named(connection: Connection, text: str) -> ColumnElement[bool]:
    """Condition on `jobs`: part of the name in any case, or a node."""
    # SQLite's LIKE minds no case: to lower each name before takes as long again.
    contains = jobs.c.name.contains if connection.dialect.name == "sqlite" else jobs.c.name.icontains
    return or_(contains(text, autoescape=True), on_nodes((text,)))


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
