"""How old the data is, on every page; and what is wrong with its sources."""

from collections.abc import Sequence
from typing import Final

from dash import dcc, html

from aggregator.queries.models import SourceAge, Status
from dash_app.components.attributes import HIDDEN
from dash_app.language import _
from dash_app.text import ago, format_age, format_day, format_time
from dash_app.urls import link
from maxwatt.domain.formatting import local_time
from maxwatt.domain.units import MS_PER_S

FRESH_S: Final = 120.0
"""Samples older than this are called old [s]."""


def status_line(status: Status, now_ms: int) -> html.Div:
    """One line: freshness, booked until, and a panel with every source behind it; below it, what is wrong."""
    level, text = freshness(status, now_ms)
    parts = [html.Span(className=f"mw-dot mw-dot-{level}", **HIDDEN), html.Span(text)]
    if status.booked_until_ms is not None:
        parts += [html.Span("·", **HIDDEN), html.Span(_booked(status, now_ms), title=_exact(status))]
    details = html.Details(
        [html.Summary(parts, className="mw-status-summary"), _panel(status, now_ms)],
        className="mw-status-details mw-closes",
    )
    return html.Div([details, *banners(status, now_ms)])


def freshness(status: Status, now_ms: int) -> tuple[str, str]:
    """`good`, `old` or `none`, and the sentence that says how old the newest sample is."""
    if status.newest_ms is None:
        return "none", _("No samples yet")
    age_s = max(0.0, (now_ms - status.newest_ms) / MS_PER_S)
    return ("good" if age_s <= FRESH_S else "old"), _("Newest sample {age} old", age=format_age(age_s))


def banners(status: Status, now_ms: int) -> list[html.Div]:
    """A sentence for every source that does not answer and every other fault.

    No alert: it says how long ago something was, so a screen reader would tell it again each minute.
    """
    sentences = [_source_sentence(source, now_ms) for source in status.sources if source.error]
    return [html.Div(sentence, className="mw-banner", role="note") for sentence in [*sentences, *status.faults]]


def simulated_badge(simulated: bool) -> html.Span | None:
    """The label that every page carries when its data is simulated."""
    if not simulated:
        return None
    return html.Span(
        _("Simulated data"),
        className="mw-simulated",
        title=_("These jobs, nodes and joules come from a simulation."),
    )


def _source_sentence(source: SourceAge, now_ms: int) -> str:
    if source.name == "samples":  # nobody asks the agents: they send
        if source.success_ms is None:
            return _("No node sends samples.")
        return _("No node sends samples; the last came {ago}.", ago=ago(source.success_ms, now_ms))
    if source.success_ms is None:
        return _("{source} has not answered yet: {error}", source=source.name, error=source.error)
    last = ago(source.success_ms, now_ms)
    return _("{source} does not answer, it last did {ago}: {error}", source=source.name, ago=last, error=source.error)


def _booked(status: Status, now_ms: int) -> str:
    booked_ms = status.booked_until_ms
    if booked_ms is None:
        return ""
    booked = local_time(booked_ms, status.timezone)
    same_day = booked.date() == local_time(now_ms, status.timezone).date()
    moment = f"{booked:%H:%M}" if same_day else f"{format_day(booked)}, {booked:%H:%M}"
    return _("energy booked until {moment}", moment=moment)


def _exact(status: Status) -> str:
    return format_time(status.booked_until_ms, status.timezone)


def _panel(status: Status, now_ms: int) -> html.Div:
    rows: Sequence[tuple[str, str]] = [
        (_("Cluster"), status.cluster),
        (_("Newest sample"), format_time(status.newest_ms, status.timezone)),
        (_("Booked until"), format_time(status.booked_until_ms, status.timezone)),
        (_("Final until"), format_time(status.closed_until_ms, status.timezone)),
        *(
            (source.name, source.error or _("answered {ago}", ago=ago(source.success_ms, now_ms)))
            for source in status.sources
        ),
    ]
    lines = [html.Div([html.Dt(label), html.Dd(text)], className="mw-fact") for label, text in rows]
    method = dcc.Link(_("How every figure is computed"), href=link("/method"))
    return html.Div([html.Dl(lines, className="mw-facts"), method], className="mw-status-panel")
