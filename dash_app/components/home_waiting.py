"""The jobs that wait, with the reason that Slurm gives and what it means."""

from collections.abc import Mapping
from typing import Any, Final

from dash import dcc, html

from aggregator.queries.home_models import WaitingJobs
from dash_app.components.charts import card
from dash_app.components.tables import table
from dash_app.language import _, _n, marked
from dash_app.text import ago, format_count
from dash_app.urls import job_path
from maxwatt.domain.jobs import WaitingJob

_REASONS: Final[Mapping[str, str]] = {
    "Priority": marked("other jobs come first"),
    "Resources": marked("next in line, as soon as nodes are free"),
    "Dependency": marked("another job must end first"),
    "DependencyNeverSatisfied": marked("it will never start: the job it depends on failed"),
    "BeginTime": marked("its start is set for later"),
    "JobHeldUser": marked("held by its user"),
    "JobHeldAdmin": marked("held by an administrator"),
    "JobArrayTaskLimit": marked("as many tasks run as the array allows"),
    "QOSMaxJobsPerUserLimit": marked("as many jobs run as the QOS allows a user"),
    "AssocGrpCpuLimit": marked("the account uses all CPUs that it may"),
    "ReqNodeNotAvail": marked("a node it asks for is not available"),
    "PartitionTimeLimit": marked("it asks for more time than the partition gives"),
}


def waiting_card(found: WaitingJobs, now_ms: int, *, named: bool) -> Any:
    """A table of the jobs shown and how many more there are; nothing where none waits."""
    if not found.jobs:
        return None
    head = [_("Job"), *([_("User")] if named else []), _("Reason"), _("Submitted"), _("Expected start"), _("Partition"),
            _("CPUs")]  # fmt: skip
    rows = [_cells(job, now_ms, named) for job in found.jobs]
    left = found.total - len(found.jobs)
    more = (
        html.P(_n("{n} more waits", "{n} more wait", left, n=format_count(left)), className="mw-note") if left else None
    )
    count = html.Span(_n("{n} job", "{n} jobs", found.total, n=format_count(found.total)), className="mw-note")
    parts = [table(head, rows, _("Jobs that wait")), more]
    return card(_("Waiting"), html.Div(parts), count, class_name="mw-waiting")


def reason_words(reason: str) -> str:
    """Slurm's reason with what it means, where that is known; what stands in brackets stays Slurm's."""
    meaning = _REASONS.get(reason.split(",", maxsplit=1)[0].split("(", maxsplit=1)[0].strip())
    return f"{reason}: {_(meaning)}" if meaning else reason.replace("_", " ")


def _cells(job: WaitingJob, now_ms: int, named: bool) -> list[Any]:
    number = f"{job.job_id}_[{job.array_tasks}]" if job.array_tasks else str(job.job_id)
    name = html.Span(f" {job.name}", className="mw-home-name")
    page = dcc.Link(number, href=job_path(job.job_id), className="mw-job-link")
    return [
        html.Span([page, name], className="mw-waiting-name", title=job.name),
        *([job.user] if named else []),
        reason_words(job.reason),
        ago(job.submit_ms, now_ms),
        ago(job.expected_ms, now_ms) if job.expected_ms is not None and job.expected_ms > now_ms else "–",
        job.partition,
        format_count(job.cpus),
    ]
