"""One node in a drawer: what Slurm says of it, what it draws, what runs on it, and its last day."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from aggregator.queries.cluster_models import NodeDetail, NodeJob
from dash_app.components.bars import Slice, share_bar, use_bar
from dash_app.components.facts import facts
from dash_app.components.node_map import KIND_LABELS
from dash_app.components.states import empty
from dash_app.components.tables import table
from dash_app.figures.theme import (
    ACCOUNT_COLOURS,
    ACCOUNT_LABELS,
    ACCOUNT_PATTERNS,
    COMPONENT_COLOURS,
    COMPONENT_LABELS,
)
from dash_app.language import _, _n
from dash_app.text import (
    ago,
    format_bytes,
    format_count,
    format_energy,
    format_number,
    format_power,
    format_time,
    unknown,
)
from dash_app.urls import job_path


def node_panel(detail: NodeDetail | None, now_ms: int, zone: str) -> list[Any]:
    """The drawer's content; why there is none where there is no such node."""
    if detail is None:
        return [empty(_("This node is not known"), _("Slurm does not name it, and it never sent a sample."))]
    node = detail.now
    state = _(KIND_LABELS[node.kind]) + (f" ({node.state})" if node.state else "")
    state += f" · {node.reason}" if node.reason and node.reason != "none" else ""
    sampled = (
        _("never")
        if node.sampled_ms is None
        else f"{ago(node.sampled_ms, now_ms)} · {format_time(node.sampled_ms, zone)}"
    )
    return [
        facts(
            [
                (_("State"), state),
                (_("Since"), "" if node.since_ms is None else ago(node.since_ms, now_ms)),
                (_("Partitions"), node.partitions.replace(",", ", ")),
                (_("Last sample"), sampled),
                (_("Power now"), _power(node.total_w, node.modelled_w)),
            ]
        ),
        _section(_("Power by component"), _components(node.power_w)),
        _section(_("In use"), html.Div(_uses(detail), className="mw-bars")),
        _section(_n("{n} job", "{n} jobs", len(detail.jobs)), _jobs(detail)),
        _section(_("Energy of the last 24 hours"), _day(detail.day_j)),
    ]


def _section(title: str, content: Any) -> html.Section:
    return html.Section([html.H3(title, className="mw-card-title"), content], className="mw-panel-part")


def _power(total_w: float | None, modelled_w: float) -> str:
    if total_w is None or not modelled_w:
        return format_power(total_w)
    return f"{format_power(total_w)} ({_('{power} of it modelled', power=format_power(modelled_w))})"


def _components(power_w: Mapping[str, float]) -> Any:
    if not power_w:
        return html.P(_("No power is known: it sent no two samples in the last minutes."), className="mw-note")
    total_w = sum(power_w.values())
    slices = [
        Slice(
            _(COMPONENT_LABELS[key]), power_w[key] / total_w if total_w > 0 else 0.0, colour, format_power(power_w[key])
        )
        for key, colour in COMPONENT_COLOURS.items()
        if key in power_w
    ]
    return share_bar(slices, _("Power by component"))


def _uses(detail: NodeDetail) -> list[html.Div]:
    node = detail.now
    uses = [("CPU", node.cpu_use), (_("Memory"), node.memory_use)]
    if node.gpu_use is not None or "gpu" in node.power_w:
        uses.insert(1, ("GPU", node.gpu_use))
    return [use_bar(label, use, _("of the whole node") if use is not None else "") for label, use in uses]


def _jobs(detail: NodeDetail) -> Any:
    if not detail.jobs:
        return html.P(_("Nothing runs on it."), className="mw-note")
    head = [_("Job"), _("User"), _("CPUs"), _("Memory"), _("GPUs"), _("Energy so far")]
    return table(head, [_job(job) for job in detail.jobs], _("Jobs on this node"))


def _job(job: NodeJob) -> list[Any]:
    row = job.row
    memory = format_bytes(job.memory_bytes) if job.memory_bytes else unknown()
    return [
        dcc.Link(row.shown_id, href=job_path(row.job_id, row.start_ms)),
        row.user,
        format_number(job.cpus),
        memory,
        job.gpus or format_count(0),
        format_energy(row.energy_j),
    ]


def _day(day_j: Mapping[str, float]) -> Any:
    total_j = sum(day_j.values())
    if not day_j or total_j <= 0:
        return html.P(_("Nothing is booked."), className="mw-note")
    slices = [
        Slice(
            _(ACCOUNT_LABELS[key]), max(day_j[key], 0.0) / total_j, colour, format_energy(day_j[key]),
            ACCOUNT_PATTERNS.get(key, ""),
        )
        for key, colour in ACCOUNT_COLOURS.items()
        if day_j.get(key)
    ]  # fmt: skip
    return share_bar(slices, _("Energy of the last 24 hours"))
