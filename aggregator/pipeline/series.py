"""The figures of a time, from the site's settings and files and from what the carbon provider said."""

from typing import Final

from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.factors import Series
from aggregator.sources.carbon import static
from aggregator.sources.carbon.site import site_steps
from maxwatt.config import Settings

SOURCE: Final = "carbon"
"""Name of the site's own files among the sources of faults."""


def series_of(ledger: Ledger, settings: Settings, now_ms: int) -> Series:
    """Steps of every quantity of the site.

    Args:
        now_ms: the present, for faults [epoch ms UTC].

    Raises:
        ConfigError: no intensity for the configured zone, or a file of the site that cannot be read.
    """
    site = site_steps(settings)
    ledger.add_faults(SOURCE, site.faults, now_ms)
    return Series(static.steps(settings), site.pue, site.market, site.price)
