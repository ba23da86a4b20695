"""What can be taken along from the page of a job."""

from typing import Final

from dash import html

from dash_app.language import _, marked
from dash_app.urls import download_path

FILES: Final = (
    ("report.pdf", marked("Report of one page"), "PDF"),
    ("summary.csv", marked("Summary"), "CSV"),
    ("summary.json", marked("Summary"), "JSON"),
    ("summary.parquet", marked("Summary"), "Parquet"),
    ("series.csv", marked("Over time, by node"), "CSV"),
    ("series.json", marked("Over time, by node"), "JSON"),
    ("series.parquet", marked("Over time, by node"), "Parquet"),
)
"""Name of each file, what is in it, and its format."""


def download_menu(job_id: int, start_ms: int) -> html.Details:
    """A button that opens the list of files; each is a plain link."""
    items = [
        html.Li(
            html.A(
                [html.Span(_(what)), html.Span(kind, className="mw-dim")],
                href=download_path(job_id, start_ms, name),
                download="",
            )
        )
        for name, what, kind in FILES
    ]
    return html.Details(
        [html.Summary(_("Download"), className="mw-button"), html.Ul(items)], className="mw-closes mw-downloads"
    )
