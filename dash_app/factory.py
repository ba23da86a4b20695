"""Puts the web app together: one Flask server, the gate, the pages."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dash import Dash
from dash.exceptions import DependencyException
from dash_mantine_components import MantineProvider
from flask import Flask, Response

from aggregator.queries.models import Status
from dash_app.api.blueprint import api_blueprint
from dash_app.auth import Gate, current_viewer, protect, session_secret, signed_in
from dash_app.callback_requests import refuse_odd_callbacks
from dash_app.compression import add_compression
from dash_app.context import Page
from dash_app.downloads import add_downloads
from dash_app.errors import on_error
from dash_app.header import APP_NAME
from dash_app.index_page import index_page, localised
from dash_app.launcher.launcher import offer_launcher
from dash_app.pages import cluster, energy, home, job, jobs, me, method, quality, sessions
from dash_app.pages.tokens import TokensPage
from dash_app.ports import PageQueries
from dash_app.prefix import below
from dash_app.public.route import add_public_page
from dash_app.security import add_security_headers
from dash_app.shell import register_shell, shell
from dash_app.signin.bearers import Bearers
from dash_app.signin.coordinators import accounts_of
from dash_app.signin.identities import Identities
from dash_app.signin.registry import sign_in_method
from maxwatt.config import Settings
from maxwatt.domain.errors import MaxwattError

ASSETS: Final = Path(__file__).parent / "assets"
PAGES: Final[tuple[Page, ...]] = (home, jobs, job, cluster, energy, sessions, quality, method, me)
"""Every page, in the order of the navigation; a new one is one module and one entry here."""


class App(Dash):
    """Dash, with the reader's language in the page that the browser loads first."""

    def interpolate_index(self, *args: Any, **parts: Any) -> str:
        """The first page's HTML."""
        return localised(super().interpolate_index(*args, **parts))  # type: ignore[no-untyped-call]  # Dash types it not


def create_app(
    queries: PageQueries,
    settings: Settings,
    access_token: str,
    identities: Identities | None = None,
    environment: Mapping[str, str] = os.environ,
) -> App:
    """The web app, ready for a WSGI server as `create_app(…).server`.

    The gate stands before every route of that server, also before those that a caller adds later; only the paths
    in dash_app.auth.OPEN_PATHS and static files are open.

    Args:
        queries: where every figure comes from.
        settings: the server's settings.
        access_token: what has to be given to see anything, where nothing else is configured.
        identities: tokens of scripts and coordinators; None: there are none.
        environment: where a hub tells its services how to reach it.

    Raises:
        ValueError: the token is empty.
        ConfigError: the way to sign in lacks something.
    """
    server, base = Flask("maxwatt", static_folder=None), settings.server.base_path
    server.wsgi_app = below(server.wsgi_app, base)  # type: ignore[assignment, method-assign]  # as Flask tells to wrap it
    server.config["MAX_CONTENT_LENGTH"] = None  # the ingest bounds its own bodies
    secret = session_secret(access_token)
    sign_in = sign_in_method(settings, access_token, secret, environment)
    gate = Gate(sign_in, Bearers(identities, settings.signin), accounts_of(identities, settings.signin.coordinators))
    protect(server, gate, secret, settings.signin.session_hours, base)
    offer_launcher(server, settings, environment)
    server.register_blueprint(api_blueprint(queries))
    add_downloads(server, queries)
    add_public_page(server, queries, settings)
    app = _dash(server, settings)
    # Anybody may ask for a script that is none: no fault of ours, and no traceback in the log each time.
    server.register_error_handler(DependencyException, lambda _error: Response("not found", 404, mimetype="text/plain"))
    pages = pages_of(identities, settings)
    register_shell(app, queries, pages)
    for page in pages:
        page.register(app, queries)

    def layout() -> MantineProvider:
        if not signed_in():
            # Dash checks the layout within the first request of all, whoever sends it: an agent's push, say.
            return MantineProvider()
        return shell(_status(queries, settings), current_viewer(), pages, settings)

    app.layout = layout
    refuse_odd_callbacks(app)
    add_security_headers(server, app.csp_hashes())
    add_compression(server)
    return app


def _dash(server: Flask, settings: Settings) -> App:
    """Dash on the server, without any page yet."""
    return App(
        "dash_app",
        server=server,  # type: ignore[arg-type]  # Dash takes a Flask server here; its annotation forgets it
        assets_folder=str(ASSETS),
        assets_ignore=r"(early|login|api|public)\..*",
        routes_pathname_prefix="/",
        requests_pathname_prefix=f"{settings.server.base_path}/",
        pages_folder="",
        use_pages=False,
        serve_locally=True,
        index_string=index_page(settings.server.base_path),
        title=f"{APP_NAME} · {settings.cluster.name}",
        update_title="",
        suppress_callback_exceptions=True,  # pages come and go: their ids are not all in the first layout
        on_error=on_error,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        enable_mcp=False,
        add_log_handler=False,
    )


def pages_of(identities: Identities | None, settings: Settings) -> tuple[Page, ...]:
    """Every page of an app; that of tokens where they are kept."""
    return (*PAGES, TokensPage(identities, settings.cluster.timezone)) if identities else PAGES


def _status(queries: PageQueries, settings: Settings) -> Status:
    """The status, or one that says why there is none: the frame of the page must stand in any case."""
    try:
        return queries.status(current_viewer())
    except MaxwattError as error:
        cluster = settings.cluster
        return Status(cluster.name, cluster.timezone, cluster.simulated, None, None, None, faults=(str(error),))
