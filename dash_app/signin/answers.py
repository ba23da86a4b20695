"""What who is not (or no longer) signed in gets to see: plain HTML without a script, JSON for scripts."""

import math
from html import escape
from typing import Final
from urllib.parse import urlencode

from flask import Request, Response, redirect, request

from dash_app.api.problems import DOCS_PATH, PREFIX, UNAUTHORIZED, Problem, response_of
from dash_app.language import _, language
from dash_app.urls import link

MAX_TARGET: Final = 2000
"""Longest address that is kept through a sign-in."""

_PAGE: Final = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · maxwatt</title>
<link rel="icon" type="image/svg+xml" href="{assets}/favicon.svg">
<link rel="stylesheet" href="{assets}/login.css">
</head>
<body>
<main>
<img src="{assets}/favicon.svg" alt="" width="44" height="44">
{body}
</main>
</body>
</html>
"""


def page(status: int, title: str, body: str) -> Response:
    """A page of its own.

    Args:
        title: as text, for the window.
        body: as HTML.
    """
    text = _PAGE.format(language=language(), title=escape(title), assets=link("/assets"), body=body)
    response = Response(text, status=status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response


def refusal(status: int, title: str, text: str, action: str = "", href: str = "") -> Response:
    """Says why nothing is shown; `action` is the text of a link to `href`, for people."""
    if of_script(request):
        return response_of(UNAUTHORIZED if status == 401 else Problem(title, status, text))
    onward = f'<p><a class="button" href="{escape(href, quote=True)}">{escape(action)}</a></p>' if action else ""
    return page(status, title, f'<h1>{escape(title)}</h1>\n<p role="alert">{escape(text)}</p>\n{onward}')


def of_api(request: Request) -> bool:
    """Whether the API is asked: a token may say who asks."""
    return request.path.startswith(f"{PREFIX}/")


def of_script(request: Request) -> bool:
    """Whether a script asks for data, which no form or redirect helps."""
    return of_api(request) and request.path != DOCS_PATH


def session_needed() -> Response:
    """For a request that no person can be led through a sign-in with: the page asks again, then they are."""
    return refusal(401, _("Not signed in"), _("Your session has ended, or this needs a session: sign in first."))


def wait(seconds: float, response: Response) -> Response:
    """The answer with the time to wait [s] in its header."""
    response.headers["Retry-After"] = str(math.ceil(seconds))
    return response


def see_other(address: str) -> Response:
    """Go there with GET; `address` is as the browser must ask for it."""
    response: Response = redirect(address, code=303, Response=Response)  # type: ignore[assignment]  # we pass the class
    response.headers["Cache-Control"] = "no-store"
    return response


def here(request: Request) -> str:
    """The address asked for, as `link` takes it; the start page where it is none that can be come back to."""
    query = request.query_string.decode("utf-8", "replace")
    return safe_target(request.path + (f"?{query}" if query else ""))


def without_token(request: Request) -> str:
    """The address asked for without the token in it."""
    rest = [(key, value) for key, value in request.args.items(multi=True) if key != "token"]
    return safe_target(request.path + (f"?{urlencode(rest)}" if rest else ""))


def safe_target(target: str) -> str:
    """`target` when it is a path on this server, else the start page: no redirect leads elsewhere."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and len(target) <= MAX_TARGET
    return target if plain and target.isprintable() and "\\" not in target else "/"
