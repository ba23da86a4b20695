"""Sessions and what can be started: a card for each application, a card for each session."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import dcc, html

from aggregator.queries.models import Status
from aggregator.queries.recent import RecentUse
from dash_app.components.attributes import aria
from dash_app.components.evidence import uncertainty_text
from dash_app.components.facts import Fact, facts
from dash_app.components.states import empty
from dash_app.language import _, _n, marked
from dash_app.launcher.launcher import title_of
from dash_app.launcher.seen import SeenSession
from dash_app.launcher.session import Phase, Session
from dash_app.text import (
    ago,
    format_bytes,
    format_co2,
    format_cost,
    format_duration,
    format_energy,
    format_power,
    format_time,
)
from dash_app.urls import job_path
from maxwatt.config import Application
from maxwatt.domain.units import MS_PER_S
from maxwatt.domain.viewer import Viewer

START: Final = "session-start"
STOP: Final = "session-stop"
_MIB: Final = 1 << 20
_S_PER_MIN: Final = 60
_PHASES: Final = {
    Phase.WAITING: ("plain", marked("Waiting in the queue")),
    Phase.STARTING: ("plain", marked("Starting")),
    Phase.RUNNING: ("running", marked("Running")),
    Phase.STOPPING: ("warn", marked("Stopping")),
}


def application_cards(applications: Sequence[Application], taken: Mapping[str, Phase], may_start: bool) -> html.Ul:
    """What can be started.

    Args:
        taken: phase of the viewer's own sessions by name: an application runs once for each person.
        may_start: whether the viewer came through the hub.
    """
    cards = [html.Li(_application(one, taken.get(one.name), may_start)) for one in applications]
    return html.Ul(cards, className="mw-applications", **aria(label=_("Applications")))


def session_cards(sessions: Sequence[SeenSession], status: Status, now_ms: int, viewer: Viewer) -> Any:
    """Every session, or a word that there is none."""
    if not sessions:
        return empty(_("No session runs"), _("What you start above appears here with its job and its energy."))
    items = [html.Li(session_card(one, status, now_ms, viewer)) for one in sessions]
    return html.Ul(items, className="mw-sessions", **aria(label=_("Sessions that run")))


def session_card(seen: SeenSession, status: Status, now_ms: int, viewer: Viewer) -> html.Article:
    """One session: what it is, its job, what it draws, what it cost while nobody worked in it; open and stop.

    Who sees all is told whose it is.
    """
    session, use = seen.session, seen.use
    named = _("{title} of {owner}", title=seen.title, owner=session.owner) if viewer.sees_all else seen.title
    kind, phase = _PHASES[session.phase]
    rows: list[Fact] = [(_("Job"), _job(session, use)), (_("Started"), _started(session, status, now_ms))]
    if use is not None:
        figures = _figures(use.row.energy_j, use.row.co2_g, use.row.cost, status.currency)
        energy = f"{figures} · {uncertainty_text(use.row.evidence)}"
        rows += [(_("Power now"), format_power(use.power_w)), (_("Energy so far"), energy)]
    head = [
        html.H3(named, className="mw-card-title"),
        html.Span(_(phase), className=f"mw-state mw-state-{kind}"),
        session_actions(session, named, viewer),
    ]
    idle = idle_sentence(seen, status, now_ms)
    return html.Article(
        [
            html.Div(head, className="mw-card-head"),
            facts(rows, columns=True),
            html.P(idle, className="mw-idle") if idle else None,
        ],
        className="mw-card",
    )


def session_actions(session: Session, named: str, viewer: Viewer) -> html.Div:
    """Open, where it runs and is the viewer's own, for the hub lets nobody into another's; and stop."""
    opens = html.A(
        _("Open"), href=session.url, target="_blank", rel="noopener", className="mw-button mw-primary",
        **aria(label=_("Open {title}", title=named)),
    )  # fmt: skip
    stops = html.Button(
        _("Stop …"),
        id={"type": STOP, "owner": session.owner, "name": session.name},
        type="button",
        className="mw-button",
        disabled=session.phase is Phase.STOPPING,
        **aria(label=_("Stop {title}", title=named)),
    )
    can_open = session.owner == viewer.user and session.phase is Phase.RUNNING and session.url
    return html.Div([opens if can_open else None, stops], className="mw-session-actions")


def idle_sentence(seen: SeenSession, status: Status, now_ms: int) -> str:
    """How long nobody has worked in it, and what that cost as far as it is booked; nothing when it is not idle."""
    if seen.idle_since_ms is None:
        return ""
    idle = _("Idle for {time}.", time=format_duration((now_ms - seen.idle_since_ms) / MS_PER_S))
    since = seen.use.since if seen.use else None
    if since is None or since.energy_j is None:
        return f"{idle} {_('What it drew since then is not booked yet.')}"
    figures = _figures(since.energy_j, since.co2_g, since.cost, status.currency)
    cost = _("Since the last activity its job drew {figures}.", figures=figures)
    until = _("Provisional, until {time}.", time=format_time(since.until_ms, status.timezone))
    return f"{idle} {cost} {until}"


def _application(application: Application, phase: Phase | None, may_start: bool) -> html.Article:
    title = title_of(application)
    return html.Article(
        [
            html.H3(title, className="mw-card-title"),
            html.P(application.description) if application.description else None,
            html.P(_asks_for(application), className="mw-note"),
            html.Button(
                _("Start") if phase is None else _(_PHASES[phase][1]),
                id={"type": START, "name": application.name},
                type="button",
                className="mw-button mw-primary",
                disabled=phase is not None or not may_start,
                **aria(label=_("Start {title}", title=title)),
            ),
        ],
        className="mw-card mw-application",
    )


def _asks_for(application: Application) -> str:
    parts = [
        _n("{n} CPU", "{n} CPUs", application.cpus),
        _("{size} memory", size=format_bytes(application.memory_mib * _MIB)),
        _("{gpus} GPU", gpus=application.gpus) if application.gpus else "",
        _("at most {time}", time=format_duration(application.time_min * _S_PER_MIN)),
        _("partition {name}", name=application.partition) if application.partition else "",
    ]
    return " · ".join(part for part in parts if part)


def _job(session: Session, use: RecentUse | None) -> Any:
    if use is not None:
        row = use.row
        where = f" · {row.node_list}" if row.node_list else ""
        return [dcc.Link(row.shown_id, href=job_path(row.job_id, row.start_ms)), where]
    if session.job_id is None:
        return _("none yet")
    if session.phase is Phase.WAITING:
        return dcc.Link(str(session.job_id), href=job_path(session.job_id))
    return _("{job}, not among the jobs read from Slurm yet", job=session.job_id)


def _started(session: Session, status: Status, now_ms: int) -> Any:
    when = format_time(session.started_ms, status.timezone)
    return html.Span(ago(session.started_ms, now_ms), title=when) if session.started_ms is not None else None


def _figures(energy_j: float | None, co2_g: float | None, cost: float | None, currency: str) -> str:
    """Energy, and what is known of carbon and cost."""
    parts = [format_energy(energy_j)]
    parts += [_("{mass} CO₂", mass=format_co2(co2_g))] if co2_g is not None else []
    parts += [format_cost(cost, currency)] if cost is not None else []
    return ", ".join(parts)
