"""What a hub tells a service that it manages: below which path it lives, and where it must listen."""

import dataclasses
from collections.abc import Mapping
from urllib.parse import urlsplit

from maxwatt.config import Settings


def under_hub(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """Settings with what the hub says, as far as the sign-in is the hub's and a setting does not say otherwise."""
    if settings.signin.method != "hub":
        return settings
    place = urlsplit(environment.get("JUPYTERHUB_SERVICE_URL", ""))
    prefix = environment.get("JUPYTERHUB_SERVICE_PREFIX", "").rstrip("/")
    server = dataclasses.replace(
        settings.server,
        base_path=settings.server.base_path or prefix,
        host=place.hostname or settings.server.host,
        port=place.port or settings.server.port,
    )
    return dataclasses.replace(settings, server=server)
