"""Refuses requests for callbacks that no page of ours sends, before Dash stumbles over them."""

from typing import Any, Final

from dash import Dash
from dash.exceptions import CallbackException
from flask import Response, request

PATH: Final = "/_dash-update-component"


def refuse_odd_callbacks(app: Dash) -> None:
    """Answer 400 where the body is not of the form that Dash's own script sends, or names no callback."""

    def check() -> Response | None:
        if request.path != PATH or request.method != "POST":
            return None
        body = _body()
        known = isinstance(body, dict) and is_request(body) and body["output"] in app.callback_map
        return None if known else _none_of_ours()

    app.server.before_request(check)
    app.server.register_error_handler(CallbackException, _refused)


def _body() -> Any:
    try:
        return request.get_json(silent=True)
    except RecursionError:  # brackets in brackets, thousands deep
        return None


def _refused(error: CallbackException) -> Response:
    """Dash found outputs that the callback has not; what else it finds is a fault of ours."""
    if type(error) is not CallbackException:
        raise error
    return _none_of_ours()


def _none_of_ours() -> Response:
    return Response("This is no request of these pages.\n", 400, mimetype="text/plain")


def is_request(body: dict[str, Any]) -> bool:
    """Whether a body has the parts that Dash reads."""
    output, outputs = body.get("output"), body.get("outputs")
    several = isinstance(output, str) and output.startswith("..")  # a list else is all that one pattern stands for
    listed = outputs if several and isinstance(outputs, list) else [outputs]
    parts = [one for some in (body.get("inputs"), body.get("state", [])) for one in _flat(some)]
    changed = body.get("changedPropIds", [])
    return (
        isinstance(output, str)
        and len(listed) == len(output.strip(".").split("..."))
        and all(_is_part(one) for one in (*_flat(listed), *parts))
        and isinstance(changed, list)
        and all(isinstance(one, str) and "." in one for one in changed)
    )


def _flat(parts: Any) -> list[Any]:
    """Parts and the parts of patterns, one after the other; what is no list is no part."""
    if not isinstance(parts, list):
        return [None]
    return [one for part in parts for one in (part if isinstance(part, list) else [part])]


def _is_part(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("id"), str | dict) and isinstance(part.get("property"), str)
