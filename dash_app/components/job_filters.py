"""The filters of the job table: the usual ones in sight, all others below a button; what is set, as chips."""

from collections.abc import Mapping
from typing import Any, Final

import dash_mantine_components as dmc
from dash import html

from dash_app.components.attributes import HIDDEN, aria, data
from dash_app.components.job_state import state_label
from dash_app.job_view import NO_FOLD, RANGES, bounds
from dash_app.language import _, marked
from dash_app.urls import CUSTOM
from maxwatt.domain.jobs import JobState

_DAYS: Final = marked("Days")
LABELS: Final[Mapping[str, str]] = {
    "q": marked("Search"),
    "state": marked("State"),
    "user": marked("User"),
    "account": marked("Account"),
    "partition": marked("Partition"),
    "qos": marked("QOS"),
    "name": marked("Name"),
    "node": marked("Nodes"),
    "array": marked("Array"),
    "tag": marked("Tags"),
    "range": marked("Time"),
    "elapsed": marked("Elapsed"),
    "energy": marked("Energy"),
    "waste": marked("Wasted"),
    "cpu": marked("CPU used"),
    "memory": marked("Memory used"),
    "gpus": marked("GPUs"),
}
_TIMES: Final = (
    ("24h", marked("Last 24 h")), ("7d", marked("Last 7 days")), ("30d", marked("Last 30 days")),
    (CUSTOM, marked("Days …")),
)  # fmt: skip
_FOLDS: Final = (("array", marked("Arrays")), ("name", marked("Names")), (NO_FOLD, marked("Nothing")))
_STATES: Final = tuple(state for state in JobState if state not in {JobState.PENDING, JobState.UNKNOWN})
SUGGESTED: Final = ("user", "account", "partition", "qos")
"""Filters that offer what there is."""


def job_filters(values: Mapping[str, str]) -> html.Div:
    """Every filter as an address says; on a phone all of it is a drawer that a button opens."""
    rest = [*(_suggesting(name, values) for name in ("account", "qos")), *_plain(values), _days(values)]
    return html.Div(
        [
            html.Div(
                [
                    html.H2(_("Filters")),
                    html.Button(_("Show jobs"), id="jobs-drawer-close", className="mw-button", type="button"),
                ],
                className="mw-job-drawer-head",
            ),
            html.Div(
                [_state(values), *(_suggesting(name, values) for name in ("user", "partition")), _time(values)],
                className="mw-job-filters",
            ),
            html.Div(
                [
                    html.Div(rest, className="mw-job-filters"),
                    html.Div([_range(name, values) for name in RANGES], className="mw-job-ranges"),
                ],
                id="jobs-more-panel",
                className="mw-job-more",
                hidden=True,
            ),
        ],
        id="jobs-filter-panel",
        className="mw-job-panel",
        role="search",
        **aria(label=_("Filter jobs")),
    )


def search_row(values: Mapping[str, str]) -> html.Div:
    """The search, and the button that opens the other filters."""
    return html.Div(
        [
            dmc.TextInput(
                id="jobs-q",
                value=values.get("q", ""),
                placeholder=_("Job id, name or node"),
                size="sm",
                debounce=300,
                className="mw-job-search",
                **aria(label=_("Search job id, name or node")),
            ),
            html.Button(
                [html.Span(_("All filters")), html.Span(id="jobs-set", className="mw-chip-count")],
                id="jobs-more",
                className="mw-plain-button",
                type="button",
                **aria(expanded="false", controls="jobs-more-panel"),
            ),
        ],
        className="mw-job-search-row",
    )


def fold_choice(fold: str) -> html.Div:
    """How jobs are folded."""
    control = dmc.SegmentedControl(
        id="jobs-fold",
        value=fold,
        data=[{"value": value, "label": _(label)} for value, label in _FOLDS],
        size="xs",
        **aria(label=_("Fold jobs by")),
    )
    return html.Div([html.Span(_("Fold"), className="mw-note", **HIDDEN), control], className="mw-job-fold")


def chips(values: Mapping[str, str]) -> list[Any]:
    """What is set, each with a button that takes it away, and one for all."""
    named = [(name, _spelled(name, values)) for name in LABELS if name in values]
    if "since" in values:
        named.append(("days", f"{values['since']} – {values['until']}"))
    found = [_chip(name, _(LABELS.get(name, _DAYS)), text) for name, text in named]
    clear = html.Button(_("Clear all"), id="jobs-clear", className="mw-chip mw-chip-all", type="button")
    return [*found, clear] if found else []


def _chip(name: str, label: str, text: str) -> html.Button:
    return html.Button(
        [html.Span(f"{label}: "), html.Strong(text), html.Span("×", className="mw-chip-x", **HIDDEN)],
        className="mw-chip",
        type="button",
        **data(filter=name),
        **aria(label=_("Remove the filter {name}: {value}", name=label, value=text)),
    )


def _spelled(name: str, values: Mapping[str, str]) -> str:
    text = values[name]
    if name in RANGES:
        low, high = bounds(text)
        unit = f" {RANGES[name].unit}".rstrip()
        if low is None or high is None:
            return f"≥ {low:g}{unit}" if low is not None else f"≤ {high:g}{unit}"
        return f"{low:g}–{high:g}{unit}"
    if name == "state":
        return ", ".join(state_label(state) for state in text.split(","))
    return _(dict(_TIMES)[text]) if name == "range" else text.replace(",", ", ") if name == "tag" else text


def _state(values: Mapping[str, str]) -> dmc.MultiSelect:
    chosen = values["state"].split(",") if "state" in values else []
    return dmc.MultiSelect(
        id="jobs-state",
        value=chosen,
        placeholder=_("Any state"),
        data=[{"value": state, "label": state_label(state)} for state in _STATES],
        size="sm",
        clearable=True,
        className="mw-job-states",
        **aria(label=_("State")),
    )


def _suggesting(name: str, values: Mapping[str, str]) -> dmc.Autocomplete:
    any_of = {"user": _("Any user"), "account": _("Any account"), "partition": _("Any partition"), "qos": _("Any QOS")}
    return dmc.Autocomplete(
        id=f"jobs-{name}",
        value=values.get(name, ""),
        placeholder=any_of[name],
        size="sm",
        clearable=True,
        debounce=300,
        limit=12,
        **aria(label=_(LABELS[name])),
    )


def _plain(values: Mapping[str, str]) -> list[dmc.TextInput]:
    hints = {
        "name": _("Exactly this name"),
        "node": _("Nodes, such as n[01-04]"),
        "array": _("Number of an array"),
        "tag": _("Tags, such as project=x #test"),
    }
    return [
        dmc.TextInput(
            id=f"jobs-{name}",
            value=values.get(name, "").replace(",", " ") if name == "tag" else values.get(name, ""),
            placeholder=hint,
            size="sm",
            debounce=400,
            **aria(label=_(LABELS[name])),
        )
        for name, hint in hints.items()
    ]


def _time(values: Mapping[str, str]) -> dmc.Select:
    return dmc.Select(
        id="jobs-range",
        value=CUSTOM if "since" in values else values.get("range"),
        placeholder=_("Any time"),
        data=[{"value": value, "label": _(label)} for value, label in _TIMES],
        size="sm",
        clearable=True,
        **aria(label=_("Time")),
    )


def _days(values: Mapping[str, str]) -> html.Div:
    custom = "since" in values
    picker = dmc.DatePickerInput(
        id="jobs-days",
        type="range",
        value=[values["since"], values["until"]] if custom else [None, None],
        valueFormat="D MMM YYYY",
        placeholder=_("First and last day"),
        allowSingleDateInRange=True,
        clearable=True,
        size="sm",
        **aria(label=_("First and last day")),
    )
    return html.Div(picker, id="jobs-days-frame", hidden=not custom)


def _range(name: str, values: Mapping[str, str]) -> html.Fieldset:
    low, high = bounds(values.get(name, ""))
    unit = RANGES[name].unit
    ends = ((_("at least"), "low", low), (_("at most"), "high", high))
    inputs = [
        dmc.NumberInput(
            id=f"jobs-{name}-{end}",
            value="" if bound is None else bound,
            placeholder=words,
            min=0,
            size="xs",
            debounce=400,
            hideControls=True,
            **aria(label=f"{_(LABELS[name])} {words}" + (f" [{unit}]" if unit else "")),
        )
        for words, end, bound in ends
    ]
    legend = html.Legend(_(LABELS[name]) + (f" [{unit}]" if unit else ""))
    return html.Fieldset([legend, html.Div(inputs, className="mw-job-range")], className="mw-job-fieldset")


def is_set(values: Mapping[str, str]) -> bool:
    """Whether anything narrows the table."""
    return any(name not in {"fold", "back"} for name in values)
