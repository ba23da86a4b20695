"""The configured way to sign in."""

from collections.abc import Mapping

from dash_app.signin.hub import HubSignIn
from dash_app.signin.hub_place import hub_place
from dash_app.signin.local import LocalSignIn
from dash_app.signin.method import Method
from dash_app.signin.printed_token import PrintedToken
from dash_app.signin.proxy import ProxySignIn
from dash_app.signin.users_file import users_path
from maxwatt.config import Settings


def sign_in_method(settings: Settings, access_token: str, secret: bytes, environment: Mapping[str, str]) -> Method:
    """The way to sign in that settings name.

    Args:
        access_token: what the server printed, for the method `token`.
        secret: this server's own, for what travels through browsers.
        environment: where a hub tells its services how to reach it.

    Raises:
        ConfigError: something that the method needs is missing.
        ValueError: the access token is empty.
    """
    if settings.signin.method == "hub":
        return HubSignIn(hub_place(settings, environment), settings.signin, secret)
    if settings.signin.method == "proxy":
        return ProxySignIn(settings.signin)
    if settings.signin.method == "local":
        return LocalSignIn(users_path(settings), settings.signin)
    return PrintedToken(access_token)
