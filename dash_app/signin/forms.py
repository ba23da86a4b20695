"""The forms that ask for a token or for a name and a password."""

import math
from html import escape
from typing import Final

from flask import Response

from dash_app.language import _
from dash_app.signin.answers import page
from dash_app.urls import link

LOGIN_PATH: Final = "/login"

_ONE_FIELD: Final = """<label for="token">{label}</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus
 aria-describedby="what"{invalid}>"""

_TWO_FIELDS: Final = """<label for="user">{user}</label>
<input id="user" name="user" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" required
 autofocus{invalid}>
<label for="password">{password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{invalid}>"""


def token_form(target: str, *, status: int, wrong: bool = False, wait_s: float = 0.0) -> Response:
    """The form for the printed token; arguments as of `password_form`."""
    what = _(
        "The server printed an access token when it started, as part of a link. "
        "Open that link, or paste the token here."
    )
    said = _("That is not the token of this server. A server that was set up anew has a new one.")
    fields = _ONE_FIELD.format(label=escape(_("Access token")), invalid=_invalid(wrong))
    return _form(what, fields, target, status, _notice(said if wrong else "", wait_s))


def password_form(target: str, *, status: int, wrong: bool = False, wait_s: float = 0.0) -> Response:
    """The form for name and password.

    Args:
        target: path to go to after signing in.
        status: HTTP status; 401 for who asked for a page without a session.
        wrong: what was just given was wrong.
        wait_s: time to wait after too many failures [s].
    """
    invalid = _invalid(wrong)
    fields = _TWO_FIELDS.format(user=escape(_("User name")), password=escape(_("Password")), invalid=invalid)
    said = _("Name and password do not belong together.")
    return _form(_("Sign in to see your jobs."), fields, target, status, _notice(said if wrong else "", wait_s))


def _form(what: str, fields: str, target: str, status: int, notice: str) -> Response:
    told = f'<p class="wrong" role="alert">{escape(notice)}</p>\n' if notice else ""
    body = (
        f'<h1>maxwatt</h1>\n<p id="what">{escape(what)}</p>\n{told}'
        f'<form method="post" action="{link(LOGIN_PATH)}">\n'
        f'<input type="hidden" name="next" value="{escape(target, quote=True)}">\n{fields}\n'
        f'<button type="submit">{escape(_("Sign in"))}</button>\n</form>'
    )
    return page(status, _("Sign in"), body)


def _invalid(wrong: bool) -> str:
    return ' aria-invalid="true"' if wrong else ""


def _notice(wrong: str, wait_s: float) -> str:
    if wait_s > 0:
        return _("Too many failures. Please wait {minutes} min and try again.", minutes=math.ceil(wait_s / 60))
    return wrong
