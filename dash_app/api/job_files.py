"""The table of jobs as one file, sent while it is read."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from itertools import chain
from typing import Final

from aggregator.queries.jobs import MAX_LIMIT
from aggregator.queries.models import JobRow
from dash_app.api.job_filter import JobsWanted
from dash_app.api.problems import refused
from dash_app.api.resource import Resource, adapter
from dash_app.files.formulas import unformula
from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer

MAX_ROWS: Final = 50_000
_OF_EVIDENCE: Final = ("coverage", "uncertainty", "provisional")
_PLAIN: Final = tuple(field.name for field in fields(JobRow) if field.name != "evidence")
COLUMNS: Final = (*_PLAIN, *_OF_EVIDENCE)


def jobs_csv(queries: PageQueries, viewer: Viewer, asked: JobsWanted) -> Iterator[str]:
    """Jobs as a CSV file, oldest first; at most 50 000.

    Unknown values are empty. A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    return chain([_line(COLUMNS)], _texts(queries, viewer, asked, lambda row: _line(_cells(row))))


def jobs_json(queries: PageQueries, viewer: Viewer, asked: JobsWanted) -> Iterator[str]:
    """Jobs as one JSON array, oldest first; at most 50 000."""
    rows = _texts(queries, viewer, asked, lambda row: adapter(JobRow).dump_json(row).decode())
    return chain(["["], _separated(rows), ["]\n"])


def _texts(queries: PageQueries, viewer: Viewer, asked: JobsWanted, write: Callable[[JobRow], str]) -> Iterator[str]:
    """Each job as `write` puts it. The first page is read at once, so that its faults are still told.

    Raises:
        RefusedError: there are too many jobs.
    """
    wanted = asked.filter()

    def page(offset: int, limit: int = MAX_LIMIT) -> tuple[JobRow, ...]:
        return queries.jobs(viewer, wanted, "start_ms", False, offset, limit).rows

    first = page(0)
    if len(first) == MAX_LIMIT and page(MAX_ROWS, 1):
        raise refused(
            f"These are more than the {MAX_ROWS} jobs of one file.",
            "Narrow the filter, such as with since_ms and until_ms, or read /jobs page by page.",
        )
    pages = chain([first], _later(page) if len(first) == MAX_LIMIT else ())
    return (write(row) for rows in pages for row in rows)


def _later(page: Callable[[int], tuple[JobRow, ...]]) -> Iterator[tuple[JobRow, ...]]:
    """The pages after the first, up to one that is not full."""
    for offset in range(MAX_LIMIT, MAX_ROWS, MAX_LIMIT):
        rows = page(offset)
        yield rows
        if len(rows) < MAX_LIMIT:
            return


def _cells(row: JobRow) -> Iterator[object]:
    yield from (unformula(getattr(row, name)) for name in _PLAIN)
    yield from (getattr(row.evidence, name, None) for name in _OF_EVIDENCE)


def _line(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(["" if cell is None else cell for cell in cells])
    return text.getvalue()


def _separated(texts: Iterator[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        yield (",\n" if number else "\n") + text


RESOURCES: Final = (
    Resource("/jobs.csv", JobsWanted, str, jobs_csv, file="jobs.csv"),
    Resource("/jobs.json", JobsWanted, tuple[JobRow, ...], jobs_json, file="jobs.json"),
)
