"""The page that asks for the token: plain HTML, no script, so it works before anything else does."""

import math
from html import escape
from typing import Final

from flask import Response

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · maxwatt</title>
<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
<link rel="stylesheet" href="/assets/login.css">
</head>
<body>
<main>
<img src="/assets/favicon.svg" alt="" width="44" height="44">
<h1>maxwatt</h1>
<p id="what">The server printed an access token when it started, as part of a link.
Open that link, or paste the token here.</p>
{notice}
<form method="post" action="/login">
<input type="hidden" name="next" value="{target}">
<label for="token">Access token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus
 aria-describedby="what"{invalid}>
<button type="submit">Sign in</button>
</form>
</main>
</body>
</html>
"""


def login_page(target: str, *, status: int, wrong: bool = False, wait_s: float = 0.0) -> Response:
    """The form.

    Args:
        target: path to go to after signing in.
        status: HTTP status; 401 for who asked for a page without a session.
        wrong: the token just given was wrong.
        wait_s: seconds to wait after too many failures [s].
    """
    text = _notice(wrong, wait_s)
    notice = f'<p class="wrong" role="alert">{escape(text)}</p>' if text else ""
    invalid = ' aria-invalid="true"' if wrong else ""
    page = _PAGE.format(notice=notice, target=escape(target, quote=True), invalid=invalid)
    response = Response(page, status=status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    if wait_s > 0:
        response.headers["Retry-After"] = str(math.ceil(wait_s))
    return response


def _notice(wrong: bool, wait_s: float) -> str:
    if wait_s > 0:
        return f"Too many wrong tokens. Please wait {math.ceil(wait_s / 60)} min and try again."
    return "That is not the token of this server. A server that was set up anew has a new one." if wrong else ""
