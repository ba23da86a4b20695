"""Parts of the energy page: its tiles, where the energy went, and who used how much."""

from collections.abc import Sequence
from typing import Any, Final

from dash import dcc, html

from aggregator.queries.cluster_models import Split
from aggregator.queries.energy_models import EnergyRow, EnergySeries, EnergySummary, Grouping
from aggregator.queries.models import Status
from dash_app.components.bars import Slice, share_bar
from dash_app.components.charts import chart, legend
from dash_app.components.evidence import evidence_note
from dash_app.components.figure_facts import co2_note, figure_facts
from dash_app.components.states import empty
from dash_app.components.tables import behind_chart, plain_table, table, thinned
from dash_app.components.tiles import tile, tiles
from dash_app.figures.cluster import MAX_BARS, power_over_time_figure, ranking_figure, split_layers
from dash_app.figures.stack import Layer
from dash_app.figures.theme import ACCOUNT_COLOURS, ACCOUNT_LABELS, ACCOUNT_PATTERNS, BLUE, STATIC_ALPHA
from dash_app.figures.timeline import clock_at
from dash_app.language import _, marked
from dash_app.text import (
    format_co2,
    format_cost,
    format_count,
    format_day,
    format_energy,
    format_moment,
    format_number,
    format_power,
    format_share,
    unknown,
)
from dash_app.urls import energy_path, jobs_path
from maxwatt.domain.formatting import local_time
from maxwatt.domain.units import DAY_MS, kwh_from_j

GROUP_NAMES: Final[dict[Grouping, str]] = {
    "user": marked("User"),
    "account": marked("Account"),
    "partition": marked("Partition"),
}
MAX_ROWS: Final = 200
MAX_LINKED: Final = 50
"""So many of them lead to their jobs: 2,000 cells as components of their own keep a browser busy for ten seconds."""


def summary_tiles(summary: EnergySummary, status: Status) -> html.Div:
    """Energy, CO2, cost and mean power of the window."""
    mean_w = summary.total_j / summary.booked_s if summary.booked_s > 0 else None
    energy_note = evidence_note(summary.evidence, figure_facts(summary.figures, status.currency))
    carbon_note = co2_note(summary, summary.figures)
    shown = [
        tile(_("Energy"), format_energy(summary.total_j), energy_note),
        tile(_("CO₂ equivalent"), format_co2(summary.co2_g), carbon_note, unknown=summary.co2_g is None),
        tile(_("Mean power"), format_power(mean_w), _("over the booked time"), unknown=mean_w is None),
        tile(_("On jobs"), format_share(_share(summary.jobs_j, summary.total_j)), format_energy(summary.jobs_j)),
    ]
    if summary.cost is not None:
        shown.insert(2, tile(_("Cost"), format_cost(summary.cost, status.currency)))
    return tiles(shown, _("Sums of the time chosen"))


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
            _(ACCOUNT_LABELS[key]),
            _share(amount_j, summary.total_j) or 0.0,
            ACCOUNT_COLOURS[key],
            _amount(amount_j, summary),
            ACCOUNT_PATTERNS.get(key, ""),
        )
        for key, amount_j in amounts.items()
        if amount_j is not None
    ]
    return share_bar(slices, _("Energy by account"))


def power_chart(series: EnergySeries, zone: str, split: Split = "kind", height_px: int = 320) -> html.Div:
    """Mean power over time with its legend and the figures behind it."""
    layers, shown = split_layers(series, split), thinned(len(series.start_ms))
    rows = [
        [format_moment(series.start_ms[i], zone), *(format_power(series.power_w[layer.key][i]) for layer in layers)]
        for i in shown
    ]
    head = [_("From"), *(_(layer.label) for layer in layers)]
    figures = behind_chart(head, rows, _("mean power over time"), step=shown.step)
    note = html.Span(
        _("Times are {zone}", zone=clock_at(series.start_ms[-1], zone).label) if series.start_ms else "",
        className="mw-note",
    )
    return html.Div(
        [
            html.Div([legend(layers), note], className="mw-charts-head"),
            chart(
                power_over_time_figure(series, layers, zone, height_px),
                _("Mean power of the cluster over time"),
                figures,
            ),
        ]
    )


def ranking(rows: Sequence[EnergyRow], grouping: Grouping, currency: str) -> html.Div:
    """Bars of the largest, their table, and behind it that of the others."""
    if not rows:
        return empty(_("No energy of jobs in this time"), _("No job and no login was booked between these moments."))
    parts = [Layer("static", marked("static"), BLUE, STATIC_ALPHA), Layer("dynamic", marked("dynamic"), BLUE, 0.85)]
    return html.Div(
        [
            html.Div(
                [
                    legend(parts),
                    chart(ranking_figure(rows), _ranking_label(grouping, len(rows))),
                ],
                className="mw-ranking-chart",
            ),
            _ranking_table(rows[:MAX_ROWS], grouping, currency),
        ],
        className="mw-ranking",
    )


def _ranking_label(grouping: Grouping, count: int) -> str:
    """What the bars show, for who does not see them."""
    shown = _("{count}, the {largest} largest of them", count=format_count(count), largest=MAX_BARS)
    return _(
        "Energy by {group} ({number}); the table holds the same figures",
        group=_(GROUP_NAMES[grouping]),
        number=shown if count > MAX_BARS else count,
    )


def nothing_booked(status: Status) -> html.Div:
    """No energy at all in the window; offers the last days that have some."""
    if status.booked_until_ms is None:
        return empty(
            _("No energy is booked yet"), _("Bookings appear a few minutes after the first samples and job records.")
        )
    last = local_time(status.booked_until_ms - 1, status.timezone).date()
    first = local_time(status.booked_until_ms - 7 * DAY_MS, status.timezone).date()
    link = dcc.Link(_("Show the last booked week"), href=energy_path(first, last), className="mw-button")
    why = _(
        "Energy is booked until {day}. A node without energy counters needs its powers in [[node_models]].",
        day=format_day(last),
    )
    return empty(_("Nothing is booked in this time"), why, link)


def _ranking_table(rows: Sequence[EnergyRow], grouping: Grouping, currency: str) -> html.Div:
    with_cost = any(row.cost is not None for row in rows)
    with_sessions = grouping == "user" and any(row.sessions_j for row in rows)
    head = [
        _(GROUP_NAMES[grouping]),
        _("Jobs"),
        _("CPU hours"),
        "kWh",
        *([_("in sessions")] if with_sessions else []),
        "± %",
        _("Wasted"),
        "kg CO₂",
        *([currency] if with_cost else []),
    ]
    caption = _("Energy by {group}", group=_(GROUP_NAMES[grouping]))
    largest = [[_linked(row, grouping), *_ranked(row, with_sessions, with_cost)] for row in rows[:MAX_LINKED]]
    others = [[row.name or _("(none)"), *_ranked(row, with_sessions, with_cost)] for row in rows[MAX_LINKED:]]
    shown = table(head, largest, caption)
    if not others:
        return shown
    summary = html.Summary(_("The next {count}", count=format_count(len(others))))
    return html.Div([shown, html.Details([summary, plain_table(head, others, caption)], className="mw-details")])


def _linked(row: EnergyRow, grouping: Grouping) -> Any:
    """A name that leads to its jobs, where it has some."""
    return dcc.Link(row.name or _("(none)"), href=jobs_path(**{grouping: row.name})) if row.jobs else row.name


def _ranked(row: EnergyRow, with_sessions: bool, with_cost: bool) -> list[str]:
    """What stands behind a name."""
    return [
        format_count(row.jobs),
        format_count(row.cpu_hours) if row.cpu_hours >= 100 else format_number(row.cpu_hours),
        format_number(kwh_from_j(row.energy_j)),
        *([format_number(kwh_from_j(row.sessions_j))] if with_sessions else []),
        format_number(100 * row.evidence.uncertainty),
        waste_text(row),
        unknown() if row.co2_g is None else format_number(row.co2_g / 1000),
        *([format_cost(row.cost, "").strip()] if with_cost else []),
    ]


def waste_text(row: EnergyRow) -> str:
    """Share of the energy; `≥` where some of it is not known."""
    if row.waste_j is None or row.energy_j <= 0:
        return unknown()
    return ("≥ " if row.waste_unknown_j > 0 else "") + format_share(row.waste_j / row.energy_j)


def _share(amount_j: float, total_j: float) -> float | None:
    return amount_j / total_j if total_j > 0 else None


def _amount(amount_j: float, summary: EnergySummary) -> str:
    return f"{format_energy(amount_j)} · {format_share(_share(amount_j, summary.total_j))}"
