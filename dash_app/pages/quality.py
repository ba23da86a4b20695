"""Data quality: what is well with the data and what is not, with its size and its mend."""

from collections.abc import Sequence
from typing import Any, Final

from dash import Dash, html

from aggregator.queries.checks.finding import Finding, Level
from aggregator.queries.health import Fault, Health
from dash_app.components.attributes import HIDDEN, aria
from dash_app.components.states import empty
from dash_app.components.tables import table
from dash_app.context import PageContext
from dash_app.language import _, _n, marked, marked_n
from dash_app.ports import PageQueries
from dash_app.text import ago, format_count
from maxwatt.config import Settings
from maxwatt.domain.viewer import Viewer

NAME: Final = marked("Data quality")
PATHS: Final = ("/quality",)

_WORDS: Final = {Level.FAULT: marked("Fault"), Level.WARNING: marked("Warning"), Level.OK: marked("Well")}
_AREAS: Final = {
    "ledger": marked("ledger"),
    "sources": marked("sources"),
    "meters": marked("meters"),
    "jobs": marked("jobs"),
    "carbon": marked("carbon"),
    "faults": marked("faults"),
}
_COUNTED: Final = {
    Level.FAULT: marked_n("{n} fault", "{n} faults"),
    Level.WARNING: marked_n("{n} warning", "{n} warnings"),
}
_MARKS: Final = {Level.FAULT: "✗", Level.WARNING: "!", Level.OK: "✓"}


def shown_to(viewer: Viewer, _settings: Settings) -> bool:
    """Findings name other people's jobs."""
    return viewer.sees_all


def layout(context: PageContext) -> html.Div:
    """The findings, the worst first, and what was noted in the last days."""
    health = context.queries.health(context.viewer)
    if health is None:
        return html.Div(
            empty(
                _("Not for everybody"),
                _("Findings name other people's jobs: they are shown to administrators."),
                level=1,
            )
        )
    return html.Div(
        [
            html.Div([html.H1(_(NAME)), html.Span(_summary(health), className="mw-count")], className="mw-title-row"),
            _findings(health.findings),
            _faults(health.faults, context.now_ms),
        ],
        className="mw-quality",
    )


def register(app: Dash, queries: PageQueries) -> None:
    """The page has no callbacks: it is read anew with each visit."""


def _summary(health: Health) -> str:
    counts = {level: sum(finding.level is level for finding in health.findings) for level in Level}
    worse = [_n(*_COUNTED[level], counts[level]) for level in (Level.FAULT, Level.WARNING) if counts[level]]
    return ", ".join(worse) or _("all is well")


def _findings(findings: Sequence[Finding]) -> html.Ul:
    return html.Ul([_finding(finding) for finding in findings], className="mw-findings", **aria(label=_("Findings")))


def _finding(finding: Finding) -> html.Li:
    parts: list[Any] = [
        html.Span(_MARKS[finding.level], className="mw-finding-mark", **HIDDEN),
        html.Div(
            [
                html.P(
                    [
                        html.Span(
                            f"{_(_WORDS[finding.level])}, {_(_AREAS.get(finding.area, finding.area))}: ",
                            className="mw-finding-area",
                        ),
                        html.Span(finding.sentence, lang="en"),
                    ]
                ),
                html.P(", ".join(finding.places), className="mw-finding-places") if finding.places else None,
                html.P(["→ ", finding.mend], className="mw-finding-mend", lang="en") if finding.mend else None,
            ]
        ),
    ]
    return html.Li(parts, className=f"mw-finding mw-finding-{finding.level}")


def _faults(faults: Sequence[Fault], now_ms: int) -> html.Section:
    if not faults:
        return html.Section([html.H2(_("Noted in the last days")), html.P(_("Nothing odd came in."))])
    rows = [
        (fault.source, html.Span(fault.message, lang="en"), format_count(fault.count), ago(fault.seen_ms, now_ms))
        for fault in faults
    ]
    return html.Section(
        [
            html.H2(_("Noted in the last days")),
            table(
                (_("source"), _("what was odd"), _("times"), _("last")),
                rows,
                _("What was odd in what came in"),
                first_is_text=True,
            ),
        ]
    )
