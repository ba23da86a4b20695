"""Parts of the page of one's own or one's group's use: sums, what is usual, weeks, parts, and what it is as much as."""

from collections.abc import Sequence
from typing import Any, Final

from dash import html

from aggregator.queries.equivalents import Equivalent
from aggregator.queries.own_use import OwnUse, Use, Usual
from dash_app.components.attributes import HIDDEN
from dash_app.components.bars import use_bar
from dash_app.components.charts import chart
from dash_app.components.tables import behind_chart, table
from dash_app.components.tiles import tile, tiles
from dash_app.figures.efficiency import LINES, efficiency_figure
from dash_app.language import _, _n, marked, marked_n
from dash_app.text import format_co2, format_cost, format_count, format_day, format_energy, format_number, format_share
from maxwatt.domain.formatting import local_time

THINGS: Final = {
    "car_km": marked_n("{n} km by car", "{n} km by car"),
    "train_km": marked_n("{n} km by train", "{n} km by train"),
    "household_day": marked_n("{n} day of a household's electricity", "{n} days of a household's electricity"),
    "phone_charge": marked_n("{n} phone charge", "{n} phone charges"),
}
UNITS: Final = {"co2_kg": marked("kg CO₂ equivalent each"), "energy_kwh": marked("kWh each")}


def own_tiles(use: Use, currency: str) -> html.Div:
    """Sums of the last four weeks."""
    parts = [(_("CPU"), use.cpu_efficiency), (_("Memory"), use.memory_efficiency)]
    shown = [
        tile(_("Energy"), format_energy(use.energy_j), _n("{n} job", "{n} jobs", use.jobs, n=format_count(use.jobs))),
        tile("CO₂", format_co2(use.co2_g), _("location-based"), unknown=use.co2_g is None),
        *([tile(_("Cost"), format_cost(use.cost, currency))] if use.cost is not None else []),
        *(tile(name, format_share(value), _("used of reserved"), unknown=value is None) for name, value in parts),
        *([_gpu_tile(use)] if use.gpu_jobs else []),
        tile(_("Wasted"), format_share(use.waste_share), format_energy(use.waste_j), unknown=use.waste_share is None),
    ]
    return tiles(shown, _("The last four weeks"))


def compared(use: Use, usual: Usual) -> html.Div:
    """One's own shares beside the site's medians. No ranks: they would tell of others."""
    lines = (
        (_("CPU used of reserved"), use.cpu_efficiency, usual.cpu_efficiency),
        (_("Memory used of reserved"), use.memory_efficiency, usual.memory_efficiency),
        (_("Energy wasted"), use.waste_share, usual.waste_share),
    )
    bars = [use_bar(name, own, _usual(median, usual.people)) for name, own, median in lines]
    return html.Div(bars, className="mw-bars")


def weeks_part(use: OwnUse, zone: str) -> html.Div:
    """Efficiencies and waste week by week, from the first week with a job on, with the figures behind them."""
    first = next((i for i, week in enumerate(use.weeks) if week is not None), 0)
    weeks, starts = use.weeks[first:], use.week_ms[first:]
    values = {field: [_share_of(week, field) for week in weeks] for field, *_look in LINES}
    rows = [
        [
            format_day(local_time(start, zone), year=False),
            *(format_share(values[field][i]) for field, *_look in LINES),
            format_energy(week.energy_j if week else 0.0),
            format_count(week.jobs if week else 0),
        ]
        for i, (start, week) in enumerate(zip(starts, weeks, strict=True))
    ]
    head = [_("Week of"), *(_(label) for _field, label, *_look in LINES), _("Energy"), _("Jobs")]
    behind = behind_chart(head, rows, _("efficiency by week"))
    label = _("CPU and memory used of what was reserved, and energy wasted, by week")
    figure = efficiency_figure(starts, values, zone)
    return html.Div([_legend(), chart(figure, label, behind)])


def parts_table(parts: Sequence[tuple[str, Use]], name: str) -> Any:
    """Jobs of the last four weeks by name, account or partition."""
    if not parts:
        return html.P(_("No job started in the last four weeks."), className="mw-note")
    head = [name, _("Energy"), _("Jobs"), _("CPU"), _("Memory"), _("Wasted"), "CO₂"]
    body = [
        [
            part or _("(none)"),
            format_energy(use.energy_j),
            format_count(use.jobs),
            *(format_share(value) for value in (use.cpu_efficiency, use.memory_efficiency, use.waste_share)),
            format_co2(use.co2_g),
        ]
        for part, use in parts
    ]
    return table(head, body, _("Energy by {group}", group=name))


def equivalents_part(found: Sequence[Equivalent]) -> Any:
    """What the energy and its CO2 are as much as, each with who says so."""
    if not found:
        return html.P(_("Nothing is known to compare."), className="mw-note")
    return html.Ul([_equivalent(one) for one in found], className="mw-equivalents")


def _equivalent(one: Equivalent) -> html.Li:
    count = format_count(one.count) if one.count >= 100 else format_number(one.count)
    source = html.A(
        f"{one.source}, {one.year}", href=one.url, target="_blank", rel="noopener noreferrer", className="mw-note"
    )
    each = html.Span(f"{format_number(one.per_one)} {_(UNITS[one.of])}", className="mw-note")
    words = _n(*THINGS[one.key], one.count, n=count)
    return html.Li([html.Strong(["≈ ", words]), html.Span([each, " · ", source])])


def _share_of(week: Use | None, field: str) -> float | None:
    share: float | None = None if week is None else getattr(week, field)
    return share


def _gpu_tile(use: Use) -> html.Div:
    note = _n("{n} job held GPUs; see its page", "{n} jobs held GPUs; see their pages", use.gpu_jobs)
    return tile("GPU", format_share(None), note, unknown=True)


def _usual(median: float | None, people: int) -> str:
    if median is None:
        return _("too few people to say what is usual here")
    return _("usual here: {share}, the median of {people} people", share=format_share(median), people=people)


def _legend() -> html.Ul:
    items = [
        html.Li(
            [html.Span(className="mw-mark", style={"borderColor": colour, "borderTopStyle": style}, **HIDDEN), _(label)]
        )
        for (_field, label, colour, _symbol, _dash), style in zip(LINES, ("solid", "dashed", "dotted"), strict=True)
    ]
    return html.Ul(items, className="mw-legend")
