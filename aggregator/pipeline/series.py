"""The figures of a time, from the site's settings and files and from what the carbon provider said."""

from typing import Final

from aggregator.ledger.intensities import Origin
from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.factors import Series
from aggregator.pipeline.history import REACH_MS, intensity_steps
from aggregator.sources.carbon import static
from aggregator.sources.carbon.provider import Provider, zone_of
from aggregator.sources.carbon.registry import provider_of
from aggregator.sources.carbon.site import site_steps
from maxwatt.config import CarbonSettings, Settings
from maxwatt.domain.carbon import Step

SOURCE: Final = "carbon"
"""Name of the site's own files among the sources of faults."""


def series_of(ledger: Ledger, settings: Settings, start_ms: int, end_ms: int, now_ms: int) -> Series:
    """Steps of every quantity for a time.

    Args:
        start_ms, end_ms: epoch ms UTC.
        now_ms: the present, for faults [epoch ms UTC].

    Raises:
        ConfigError: no intensity for the configured zone, or a file of the site that cannot be read.
    """
    site = site_steps(settings)
    ledger.add_faults(SOURCE, site.faults, now_ms)
    return Series(_intensity(ledger, settings, start_ms, end_ms), site.pue, site.market, site.price)


def origin_of(provider: Provider, carbon: CarbonSettings) -> Origin:
    """Whose values the provider's are."""
    return Origin(provider.name, zone_of(carbon), provider.kind(carbon))


def _intensity(ledger: Ledger, settings: Settings, start_ms: int, end_ms: int) -> list[Step]:
    fixed, provider = static.steps(settings), provider_of(settings)
    if provider is None:
        return fixed
    origin = origin_of(provider, settings.carbon)
    values = ledger.values.intensities(origin, start_ms - REACH_MS, end_ms)
    return intensity_steps(values, origin, provider.vintage, fixed, start_ms, end_ms)
