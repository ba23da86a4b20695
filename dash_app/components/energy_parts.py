"""Parts of the energy page: its tiles, where the energy went, and who used how much."""

from collections.abc import Sequence
from typing import Final

from dash import dcc, html

from aggregator.queries.models import EnergyRow, EnergySeries, EnergySummary, Grouping, Status
from dash_app.components.bars import Slice, share_bar
from dash_app.components.charts import chart, legend
from dash_app.components.evidence import evidence_note
from dash_app.components.figure_facts import co2_note, figure_facts
from dash_app.components.states import empty
from dash_app.components.tables import behind_chart, table
from dash_app.components.tiles import tile, tiles
from dash_app.figures.cluster import MAX_BARS, account_layers, account_power_figure, ranking_figure
from dash_app.figures.stack import Layer
from dash_app.figures.theme import ACCOUNT_COLOURS, ACCOUNT_LABELS, ACCOUNT_PATTERNS, BLUE, STATIC_ALPHA
from dash_app.figures.timeline import clock_at
from dash_app.text import format_cost, format_count
from dash_app.urls import energy_path, jobs_path
from maxwatt.domain.formatting import (
    UNKNOWN,
    format_co2,
    format_energy,
    format_number,
    format_power,
    format_share,
    local_time,
)
from maxwatt.domain.units import DAY_MS, kwh_from_j

GROUP_NAMES: Final[dict[Grouping, str]] = {"user": "User", "account": "Account", "partition": "Partition"}
MAX_ROWS: Final = 200


def summary_tiles(summary: EnergySummary, status: Status) -> html.Div:
    """Energy, CO2, cost and mean power of the window."""
    mean_w = summary.total_j / summary.booked_s if summary.booked_s > 0 else None
    energy_note = evidence_note(summary.evidence, figure_facts(summary.figures, status.currency))
    carbon_note = co2_note(summary, summary.figures)
    shown = [
        tile("Energy", format_energy(summary.total_j), energy_note),
        tile("CO₂ equivalent", format_co2(summary.co2_g), carbon_note, unknown=summary.co2_g is None),
        tile("Mean power", format_power(mean_w), "over the booked time", unknown=mean_w is None),
        tile("On jobs", format_share(_share(summary.jobs_j, summary.total_j)), format_energy(summary.jobs_j)),
    ]
    if summary.cost is not None:
        shown.insert(2, tile("Cost", format_cost(summary.cost, status.currency)))
    return tiles(shown, "Sums of the time chosen")


def accounts_bar(summary: EnergySummary) -> html.Div:
    """Shares of jobs, sessions, system, every kind of idle, and unattributed; negative ones are in the legend only."""
    amounts: dict[str, float | None] = {
        "jobs": summary.jobs_j,
        "sessions": summary.sessions_j or None,
        "system": summary.system_j,
        **(summary.idle_by_kind_j or {"idle": summary.idle_j}),
        "unattributed": summary.unattributed_j,
    }
    slices = [
        Slice(
            ACCOUNT_LABELS[key],
            _share(amount_j, summary.total_j) or 0.0,
            ACCOUNT_COLOURS[key],
            _amount(amount_j, summary),
            ACCOUNT_PATTERNS.get(key, ""),
        )
        for key, amount_j in amounts.items()
        if amount_j is not None
    ]
    return share_bar(slices, "Energy by account")


def power_chart(series: EnergySeries, zone: str) -> html.Div:
    """Mean power over time with its legend and the figures behind it."""
    head = [ACCOUNT_LABELS[layer.key] for layer in account_layers(series)]
    keys = [layer.key for layer in account_layers(series)]
    rows = [
        [f"{local_time(start_ms, zone):%d %b %H:%M}", *(format_power(series.power_w[key][i]) for key in keys)]
        for i, start_ms in enumerate(series.start_ms)
    ]
    figures = behind_chart(["From", *head], rows, "mean power over time")
    note = html.Span(
        f"Times are {clock_at(series.start_ms[-1], zone).label}" if series.start_ms else "", className="mw-note"
    )
    return html.Div(
        [
            html.Div([legend(account_layers(series)), note], className="mw-charts-head"),
            chart(account_power_figure(series, zone), "Mean power of the cluster over time by account", figures),
        ]
    )


def ranking(rows: Sequence[EnergyRow], grouping: Grouping, currency: str) -> html.Div:
    """Bars of the largest, and the table of all."""
    if not rows:
        return empty("No energy of jobs in this time", "No job and no login was booked between these moments.")
    parts = [Layer("static", "static", BLUE, STATIC_ALPHA), Layer("dynamic", "dynamic", BLUE, 0.85)]
    more = f", the {MAX_BARS} largest of {format_count(len(rows))}" if len(rows) > MAX_BARS else ""
    name = GROUP_NAMES[grouping]
    return html.Div(
        [
            html.Div(
                [
                    legend(parts),
                    chart(ranking_figure(rows), f"Energy by {name.lower()}{more}; the table holds the same figures"),
                ],
                className="mw-ranking-chart",
            ),
            _ranking_table(rows[:MAX_ROWS], grouping, currency),
        ],
        className="mw-ranking",
    )


def nothing_booked(status: Status) -> html.Div:
    """No energy at all in the window; offers the last days that have some."""
    if status.booked_until_ms is None:
        return empty(
            "No energy is booked yet", "Bookings appear a few minutes after the first samples and job records."
        )
    last = local_time(status.booked_until_ms - 1, status.timezone).date()
    first = local_time(status.booked_until_ms - 7 * DAY_MS, status.timezone).date()
    link = dcc.Link("Show the last booked week", href=energy_path(first, last), className="mw-button")
    why = f"Energy is booked until {last:%d %B %Y}. A node without energy counters needs its powers in [[node_models]]."
    return empty("Nothing is booked in this time", why, link)


def _ranking_table(rows: Sequence[EnergyRow], grouping: Grouping, currency: str) -> html.Div:
    with_cost = any(row.cost is not None for row in rows)
    with_sessions = grouping == "user" and any(row.sessions_j for row in rows)
    head = [
        GROUP_NAMES[grouping],
        "Jobs",
        "CPU hours",
        "kWh",
        *(["in sessions"] if with_sessions else []),
        "± %",
        "Wasted",
        "kg CO₂",
        *([currency] if with_cost else []),
    ]
    body = [
        [
            dcc.Link(row.name or "(none)", href=jobs_path(**{grouping: row.name})) if row.jobs else row.name,
            format_count(row.jobs),
            format_count(row.cpu_hours) if row.cpu_hours >= 100 else format_number(row.cpu_hours),
            format_number(kwh_from_j(row.energy_j)),
            *([format_number(kwh_from_j(row.sessions_j))] if with_sessions else []),
            format_number(100 * row.evidence.uncertainty),
            _waste(row),
            UNKNOWN if row.co2_g is None else format_number(row.co2_g / 1000),
            *([format_cost(row.cost, "").strip()] if with_cost else []),
        ]
        for row in rows
    ]
    return table(head, body, f"Energy by {GROUP_NAMES[grouping].lower()}")


def _waste(row: EnergyRow) -> str:
    """Share of the energy; `≥` where some of it is not known."""
    if row.waste_j is None or row.energy_j <= 0:
        return UNKNOWN
    return ("≥ " if row.waste_unknown_j > 0 else "") + format_share(row.waste_j / row.energy_j)


def _share(amount_j: float, total_j: float) -> float | None:
    return amount_j / total_j if total_j > 0 else None


def _amount(amount_j: float, summary: EnergySummary) -> str:
    return f"{format_energy(amount_j)} · {format_share(_share(amount_j, summary.total_j))}"
