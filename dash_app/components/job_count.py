"""How many jobs the table has, and since when they were looked at."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from dash_app.job_view import ALL_JOBS, view_path
from dash_app.language import _


def counted(count: str, since: str, values: Mapping[str, str]) -> list[Any] | str:
    """The count in words; where older jobs were not looked at, since when, and a link that looks at them too.

    Args:
        since: first day that was looked at, empty: every job was.
        values: of the address.
    """
    if not since or not count:
        return count
    words = html.Span(_("{jobs} since {day}", jobs=count, day=since))
    return [words, " ", older_jobs(values, "mw-older")]


def older_jobs(values: Mapping[str, str], look: str) -> dcc.Link:
    """A link to the same view that looks through all jobs; `look` is its CSS class."""
    return dcc.Link(_("Look at older ones too"), href=view_path({**values, "back": ALL_JOBS}), className=look)
