"""The table of jobs, a page of it at a time."""

from dataclasses import dataclass, fields
from typing import Annotated, Final, Literal

from pydantic import Field

from aggregator.queries.jobs import SORT_KEYS
from aggregator.queries.models import JobFilter, JobRow
from dash_app.api.parameters import Text, Time
from dash_app.api.resource import Resource
from dash_app.ports import PageQueries
from maxwatt.domain.jobs import JobState
from maxwatt.domain.viewer import Viewer

MAX_LIMIT: Final = 500


@dataclass(frozen=True, slots=True)
class JobsWanted:
    """Which jobs."""

    user: Annotated[Text, Field(description="Of this user; empty: of all.")] = ""
    partition: Annotated[Text, Field(description="In this partition; empty: in all.")] = ""
    account: Annotated[Text, Field(description="Of this account; empty: of all.")] = ""
    state: Annotated[Literal["", *JobState.__members__], Field(description="In this state; empty: in any.")] = ""  # type: ignore[valid-type]
    text: Annotated[Text, Field(description="Part of the name or the node list, or an id such as 4711 or 4711_3.")] = ""
    since_ms: Annotated[Time | None, Field(description="That ended after this [epoch ms UTC], or run.")] = None
    until_ms: Annotated[Time | None, Field(description="That started before this [epoch ms UTC].")] = None

    def filter(self) -> JobFilter:
        """The same as the queries have it."""
        return JobFilter(**{field.name: getattr(self, field.name) for field in fields(JobsWanted)})


@dataclass(frozen=True, slots=True)
class JobsAsked(JobsWanted):
    """Which jobs, and which page of them."""

    sort: Annotated[Literal[*SORT_KEYS], Field(description="By this field; unknown values come last.")] = "start_ms"  # type: ignore[valid-type]
    descending: Annotated[bool, Field(description="Largest or newest first.")] = True
    offset: Annotated[int, Field(ge=0, le=10_000_000, description="Rows to leave out.")] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="Most rows.")] = 100


@dataclass(frozen=True, slots=True)
class JobList:
    """A page of the table of jobs.

    Args:
        total: rows of all pages.
        offset: rows before this page.
        next_offset: offset of the page after it, null on the last.
    """

    total: int
    offset: int
    next_offset: int | None
    rows: tuple[JobRow, ...]


def jobs(queries: PageQueries, viewer: Viewer, asked: JobsAsked) -> JobList:
    """Jobs, filtered and sorted, a page at a time.

    Who does not see all gets their own jobs, and those of the accounts that they coordinate.
    """
    page = queries.jobs(viewer, asked.filter(), asked.sort, asked.descending, asked.offset, asked.limit)
    end = asked.offset + len(page.rows)
    return JobList(page.total, asked.offset, end if page.rows and end < page.total else None, page.rows)


RESOURCES: Final = (Resource("/jobs", JobsAsked, JobList, jobs),)
