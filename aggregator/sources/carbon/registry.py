"""The providers of grid intensities by the name that the configuration uses."""

from collections.abc import Mapping
from typing import Final

from aggregator.sources.carbon import electricity_maps, energy_charts, entsoe, rte, series, uk
from aggregator.sources.carbon.provider import Provider
from maxwatt.config import Settings

PROVIDERS: Final[Mapping[str, Provider]] = {
    each.PROVIDER.name: each.PROVIDER for each in (energy_charts, uk, rte, electricity_maps, entsoe, series)
}


def provider_of(settings: Settings) -> Provider | None:
    """The configured provider, None where only the static table is used.

    Raises:
        ConfigError: it does not give the kind of intensity that is configured.
    """
    provider = PROVIDERS.get(settings.carbon.provider)
    if provider is not None:
        provider.kind(settings.carbon)
    return provider
