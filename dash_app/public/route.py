"""Where the public page is answered: open to everybody where the site wants it, not found where it does not."""

import logging
from typing import Final

from flask import Flask, Response

from dash_app.language import _
from dash_app.ports import PageQueries
from dash_app.public.html import cluster_page, page
from maxwatt.config import Settings
from maxwatt.domain.errors import MaxwattError
from maxwatt.domain.viewer import Viewer

PATH: Final = "/public"
"""Named in dash_app.auth.OPEN_PATHS."""

NOBODY: Final = Viewer("")
"""Who has no name sees nobody's jobs."""

_log = logging.getLogger(__name__)


def add_public_page(server: Flask, queries: PageQueries, settings: Settings) -> None:
    """Answer PATH; without `server.public_page` with "not found", whoever asks."""
    server.add_url_rule(PATH, "public", lambda: _answer(queries, settings), methods=["GET"])


def _answer(queries: PageQueries, settings: Settings) -> Response:
    if not settings.server.public_page:
        return Response("not found", 404, mimetype="text/plain")
    try:
        text, status = cluster_page(queries.public(NOBODY)), 200
    except MaxwattError:
        _log.exception("the public page")
        sorry = _("The figures could not be read. Please come again in a minute.")
        text, status = page(_("Power of {cluster}", cluster=settings.cluster.name), f"<p class=note>{sorry}</p>"), 503
    response = Response(text, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(["Accept-Language", "Cookie"])
    return response
