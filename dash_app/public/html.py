"""The public page's HTML from its read model. Every text goes through `escape`."""

from html import escape
from typing import Final

from aggregator.queries.cluster_models import IntensityHour
from aggregator.queries.energy_models import EnergySeries
from aggregator.queries.public import PublicCluster, PublicEnergy
from dash_app.components.outlook_parts import STATES
from dash_app.figures.cluster import COMPONENT_LAYERS
from dash_app.figures.stack import drawn
from dash_app.language import _, language
from dash_app.public.stack import scale_of, stack_svg
from dash_app.text import ago, format_co2, format_day, format_energy, format_number, format_power, format_share
from dash_app.urls import link
from maxwatt.domain.formatting import local_time
from maxwatt.domain.units import J_PER_KWH, S_PER_H

_PAGE: Final = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/svg+xml" href="{base}/assets/favicon.svg">
<link rel="stylesheet" href="{base}/assets/public.css">
<script src="{base}/assets/public.js" defer></script>
</head>
<body>
<header><img src="{base}/assets/favicon.svg" alt="" width="32" height="32"><h1>{title}</h1>{badge}
<a href="{base}/">{sign_in}</a></header>
<main id="public">{body}</main>
</body>
</html>"""


def page(title: str, body: str, badge: str = "") -> str:
    """The whole page; `body` is HTML, the others are text."""
    mark = f'<span class="badge">{escape(badge)}</span>' if badge else ""
    return _PAGE.format(
        language=language(), title=escape(title), base=link(""), badge=mark, sign_in=escape(_("Sign in")), body=body
    )


def cluster_page(cluster: PublicCluster) -> str:
    """Power, energy and what they emit, as far as they are told."""
    title = _("Power of {cluster}", cluster=cluster.cluster)
    badge = _("Simulated data") if cluster.simulated else ""
    if not cluster.told:
        why = _("Fewer than five people or nodes took part in the last days: their use is not shown to everybody.")
        return page(title, f'<p class="note">{escape(why)}</p>{_tiles([_grid(cluster)])}', badge)
    return page(title, _tiles(_figures(cluster)) + _components(cluster) + _week(cluster), badge)


def _figures(cluster: PublicCluster) -> list[str]:
    known = bool(cluster.power_w)
    total_w = sum(cluster.power_w.values()) if known else None
    newest = _("No sample yet") if cluster.newest_ms is None else ago(cluster.newest_ms, cluster.now_ms)
    now = _("measured {when}, provisional", when=newest) if known else newest
    return [
        _tile(_("Power now"), format_power(total_w), now),
        _tile(_("Emissions now"), _emissions(cluster, total_w), _("power × PUE × intensity")),
        _energy(_("Last 7 days"), cluster.week),
        _energy(_("Last 30 days"), cluster.month),
        _tile(_("Idle"), format_share(cluster.week.idle_share if cluster.week else None), _("of 7 days' energy")),
        _grid(cluster),
        _tile("PUE", format_number(cluster.pue), _("mean of 30 days")),
    ]


def _grid(cluster: PublicCluster) -> str:
    now = cluster.intensity
    value = f"{format_number(now.g_per_kwh)} g/kWh" if now else format_number(None)
    return _tile(_("Grid"), value, f"{_state(now)}: {cluster.origin}" if now else "")


def _state(now: IntensityHour) -> str:
    return _(STATES.get(now.state, now.state))


def _emissions(cluster: PublicCluster, power_w: float | None) -> str:
    if power_w is None or cluster.pue is None or cluster.intensity is None:
        return format_co2(None)
    return format_co2(power_w * S_PER_H / J_PER_KWH * cluster.pue * cluster.intensity.g_per_kwh) + "/h"


def _energy(label: str, energy: PublicEnergy | None) -> str:
    if energy is None:
        return _tile(label, format_energy(None), "")
    return _tile(label, format_energy(energy.energy_j), f"{format_co2(energy.co2_g)} CO₂")


def _tiles(tiles: list[str]) -> str:
    return f'<dl class="tiles">{"".join(tiles)}</dl>'


def _tile(label: str, value: str, note: str) -> str:
    return f"<div><dt>{escape(label)}</dt><dd class=value>{escape(value)}</dd><dd class=note>{escape(note)}</dd></div>"


def _components(cluster: PublicCluster) -> str:
    """Power now by component, as a bar and in words."""
    total_w = sum(cluster.power_w.values())
    layers = [layer for layer in COMPONENT_LAYERS if cluster.power_w.get(layer.key, 0.0) > 0]
    if total_w <= 0 or not layers:
        return ""
    bar = "".join(
        f'<span style="flex-grow:{cluster.power_w[layer.key] / total_w:.4f};background:{layer.colour}"></span>'
        for layer in layers
    )
    words = "".join(
        f'<li><i style="background:{layer.colour}"></i>{escape(_(layer.label))}'
        f"<b>{escape(format_power(cluster.power_w[layer.key]))}</b></li>"
        for layer in layers
    )
    title = escape(_("By component, now"))
    return f"<section><h2>{title}</h2><div class=bar aria-hidden=true>{bar}</div><ul class=parts>{words}</ul></section>"


def _week(cluster: PublicCluster) -> str:
    """Power over the week as a chart, its legend, and the means of its days behind it."""
    layers = drawn(COMPONENT_LAYERS, cluster.series.power_w)
    title = escape(_("Mean power of the last 7 days"))
    if not layers:
        return f"<section><h2>{title}</h2><p class=note>{escape(_('Nothing is booked in this time'))}</p></section>"
    scale = scale_of(cluster.series)
    ticks = "".join(
        f'<li style="bottom:{100 * i / len(scale.ticks):.2f}%"><span>{format_number(tick)} {scale.unit}</span></li>'
        for i, tick in enumerate(scale.ticks, start=1)
    )
    names = "".join(f'<li><i style="background:{layer.colour}"></i>{escape(_(layer.label))}</li>' for layer in layers)
    chart = stack_svg(cluster.series, layers, scale.top_w, _("Mean power of the last 7 days"))
    return (
        f"<section><h2>{title}</h2><ul class=legend>{names}</ul>"
        f"<div class=plot><ol class=ticks aria-hidden=true>{ticks}</ol>{chart}"
        f"<ol class=days aria-hidden=true>{_days(cluster.series, cluster.timezone)}</ol></div>"
        f"{_table(cluster)}</section>"
    )


def _days(series: EnergySeries, zone: str) -> str:
    """The name of each day below its middle."""
    marks = [i for i, start in enumerate(series.start_ms) if local_time(start, zone).hour == 12]
    return "".join(
        f'<li style="left:{100 * i / len(series.start_ms):.2f}%">'
        f"{escape(format_day(local_time(series.start_ms[i], zone), year=False))}</li>"
        for i in marks
    )


def _table(cluster: PublicCluster) -> str:
    """Mean power of each day and component."""
    layers = drawn(COMPONENT_LAYERS, cluster.series.power_w)
    head = "".join(f"<th scope=col>{escape(text)}" for text in (_("Day"), *(_(layer.label) for layer in layers)))
    rows = "".join(
        f"<tr><th scope=row>{escape(day)}{''.join(f'<td>{escape(format_power(mean))}' for mean in means)}"
        for day, means in daily_means(cluster.series, [layer.key for layer in layers], cluster.timezone)
    )
    return (
        f"<details><summary>{escape(_('Figures'))}</summary><table><caption>{escape(_('Mean power of each day'))}"
        f"</caption><thead><tr>{head}<tbody>{rows}</table></details>"
    )


def daily_means(series: EnergySeries, keys: list[str], zone: str) -> list[tuple[str, list[float | None]]]:
    """Each day of the site with the mean power [W] of its known steps; None where a day has none."""
    days: dict[str, list[int]] = {}
    for i, start_ms in enumerate(series.start_ms):
        days.setdefault(format_day(local_time(start_ms, zone)), []).append(i)
    return [(day, [_mean([series.power_w[key][i] for i in steps]) for key in keys]) for day, steps in days.items()]


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
