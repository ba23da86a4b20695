"""Who sees which sessions, and what they may start: the launcher that pages use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Flask, current_app

from dash_app.language import _
from dash_app.launcher.client import HubRefusedError, HubServers
from dash_app.launcher.options import user_options
from dash_app.launcher.session import Session
from dash_app.signin.hub_place import hub_place
from maxwatt.config import Application, Settings
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.viewer import Viewer

_KEY: Final = "maxwatt_launcher"


@dataclass(frozen=True, slots=True)
class Launcher:
    """Applications and the hub that runs them.

    Args:
        idle_after_s: a session without activity for longer is idle [s].
    """

    servers: HubServers
    applications: Sequence[Application]
    idle_after_s: float

    def sessions(self, viewer: Viewer, owner: str | None = None) -> tuple[Session, ...]:
        """Sessions that a viewer may see: their own, or everybody's; with `owner` only that one's.

        Raises:
            HubAwayError, HubRefusedError: as the hub.
        """
        if viewer.sees_all and owner is None:
            return self.servers.of_everybody()
        wanted = viewer.user if owner is None else owner
        allowed = wanted != "" and (viewer.sees_all or wanted == viewer.user)
        return self.servers.of_user(wanted) if allowed else ()

    def start(self, viewer: Viewer, token: str | None, name: str) -> None:
        """Start an application of this name for the viewer.

        Args:
            token: the viewer's own, of the hub; see `dash_app.signin.hub.current_hub_token`.

        Raises:
            HubRefusedError: there is no such application, the viewer came without the hub, or the hub will not.
            HubAwayError: the hub does not answer.
        """
        application = self.application(name)
        if application is None:
            raise HubRefusedError(_("There is no such application."))
        self.servers.start(_own(token), viewer.user, application.name, title_of(application), user_options(application))

    def stop(self, token: str | None, owner: str, name: str) -> None:
        """Stop a session in the name of who holds the token: the hub knows whether they may. Raises as `start`."""
        self.servers.stop(_own(token), owner, name)

    def application(self, name: str) -> Application | None:
        """The application of this name, which is also that of its sessions."""
        return next((one for one in self.applications if one.name == name), None)

    def title(self, session: Session) -> str:
        """What people call a session: its application, else what its owner called it."""
        application = self.application(session.name)
        return title_of(application) if application else session.title or session.name or _("Server")


def title_of(application: Application) -> str:
    """What people call an application."""
    return application.title or application.name


def offer_launcher(server: Flask, settings: Settings, environment: Mapping[str, str]) -> None:
    """Give the pages a launcher, where applications are configured.

    Raises:
        ConfigError: they are, but people do not sign in through the hub, so none of them could start anything.
    """
    if not settings.applications:
        return
    if settings.signin.method != "hub":
        raise ConfigError('[[applications]] are started by the hub in people\'s own names: set signin.method to "hub"')
    servers = HubServers(hub_place(settings, environment))
    server.extensions[_KEY] = Launcher(servers, settings.applications, settings.sessions.idle_after_s)


def current_launcher() -> Launcher | None:
    """The launcher of the app that handles the request; None where none is offered."""
    found: Launcher | None = current_app.extensions.get(_KEY)
    return found


def _own(token: str | None) -> str:
    if token is None:
        raise HubRefusedError(_("Sign in through the hub first: sessions are started and stopped in your own name."))
    return token
