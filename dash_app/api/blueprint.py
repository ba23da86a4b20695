"""The API's routes: one for each resource, the document, a page of it, and an answer for every other address."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request

from dash_app.api.catalogue import RESOURCES
from dash_app.api.docs_page import docs_page
from dash_app.api.openapi import Node, document, media_of
from dash_app.api.parameters import parsed
from dash_app.api.problems import FORBIDDEN, NOT_ALLOWED, NOT_FOUND, PREFIX, RefusedError, problem_of, response_of
from dash_app.api.resource import Resource, adapter
from dash_app.auth import current_viewer
from dash_app.ports import PageQueries
from dash_app.urls import link
from maxwatt.domain.viewer import Viewer

_WRITING: Final = ("POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "QUERY")


def api_blueprint(queries: PageQueries, viewer: Callable[[], Viewer] = current_viewer) -> Blueprint:
    """Everything below PREFIX. The server's gate stands before it.

    Args:
        viewer: who asks in the request being handled.
    """
    api = Blueprint("api", __name__, url_prefix=PREFIX)
    for resource in RESOURCES:
        rule = resource.path.replace("{", "<").replace("}", ">")
        api.add_url_rule(rule, resource.name, _view(resource, queries, viewer))
    api.add_url_rule("/openapi.json", "openapi", _openapi)
    api.add_url_rule("/docs", "docs", _docs)
    for rule in ("/", "/<path:path>"):
        api.add_url_rule(rule, "nowhere", _nowhere, methods=["GET", *_WRITING])
    api.register_error_handler(Exception, lambda error: response_of(problem_of(error)))
    return api


def _view(resource: Resource[Any], queries: PageQueries, viewer: Callable[[], Viewer]) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        asking, asked = viewer(), parsed(resource.asked, path, request.args)
        if resource.for_all and not asking.sees_all:
            raise RefusedError(FORBIDDEN)
        found: Any = resource.find(queries, asking, asked)
        if found is None:
            raise RefusedError(NOT_FOUND)
        return _response(resource, found if resource.file else adapter(resource.answer).dump_json(found))

    return view


def _response(resource: Resource[Any], body: Any) -> Response:
    response = Response(body, mimetype=media_of(resource))
    response.headers["Cache-Control"] = "no-store"
    if resource.file:
        response.headers["Content-Disposition"] = f'attachment; filename="{resource.file}"'
    return response


def _openapi() -> Response:
    return _unchanging(jsonify(_document(request.script_root)))


def _docs() -> Response:
    return _unchanging(Response(docs_page(_document(request.script_root), link), mimetype="text/html"))


@lru_cache(maxsize=8)
def _document(root: str) -> Node:
    return document(RESOURCES, root)


def _unchanging(response: Response) -> Response:
    """The same for everybody until the next version: sent again only when it has changed."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _nowhere(path: str = "") -> Response:
    del path
    return response_of(NOT_FOUND if request.method in {"GET", "HEAD"} else NOT_ALLOWED)
