"""What to change in the batch script, line by line, with what it would save."""

from typing import Any, Final

from dash import html

from aggregator.queries.job_models import Advice, Advices
from dash_app.components.charts import card
from dash_app.components.copying import copied, copy_button
from dash_app.language import _, marked
from dash_app.text import format_bytes, format_duration, format_energy, format_number, format_share

_SILENT: Final = {
    "running": marked("While it runs nobody knows what it will still need. Come back when it has ended."),
    "short": marked("It ran for less than ten minutes: too short to say what the next one needs."),
    "state": marked("It did not end normally, so what it used does not say what it needs."),
    "coverage": marked("Less than 90 % of its time was sampled: too little to be sure."),
    "unknown": marked("Nothing is booked for it yet, so nothing can be said."),
}


def advice_card(found: Advices) -> html.Section:
    """The lines, or why there are none."""
    title = _("What to change")
    if found.silent:
        return card(title, html.P(_(_SILENT[found.silent]), className="mw-note"))
    if not found.advices:
        return card(title, html.P(_("Nothing: what it reserved fits what it used."), className="mw-note"))
    lines = "\n".join(advice.line for advice in found.advices if advice.line)
    button = html.Span([copy_button(lines, _("All lines")), _("Copy all")], className="mw-note mw-copied")
    note = _("What the others of its kind need may differ. Memory has 20 %, CPUs 10 %, time 25 % of headroom.")
    items = [_item(advice) for advice in found.advices]
    extra = button if len(lines.splitlines()) > 1 else None
    return card(title, [html.Ul(items, className="mw-advice"), html.P(note, className="mw-note")], extra)


def _item(advice: Advice) -> html.Li:
    line = copied(advice.line, advice.line) if advice.line else html.Strong(_("Leave out --gres."))
    return html.Li([html.Div([line, _gain(advice)], className="mw-advice-line"), html.P(_why(advice))])


def _gain(advice: Advice) -> Any:
    if advice.kind == "time":
        return html.Span(_("may start sooner"), className="mw-note")
    if advice.saves_j is None:
        return html.Span(_("gain unknown"), className="mw-note")
    return html.Span(_("saves {energy} of static energy", energy=format_energy(advice.saves_j)), className="mw-gain")


def _why(advice: Advice) -> str:
    if advice.kind == "memory":
        return _(
            "The node that used most reached {used} of {held}. What is held draws power, and others wait for it.",
            used=format_bytes(advice.used),
            held=format_bytes(advice.held),
        )
    if advice.kind == "cpus":
        return _(
            "At its busiest {used} of {held} CPUs a node were in use over a quarter of an hour: the others drew static "
            "power. For one task on each node; ranks of one CPU each are --ntasks-per-node instead.",
            used=format_number(advice.used),
            held=format_number(advice.held),
        )
    if advice.kind == "gpus":
        return _(
            "Of {held} GPUs a node at most {used} were ever busy: the others drew idle power.",
            used=format_number(advice.used),
            held=format_number(advice.held),
        )
    return _(
        "Its kind took {used} at the longest, {share} of the limit. A shorter one saves no energy, but fits into gaps "
        "of the schedule.",
        used=format_duration(advice.used),
        share=format_share(advice.used / advice.held),
    )
