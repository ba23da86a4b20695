"""Sums of a week or month beside the same part of the one before, the trend, what wasted most, and the first visit."""

from collections.abc import Callable, Sequence
from typing import Any

from dash import dcc, html

from aggregator.queries.home_models import Compared, Overview, TimeSums
from aggregator.queries.models import JobRow
from dash_app.components.charts import chart
from dash_app.components.states import empty
from dash_app.components.tables import behind_chart, table
from dash_app.figures.home import days_figure
from dash_app.job_view import view_path
from dash_app.language import _
from dash_app.text import (
    format_co2,
    format_cost,
    format_count,
    format_day,
    format_energy,
    format_share,
    unknown,
)
from dash_app.urls import job_path, link
from maxwatt.domain.formatting import local_time


def compared_table(found: Compared, before: str, currency: str) -> html.Div:
    """Energy large, then everything beside the same part of the week or month before.

    Args:
        before: what that part is called, such as "At this point last week".
    """
    now, then = found.now, found.before
    figures: tuple[tuple[str, Callable[[TimeSums], float | None], Callable[[float | None], str]], ...] = (
        (_("Energy"), lambda sums: sums.energy_j, format_energy),
        (_("CO₂"), lambda sums: sums.co2_g, format_co2),
        (_("Cost"), lambda sums: sums.cost, lambda cost: format_cost(cost, currency)),
        (_("Wasted"), lambda sums: sums.waste_j, format_energy),
    )
    rows = [
        [label, _wasted(now, spell(value(now))) if label == _("Wasted") else spell(value(now)),
         spell(value(then)) if then else _("not recorded"), change(value(now), value(then) if then else None)]
        for label, value, spell in figures
    ]  # fmt: skip
    rows.append([_("Jobs started"), format_count(now.jobs), format_count(then.jobs) if then else _("not recorded"),
                 change(now.jobs, then.jobs if then else None)])  # fmt: skip
    head = ["", _("So far"), before, _("Change")]
    return html.Div(
        [html.Div(format_energy(now.energy_j), className="mw-home-figure"), table(head, rows, before, stacks=False)],
        className="mw-home-sums",
    )


def change(now: float | None, before: float | None) -> str:
    """How much more or less: `+12 %`, `−8 %`, `×3.1` from three times on; empty where it cannot be told."""
    if now is None or not before:
        return ""
    ratio = now / before
    if ratio >= 3:
        return f"×{ratio:.3g}" if ratio < 1000 else "> ×1000"
    return ("+" if ratio >= 1 else "\u2212") + format_share(abs(ratio - 1))


def _wasted(sums: TimeSums, text: str) -> str:
    if sums.waste_j is None:
        return text
    share = f" ({format_share(sums.waste_j / sums.energy_j)})" if sums.energy_j > 0 else ""
    return f"{'≥ ' if sums.waste_unknown_j else ''}{text}{share}"


def trend(found: Overview, zone: str) -> html.Figure:
    """Energy of each day as bars, with its figures behind."""
    days = [day for day in found.days if found.known_since_ms is not None and day.until_ms > found.known_since_ms]
    head = [_("Day"), _("Energy"), _("Wasted"), _("CO₂"), _("Jobs started")]
    rows = [
        [format_day(local_time(day.since_ms, zone).date()), format_energy(day.energy_j),
         _wasted(day, format_energy(day.waste_j)), format_co2(day.co2_g), format_count(day.jobs)]
        for day in reversed(days)
    ]  # fmt: skip
    caption = _("Energy of each of the last {n} days", n=len(found.days))
    below = html.Div([html.P(_("Hatched: wasted"), className="mw-note"), behind_chart(head, rows, caption)])
    return chart(days_figure(found.days, zone, found.known_since_ms), caption, below)


def wasteful(rows: Sequence[JobRow], user: str) -> Any:
    """The jobs that wasted most, with their share."""
    if not rows:
        return html.P(_("No job of the last 30 days is known to have wasted energy."), className="mw-home-quiet")
    head = [_("Job"), _("Wasted"), _("of its energy"), _("CPU used"), _("Memory used")]
    cells = [
        [
            html.Span(
                [dcc.Link(row.shown_id, href=job_path(row.job_id, row.start_ms), className="mw-job-link"),
                 html.Span(f" {row.name}", className="mw-home-name")]
            ),
            format_energy(row.waste_j),
            format_share(row.waste_j / row.energy_j) if row.waste_j is not None and row.energy_j else unknown(),
            format_share(row.cpu_efficiency),
            format_share(row.memory_efficiency),
        ]
        for row in rows
    ]  # fmt: skip
    every = dcc.Link(
        _("All of them"), href=view_path({"user": user, "range": "30d", "waste": "0.01..", "fold": "none"})
    )
    return html.Div([table(head, cells, _("Jobs that wasted most in the last 30 days")), html.P(every)])


def first_visit(user: str, cluster: str) -> html.Div:
    """Nobody's first job yet: what to do, and what will stand here."""
    how = html.Pre("sbatch --time=10 --cpus-per-task=2 --wrap='sleep 300'", className="mw-path")
    text = html.Div(
        [
            html.P(
                _("No job of {user} on {cluster} is known yet.", user=user, cluster=cluster)
                if user
                else _("No job on {cluster} is known yet.", cluster=cluster)
            ),
            html.P(_("Submit one, such as this, and it appears here within a minute of its start:")),
            how,
            html.P(_("Then you see what it draws, what it uses of what it reserved, and its CO₂.")),
        ]
    )  # fmt: skip
    return empty(_("Your jobs will stand here"), text, dcc.Link(_("How energy is counted"), href=link("/method")))
