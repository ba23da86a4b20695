"""Who sees everybody's jobs: one rule for every way to sign in."""

from collections.abc import Collection

from maxwatt.config import SigninSettings
from maxwatt.domain.viewer import Viewer


def viewer_of(
    settings: SigninSettings,
    name: str,
    *,
    admin: bool = False,
    groups: Collection[str] = (),
    scopes: Collection[str] = (),
) -> Viewer:
    """The viewer a person is.

    Args:
        name: Unix user name, as in Slurm.
        admin: the source says that this is an administrator.
        groups: they belong to.
        scopes: of the hub; administrators do not get custom ones by themselves, so either is enough.
    """
    scoped = settings.admin_scope != "" and settings.admin_scope in scopes
    grouped = not set(settings.admin_groups).isdisjoint(groups)
    return Viewer(name, sees_all=admin or scoped or grouped or name in settings.admins)
