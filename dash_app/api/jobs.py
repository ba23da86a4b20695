"""The table of jobs, a page of it at a time."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field

from aggregator.queries import folded
from aggregator.queries.folded import Fold, FoldedRow
from aggregator.queries.jobs import SORT_KEYS
from aggregator.queries.models import JobRow
from dash_app.api.job_filter import JobsWanted
from dash_app.api.resource import Resource
from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer

MAX_LIMIT: Final = 500
MAX_OFFSET: Final = 100_000

Offset = Annotated[
    int, Field(ge=0, le=MAX_OFFSET, description="Rows to leave out. What is further down a narrower time finds.")
]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="Most rows.")]
Descending = Annotated[bool, Field(description="Largest or newest first.")]


@dataclass(frozen=True, slots=True)
class JobsAsked(JobsWanted):
    """Which jobs, and which page of them."""

    sort: Annotated[Literal[*SORT_KEYS], Field(description="By this field; unknown values come last.")] = "start_ms"  # type: ignore[valid-type]
    descending: Descending = True
    offset: Offset = 0
    limit: Limit = 100


@dataclass(frozen=True, slots=True)
class FoldedAsked(JobsWanted):
    """Which jobs, folded by what, and which page of the rows."""

    fold: Annotated[Fold, Field(description="By array, or by user and name.")] = "array"
    sort: Annotated[Literal[*folded.SORT_KEYS], Field(description="By this field; unknown last.")] = "start_ms"  # type: ignore[valid-type]
    descending: Descending = True
    offset: Offset = 0
    limit: Limit = 100


@dataclass(frozen=True, slots=True)
class JobList:
    """A page of the table of jobs.

    Args:
        total: rows of all pages; with `more`, there are more than that.
        offset: rows before this page.
        next_offset: offset of the page after it, null on the last.
    """

    total: int
    more: bool
    offset: int
    next_offset: int | None
    rows: tuple[JobRow, ...]


@dataclass(frozen=True, slots=True)
class FoldedList:
    """A page of the folded table.

    Args:
        total: rows of all pages.
        jobs: jobs that they stand for; with `more`, older ones were not looked at.
        offset: rows before this page.
        next_offset: offset of the page after it, null on the last.
        rows: several jobs as one, or a job that stands alone.
    """

    total: int
    jobs: int
    more: bool
    offset: int
    next_offset: int | None
    rows: tuple[JobRow | FoldedRow, ...]


def jobs(queries: PageQueries, viewer: Viewer, asked: JobsAsked) -> JobList:
    """Jobs, filtered and sorted, a page at a time.

    Who does not see all gets their own jobs, and those of the accounts that they coordinate.
    """
    page = queries.jobs(viewer, asked.filter(), asked.sort, asked.descending, asked.offset, asked.limit)
    after = _after(asked.offset, len(page.rows), page.total, more=page.more)
    return JobList(page.total, page.more, asked.offset, after, page.rows)


def jobs_folded(queries: PageQueries, viewer: Viewer, asked: FoldedAsked) -> FoldedList:
    """Jobs with each array, or all of one user's jobs of one name, as one row."""
    wanted = asked.filter()
    page = queries.folded_jobs(viewer, wanted, asked.fold, asked.sort, asked.descending, asked.offset, asked.limit)
    after = _after(asked.offset, len(page.rows), page.total, more=False)
    return FoldedList(page.total, page.jobs, page.more, asked.offset, after, page.rows)


def _after(offset: int, rows: int, total: int, *, more: bool) -> int | None:
    end = offset + rows
    return end if rows and (end < total or more) and end <= MAX_OFFSET else None


RESOURCES: Final = (
    Resource("/jobs", JobsAsked, JobList, jobs),
    Resource("/jobs/folded", FoldedAsked, FoldedList, jobs_folded),
)
