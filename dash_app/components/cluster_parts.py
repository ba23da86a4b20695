"""Parts of the cluster page: the tiles of now, what the power is for, who used and wasted most, data quality."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import dcc, html

from aggregator.queries.checks.finding import Level
from aggregator.queries.cluster_models import ClusterNow, Outlook
from aggregator.queries.energy_models import EnergyRow, EnergySeries, EnergySummary
from aggregator.queries.figure_words import mean_value
from aggregator.queries.health import Health
from aggregator.queries.models import Status
from dash_app.components.bars import Slice, share_bar
from dash_app.components.energy_parts import waste_text
from dash_app.components.outlook_parts import intensity_note
from dash_app.components.tables import table
from dash_app.components.tiles import tile, tiles
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
    format_age,
    format_co2,
    format_cost,
    format_count,
    format_energy,
    format_number,
    format_power,
    format_share,
)
from dash_app.urls import jobs_path, link
from maxwatt.domain.carbon import Quantity
from maxwatt.domain.formatting import local_time
from maxwatt.domain.units import J_PER_KWH, MS_PER_S, S_PER_H

TOP: Final = 8
STALE_S: Final = 180.0
"""A node without a sample for so long is called stale [s]."""


def now_tiles(now: ClusterNow, outlook: Outlook, day: EnergySummary) -> html.Div:
    """Power and what it emits now; of the last day the share of idle and system, and the PUE."""
    pue = mean_value(day.figures, Quantity.PUE)
    emitted_g = _emitted_g_per_h(now.total_w, pue, outlook)
    shown = [
        tile(_("Power now"), format_power(now.total_w), _now_note(now), unknown=now.total_w is None),
        tile(_("Emissions now"), _per_hour(emitted_g), _("power × PUE × intensity"), unknown=emitted_g is None),
        tile(_("Grid"), _intensity(outlook), intensity_note(outlook), unknown=outlook.now is None),
        _share_tile(_("Idle"), day.idle_j, day),
        _share_tile(_("System"), day.system_j, day),
        tile("PUE", format_number(pue), _("mean of the last 24 hours"), unknown=pue is None),
    ]
    return tiles(shown, _("The cluster now"))


def components_bar(power_w: Mapping[str, float]) -> html.Div:
    """Power by component."""
    total_w = sum(power_w.values())
    slices = [
        Slice(_(COMPONENT_LABELS[key]), _part(power_w[key], total_w), colour, _amount(power_w[key], total_w))
        for key, colour in COMPONENT_COLOURS.items()
        if key in power_w
    ]
    return share_bar(slices, _("Power by component"))


def kinds_bar(power_w: Mapping[str, float]) -> html.Div:
    """Power by what it is for."""
    total_w = sum(power_w.values())
    slices = [
        Slice(
            _(ACCOUNT_LABELS[key]), _part(power_w[key], total_w), colour, _amount(power_w[key], total_w),
            ACCOUNT_PATTERNS.get(key, ""),
        )
        for key, colour in ACCOUNT_COLOURS.items()
        if power_w.get(key)
    ]  # fmt: skip
    return share_bar(slices, _("Power by what it is for"))


def latest(series: EnergySeries) -> tuple[int, dict[str, float]] | None:
    """Start of the newest step that is known [epoch ms UTC] and its powers [W]."""
    for i in range(len(series.start_ms) - 1, -1, -1):
        known = {key: values[i] for key, values in series.power_w.items()}
        if known and all(value is not None for value in known.values()):
            return series.start_ms[i], {key: value for key, value in known.items() if value is not None}
    return None


def booked_note(start_ms: int, status: Status) -> str:
    """Which quarter hour the split is of, as far as it is booked."""
    end_ms = status.booked_until_ms or start_ms
    clock = (f"{local_time(ms, status.timezone):%H:%M}" for ms in (start_ms, end_ms))
    return _("as booked from {start} until {end}, provisional").format(
        **dict(zip(("start", "end"), clock, strict=True))
    )


def top_users(rows: Sequence[EnergyRow], currency: str) -> Any:
    """Who used most."""
    with_cost = any(row.cost is not None for row in rows)
    head = [_("User"), _("Energy"), _("Jobs"), "CO₂", *([_("Cost")] if with_cost else [])]
    body = [
        [
            _user(row),
            format_energy(row.energy_j),
            format_count(row.jobs),
            format_co2(row.co2_g),
            *([format_cost(row.cost, currency)] if with_cost else []),
        ]
        for row in rows[:TOP]
    ]
    return table(head, body, _("Users with most energy")) if body else _nobody()


def largest_waste(rows: Sequence[EnergyRow]) -> Any:
    """Whose jobs reserved most without using it."""
    wasteful = sorted((row for row in rows if row.waste_j), key=lambda row: -(row.waste_j or 0.0))[:TOP]
    head = [_("User"), _("Wasted"), _("Of their energy"), _("Jobs")]
    body = [[_user(row), format_energy(row.waste_j), waste_text(row), format_count(row.jobs)] for row in wasteful]
    return table(head, body, _("Users with most waste")) if body else _nobody()


def quality_part(health: Health | None, now: ClusterNow, day: EnergySummary) -> html.Div:
    """How much of the data is there and what is odd about it, with the way to the findings."""
    stale = [node for node in now.nodes if _age_s(now, node.sampled_ms) > STALE_S]
    never = sum(node.sampled_ms is None for node in stale)
    findings = health.findings if health else ()
    faults, warnings = (sum(one.level is level for one in findings) for level in (Level.FAULT, Level.WARNING))
    lines = [
        _("Samples cover {share} of the last 24 hours.", share=format_share(day.evidence.coverage)),
        _n("{n} node is silent", "{n} nodes are silent", len(stale))
        + (_(", {n} of them from the beginning", n=never) if never else "")
        + ": "
        + _names([node.node for node in stale])
        if stale
        else _("Every node sent a sample in the last minutes."),
        f"{_n('{n} fault', '{n} faults', faults)}, {_n('{n} warning', '{n} warnings', warnings)}.",
    ]
    more = dcc.Link(_("All findings"), href=link("/quality"), className="mw-button")
    return html.Div([html.Ul([html.Li(line) for line in lines], className="mw-quality-short"), more])


def _names(names: Sequence[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def _age_s(now: ClusterNow, sampled_ms: int | None) -> float:
    """Age of a sample [s]; of a clock that is ahead 0, of no sample endless."""
    return float("inf") if sampled_ms is None else max(0.0, (now.now_ms - sampled_ms) / MS_PER_S)


def _now_note(now: ClusterNow) -> str:
    if now.newest_ms is None:
        return _("No node ever sent a sample.")
    if now.total_w is None:
        return _("The newest sample is of {when}.", when=ago(now.newest_ms, now.now_ms))
    parts = [
        _("{known} of {all} nodes", known=len(now.known), all=len(now.nodes)),
        _("mean of {span}, newest {age} old", span=format_age(now.span_s), age=format_age(_age_s(now, now.newest_ms))),
    ]
    if now.modelled_w:
        parts.append(_("{share} modelled", share=format_share(now.modelled_w / now.total_w)))
    return " · ".join([*parts, _("provisional")])


def _emitted_g_per_h(power_w: float | None, pue: float | None, outlook: Outlook) -> float | None:
    """`P * PUE * I` [g/h]."""
    if power_w is None or pue is None or outlook.now is None:
        return None
    return power_w * S_PER_H / J_PER_KWH * pue * outlook.now.g_per_kwh


def _per_hour(amount_g: float | None) -> str:
    return format_co2(amount_g) + ("/h" if amount_g is not None else "")


def _intensity(outlook: Outlook) -> str:
    return f"{format_number(outlook.now.g_per_kwh)} g/kWh" if outlook.now else format_number(None)


def _share_tile(label: str, amount_j: float | None, day: EnergySummary) -> html.Div:
    share = amount_j / day.total_j if amount_j is not None and day.total_j > 0 else None
    note = _("{energy} of the last 24 hours", energy=format_energy(amount_j))
    return tile(label, format_share(share), note, unknown=share is None)


def _user(row: EnergyRow) -> Any:
    return dcc.Link(row.name or _("(none)"), href=jobs_path(user=row.name)) if row.jobs else row.name


def _nobody() -> html.P:
    return html.P(_("No job was booked in this time."), className="mw-note")


def _part(part_w: float, total_w: float) -> float:
    return max(part_w, 0.0) / total_w if total_w > 0 else 0.0


def _amount(part_w: float, total_w: float) -> str:
    return f"{format_power(part_w)} · {format_share(part_w / total_w if total_w > 0 else None)}"
