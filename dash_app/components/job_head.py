"""The upper half of the job page: what it is, what it used, what it reserved, what Slurm knows."""

from collections.abc import Sequence
from typing import Any, Final

from dash import dcc, html

from aggregator.queries.job_models import GpuUse
from aggregator.queries.models import JobHead, JobRow, Status
from dash_app.components.charts import card
from dash_app.components.component_card import component_card
from dash_app.components.evidence import uncertainty_text
from dash_app.components.facts import Fact, facts
from dash_app.components.figure_facts import co2_note
from dash_app.components.job_facts import facts_card
from dash_app.components.job_state import state_badge
from dash_app.components.job_use import use_card
from dash_app.components.tiles import tile, tiles
from dash_app.language import _, _n
from dash_app.text import (
    ago,
    format_co2,
    format_cost,
    format_energy,
    format_power,
    format_share,
    format_time,
)
from dash_app.urls import job_path

WHY: Final = "job-why-button"
"""Type of the buttons that ask how a figure is known."""


def job_head(detail: JobHead, attempts: Sequence[JobRow], gpus: GpuUse | None, status: Status, now_ms: int) -> html.Div:
    """Everything above the charts."""
    return html.Div(
        [
            _title(detail, status, now_ms),
            _attempts(detail.row, attempts, status),
            _tiles(detail, status),
            html.Div([use_card(detail, gpus), _components(detail)], className="mw-two"),
            _beside(detail),
            facts_card(detail, status, now_ms),
        ]
    )


def _title(detail: JobHead, status: Status, now_ms: int) -> html.Div:
    row = detail.row
    nodes = _n("{n} node", "{n} nodes", row.node_count)
    started = _("started {ago}", ago=ago(row.start_ms, now_ms))
    line = " · ".join(part for part in (row.user, row.account, row.partition, nodes, started) if part)
    return html.Div(
        [
            html.Div(
                [
                    html.H1([html.Span([_("Job"), " "], className="mw-dim"), row.shown_id]),
                    html.Span(row.name, className="mw-job-name"),
                    state_badge(row.state),
                ],
                className="mw-title-row",
            ),
            html.P(line, className="mw-subtitle", title=format_time(row.start_ms, status.timezone)),
        ]
    )


def _attempts(row: JobRow, attempts: Sequence[JobRow], status: Status) -> html.Nav | None:
    """Links to the other attempts of a requeued job."""
    if len(attempts) < 2:
        return None
    items = [
        html.Li(_attempt(number, one, one.start_ms == row.start_ms, status.timezone))
        for number, one in enumerate(sorted(attempts, key=lambda one: one.start_ms), start=1)
    ]
    text = _("This job was started {n} times. Each attempt has its own energy:", n=len(attempts))
    return html.Nav([html.Span(text), html.Ul(items)], className="mw-attempts")


def _attempt(number: int, row: JobRow, current: bool, zone: str) -> dcc.Link | html.Strong:
    text = _("Attempt {number}, {time}", number=number, time=format_time(row.start_ms, zone))
    return html.Strong(text) if current else dcc.Link(text, href=job_path(row.job_id, row.start_ms))


def _tiles(detail: JobHead, status: Status) -> html.Div:
    row = detail.row
    mean_w = row.energy_j / row.elapsed_s if row.energy_j is not None and row.elapsed_s > 0 else None
    booked, weighed = row.evidence is not None, row.co2_g is not None
    shown = [
        tile(
            _("Energy"), format_energy(row.energy_j), _why(uncertainty_text(row.evidence), "energy", booked),
            unknown=row.energy_j is None,
        ),
        tile(
            _("CO₂ equivalent"), format_co2(row.co2_g), _why(co2_note(row, detail.figures), "co2", weighed),
            unknown=row.co2_g is None,
        ),
        tile(_("Mean power"), format_power(mean_w), _("over its time"), unknown=mean_w is None),
        tile(_("Wasted"), format_energy(row.waste_j), _waste_note(row), unknown=row.waste_j is None),
    ]  # fmt: skip
    if row.cost is not None:
        shown.insert(2, tile(_("Cost"), format_cost(row.cost, status.currency), _why("", "cost", asked=True)))
    return tiles(shown, _("What the job used"))


def _why(note: Any, of: str, asked: bool) -> html.Span:
    """The line below a figure, and the button that opens how it is known."""
    button = html.Button(_("How do we know?"), id={"type": WHY, "of": of}, type="button", className="mw-ask")
    return html.Span([html.Span(note) if note else None, button if asked else None], className="mw-note-row")


def _components(detail: JobHead) -> html.Section | None:
    """Where in the nodes the energy went; nothing when none is booked."""
    sums_j = detail.sums.energy_j
    return component_card(sums_j) if any(value > 0 for value in sums_j.values()) else None


def _beside(detail: JobHead) -> html.Section | None:
    """Other figures of the job's energy, where there are any: each is another question than what it drew."""
    slurms = detail.consumed_energy_j
    known = [
        (_("With its part of idle nodes"), format_energy(detail.full_j), detail.full_j),
        (_("Embodied CO₂, not part of the above"), format_co2(detail.embodied_g), detail.embodied_g),
        (_("Slurm's ConsumedEnergy, of whole nodes"), format_energy(slurms), slurms),
    ]
    rows: list[Fact] = [(label, text) for label, text, value in known if value is not None]
    return card(_("Other figures"), facts(rows, columns=True), class_name="mw-apart") if rows else None


def _waste_note(row: JobRow) -> str:
    if row.waste_j is None or not row.energy_j:
        return _("reserved, not used")
    return _("{share}, reserved but not used", share=format_share(row.waste_j / row.energy_j))
