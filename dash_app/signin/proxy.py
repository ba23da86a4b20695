"""A reverse proxy signs people in and says who they are in a header; believed only from it, and with its secret."""

import hmac
import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

from flask import Flask, Request, Response, request

from dash_app.language import _
from dash_app.signin.answers import refusal
from dash_app.signin.secret_file import read_secret
from dash_app.signin.sees_all import viewer_of
from maxwatt.config import SigninSettings
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.viewer import Viewer

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}")


class ProxySignIn:
    """Looks at three headers: the secret, the user, and the groups.

    Raises:
        ConfigError: the secret is missing, or an address is none.
    """

    open_paths: frozenset[str] = frozenset()
    ambient = True

    def __init__(self, settings: SigninSettings) -> None:
        if not settings.proxy_secret_file:
            raise ConfigError("signin.method is proxy, but signin.proxy_secret_file is not set")
        self._settings = settings
        self._secret = read_secret(Path(settings.proxy_secret_file), "signin.proxy_secret_file").encode()
        self._trusted = [_network(text) for text in settings.proxy_from]

    def routes(self, server: Flask) -> None:
        """None: the proxy has them."""

    def check(self) -> Viewer | Response:
        """Who the proxy says it is; a refusal for everything that does not come from it."""
        if not self._is_proxy(request):
            text = _("These pages are reached through the site's proxy, which signs people in.")
            return refusal(401, _("Not signed in"), text)
        name = request.headers.get(self._settings.proxy_user_header, "")
        if not _NAME.fullmatch(name):
            return refusal(401, _("Not signed in"), _("The site's proxy did not say who you are."))
        return viewer_of(self._settings, name, groups=self._groups(request))

    def sign_out(self) -> Response:
        """Only the proxy can."""
        return refusal(200, _("Signed in by the site"), _("The site's proxy signed you in: sign out there."))

    def _is_proxy(self, request: Request) -> bool:
        told = request.headers.get(self._settings.proxy_secret_header, "").encode("latin-1", "replace")
        return self._is_trusted(request.remote_addr or "") and hmac.compare_digest(told, self._secret)

    def _is_trusted(self, address: str) -> bool:
        try:
            peer = ip_address(address)
        except ValueError:
            return False
        return any(peer in network for network in self._trusted)

    def _groups(self, request: Request) -> frozenset[str]:
        header = self._settings.proxy_groups_header
        names = re.split(r"[,;\s]+", request.headers.get(header, "")) if header else []
        return frozenset(name for name in names if name)


def _network(text: str):  # type: ignore[no-untyped-def]
    try:
        return ip_network(text)
    except ValueError as error:
        raise ConfigError(f"signin.proxy_from: {text} is no address and no network") from error
