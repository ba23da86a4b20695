"""Files about one job: routes of their own, answered to who may see the job, and bounded."""

from typing import Final

from flask import Flask, Response

from aggregator.queries.models import JobHead
from dash_app.auth import current_viewer
from dash_app.components.job_downloads import FILES
from dash_app.files.job_report import job_report
from dash_app.files.job_rows import series_rows, summary_row, window_rows
from dash_app.files.tables import FORMATS, Row
from dash_app.ports import PageQueries
from maxwatt.domain.clock import now_ms
from maxwatt.domain.units import S_PER_H
from maxwatt.domain.viewer import Viewer

MAX_ROWS: Final = 50_000
"""Most rows of a file over time."""
MAX_POINTS: Final = 1000
"""Most steps of one node."""
MAX_NODE_HOURS: Final = 500
"""A job of more is told by its bookings: its samples would take too long to read."""

_NAMES: Final = frozenset(name for name, _, _ in FILES)
_MAX_NUMBER: Final = 10**15


def add_downloads(server: Flask, queries: PageQueries) -> None:
    """Add the routes; the gate stands before them."""

    @server.get("/download/job/<int:job_id>/<int:start_ms>/<name>")
    def job_file(job_id: int, start_ms: int, name: str) -> Response:
        viewer = current_viewer()
        known = name in _NAMES and max(job_id, start_ms) < _MAX_NUMBER
        detail = queries.job_head(viewer, job_id, start_ms) if known else None
        if detail is None:
            return Response("There is no such job or file.\n", 404, mimetype="text/plain")
        body, media = _file(queries, viewer, detail, name)
        return Response(
            body,
            content_type=media,
            headers={
                "Content-Disposition": f'attachment; filename="job-{job_id}-{name}"',
                "Cache-Control": "private, no-store",
            },
        )


def _file(queries: PageQueries, viewer: Viewer, detail: JobHead, name: str) -> tuple[bytes, str]:
    """Content and media type of a file whose name is one of FILES."""
    what, _, ending = name.partition(".")
    if what == "report":
        return _report(queries, viewer, detail), "application/pdf"
    write, media = FORMATS[ending]
    return write(_rows(queries, viewer, detail, what)), media


def _rows(queries: PageQueries, viewer: Viewer, detail: JobHead, what: str) -> list[Row]:
    job_id, start_ms = detail.row.job_id, detail.row.start_ms
    if what == "summary":
        return [summary_row(detail, queries.job_gpus(viewer, job_id, start_ms), queries.status(viewer))]
    points = max(1, min(MAX_POINTS, MAX_ROWS // max(len(detail.nodes), 1)))
    if len(detail.nodes) * detail.row.elapsed_s / S_PER_H <= MAX_NODE_HOURS:
        return [*series_rows(queries.job_series(viewer, job_id, start_ms, points))]
    windows = queries.job_windows(viewer, job_id, start_ms, points)
    return [] if windows is None else [*window_rows(windows)]


def _report(queries: PageQueries, viewer: Viewer, detail: JobHead) -> bytes:
    job_id, start_ms = detail.row.job_id, detail.row.start_ms
    gpus, advices = queries.job_gpus(viewer, job_id, start_ms), queries.job_advice(viewer, job_id, start_ms)
    windows = queries.job_windows(viewer, job_id, start_ms, MAX_POINTS)
    return job_report(detail, gpus, advices, windows, queries.status(viewer), now_ms())
