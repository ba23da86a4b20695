"""The upper half of the job page: what it is, what it used, what it reserved, what Slurm knows."""

from collections.abc import Sequence

from dash import dcc, html

from aggregator.queries.models import JobDetail, JobRow, Status
from dash_app.components.bars import use_bar
from dash_app.components.charts import card
from dash_app.components.component_card import component_card
from dash_app.components.evidence import evidence_note
from dash_app.components.facts import Fact, facts, path
from dash_app.components.figure_facts import co2_note, figure_facts
from dash_app.components.job_state import state_badge
from dash_app.components.tiles import tile, tiles
from dash_app.text import ago, format_cost, format_count, plural
from dash_app.urls import job_path, jobs_path
from maxwatt.domain.formatting import (
    UNKNOWN,
    format_bytes,
    format_co2,
    format_duration,
    format_energy,
    format_number,
    format_power,
    format_share,
    format_time,
)
from maxwatt.domain.hostlist import compress
from maxwatt.domain.units import S_PER_H


def job_head(detail: JobDetail, attempts: Sequence[JobRow], status: Status, now_ms: int) -> html.Div:
    """Everything above the charts."""
    return html.Div(
        [
            _title(detail, status, now_ms),
            _attempts(detail.row, attempts, status),
            _tiles(detail, status),
            html.Div([_use(detail), _components(detail)], className="mw-two"),
            _beside(detail),
            card("What Slurm knows", facts(slurm_facts(detail, status, now_ms), columns=True)),
        ]
    )


def slurm_facts(detail: JobDetail, status: Status, now_ms: int) -> list[Fact]:
    """Slurm's facts in display order."""
    row = detail.row
    state = f" ({detail.state_reason})" if detail.state_reason not in {"", "None"} else ""
    gpus = "none" if row.gpu_count == 0 else f"{row.gpu_count}" + (f" ({detail.gpus})" if detail.gpus else "")
    return [
        ("Job id", row.shown_id),
        ("Name", row.name),
        ("User", dcc.Link(row.user, href=jobs_path(user=row.user)) if row.user else ""),
        ("State", [state_badge(row.state), state]),
        ("Exit code", "none yet" if row.end_ms is None else _exit(row.exit_code, detail.exit_signal)),
        ("Submitted", format_time(detail.submit_ms, status.timezone)),
        ("Started", f"{format_time(row.start_ms, status.timezone)} ({ago(row.start_ms, now_ms)})"),
        ("Ended", "still running" if row.end_ms is None else format_time(row.end_ms, status.timezone)),
        ("Elapsed", _elapsed(row)),
        ("Partition", dcc.Link(row.partition, href=jobs_path(partition=row.partition)) if row.partition else ""),
        ("Account", row.account),
        ("QOS", detail.qos),
        ("Nodes", format_count(row.node_count)),
        ("Node list", path(row.node_list or compress(node.node for node in detail.nodes))),
        ("CPUs", format_count(row.cpus)),
        ("Memory", format_bytes(detail.memory_bytes) if detail.memory_bytes > 0 else UNKNOWN),
        ("GPUs", gpus),
        ("Features", detail.features or "none"),
        ("Command", path(detail.command)),
        ("Work folder", path(detail.work_dir)),
        ("Stdout", path(detail.stdout)),
        ("Stderr", path(detail.stderr)),
        *([("Comment", detail.comment)] if detail.comment else []),
    ]


def _title(detail: JobDetail, status: Status, now_ms: int) -> html.Div:
    row = detail.row
    line = " · ".join(
        part
        for part in (
            row.user,
            row.account,
            row.partition,
            plural(row.node_count, "node"),
            f"started {ago(row.start_ms, now_ms)}",
        )
        if part
    )
    return html.Div(
        [
            html.Div(
                [
                    html.H1([html.Span("Job ", className="mw-dim"), row.shown_id]),
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
    text = f"This job was started {len(attempts)} times. Each attempt has its own energy:"
    return html.Nav([html.Span(text), html.Ul(items)], className="mw-attempts")


def _attempt(number: int, row: JobRow, current: bool, zone: str) -> dcc.Link | html.Strong:
    text = f"Attempt {number}, {format_time(row.start_ms, zone)}"
    return html.Strong(text) if current else dcc.Link(text, href=job_path(row.job_id, row.start_ms))


def _tiles(detail: JobDetail, status: Status) -> html.Div:
    row = detail.row
    mean_w = row.energy_j / row.elapsed_s if row.energy_j is not None and row.elapsed_s > 0 else None
    energy_note = evidence_note(row.evidence, figure_facts(detail.figures, status.currency))
    shown = [
        tile("Energy", format_energy(row.energy_j), energy_note, unknown=row.energy_j is None),
        tile("CO₂ equivalent", format_co2(row.co2_g), co2_note(row, detail.figures), unknown=row.co2_g is None),
        tile("Mean power", format_power(mean_w), "over its time", unknown=mean_w is None),
        tile("Wasted", format_energy(row.waste_j), _waste_note(row), unknown=row.waste_j is None),
    ]
    if row.cost is not None:
        shown.insert(2, tile("Cost", format_cost(row.cost, status.currency)))
    return tiles(shown, "What the job used")


def _use(detail: JobDetail) -> html.Section:
    row = detail.row
    used_s = _sum_known([node.cpu_used_s for node in detail.nodes])
    peak = _sum_known([node.memory_peak_bytes for node in detail.nodes])
    held = sum(node.memory_bytes for node in detail.nodes) or detail.memory_bytes
    time_ratio = row.elapsed_s / row.time_limit_s if row.time_limit_s else None
    return card(
        "Used of what was reserved",
        html.Div(
            [
                use_bar("CPU", row.cpu_efficiency, _cpu_use(used_s, _reserved_s(row, used_s))),
                use_bar("Memory", row.memory_efficiency, _memory_use(peak, held)),
                use_bar("Time", time_ratio, _elapsed(row)),
            ],
            className="mw-bars",
        ),
    )


def _components(detail: JobDetail) -> html.Section | None:
    """Where in the nodes the energy went; nothing when none is booked."""
    sums: dict[str, float] = {}
    for node in detail.nodes:
        for column, energy_j in node.energy_j.items():
            sums[column] = sums.get(column, 0.0) + energy_j
    return component_card(sums) if any(value > 0 for value in sums.values()) else None


def _beside(detail: JobDetail) -> html.Section | None:
    """Other figures of the job's energy, where there are any: each is another question than what it drew."""
    known = [
        ("With its part of idle nodes", format_energy(detail.full_j), detail.full_j),
        ("Embodied CO₂, not part of the above", format_co2(detail.embodied_g), detail.embodied_g),
        ("Slurm's ConsumedEnergy, of whole nodes", format_energy(detail.consumed_energy_j), detail.consumed_energy_j),
    ]
    rows: list[Fact] = [(label, text) for label, text, value in known if value is not None]
    return card("Other figures", facts(rows, columns=True), class_name="mw-apart") if rows else None


def _exit(code: int | None, signal: int | None) -> str:
    if code is None:
        return UNKNOWN
    return f"{code}, signal {signal}" if signal else str(code)


def _elapsed(row: JobRow) -> str:
    limit = "no known limit" if row.time_limit_s is None else format_duration(row.time_limit_s)
    return f"{format_duration(row.elapsed_s)} of {limit}"


def _waste_note(row: JobRow) -> str:
    if row.waste_j is None or not row.energy_j:
        return "reserved, not used"
    return f"{format_share(row.waste_j / row.energy_j)}, reserved but not used"


def _reserved_s(row: JobRow, used_s: float | None) -> float:
    """CPU seconds held [s]: those that the efficiency was taken over, which for a running job end with the bookings."""
    if used_s and row.cpu_efficiency:
        return used_s / row.cpu_efficiency
    return row.cpus * row.elapsed_s


def _cpu_use(used_s: float | None, reserved_s: float) -> str:
    size, unit = (S_PER_H, "CPU hours") if reserved_s >= S_PER_H else (1.0, "CPU seconds")
    if used_s is None:
        return f"of {format_number(reserved_s / size)} {unit} reserved"
    return f"{format_number(used_s / size)} of {format_number(reserved_s / size)} {unit}"


def _memory_use(peak_bytes: float | None, held_bytes: float) -> str:
    held = f"of {format_bytes(held_bytes)}" if held_bytes > 0 else "of an unknown amount"
    return f"{held} reserved" if peak_bytes is None else f"{format_bytes(peak_bytes)} at its peak {held}"


def _sum_known(values: Sequence[float | None]) -> float | None:
    """Sum when every value is known: a sum with a hole would be too low."""
    return None if not values or None in values else sum(value or 0.0 for value in values)
