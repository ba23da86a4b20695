"""What Slurm knows of a job."""

from dash import dcc, html

from aggregator.queries.models import JobHead, JobRow, Status
from dash_app.components.charts import card
from dash_app.components.copying import copied
from dash_app.components.facts import Fact, facts
from dash_app.components.job_state import state_badge
from dash_app.language import _
from dash_app.text import ago, format_bytes, format_count, format_duration, format_time, unknown
from dash_app.urls import jobs_path
from maxwatt.domain.hostlist import compress


def facts_card(detail: JobHead, status: Status, now_ms: int) -> html.Section:
    """All of Slurm's facts."""
    return card(_("What Slurm knows"), facts(slurm_facts(detail, status, now_ms), columns=True))


def slurm_facts(detail: JobHead, status: Status, now_ms: int) -> list[Fact]:
    """Slurm's facts in display order."""
    row = detail.row
    return [
        *_names(detail),
        (_("Submitted"), _moment(detail.submit_ms, status, now_ms)),
        (_("Started"), _moment(row.start_ms, status, now_ms)),
        (_("Ended"), _("still running") if row.end_ms is None else _moment(row.end_ms, status, now_ms)),
        (_("Elapsed"), elapsed_text(row)),
        (_("Partition"), dcc.Link(row.partition, href=jobs_path(partition=row.partition)) if row.partition else ""),
        (_("Account"), dcc.Link(row.account, href=jobs_path(account=row.account)) if row.account else ""),
        (_("QOS"), detail.qos),
        *_reserved(detail),
        *_paths(detail),
        *([(_("Comment"), detail.comment)] if detail.comment else []),
    ]


def elapsed_text(row: JobRow) -> str:
    """`02:00:00 of 04:00:00`."""
    limit = _("no known limit") if row.time_limit_s is None else format_duration(row.time_limit_s)
    return _("{elapsed} of {limit}", elapsed=format_duration(row.elapsed_s), limit=limit)


def _names(detail: JobHead) -> list[Fact]:
    row = detail.row
    reason = f" ({detail.state_reason})" if detail.state_reason not in {"", "None"} else ""
    found: list[Fact] = [(_("Job id"), copied(str(row.job_id), _("Job id")))]
    if row.array_job_id is not None:
        array = dcc.Link(str(row.array_job_id), href=jobs_path(array=str(row.array_job_id)))
        found.append((_("Array"), [row.shown_id, " · ", _("all tasks:"), " ", array]))
    if row.het_job_id is not None:
        whole = dcc.Link(str(row.het_job_id), href=jobs_path(q=str(row.het_job_id)))
        found.append((_("Part"), [row.shown_id, " · ", _("all parts:"), " ", whole]))
    return [
        *found,
        (_("Name"), row.name),
        (_("User"), dcc.Link(row.user, href=jobs_path(user=row.user)) if row.user else ""),
        (_("State"), [state_badge(row.state), reason]),
        (_("Exit code"), _("none yet") if row.end_ms is None else _exit(row.exit_code, detail.exit_signal)),
    ]


def _reserved(detail: JobHead) -> list[Fact]:
    row = detail.row
    held = f"{row.gpu_count}" + (f" ({detail.gpus})" if detail.gpus else "")
    node_list = row.node_list or compress(node.node for node in detail.nodes)
    return [
        (_("Nodes"), format_count(row.node_count)),
        (_("Node list"), copied(node_list, _("Node list"))),
        (_("CPUs"), format_count(row.cpus)),
        (_("Memory"), format_bytes(detail.memory_bytes if detail.memory_bytes > 0 else None)),
        (_("GPUs"), _("none") if row.gpu_count == 0 else held),
        (_("Features"), detail.features or _("none")),
    ]


def _paths(detail: JobHead) -> list[Fact]:
    named = [
        (_("Command"), detail.command),
        (_("Work folder"), detail.work_dir),
        (_("Stdout"), detail.stdout),
        (_("Stderr"), detail.stderr),
    ]
    return [(name, copied(text, name)) for name, text in named]


def _moment(ts_ms: int | None, status: Status, now_ms: int) -> str:
    if ts_ms is None:
        return unknown()
    return f"{format_time(ts_ms, status.timezone)} ({ago(ts_ms, now_ms)})"


def _exit(code: int | None, signal: int | None) -> str:
    if code is None:
        return unknown()
    return _("{code}, signal {signal}", code=code, signal=signal) if signal else str(code)
