"""The jobs that run now: what each draws, and what it uses of what it reserved."""

from typing import Any

from dash import dcc, html

from aggregator.queries.home_models import RunningJob, RunningJobs
from dash_app.components.attributes import HIDDEN, aria
from dash_app.components.job_grid import share_data
from dash_app.components.job_state import state_badge
from dash_app.job_view import view_path
from dash_app.language import _, _n
from dash_app.text import ago, format_count, format_duration, format_power, unknown
from dash_app.urls import job_path


def running_list(found: RunningJobs, user: str, now_ms: int, *, named: bool) -> html.Div | html.P:
    """A card for each of the jobs shown, and a link to the others.

    Args:
        user: whose jobs the link shows; empty: everybody's.
        named: say whose job each is.
    """
    if not found.jobs:
        return html.P(_("Nothing runs at the moment."), className="mw-home-quiet")
    shown = html.Ul([_running_card(job, now_ms, named) for job in found.jobs], className="mw-running")
    return html.Div([shown, _rest(found, user)])


def running_count(found: RunningJobs) -> str:
    """How many run and what those shown draw together, in words; a part is a part."""
    if not found.total:
        return ""
    number = f"{'> ' if found.more else ''}{format_count(found.total)}"
    count = _n("{n} job", "{n} jobs", found.total, n=number)
    known = [job.power_w for job in found.jobs if job.power_w is not None]
    if not known:
        return count
    part = "≥ " if len(known) < found.total or found.more else ""
    return f"{count} · {part}{format_power(sum(known))}"


def _rest(found: RunningJobs, user: str) -> Any:
    left = found.total - len(found.jobs)
    if left <= 0:
        return None
    href = view_path({"state": "RUNNING", "user": user, "fold": "none"})
    return html.P(dcc.Link(_n("{n} more runs", "{n} more run", left, n=format_count(left)), href=href))


def _running_card(job: RunningJob, now_ms: int, named: bool) -> html.Li:
    row = job.row
    since = (
        _("mean since {moment}", moment=ago(job.since_ms, now_ms)) if job.power_w is not None else _("not booked yet")
    )
    head = html.Div(
        [
            dcc.Link(row.shown_id, href=job_path(row.job_id, row.start_ms), className="mw-job-link"),
            html.Span(row.name, className="mw-running-name", title=row.name),
            state_badge(row.state) if row.state != "RUNNING" else None,
        ],
        className="mw-running-head",
    )
    power = html.Div(
        [
            html.Span(format_power(job.power_w), className="mw-unknown" if job.power_w is None else "mw-running-power"),
            html.Span(since, className="mw-note"),
        ],
        className="mw-running-draw",
    )  # fmt: skip
    limit = row.time_limit_s
    of_limit = row.elapsed_s / limit if limit else None
    words = format_duration(row.elapsed_s) + (f" / {format_duration(limit)}" if limit else "")
    meters = [
        meter(_("CPU"), job.cpu_use),
        meter(_("Memory (peak)"), row.memory_efficiency),
        meter(_("Time"), of_limit, words, bounded=bool(limit)),
    ]
    return html.Li(
        [head, power, html.Div(meters, className="mw-meters"), _place(job, named)], className="mw-running-card"
    )


def _place(job: RunningJob, named: bool) -> html.Div:
    row = job.row
    parts = [
        row.user if named else "",
        row.partition,
        row.node_list,
        _n("{n} CPU", "{n} CPUs", row.cpus, n=format_count(row.cpus)),
        _n("{n} GPU", "{n} GPUs", row.gpu_count, n=format_count(row.gpu_count)) if row.gpu_count else "",
    ]
    return html.Div(" · ".join(part for part in parts if part), className="mw-note mw-running-place")


def meter(label: str, ratio: float | None, words: str = "", *, bounded: bool = True) -> html.Div:
    """A small bar of use against reservation with both in words; unknown is hatched.

    Args:
        ratio: used / reserved; None where it is unknown.
        words: stand beside the bar instead of the percentage.
        bounded: there is a limit; without one there is no bar.
    """
    value = share_data(ratio)
    bar = html.Span(
        html.Span(className="mw-mini-fill", style={"width": f"{value['width']}%"}),
        className=f"mw-mini mw-mini-{value['kind']}",
        **HIDDEN,
    )
    text = words or (value["text"] if ratio is not None else unknown())
    return html.Div(
        [html.Span(label, className="mw-meter-label"), html.Span(text, className=f"mw-use-{value['kind']}"),
         bar if bounded else None],
        className="mw-meter",
        role="group",
        **aria(label=f"{label}: {text}"),
    )  # fmt: skip
