"""Where the hub is and how it knows us: from the environment that it gives a service it manages, or from settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dash_app.signin.secret_file import read_secret
from maxwatt.config import Settings
from maxwatt.domain.errors import ConfigError

CALLBACK_PATH: Final = "/oauth_callback"


@dataclass(frozen=True, slots=True)
class HubPlace:
    """A hub as a service sees it.

    Args:
        api_url: its API as this server reaches it, such as `http://127.0.0.1:8081/hub/api`.
        public_url: the hub as browsers reach it, such as `https://hub.example/hub`; without a host the one we have.
        callback_url: where it sends people back to, as it was told.
        client_id: our name as an OAuth client.
        api_token: our own token, which is the client's secret.
        access_scopes: of these a person needs one; none: the hub's word at the sign-in is enough.
    """

    api_url: str
    public_url: str
    callback_url: str
    client_id: str
    api_token: str
    access_scopes: tuple[str, ...] = ()


def hub_place(settings: Settings, environment: Mapping[str, str]) -> HubPlace:
    """The hub that settings name, or the environment where they do not.

    Raises:
        ConfigError: something is missing.
    """
    hub, base = settings.signin, settings.server.base_path
    found = {
        "hub_api_url": hub.hub_api_url or environment.get("JUPYTERHUB_API_URL", ""),
        "hub_client_id": hub.hub_client_id or environment.get("JUPYTERHUB_CLIENT_ID", ""),
        "hub_token_file": _token(hub.hub_token_file, environment),
    }
    missing = [name for name, value in found.items() if not value]
    if missing:
        raise ConfigError(
            f"signin.method is hub, but {', '.join(f'signin.{name}' for name in missing)} is not set, and this "
            "process was not started by a hub, which would tell it (JUPYTERHUB_API_URL and others)"
        )
    return HubPlace(
        api_url=found["hub_api_url"].rstrip("/"),
        public_url=(hub.hub_public_url or _public_url(environment)).rstrip("/"),
        callback_url=hub.hub_callback_url
        or environment.get("JUPYTERHUB_OAUTH_CALLBACK_URL", "")
        or base + CALLBACK_PATH,
        client_id=found["hub_client_id"],
        api_token=found["hub_token_file"],
        access_scopes=_scopes(environment),
    )


def _token(file: str, environment: Mapping[str, str]) -> str:
    return read_secret(Path(file), "signin.hub_token_file") if file else environment.get("JUPYTERHUB_API_TOKEN", "")


def _public_url(environment: Mapping[str, str]) -> str:
    host, base = environment.get("JUPYTERHUB_HOST", ""), environment.get("JUPYTERHUB_BASE_URL", "/")
    return environment.get("JUPYTERHUB_PUBLIC_HUB_URL") or f"{host}{base.rstrip('/')}/hub"


def _scopes(environment: Mapping[str, str]) -> tuple[str, ...]:
    text = environment.get("JUPYTERHUB_OAUTH_ACCESS_SCOPES", "")
    try:
        return tuple(str(scope) for scope in json.loads(text or "[]"))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"JUPYTERHUB_OAUTH_ACCESS_SCOPES is no list of scopes: {text[:100]}") from error
