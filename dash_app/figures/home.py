"""The days of "My jobs": energy as bars, with the part that was wasted."""

from collections.abc import Sequence

from aggregator.queries.home_models import TimeSums
from dash_app.figures.plain import Figure, bars, figure
from dash_app.figures.theme import BLUE, VERMILION, axis, base_layout, rgba
from dash_app.language import _
from dash_app.text import format_co2, format_day, format_energy
from maxwatt.domain.formatting import local_time
from maxwatt.domain.units import J_PER_KWH


def days_figure(days: Sequence[TimeSums], zone: str, known_since_ms: int | None, height_px: int = 220) -> Figure:
    """A bar for each day [kWh], stacked: wasted below, the rest above. Days before the first booking have no bar.

    Args:
        zone: the site's, whose days they are.
        known_since_ms: start of the first booking [epoch ms].
    """
    known = [day for day in days if known_since_ms is not None and day.until_ms > known_since_ms]
    names = [format_day(local_time(day.since_ms, zone).date(), year=False) for day in days]
    shown = [format_day(local_time(day.since_ms, zone).date(), year=False) for day in known]
    every = max(1, len(names) // 4)  # as many as stand side by side on a phone
    layout = base_layout(
        height_px, barmode="stack", bargap=0.28, hovermode="closest",
        xaxis={
            "type": "category", "categoryorder": "array", "categoryarray": names, "range": [-0.5, len(names) - 0.5],
            "tickvals": names[::-1][::every], "showgrid": False, "automargin": True, "fixedrange": True, "tickangle": 0,
        },
        yaxis=axis(title={"text": "kWh", "standoff": 8}),
    )  # fmt: skip
    texts = [
        _("{day}: {energy}, {waste} of it wasted, {co2} CO₂", day=name, energy=format_energy(day.energy_j),
          waste=format_energy(day.waste_j), co2=format_co2(day.co2_g))
        for name, day in zip(shown, known, strict=True)
    ]  # fmt: skip
    wasted = [(day.waste_j or 0.0) / J_PER_KWH for day in known]
    rest = [day.energy_j / J_PER_KWH - waste for day, waste in zip(known, wasted, strict=True)]
    parts = ((wasted, _("Wasted"), VERMILION, "/"), (rest, _("Used"), BLUE, ""))
    traces = [
        bars(
            x=shown, y=values, name=name, customdata=texts, hovertemplate="%{customdata}<extra></extra>",
            marker={"color": rgba(colour, 0.8), "line": {"width": 0}, "pattern": {"shape": pattern}},
        )
        for values, name, colour, pattern in parts
    ]  # fmt: skip
    return figure(layout, traces)
