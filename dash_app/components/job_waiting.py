"""The page of a job that has not started: what it asks for, and why it waits; and that of one that is not there."""

from dash import dcc, html

from aggregator.queries.models import Status
from dash_app.components.charts import card
from dash_app.components.facts import Fact, facts
from dash_app.components.home_waiting import reason_words
from dash_app.components.job_state import state_badge
from dash_app.components.states import empty
from dash_app.language import _
from dash_app.text import ago, format_count, format_duration, format_time, unknown
from dash_app.urls import link
from maxwatt.domain.jobs import JobState, WaitingJob


def waiting_page(job: WaitingJob, status: Status, now_ms: int) -> html.Div:
    """Its title, Slurm's facts, and when it is expected to start."""
    title = [
        html.H1([html.Span([_("Job"), " "], className="mw-dim"), str(job.job_id)]),
        html.Span(job.name, className="mw-job-name"),
        state_badge(JobState.PENDING),
    ]
    rows = facts(_facts(job, status, now_ms), columns=True)
    note = _("It has used nothing yet. The page looks by itself: what it uses is shown here a moment after it starts.")
    return html.Div(
        [
            html.Div(dcc.Link(_("All jobs"), href=link("/jobs"), className="mw-back"), className="mw-job-top"),
            html.Div(title, className="mw-title-row"),
            card(_("Waiting"), [rows, html.P(note, className="mw-note")]),
        ]
    )


def no_job() -> html.Div:
    """The same for an id that is none, a job that is none, an attempt that was none, and somebody else's."""
    way = dcc.Link(_("To the jobs"), href=link("/jobs"), className="mw-button")
    text = _(
        "A job appears here a moment after it starts: this one may still wait, may have been cancelled before it "
        "started, may be older than what is kept, or it is not yours."
    )
    return empty(_("There is no such job"), text, way, level=1)


def _facts(job: WaitingJob, status: Status, now_ms: int) -> list[Fact]:
    return [
        (_("Reason"), reason_words(job.reason)),
        (_("Submitted"), _moment(job.submit_ms, status, now_ms)),
        (_("Expected start"), _moment(job.expected_ms, status, now_ms)),
        (_("Time limit"), format_duration(job.time_limit_s)),
        (_("User"), job.user),
        (_("Account"), job.account),
        (_("Partition"), job.partition),
        (_("QOS"), job.qos),
        (_("Nodes"), format_count(job.node_count)),
        (_("CPUs"), format_count(job.cpus)),
        *([(_("Tasks of the array"), job.array_tasks)] if job.array_tasks else []),
    ]


def _moment(ts_ms: int | None, status: Status, now_ms: int) -> str:
    if ts_ms is None:
        return unknown()
    return f"{format_time(ts_ms, status.timezone)} ({ago(ts_ms, now_ms)})"
