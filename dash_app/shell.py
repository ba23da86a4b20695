"""What surrounds every page: header, navigation, status line; and which page an address means."""

from collections.abc import Sequence
from typing import Any, Final

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html

from aggregator.queries.models import Status
from dash_app.auth import current_viewer
from dash_app.components.attributes import HIDDEN
from dash_app.components.states import empty, interruptions, unreadable
from dash_app.components.status import simulated_badge, status_line
from dash_app.context import Page, PageContext
from dash_app.errors import MESSAGE_ID, log_error, sentence_of
from dash_app.header import APP_NAME, drawer, header
from dash_app.language import _, language
from dash_app.navigation import USER, entries, marked_path
from dash_app.ports import PageQueries
from dash_app.urls import link, own_path
from maxwatt.config import Settings
from maxwatt.domain.clock import now_ms
from maxwatt.domain.viewer import Viewer

STATUS_INTERVAL_MS: Final = 30_000
_HEADER_PX: Final = 56
_THEME: Final = {
    "primaryColor": "watt",
    "colors": {
        "watt": [
            "#e8f4fb", "#d2e7f5", "#a3cfeb", "#70b5e1", "#469fd8", "#2b91d2",
            "#1587cd", "#0072b2", "#00659f", "#00578c",
        ],
        "dark": [
            "#e6eaee", "#c3ccd5", "#9da7b1", "#6e7883", "#3a434d", "#2d353e", "#262d35", "#1c2128", "#181d23",
            "#14181d",
        ],
    },
    "primaryShade": {"light": 7, "dark": 7},
    "defaultRadius": "md",
    "fontFamily": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', sans-serif",
    "fontFamilyMonospace": "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
    "cursorType": "pointer",
}  # fmt: skip


def shell(status: Status, viewer: Viewer, pages: Sequence[Page], settings: Settings) -> dmc.MantineProvider:
    """Everything but the page itself."""
    navigation, own = entries(pages, viewer, settings), entries(pages, viewer, settings, USER)
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Store(id="arrival"),
            dcc.Interval(id="status-tick", interval=STATUS_INTERVAL_MS),
            html.A(_("Skip to content"), href="#page", className="mw-skip"),
            *interruptions(),
            html.Div(className="mw-busy", **HIDDEN),
            dmc.DatesProvider(
                dmc.AppShell(
                    [header(status, viewer.user, navigation, own), drawer(navigation), _main(status)],
                    id="app-shell",
                    header={"height": _HEADER_PX},
                    navbar={"width": 240, "breakpoint": "lg", "collapsed": {"mobile": True, "desktop": True}},
                    padding=0,
                ),
                settings={"locale": language(), "firstDayOfWeek": 1},
            ),
        ],
        defaultColorScheme="auto",
        theme=_THEME,
    )


def register_shell(app: Dash, queries: PageQueries, pages: Sequence[Page]) -> None:
    """Callbacks of the shell: the page for an address, the status line, the drawer."""

    @app.callback(
        Output("page", "children"),
        Output("arrival", "data"),
        Output(MESSAGE_ID, "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        on_error=_failed_page,
    )
    def show_page(pathname: str | None, search: str | None) -> tuple[Any, dict[str, str], None]:
        viewer = current_viewer()
        context = PageContext(viewer, queries, queries.status(viewer), own_path(pathname), search or "", now_ms())
        page = page_of(context.pathname, pages)
        arrival = {"title": window_title(context.pathname, page), "here": link(marked_path(page))}
        return (page.layout(context) if page else missing_page()), arrival, None

    @app.callback(
        Output("status", "children"),
        Output("simulated", "children"),
        Input("status-tick", "n_intervals"),
        prevent_initial_call=True,
    )
    def refresh_status(_ticks: int) -> tuple[Any, Any]:
        status = queries.status(current_viewer())
        return status_line(status, now_ms()), simulated_badge(status.simulated)

    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash types it not
        ClientsideFunction("maxwatt", "toggleDrawer"),
        Output("app-shell", "navbar"),
        Input("burger", "opened"),
        State("app-shell", "navbar"),
        prevent_initial_call=True,
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash types it not
        ClientsideFunction("maxwatt", "arrived"),
        Output("burger", "opened"),
        Input("arrival", "data"),
    )


def page_of(pathname: str, pages: Sequence[Page]) -> Page | None:
    """The page an address means, None when there is none."""
    for page in pages:
        if any(
            pathname == path or (len(path) > 1 and path.endswith("/") and pathname.startswith(path))
            for path in page.PATHS
        ):
            return page
    return None


def window_title(pathname: str, page: Page | None) -> str:
    """Title of the browser's window: the most telling word first."""
    if page is None:
        return f"{_('Not found')} · {APP_NAME}"
    rest = pathname.removeprefix(page.PATHS[0])
    name = _(page.NAME)
    return f"{name} {rest} · {APP_NAME}" if page.PATHS[0].endswith("/") and rest else f"{name} · {APP_NAME}"


def missing_page() -> html.Div:
    """There is no page at this address."""
    way_out = dcc.Link(_("To the jobs"), href=link("/jobs"), className="mw-button")
    return empty(
        _("There is no such page"), _("The address may be mistyped, or the page may have moved."), way_out, level=1
    )


def _failed_page(error: Exception) -> tuple[Any, dict[str, str], None]:
    """Stands in for a page that could not be read at all."""
    log_error(error)
    return unreadable(" ".join(sentence_of(error)), level=1), {"title": APP_NAME, "here": ""}, None


def _main(status: Status) -> dmc.AppShellMain:
    return dmc.AppShellMain(
        html.Div(
            [
                html.Div(status_line(status, now_ms()), id="status", className="mw-status"),
                html.Div(id=MESSAGE_ID),
                html.Div(id="page", tabIndex=-1, className="mw-page"),
            ],
            className="mw-main",
        )
    )
