"""What everybody may see of the cluster: sums without a name, and none of so few that it tells of somebody."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from aggregator.ledger.refresh import Site
from aggregator.queries.cluster_models import ClusterNow, IntensityHour
from aggregator.queries.energy_groups import energy_by
from aggregator.queries.energy_models import EnergySeries, EnergySummary
from aggregator.queries.energy_series import energy_series
from aggregator.queries.energy_summary import energy_summary
from aggregator.queries.figure_words import mean_value
from aggregator.queries.node_coverage import NodeCoverage
from aggregator.queries.outlook import outlook
from maxwatt.config import Settings
from maxwatt.domain.carbon import Quantity
from maxwatt.domain.energy import Component
from maxwatt.domain.units import BUCKET_MS, DAY_MS
from maxwatt.domain.viewer import ADMIN

REST: Final = Component.REST.value

LEAST: Final = 5
"""Figures of fewer users or nodes than this are not told."""

WEEK_MS: Final = 7 * DAY_MS
MONTH_MS: Final = 30 * DAY_MS
MAX_POINTS: Final = 170
"""An hour each, of a week that need not begin with an hour."""


@dataclass(frozen=True, slots=True)
class PublicEnergy:
    """Energy of a time [J], what it emitted [g] and the share of it that nobody used; None where it is not known."""

    energy_j: float
    co2_g: float | None
    idle_share: float | None


@dataclass(frozen=True, slots=True)
class PublicCluster:
    """The cluster without names.

    Args:
        told: False where so few used it that its power tells of them: then nothing but the grid is known here.
        newest_ms, now_ms: epoch ms UTC.
        power_w: now, by component; empty where it is not known.
        week, month: the last 7 and 30 days; None where nothing is told or booked.
        series: mean power by component over the week.
        intensity: of the grid now; `origin` says who says so.
    """

    cluster: str
    timezone: str
    simulated: bool
    told: bool
    now_ms: int
    newest_ms: int | None
    power_w: Mapping[str, float]
    week: PublicEnergy | None
    month: PublicEnergy | None
    series: EnergySeries
    intensity: IntensityHour | None
    origin: str
    pue: float | None


def public_cluster(
    connection: Connection,
    now: ClusterNow | None,
    settings: Settings,
    site: Site,
    now_ms: int,
    coverage: NodeCoverage | None = None,
) -> PublicCluster:
    """The same for everybody, at a time [epoch ms UTC]; `coverage` as in `energy_summary`."""
    until_ms = -(-now_ms // BUCKET_MS) * BUCKET_MS
    week_ms, month_ms = until_ms - WEEK_MS, until_ms - MONTH_MS
    users = energy_by(connection, ADMIN, "user", site, since_ms=week_ms, until_ms=until_ms)
    known = len(now.known) if now else 0
    told = len(users) >= LEAST and (not known or known >= LEAST)
    empty, few = EnergySeries((), BUCKET_MS, {}), _of_few(now)
    week = energy_summary(connection, ADMIN, site, since_ms=week_ms, until_ms=until_ms, coverage=coverage)
    month = energy_summary(connection, ADMIN, site, since_ms=month_ms, until_ms=until_ms, coverage=coverage)
    grid = outlook(connection, settings, now_ms)
    return PublicCluster(
        cluster=settings.cluster.name,
        timezone=settings.cluster.timezone,
        simulated=settings.cluster.simulated,
        told=told,
        now_ms=now_ms,
        newest_ms=now.newest_ms if now else None,
        power_w=_lumped(now.by_component_w, few) if now and told else {},
        week=_energy(week) if told else None,
        month=_energy(month) if told else None,
        series=_series(connection, site, (week_ms, until_ms), few) if told else empty,
        intensity=grid.now,
        origin=grid.origin,
        pue=mean_value(month.figures, Quantity.PUE),
    )


def _of_few(now: ClusterNow | None) -> frozenset[str]:
    """Components that some nodes have, but fewer than LEAST: their power would tell of who works there."""
    counts = Counter(component for node in (now.nodes if now else ()) for component in node.power_w)
    return frozenset(component for component, count in counts.items() if count < LEAST)


def _lumped(power_w: Mapping[str, float], few: Collection[str]) -> dict[str, float]:
    """Power by component, that of few nodes within the rest."""
    found = {component: value for component, value in power_w.items() if component not in few}
    hidden_w = sum(value for component, value in power_w.items() if component in few)
    return {**found, REST: found.get(REST, 0.0) + hidden_w} if hidden_w else found


def _series(connection: Connection, site: Site, span_ms: tuple[int, int], few: Collection[str]) -> EnergySeries:
    found = energy_series(connection, ADMIN, *span_ms, MAX_POINTS, site=site, split="component")
    moments = [dict(zip(found.power_w, values, strict=True)) for values in zip(*found.power_w.values(), strict=True)]
    known = [_lumped(one, few) if None not in one.values() else one for one in moments]
    names = [name for name in found.power_w if name not in few or name == REST]
    return EnergySeries(found.start_ms, found.step_ms, {name: tuple(one.get(name) for one in known) for name in names})


def _energy(found: EnergySummary) -> PublicEnergy | None:
    if found.total_j <= 0 or found.idle_j is None:
        return None
    return PublicEnergy(found.total_j, found.co2_g, found.idle_j / found.total_j)
