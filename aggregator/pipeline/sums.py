"""Keeping the sums up with the bookings."""

from zoneinfo import ZoneInfo

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.refresh import Progress, Site
from maxwatt.config import Settings


def refresh_sums(ledger: Ledger, settings: Settings, progress: Progress | None = None) -> None:
    """Sum anew what bookings have changed, in the site's time zone and by its nodes' home groups.

    Args:
        progress: told the share that is done; what it raises ends the work, and the next call goes on.
    """
    ledger.refresh_rollups(site_of(settings), progress)


def site_of(settings: Settings) -> Site:
    """The site's time zone, and the home group of each node; one that no model lists has none."""
    groups = {node: model.home_group for model in settings.node_models for node in model.nodes}
    return Site(ZoneInfo(settings.cluster.timezone), lambda node: groups.get(node, ""))
