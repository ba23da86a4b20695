"""What surrounds every page: header, navigation, status line; and which page an address means."""

from collections.abc import Sequence
from typing import Any, Final

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html

from aggregator.queries.models import Status
from dash_app.auth import LOGOUT_PATH, current_viewer
from dash_app.components.attributes import HIDDEN, aria
from dash_app.components.states import empty
from dash_app.components.status import simulated_badge, status_line
from dash_app.context import Page, PageContext
from dash_app.errors import MESSAGE_ID, log_error, sentence_of
from dash_app.ports import PageQueries
from maxwatt.domain.clock import now_ms

APP_NAME: Final = "maxwatt"
NAVIGATION: Final = (("Jobs", "/jobs"), ("Energy", "/energy"), ("Data quality", "/quality"))
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
    "primaryShade": {"light": 7, "dark": 5},
    "defaultRadius": "md",
    "fontFamily": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', sans-serif",
    "fontFamilyMonospace": "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
    "cursorType": "pointer",
}  # fmt: skip


def shell(status: Status) -> dmc.MantineProvider:
    """Everything but the page itself."""
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Store(id="window-title", data=APP_NAME),
            dcc.Interval(id="status-tick", interval=STATUS_INTERVAL_MS),
            html.A("Skip to content", href="#page", className="mw-skip"),
            html.Div("The server does not answer. Trying again …", className="mw-offline", role="status"),
            html.Div(className="mw-busy", **HIDDEN),
            dmc.AppShell(
                [_header(status), _drawer(), _main(status)],
                id="app-shell",
                header={"height": _HEADER_PX},
                navbar={"width": 240, "breakpoint": "sm", "collapsed": {"mobile": True, "desktop": True}},
                padding=0,
            ),
        ],
        defaultColorScheme="auto",
        theme=_THEME,
    )


def register_shell(app: Dash, queries: PageQueries, pages: Sequence[Page]) -> None:
    """Callbacks of the shell: the page for an address, the status line, the drawer."""

    @app.callback(
        Output("page", "children"),
        Output("window-title", "data"),
        Output(MESSAGE_ID, "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        on_error=_failed_page,
    )
    def show_page(pathname: str | None, search: str | None) -> tuple[Any, str, None]:
        viewer = current_viewer()
        context = PageContext(viewer, queries, queries.status(viewer), pathname or "/", search or "", now_ms())
        page = page_of(context.pathname, pages)
        return (page.layout(context) if page else missing_page()), window_title(context.pathname, page), None

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
        Input("window-title", "data"),
        State("url", "pathname"),
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
        return f"Not found · {APP_NAME}"
    rest = pathname.removeprefix(page.PATHS[0])
    return f"{page.NAME} {rest} · {APP_NAME}" if page.PATHS[0].endswith("/") and rest else f"{page.NAME} · {APP_NAME}"


def missing_page() -> html.Div:
    """There is no page at this address."""
    link = dcc.Link("To the jobs", href="/jobs", className="mw-button")
    return empty("There is no such page", "The address may be mistyped, or the page may have moved.", link)


def _failed_page(error: Exception) -> tuple[Any, str, None]:
    """Stands in for a page that could not be read at all."""
    log_error(error)
    link = html.A("Try again", href="", className="mw-button")
    return empty("This page could not be read", " ".join(sentence_of(error)), link), APP_NAME, None


def _header(status: Status) -> dmc.AppShellHeader:
    return dmc.AppShellHeader(
        html.Div(
            [
                dmc.Burger(id="burger", opened=False, size="sm", hiddenFrom="sm", **aria(label="Navigation")),
                dcc.Link([html.Span(className="mw-logo", **HIDDEN), APP_NAME], href="/jobs", className="mw-brand"),
                html.Nav(_links(), className="mw-nav mw-wide-only", **aria(label="Pages")),
                html.Div(className="mw-spring"),
                html.Div(simulated_badge(status.simulated), id="simulated"),
                dmc.ColorSchemeToggle(
                    lightIcon=html.Span(className="mw-icon mw-icon-sun", **HIDDEN),
                    darkIcon=html.Span(className="mw-icon mw-icon-moon", **HIDDEN),
                    variant="subtle",
                    color="gray",
                    size="lg",
                    **aria(label="Switch between light and dark"),
                ),
                html.Form(
                    html.Button(
                        html.Span(className="mw-icon mw-icon-out", **HIDDEN),
                        type="submit",
                        className="mw-icon-button",
                        title="Sign out",
                        **aria(label="Sign out"),
                    ),
                    action=LOGOUT_PATH,
                    method="post",
                ),
            ],
            className="mw-header",
        )
    )


def _drawer() -> dmc.AppShellNavbar:
    return dmc.AppShellNavbar(html.Nav(_links(), className="mw-drawer", **aria(label="Pages, small screen")))


def _links() -> list[dcc.Link]:
    return [dcc.Link(name, href=path, className="mw-nav-link") for name, path in NAVIGATION]


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
